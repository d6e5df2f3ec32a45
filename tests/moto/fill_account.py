"""Fills a moto server with an account as inventories know them: users, groups, roles and policies in IAM, an organisation
with units and service control policies, IAM Identity Center with users, groups, permission sets and assignments, and trails
in two regions. Takes the server's URL; what it makes does not matter, only that each kind of thing is there.
"""

import json
import sys

import boto3

ENDPOINT = sys.argv[1]
BUCKET = "trail-bucket"


def client(service, region="us-east-1"):
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
    return boto3.client(service, region_name=region, endpoint_url=ENDPOINT, **keys)


def document(action, resource="*", **more):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def fill_iam():
    iam = client("iam")
    tags = [{"Key": "team", "Value": "a & b <c>"}]
    policy = iam.create_policy(
        PolicyName="reports", Path="/data/", PolicyDocument=document("s3:Get*", "arn:aws:s3:::reports/*"), Tags=tags
    )["Policy"]["Arn"]
    condition = {"StringEquals": {"aws:PrincipalTag/team": "a+b %20 é"}}
    iam.create_policy_version(
        PolicyArn=policy, PolicyDocument=document(["s3:Get*", "s3:List*"], Condition=condition), SetAsDefault=True
    )
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document("*"))["Policy"]["Arn"]
    iam.create_group(GroupName="analysts", Path="/data/")
    iam.put_group_policy(GroupName="analysts", PolicyName="inline", PolicyDocument=document("athena:*"))
    iam.attach_group_policy(GroupName="analysts", PolicyArn=policy)
    iam.create_user(UserName="alice", Path="/people/", Tags=tags, PermissionsBoundary=boundary)
    iam.put_user_policy(UserName="alice", PolicyName="own keys", PolicyDocument=document("iam:*AccessKey*"))
    iam.add_user_to_group(UserName="alice", GroupName="analysts")
    iam.create_login_profile(UserName="alice", Password="Correct-Horse-1")
    iam.create_access_key(UserName="alice")
    old = iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="alice", AccessKeyId=old, Status="Inactive")
    iam.create_user(UserName="bob+ci=x.y.z@example_1-2")
    iam.create_user(UserName="12345")
    iam.create_role(RoleName="batch", Path="/service/", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"), Tags=tags)
    iam.put_role_policy(RoleName="batch", PolicyName="inline", PolicyDocument=document(["ec2:Describe*"]))
    iam.attach_role_policy(RoleName="batch", PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName="batch")
    iam.add_role_to_instance_profile(InstanceProfileName="batch", RoleName="batch")
    # Such a role tells where IAM Identity Center is at home.
    iam.create_role(
        RoleName="AWSReservedSSO_Audit_0123456789abcdef",
        Path="/aws-reserved/sso.amazonaws.com/eu-west-1/",
        AssumeRolePolicyDocument=trust("sso.amazonaws.com"),
    )
    iam.create_account_alias(AccountAlias="sample-org")


def fill_organization():
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    inner = organizations.create_organizational_unit(ParentId=unit, Name="production")["OrganizationalUnit"]["Id"]
    organizations.create_organizational_unit(ParentId=root, Name="sandbox")
    account = organizations.create_account(Email="shop@example.com", AccountName="shop")["CreateAccountStatus"]["AccountId"]
    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=inner)
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    deny = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]})
    policy = organizations.create_policy(
        Content=deny, Description="no iam", Name="no-iam", Type="SERVICE_CONTROL_POLICY"
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=inner)
    return account


def fill_identity_center(account):
    sso, store_client = client("sso-admin", "eu-west-1"), client("identitystore", "eu-west-1")
    instance = sso.list_instances()["Instances"][0]
    store, arn = instance["IdentityStoreId"], instance["InstanceArn"]
    users = [
        store_client.create_user(
            IdentityStoreId=store,
            UserName=name,
            DisplayName=name.title(),
            Name={"GivenName": name, "FamilyName": "例"},
            Emails=[{"Value": f"{name}@example.com", "Type": "work", "Primary": True}],
        )["UserId"]
        for name in ["alice", "hogehoge"]
    ]
    groups = [store_client.create_group(IdentityStoreId=store, DisplayName=name)["GroupId"] for name in ["admins", "empty"]]
    for user in users:
        store_client.create_group_membership(IdentityStoreId=store, GroupId=groups[0], MemberId={"UserId": user})
    for name in ["Audit", "Admin"]:
        made = sso.create_permission_set(InstanceArn=arn, Name=name, Description=name, SessionDuration="PT4H")
        of = {"InstanceArn": arn, "PermissionSetArn": made["PermissionSet"]["PermissionSetArn"]}
        if name == "Audit":
            sso.put_inline_policy_to_permission_set(InlinePolicy=document("cloudtrail:Lookup*"), **of)
            sso.attach_managed_policy_to_permission_set(
                ManagedPolicyArn="arn:aws:iam::aws:policy/SecurityAudit", **of
            )
            sso.attach_customer_managed_policy_reference_to_permission_set(
                CustomerManagedPolicyReference={"Name": "reports", "Path": "/data/"}, **of
            )
        sso.create_account_assignment(
            TargetId=account, TargetType="AWS_ACCOUNT", PrincipalType="GROUP", PrincipalId=groups[0], **of
        )
        sso.provision_permission_set(TargetId=account, TargetType="AWS_ACCOUNT", **of)


def fill_trails():
    here = client("cloudtrail")
    here.create_trail(Name="all-regions", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    here.start_logging(Name="all-regions")
    selector = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::reports/"]}],
    }
    here.put_event_selectors(TrailName="all-regions", EventSelectors=[selector])
    there = client("cloudtrail", "eu-west-1")
    there.create_trail(Name="only-there", S3BucketName=BUCKET)


fill_iam()
fill_identity_center(fill_organization())
fill_trails()
