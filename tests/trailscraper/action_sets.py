"""The actions that trailscraper's policy generator grants each principal of a folder of CloudTrail files, as JSON on
standard output: {principal ARN: [action, ...]}. trailscraper itself tells roles apart but not users, so the records are
put to their principals here and handed to its parser and generator in groups."""

import gzip
import json
import pathlib
import sys
from collections import defaultdict

from trailscraper.cloudtrail import parse_records
from trailscraper.policy_generator import generate_policy


def principal(record):
    identity = record.get("userIdentity", {})
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", {}).get("arn")
    return issuer or identity.get("arn")


def main(folder):
    by_principal = defaultdict(list)
    for path in sorted(pathlib.Path(folder).rglob("*.json*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for record in json.loads(text).get("Records", []):
            if arn := principal(record):
                by_principal[arn].append(record)
    found = {}
    for arn, records in by_principal.items():
        policy = generate_policy(parse_records(records))
        found[arn] = sorted({action.json_repr() for statement in policy.Statement for action in statement.Action})
    json.dump(found, sys.stdout, indent=1, sort_keys=True)


main(sys.argv[1])
