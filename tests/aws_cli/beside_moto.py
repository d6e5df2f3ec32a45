"""Makes the same calls to a moto server and to a `tadoru serve` that has moto's account as its inventory, and compares the shapes of
the answers: members and types, not values. Takes both URLs, and Tadoru's key and secret; prints each difference that is not known,
and how many calls were compared.
"""

import datetime
import json
import pathlib
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MOTO, TADORU, KEY, SECRET = sys.argv[1:5]

# What differs, each with the reason and the page of AWS's documentation that is followed here.
KNOWN = json.loads(pathlib.Path(__file__).with_name("beside_moto_known.json").read_text())


def clients(endpoint, key, secret):
    def client(service, region="us-east-1"):
        keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
        config = Config(retries={"total_max_attempts": 1})
        return boto3.client(service, region_name=region, endpoint_url=endpoint, config=config, **keys)

    return client


def shape(value):
    """The type of a value; of lists that of all items together."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        together = None
        for item in value:
            together = joined(together, shape(item))
        return [] if together is None else [together]
    return "time" if isinstance(value, datetime.datetime) else type(value).__name__


def joined(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return {name: joined(a.get(name), b.get(name)) for name in a | b}
    if isinstance(a, list) and isinstance(b, list):
        return [joined(a[0], b[0])] if a and b else a or b
    return b if a is None else a


def compare(moto, tadoru, path=""):
    if isinstance(moto, dict) and isinstance(tadoru, dict):
        for name in sorted(moto.keys() | tadoru.keys()):
            inner = f"{path}.{name}" if path else name
            if name not in tadoru:
                yield f"{inner} in moto alone"
            elif name not in moto:
                yield f"{inner} in tadoru alone"
            else:
                yield from compare(moto[name], tadoru[name], inner)
    elif isinstance(moto, list) and isinstance(tadoru, list):
        if moto and tadoru:
            yield from compare(moto[0], tadoru[0], path + "[]")
        elif moto or tadoru:
            yield f"{path}[] has items in {'moto' if moto else 'tadoru'} alone"
    elif moto != tadoru:
        yield f"{path} is {moto} in moto, {tadoru} in tadoru"


compared = 0
used = set()
wrong = []


def both(services, method, **given):
    """Both answers; a value may be given as one for each side."""
    global compared
    compared += 1
    answers = []
    for side, service in zip(("moto", "tadoru"), services):
        is_of_sides = lambda value: isinstance(value, dict) and set(value) == {"moto", "tadoru"}
        here = {name: value[side] if is_of_sides(value) else value for name, value in given.items()}
        try:
            answers.append(getattr(service, method)(**here))
        except ClientError as error:
            answers.append({"Error": error.response["Error"]["Code"], "Status": error.response["ResponseMetadata"]["HTTPStatusCode"]})
    moto, tadoru = answers
    found = list(compare(shape(moto), shape(tadoru)))
    if "Error" in moto and "Error" in tadoru and moto != tadoru:
        found.append(f"{moto['Error']} {moto['Status']} in moto, {tadoru['Error']} {tadoru['Status']} in tadoru")
    elif "Error" in moto or "Error" in tadoru:
        found = [] if "Error" in moto and "Error" in tadoru else [f"{moto.get('Error', 'answered')} in moto, {tadoru.get('Error', 'answered')} in tadoru"]
    for difference in found:
        known = f"{method}: {difference}"
        used.add(known)
        if known not in KNOWN:
            wrong.append(f"{known}   ({given})")
    return moto, tadoru


moto, tadoru = clients(MOTO, "AKIAIOSFODNN7EXAMPLE", "secret"), clients(TADORU, KEY, SECRET)
iam = (moto("iam"), tadoru("iam"))
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
)
ACCOUNT = "123456789012"
REPORTS = f"arn:aws:iam::{ACCOUNT}:policy/data/reports"


def read():
    both((moto("sts"), tadoru("sts")), "get_caller_identity")
    both(iam, "get_account_authorization_details")
    both(iam, "list_users")
    both(iam, "list_users", PathPrefix="/people/")
    both(iam, "list_users", MaxItems=1)
    both(iam, "list_groups")
    both(iam, "list_roles")
    both(iam, "list_policies", Scope="Local")
    both(iam, "list_policies", Scope="Local", OnlyAttached=True)
    both(iam, "list_account_aliases")
    both(iam, "get_user", UserName="alice")
    both(iam, "get_user", UserName="nobody")
    both(iam, "get_role", RoleName="batch")
    both(iam, "get_role", RoleName="nobody")
    both(iam, "get_group", GroupName="analysts")
    both(iam, "get_policy", PolicyArn=REPORTS)
    both(iam, "get_policy", PolicyArn=REPORTS + "-not-there")
    both(iam, "get_policy_version", PolicyArn=REPORTS, VersionId="v2")
    both(iam, "get_policy_version", PolicyArn=REPORTS, VersionId="v9")
    both(iam, "list_policy_versions", PolicyArn=REPORTS)
    both(iam, "list_entities_for_policy", PolicyArn=REPORTS)
    both(iam, "list_access_keys", UserName="alice")
    both(iam, "list_groups_for_user", UserName="alice")
    for kind, name, inline in (("user", "alice", "own keys"), ("role", "batch", "inline"), ("group", "analysts", "inline")):
        of = {f"{kind.title()}Name": name}
        both(iam, f"list_attached_{kind}_policies", **of)
        both(iam, f"list_{kind}_policies", **of)
        both(iam, f"get_{kind}_policy", **of, PolicyName=inline)
        both(iam, f"get_{kind}_policy", **of, PolicyName="nothing")


def write():
    arn = f"arn:aws:iam::{ACCOUNT}:policy/beside/beside"
    tags = [{"Key": "a", "Value": "b"}]
    both(iam, "create_policy", PolicyName="beside", Path="/beside/", PolicyDocument=ALLOW)
    both(iam, "create_policy", PolicyName="tagged", PolicyDocument=ALLOW, Description="what for", Tags=tags)
    both(iam, "create_policy", PolicyName="beside", Path="/beside/", PolicyDocument=ALLOW)
    both(iam, "create_policy", PolicyName="broken", PolicyDocument="{")
    both(iam, "create_policy", PolicyName="broken", PolicyDocument=TRUST)
    both(iam, "get_policy", PolicyArn=arn)
    both(iam, "create_policy_version", PolicyArn=arn, PolicyDocument=ALLOW, SetAsDefault=True)
    both(iam, "create_policy_version", PolicyArn=arn, PolicyDocument="{}")
    both(iam, "list_policy_versions", PolicyArn=arn)
    both(iam, "delete_policy_version", PolicyArn=arn, VersionId="v2")
    both(iam, "delete_policy_version", PolicyArn=arn, VersionId="v9")
    both(iam, "create_role", RoleName="beside", Path="/beside/", AssumeRolePolicyDocument=TRUST)
    both(iam, "create_role", RoleName="beside", AssumeRolePolicyDocument=TRUST)
    both(
        iam,
        "create_role",
        RoleName="bounded",
        AssumeRolePolicyDocument=TRUST,
        Description="what for",
        MaxSessionDuration=7200,
        PermissionsBoundary=arn,
        Tags=tags,
    )
    both(iam, "get_role", RoleName="bounded")
    both(iam, "attach_role_policy", RoleName="beside", PolicyArn=arn)
    both(iam, "attach_role_policy", RoleName="nobody", PolicyArn=arn)
    both(iam, "attach_role_policy", RoleName="beside", PolicyArn=arn + "-not-there")
    both(iam, "attach_user_policy", UserName="alice", PolicyArn=arn)
    both(iam, "list_attached_role_policies", RoleName="beside")
    both(iam, "list_entities_for_policy", PolicyArn=arn)
    both(iam, "put_role_policy", RoleName="beside", PolicyName="own", PolicyDocument=ALLOW)
    both(iam, "put_role_policy", RoleName="beside", PolicyName="own", PolicyDocument="{")
    both(iam, "put_user_policy", UserName="alice", PolicyName="own", PolicyDocument=ALLOW)
    both(iam, "get_role_policy", RoleName="beside", PolicyName="own")
    both(iam, "delete_role", RoleName="beside")
    both(iam, "detach_role_policy", RoleName="beside", PolicyArn=arn)
    both(iam, "detach_role_policy", RoleName="beside", PolicyArn=arn)
    both(iam, "detach_user_policy", UserName="alice", PolicyArn=arn)
    both(iam, "delete_role_policy", RoleName="beside", PolicyName="own")
    both(iam, "delete_role_policy", RoleName="beside", PolicyName="own")
    both(iam, "delete_user_policy", UserName="alice", PolicyName="own")
    both(iam, "delete_role", RoleName="beside")
    both(iam, "delete_role", RoleName="bounded")
    both(iam, "delete_role", RoleName="nobody")
    both(iam, "delete_policy_version", PolicyArn=arn, VersionId="v1")
    both(iam, "delete_policy", PolicyArn=arn)
    both(iam, "delete_policy", PolicyArn=arn)
    # The last, since one of the two deletes it.
    both(iam, "attach_user_policy", UserName="alice", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/tagged")
    both(iam, "delete_policy", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/tagged")


def others():
    # Identity Center has an instance of its own form in moto, so each side is asked for its own.
    sso = (moto("sso-admin", "eu-west-1"), tadoru("sso-admin", "eu-west-1"))
    stores = (moto("identitystore", "eu-west-1"), tadoru("identitystore", "eu-west-1"))
    instances = both(sso, "list_instances")
    first = [answer["Instances"][0] for answer in instances]
    instance = dict(zip(("moto", "tadoru"), (item["InstanceArn"] for item in first)))
    store = dict(zip(("moto", "tadoru"), (item["IdentityStoreId"] for item in first)))
    sets = both(sso, "list_permission_sets", InstanceArn=instance)
    one = dict(zip(("moto", "tadoru"), (sorted(answer["PermissionSets"])[0] for answer in sets)))
    both(sso, "describe_permission_set", InstanceArn=instance, PermissionSetArn=one)
    users = both(stores, "list_users", IdentityStoreId=store)
    user = dict(zip(("moto", "tadoru"), (answer["Users"][0]["UserId"] for answer in users)))
    both(stores, "describe_user", IdentityStoreId=store, UserId=user)
    groups = both(stores, "list_groups", IdentityStoreId=store)
    group = dict(zip(("moto", "tadoru"), (sorted(answer["Groups"], key=lambda item: item["DisplayName"])[0]["GroupId"] for answer in groups)))
    both(stores, "list_group_memberships", IdentityStoreId=store, GroupId=group)
    trails = (moto("cloudtrail"), tadoru("cloudtrail"))
    both(trails, "list_trails")
    both(trails, "describe_trails")
    both(trails, "get_trail", Name="all-regions")
    both(trails, "get_trail_status", Name="all-regions")
    both(trails, "get_event_selectors", TrailName="all-regions")
    both(trails, "get_trail", Name="nothing-of-that-name")


read()
write()
others()
wrong += [f"no longer a difference: {known}" for known in KNOWN if known not in used]
for difference in wrong:
    print(difference)
print(f"{compared} calls compared, {len(KNOWN)} known differences")
sys.exit(bool(wrong))
