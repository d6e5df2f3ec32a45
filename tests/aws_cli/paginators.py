"""Asks a running `tadoru serve` by boto3: every paginator of the operations that are answered gives the same items whatever the size
of its pages, and errors come as the exception classes of the models. Takes the server's URL, the caller's key and secret, the
services with their answered operations as JSON, and the arguments of operations that need some; prints what is wrong, and how many
paginators and errors were tried.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, key, secret = sys.argv[1:4]
answered, arguments = json.loads(sys.argv[4]), json.loads(sys.argv[5])
wrong = []
tried = {"paginators": 0, "with several items": 0, "errors": 0}


def client(service):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def pages(paginator, size, given):
    """The items of each list of the answer, and how many pages there were."""
    found, count = {}, 0
    config = {"PageSize": size} if paginator._limit_key else {}
    for page in paginator.paginate(**given, PaginationConfig=config):
        count += 1
        for result in paginator.result_keys:
            items = result.search(page) or []
            if paginator._limit_key and len(items) > size:
                wrong.append(f"{result.expression}: {len(items)} items in a page of {size}")
            found.setdefault(result.expression, []).extend(items)
    return json.loads(json.dumps(found, default=str)), count


def try_paginators(service):
    asked = client(service)
    for method, operation in asked.meta.method_to_api_mapping.items():
        if operation not in answered[service] or not asked.can_paginate(method):
            continue
        model = asked.meta.service_model.operation_model(operation)
        given = arguments.get(f"{service}:{operation}", {})
        missing = set(model.input_shape.required_members) - set(given)
        if missing:
            wrong.append(f"{service}:{operation}: the test has no {', '.join(sorted(missing))} for it")
            continue
        paginator = asked.get_paginator(method)
        whole = json.loads(json.dumps(paginator.paginate(**given).build_full_result(), default=str))
        total = sum(len(items) for items in whole.values() if isinstance(items, list))
        tried["paginators"] += 1
        tried["with several items"] += total > 1
        limit = model.input_shape.members.get(paginator._limit_key) if paginator._limit_key else None
        largest = (limit.metadata.get("max") if limit is not None else None) or 1000
        sizes = {1, 2, 3, total - 1, total, total + 1} if limit is not None else {1}
        for size in sorted(size for size in sizes if 0 < size <= largest):
            found, count = pages(paginator, size, given)
            for expression, items in found.items():
                if items != (whole.get(expression) or []):
                    wrong.append(f"{service}:{operation}: pages of {size} have other {expression}")
            expected = -(-total // size) if limit is not None else 1
            if count != max(expected, 1):
                wrong.append(f"{service}:{operation}: {count} pages of {size} for {total} items")


def refuses(asked, name, method, **given):
    tried["errors"] += 1
    try:
        getattr(asked, method)(**given)
        wrong.append(f"{method} {given}: answered instead of {name}")
    except getattr(asked.exceptions, name) as error:
        if not error.response["Error"]["Message"] or not error.response["ResponseMetadata"]["RequestId"]:
            wrong.append(f"{method}: {error.response}")
    except ClientError as error:
        wrong.append(f"{method} {given}: {error} instead of {name}")


def try_errors_of_iam():
    iam = client("iam")
    account = client("sts").get_caller_identity()["Account"]
    allow = json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    principal = {"Service": "ec2.amazonaws.com"}
    trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}})
    nothing = f"arn:aws:iam::{account}:policy/nothing-of-that-name"
    role, policy = "boto3-role", "boto3-policy"
    arn = iam.create_policy(PolicyName=policy, PolicyDocument=allow)["Policy"]["Arn"]
    created = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]
    if created["AssumeRolePolicyDocument"] != json.loads(trust):
        wrong.append(f"a trust policy came back as {created['AssumeRolePolicyDocument']}")
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    of_role, of_policy = {"RoleName": role}, {"PolicyArn": arn}
    refuses(iam, "NoSuchEntityException", "get_role", RoleName="nobody")
    refuses(iam, "NoSuchEntityException", "attach_role_policy", **of_role, PolicyArn=nothing)
    refuses(iam, "NoSuchEntityException", "detach_role_policy", **of_role, PolicyArn=nothing)
    refuses(iam, "NoSuchEntityException", "delete_role_policy", **of_role, PolicyName="nothing")
    refuses(iam, "NoSuchEntityException", "delete_policy_version", **of_policy, VersionId="v2")
    refuses(iam, "InvalidInputException", "get_policy", PolicyArn=created["Arn"])
    refuses(iam, "InvalidInputException", "attach_role_policy", **of_role, PolicyArn=created["Arn"])
    refuses(iam, "EntityAlreadyExistsException", "create_role", RoleName=role.upper(), AssumeRolePolicyDocument=trust)
    refuses(iam, "EntityAlreadyExistsException", "create_policy", PolicyName=policy, PolicyDocument=allow)
    refuses(iam, "MalformedPolicyDocumentException", "create_policy", PolicyName="x", PolicyDocument=trust)
    refuses(iam, "MalformedPolicyDocumentException", "create_role", RoleName="x", AssumeRolePolicyDocument=allow)
    refuses(iam, "MalformedPolicyDocumentException", "put_role_policy", **of_role, PolicyName="x", PolicyDocument="{")
    refuses(iam, "LimitExceededException", "create_policy", PolicyName="x", PolicyDocument=allow.replace("s3:*", "s3:" + "a" * 6200))
    refuses(iam, "DeleteConflictException", "delete_role", **of_role)
    refuses(iam, "DeleteConflictException", "delete_policy", **of_policy)
    refuses(iam, "DeleteConflictException", "delete_policy_version", **of_policy, VersionId="v1")
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    iam.delete_role(RoleName=role)
    iam.delete_policy(PolicyArn=arn)


def try_errors_of_others():
    trails = client("cloudtrail")
    one = {"AttributeKey": "EventName", "AttributeValue": "RunInstances"}
    refuses(trails, "TrailNotFoundException", "get_trail", Name="nothing-of-that-name")
    refuses(trails, "InvalidLookupAttributesException", "lookup_events", LookupAttributes=[one, one])
    refuses(trails, "InvalidNextTokenException", "lookup_events", NextToken="AAAA")
    refuses(trails, "InvalidTimeRangeException", "lookup_events", StartTime=2, EndTime=1)
    store = arguments["identitystore:ListUsers"]["IdentityStoreId"]
    unknown = "00000000-0000-4000-8000-000000000000"
    identities = client("identitystore")
    refuses(identities, "ResourceNotFoundException", "describe_user", IdentityStoreId=store, UserId=unknown)
    sso = client("sso-admin")
    instance = arguments["sso-admin:ListPermissionSets"]["InstanceArn"]
    unknown = instance.replace(":instance/", ":permissionSet/") + "/ps-0123456789abcdef"
    refuses(sso, "ResourceNotFoundException", "describe_permission_set", InstanceArn=instance, PermissionSetArn=unknown)


for service in answered:
    try_paginators(service)
if "iam" in answered:
    try_errors_of_iam()
if "sso-admin" in answered:
    try_errors_of_others()
if tried["with several items"] < tried["paginators"] / 3:
    wrong.append(f"too few lists have pages: {tried}")
for difference in wrong:
    print(difference)
print(", ".join(f"{count} {what}" for what, count in tried.items()))
sys.exit(bool(wrong))
