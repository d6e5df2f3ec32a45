"""`jq [-c] [-r] FILTER` over standard input, by PyPI's jq: the same in every place where tests run."""

import json
import sys

import jq

flags = [argument for argument in sys.argv[1:] if argument.startswith("-")]
(program,) = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
indent = None if "-c" in flags else 2
separators = (",", ":") if "-c" in flags else None
for value in jq.compile(program).input_text(sys.stdin.read()):
    is_raw = "-r" in flags and isinstance(value, str)
    print(value if is_raw else json.dumps(value, ensure_ascii=False, indent=indent, separators=separators))
