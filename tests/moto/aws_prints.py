"""Compares the answers in a collected document with what `aws … --output json` prints for the same calls: the same keys and
the same values. Takes the document and the server's URL; prints each difference, and how many calls were compared.

Only two things may differ: the credential report, whose bytes `aws` prints in base64, and what moto says of the moment.
"""

import base64
import contextlib
import io
import json
import os
import re
import sys
import tempfile

document, endpoint = sys.argv[1:]
config = tempfile.NamedTemporaryFile("w", suffix=".ini")
# What version 2 prints; version 1 leaves times as they were sent unless it is told so.
config.write("[default]\ncli_timestamp_format = iso8601\n")
config.flush()
os.environ.update(
    AWS_CONFIG_FILE=config.name,
    AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY="secret",
    AWS_ENDPOINT_URL=endpoint,
    TZ="UTC",
)

from awscli.clidriver import create_clidriver  # noqa: E402

# Moto answers these with its clock.
OF_THE_MOMENT = {"LatestDeliveryAttemptTime", "LatestDeliveryTime", "GeneratedTime"}


def printed(call):
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", call["operation"]).lower()
    arguments = [call["service"], name, "--region", call["region"], "--output", "json"]
    arguments += ["--cli-input-json", json.dumps(call["input"])] if call["input"] else []
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out):
        code = create_clidriver().main(arguments)
    out.flush()
    assert code == 0, (arguments, code)
    return json.loads(out.buffer.getvalue())


def differences(path, theirs, ours):
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(theirs.keys() | ours.keys()):
            if key in OF_THE_MOMENT and key in theirs and key in ours:
                continue
            if key not in theirs or key not in ours:
                yield f"{path}.{key}: only {'ours' if key in ours else 'theirs'}: {ours.get(key, theirs.get(key))!r}"
            elif path == "GetCredentialReport" and key == "Content":
                if base64.b64decode(theirs[key]).decode() != ours[key]:
                    yield f"{path}.{key}: the reports differ"
            else:
                yield from differences(f"{path}.{key}", theirs[key], ours[key])
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, pair in enumerate(zip(theirs, ours)):
            yield from differences(f"{path}[{number}]", *pair)
    elif theirs != ours or type(theirs) is not type(ours):
        yield f"{path}: {theirs!r} is ours {ours!r}"


with open(document) as file:
    calls = json.load(file)["calls"]
found = [difference for call in calls for difference in differences(call["operation"], printed(call), call["output"])]
print("\n".join(found + [f"{len(calls)} calls compared"]))
sys.exit(bool(found))
