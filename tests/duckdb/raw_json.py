"""A Tadoru lake against the JSON files it was made from, which are cut into records and aggregated without Tadoru.

raw_json.py LAKE FOLDER: each difference is a line on stdout; exit code 1 where there is one.
Records are cut by Python's own decoder, so that each keeps the very text it has in its file.
"""

import collections
import gzip
import json
import pathlib
import re
import sys

from open_lake import open_lake

decoder = json.JSONDecoder(strict=False)
blank = re.compile(r"[ \t\r\n]*")
differences = []


def members(text, at):
    """(name, start, end, value) of each member of the object that begins at `at`."""
    at = blank.match(text, at + 1).end()
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        at = blank.match(text, at).end()
        assert text[at] == ":"
        start = blank.match(text, at + 1).end()
        value, end = decoder.raw_decode(text, start)
        yield name, start, end, value
        at = blank.match(text, end).end()
        if text[at] == ",":
            at = blank.match(text, at + 1).end()


def elements(text, at):
    """(start, end, value) of each element of the array that begins at `at`."""
    at = blank.match(text, at + 1).end()
    while text[at] != "]":
        value, end = decoder.raw_decode(text, at)
        yield at, end, value
        at = blank.match(text, end).end()
        if text[at] == ",":
            at = blank.match(text, at + 1).end()


def is_record(value):
    return isinstance(value, dict) and "eventTime" in value and "eventSource" in value and "eventName" in value


def of_value(text, start, end, value):
    """The texts of the records that one JSON value holds, whatever wraps them."""
    if is_record(value):
        yield text[start:end]
    elif isinstance(value, list):
        for inner_start, inner_end, inner in elements(text, start):
            yield from of_value(text, inner_start, inner_end, inner)
    elif isinstance(value, dict):
        for name, inner_start, inner_end, inner in members(text, start):
            if name == "CloudTrailEvent" and isinstance(inner, str):
                yield inner
            elif name in ("Records", "Events", "detail"):
                yield from of_value(text, inner_start, inner_end, inner)


def records(path):
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")
    at = blank.match(text, 0).end()
    found = []
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        found += of_value(text, at, end, value)
        at = blank.match(text, end).end()
    return found


AGGREGATES = {
    "by source": """SELECT json_extract_string(r, '$.eventSource') AS k, count(*) FROM record GROUP BY 1""",
    "by name": """SELECT json_extract_string(r, '$.eventSource') || ' ' || json_extract_string(r, '$.eventName') AS k,
                  count(*) FROM record GROUP BY 1""",
    "by arn": """SELECT coalesce(json_extract_string(r, '$.userIdentity.sessionContext.sessionIssuer.arn'),
                  json_extract_string(r, '$.userIdentity.arn')) AS k, count(*) FROM record GROUP BY 1""",
    "last use": """SELECT json_extract_string(r, '$.userIdentity.arn') || ' ' ||
                  json_extract_string(r, '$.eventSource') AS k, max(json_extract_string(r, '$.eventTime'))
                  FROM record GROUP BY 1""",
    "errors": """SELECT json_extract_string(r, '$.errorCode') AS k, count(*) FROM record GROUP BY 1""",
}
OURS = {
    "by source": "SELECT eventsource AS k, count(*) FROM lake.main.events GROUP BY 1",
    "by name": "SELECT eventsource || ' ' || eventname AS k, count(*) FROM lake.main.events GROUP BY 1",
    "by arn": """SELECT coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn) AS k, count(*)
                 FROM lake.main.events GROUP BY 1""",
    "last use": """SELECT useridentityarn || ' ' || eventsource AS k, strftime(max(eventtimestamp), '%Y-%m-%dT%H:%M:%SZ')
                   FROM lake.main.events GROUP BY 1""",
    "errors": "SELECT errorcode AS k, count(*) FROM lake.main.events GROUP BY 1",
}


def identity(text):
    value = json.loads(text, strict=False)
    key = (value.get("eventID"), value.get("recipientAccountId"), value.get("eventCategory"))
    return key if key[0] else text


def main(lake, folder):
    found, taken_from = [], 0
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if not path.is_file() or path.name in ("SOURCE",) or path.suffix == ".src":
            continue
        try:
            cut = records(path)
        except (ValueError, UnicodeDecodeError, AssertionError, IndexError):
            continue
        found += cut
        taken_from += bool(cut)
    duck = open_lake(lake)
    kept = collections.Counter(raw for (raw,) in duck.execute("SELECT raw FROM lake.main.events").fetchall())
    strangers = kept - collections.Counter(found)
    for raw in list(strangers)[:3]:
        differences.append(f"raw is in no file: {raw[:200]}")
    identities = collections.Counter(identity(raw) for raw in kept.elements())
    for text in found:
        if text not in kept and identity(text) not in identities:
            differences.append(f"a record is not in the lake: {text[:200]}")
    # One row for each distinct event; where several distinct events share a key, the lake keeps each.
    distinct = {}
    for text in found:
        distinct.setdefault((identity(text), text if text in kept else None), text)
    distinct = [text for (key, own), text in distinct.items() if own is not None or key not in identities]
    duck.execute("CREATE TEMP TABLE record (r JSON)")
    duck.executemany("INSERT INTO record VALUES (?)", [[text] for text in distinct])
    for what, sql in AGGREGATES.items():
        theirs, ours = dict(duck.execute(sql).fetchall()), dict(duck.execute(OURS[what]).fetchall())
        for key in sorted(theirs.keys() | ours.keys(), key=str):
            if theirs.get(key) != ours.get(key):
                differences.append(f"{what}: {key}: {theirs.get(key)} in the files, {ours.get(key)} in the lake")
    print(f"{len(found)} records in {taken_from} files, {kept.total()} events", file=sys.stderr)
    print("\n".join(differences[:40]))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: raw_json.py LAKE FOLDER")
    main(*sys.argv[1:])
