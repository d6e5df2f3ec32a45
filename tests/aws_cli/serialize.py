"""Writes requests as botocore sends them: for each operation of the list that stdin has as JSON (service → operations), inputs made by
chance from the shapes, a seed given, and what goes over the wire. One JSON object a line; times in microseconds, blobs in base64.
"""

import base64
import datetime
import json
import random
import sys

import botocore.session
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.serialize import create_serializer

ROUNDS = 12
LETTERS = "abcXYZ019-_.~ /+%&=?#:;@!'\"\\<>{}[]日é\U0001f600"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
chance = random.Random(int(sys.argv[1]))


def text(least):
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(least, 20)))


def value(shape, protocol, depth):
    """A value as botocore takes it, and as it is expected to be read."""
    kind = shape.type_name
    if kind == "structure":
        return structure(shape, protocol, depth)
    if kind == "list":
        items = [value(shape.member, protocol, depth + 1) for _ in range(chance.randint(0 if depth < 2 else 1, 3))]
        return [item for item, _ in items], [read for _, read in items]
    if kind == "map":
        entries = {text(1): value(shape.value, protocol, depth + 1) for _ in range(chance.randint(1, 3))}
        return {name: item for name, (item, _) in entries.items()}, {name: read for name, (_, read) in entries.items()}
    if kind == "timestamp":
        fraction = 0 if protocol == "json" else chance.choice([0, chance.randint(1, 999_999)])
        us = chance.randint(0, 4_000_000_000) * 1_000_000 + fraction
        return EPOCH + datetime.timedelta(microseconds=us), us
    if kind == "blob":
        blob = bytes(chance.randrange(256) for _ in range(chance.randint(0, 9)))
        return blob, base64.b64encode(blob).decode()
    made = {
        "string": lambda: chance.choice(shape.enum) if getattr(shape, "enum", None) else text(1),
        "integer": lambda: chance.randint(-(2**31), 2**31 - 1),
        "long": lambda: chance.randint(-(2**63), 2**63 - 1),
        "float": lambda: chance.randint(-1000, 1000) / 8,
        "double": lambda: chance.randint(-1000, 1000) / 8,
        "boolean": lambda: chance.random() < 0.5,
    }[kind]()
    return made, made


def structure(shape, protocol, depth):
    given, expected = {}, {}
    for name, member in shape.members.items():
        is_label = member.serialization.get("location") == "uri"
        # A structure inside of another must have something, or a form has nothing of it.
        is_needed = is_label or depth > 0 and not given
        if depth > 6 or not (is_needed or chance.random() < 0.6):
            continue
        given[name], expected[name] = value(member, protocol, depth + 1)
    return given, expected


def request(service, name, operation, protocol):
    shape = operation.input_shape
    given, expected = structure(shape, protocol, 0) if shape else ({}, {})
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(given, operation)
    prepare_request_dict(serialized, endpoint_url="http://127.0.0.1:4599", user_agent="serialize")
    sent = create_request_object(serialized).prepare()
    head, _, query = sent.url.removeprefix("http://127.0.0.1:4599").partition("?")
    body = sent.body if isinstance(sent.body, bytes) else (sent.body or "").encode()
    decoded = lambda header: header.decode() if isinstance(header, bytes) else header
    return {
        "service": service,
        "operation": name,
        "method": sent.method,
        "path": head,
        "query": query,
        "headers": {header.lower(): decoded(content) for header, content in sent.headers.items()},
        "body": base64.b64encode(body).decode(),
        "input": expected,
    }


session = botocore.session.get_session()
for service, operations in json.load(sys.stdin).items():
    model = session.get_service_model(service)
    for name in operations:
        for _ in range(ROUNDS):
            made = request(service, name, model.operation_model(name), model.metadata["protocol"])
            print(json.dumps(made))
