"""Asks a running `tadoru serve` by boto3 for everything that the shared `truth/` knows, and compares. Takes the server's URL, the
folder, and the keys by account as JSON; prints each difference, and how many answers were compared.
"""

import datetime
import json
import pathlib
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, truth, keys = sys.argv[1], pathlib.Path(sys.argv[2]), json.loads(sys.argv[3])
wrong = []
counts = {}


def client(service, account, region="us-east-1"):
    key, secret = keys[account]
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


iam = {account: client("iam", account) for account in keys}


def cases(name):
    for line in (truth / name).read_text().splitlines():
        counts[name] = counts.get(name, 0) + 1
        yield json.loads(line)


def compare(what, found, expected):
    if found != expected:
        wrong.append(f"{what}:\n  found {json.dumps(found)}\n  truth {json.dumps(expected)}")


def refuses(what, code, call, **arguments):
    try:
        call(**arguments)
        wrong.append(f"{what}: answered instead of {code}")
    except ClientError as error:
        compare(what, error.response["Error"]["Code"], code)


def plain(value):
    """Times as text, for comparing."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def account_of(arn):
    return arn.split(":")[4]


def pages(call, member, **arguments):
    """All items, in pages of the size asked for."""
    items, marker = [], {}
    while True:
        answer = call(**arguments, **marker)
        if len(answer[member]) > arguments.get("MaxItems", 1000):
            wrong.append(f"{arguments}: a page of {len(answer[member])}")
        items += answer[member]
        if not answer["IsTruncated"]:
            return items
        marker = {"Marker": answer["Marker"]}


def last_accessed():
    for case in cases("last_accessed.jsonl"):
        asked = iam[account_of(case["arn"])]
        job = asked.generate_service_last_accessed_details(Arn=case["arn"], Granularity="ACTION_LEVEL")["JobId"]
        details = asked.get_service_last_accessed_details
        services = [plain(service) for service in pages(details, "ServicesLastAccessed", JobId=job, MaxItems=3)]
        whole = plain(details(JobId=job))
        compare(f"{case['id']} pages", services, whole["ServicesLastAccessed"])
        compare(f"{case['id']} job", [whole["JobStatus"], whole["JobType"]], ["COMPLETED", "ACTION_LEVEL"])
        for service in services:
            service.pop("ServiceName")
            actions = service.pop("TrackedActionsLastAccessed", [])
            used = [action for action in actions if "LastAccessedTime" in action]
            if used:
                service["used_tracked_actions"] = used
        for service in case["ServicesLastAccessed"]:
            service.pop("management_only", None)
            if not service.get("used_tracked_actions"):
                service.pop("used_tracked_actions", None)
        compare(f"{case['id']} {case['arn']}", services, case["ServicesLastAccessed"])


def with_entities():
    jobs = {}
    for case in cases("last_accessed_with_entities.jsonl"):
        asked = iam[account_of(case["policy"])]
        if case["policy"] not in jobs:
            jobs[case["policy"]] = asked.generate_service_last_accessed_details(Arn=case["policy"])["JobId"]
        found = pages(
            asked.get_service_last_accessed_details_with_entities,
            "EntityDetailsList",
            JobId=jobs[case["policy"]],
            ServiceNamespace=case["ServiceNamespace"],
            MaxItems=1,
        )
        found = [
            {
                "Arn": item["EntityInfo"]["Arn"],
                "Type": item["EntityInfo"]["Type"],
                "LastAuthenticated": plain(item).get("LastAuthenticated"),
            }
            for item in found
        ]
        compare(case["id"], found, case["EntityDetailsList"])


def granting():
    for case in cases("policies_granting_service_access.jsonl"):
        answer = iam[account_of(case["arn"])].list_policies_granting_service_access(
            Arn=case["arn"], ServiceNamespaces=[case["ServiceNamespace"], "sqs", case["ServiceNamespace"]]
        )["PoliciesGrantingServiceAccess"]
        names = [service["ServiceNamespace"] for service in answer]
        compare(f"{case['id']} namespaces", names, list(dict.fromkeys([case["ServiceNamespace"], "sqs"])))
        compare(case["id"], answer[0]["Policies"], case["Policies"])


def lookup_events():
    for case in cases("lookup_events.jsonl"):
        cloudtrail = client("cloudtrail", case["account"], case["region"])
        attribute = [case["attribute"]] if case.get("attribute") else []
        found = cloudtrail.get_paginator("lookup_events").paginate(
            LookupAttributes=attribute,
            StartTime=case["StartTime"],
            EndTime=case["EndTime"],
            PaginationConfig={"PageSize": 7},
        )
        found = [event for page in found for event in page["Events"]]
        compare(case["id"], [event["EventId"] for event in found], case["expected_event_ids"])
        for event in found:
            record = json.loads(event["CloudTrailEvent"])
            compare(f"{case['id']} record", record["eventID"], event["EventId"])
            compare(f"{case['id']} region", record["awsRegion"], case["region"])


ROLE = "arn:aws:iam::{}:role/PolicyGeneration"
TRAIL = "arn:aws:cloudtrail:us-east-1:418270063915:trail/org-trail"


def generation(analyzer, case, **flags):
    trail = {"cloudTrailArn": TRAIL, "allRegions": case["allRegions"], "regions": case.get("regions") or []}
    job = analyzer.start_policy_generation(
        policyGenerationDetails={"principalArn": case["principalArn"]},
        cloudTrailDetails={
            "trails": [trail],
            "accessRole": ROLE.format(account_of(case["principalArn"])),
            "startTime": case["startTime"],
            "endTime": case["endTime"],
        },
    )["jobId"]
    return job, trail


def policy_generation():
    started = {}
    for case in cases("policy_generation.jsonl"):
        account = account_of(case["principalArn"])
        analyzer = client("accessanalyzer", account)
        job, trail = generation(analyzer, case)
        started.setdefault(account, []).insert(0, job)
        answer = plain(analyzer.get_generated_policy(jobId=job))
        details, result = answer["jobDetails"], answer["generatedPolicyResult"]
        compare(f"{case['id']} job", [details["jobId"], details["status"], "completedOn" in details], [job, "SUCCEEDED", True])
        properties = result["properties"]
        compare(f"{case['id']} principal", properties["principalArn"], case["principalArn"])
        compare(f"{case['id']} is complete", properties["isComplete"], False)
        window = {"startTime": case["startTime"], "endTime": case["endTime"], "trailProperties": [trail]}
        compare(f"{case['id']} window", properties["cloudTrailProperties"], window)
        policies = [json.loads(policy["policy"]) for policy in result["generatedPolicies"]]
        expected = case["expected_policy"]
        compare(f"{case['id']} document", policies, [expected] if expected else [])
        for policy in analyzer.get_generated_policy(jobId=job, includeResourcePlaceholders=True)["generatedPolicyResult"][
            "generatedPolicies"
        ]:
            statements = json.loads(policy["policy"])["Statement"]
            actions = sorted(action for statement in statements for action in statement["Action"])
            compare(f"{case['id']} placeholders", actions, case["expected_actions"])
            numbers = [statement["Sid"] for statement in statements]
            compare(f"{case['id']} sids", numbers, [f"SupportedServiceSid{at}" for at in range(len(statements))])
    for account, jobs in started.items():
        listed = client("accessanalyzer", account).get_paginator("list_policy_generations")
        pages = listed.paginate(PaginationConfig={"PageSize": 2})
        compare(f"{account} list", [item["jobId"] for page in pages for item in page["policyGenerations"]], jobs)


def generation_refusals():
    (first, *_, last) = keys
    analyzer = client("accessanalyzer", first)
    case = next(case for case in cases("policy_generation.jsonl") if account_of(case["principalArn"]) == last)
    refuses("principal of another account", "AccessDeniedException", generation, analyzer=analyzer, case=case)
    own = {**case, "principalArn": f"arn:aws:iam::{first}:user/nobody-of-that-name"}
    refuses("unknown principal", "ValidationException", generation, analyzer=analyzer, case=own)
    start = client("accessanalyzer", last).start_policy_generation
    details = {"principalArn": case["principalArn"]}
    refuses("no details", "ValidationException", start, policyGenerationDetails=details)
    long = {**case, "startTime": "2024-12-31T00:00:00Z"}
    refuses("91 days", "ServiceQuotaExceededException", generation, analyzer=client("accessanalyzer", last), case=long)
    backwards = {**case, "startTime": case["endTime"], "endTime": case["startTime"]}
    refuses("backwards", "ValidationException", generation, analyzer=client("accessanalyzer", last), case=backwards)
    job, _ = generation(client("accessanalyzer", last), case)
    refuses("foreign job", "ValidationException", analyzer.get_generated_policy, jobId=job)
    refuses("foreign job, to cancel", "ValidationException", analyzer.cancel_policy_generation, jobId=job)
    refuses("unknown job", "ValidationException", analyzer.get_generated_policy, jobId="a/b?c")
    refuses("broken token", "ValidationException", analyzer.list_policy_generations, nextToken="AAAA")
    refuses("no ARN", "ValidationException", analyzer.list_policy_generations, principalArn="Alice")


def refusals():
    (first, *_, last) = keys
    asked = iam[first]
    generate = asked.generate_service_last_accessed_details
    details = asked.get_service_last_accessed_details
    refuses("unknown user", "NoSuchEntity", generate, Arn=f"arn:aws:iam::{first}:user/nobody-of-that-name")
    refuses("group of another account", "NoSuchEntity", generate, Arn=f"arn:aws:iam::{last}:group/Builders")
    refuses("session", "InvalidInput", generate, Arn=f"arn:aws:sts::{first}:assumed-role/Deploy/session")
    refuses("no ARN", "InvalidInput", generate, Arn="a text of twenty letters")
    unknown = "00000000-0000-4000-8000-000000000000"
    refuses("unknown job", "NoSuchEntity", details, JobId=unknown)
    user = next(user for user in asked.list_users()["Users"])
    job = generate(Arn=user["Arn"])["JobId"]
    refuses("foreign job", "NoSuchEntity", iam[last].get_service_last_accessed_details, JobId=job)
    refuses("broken marker", "InvalidInput", details, JobId=job, Marker="AAAA")
    page = details(JobId=job, MaxItems=1)
    other = generate(Arn=user["Arn"])["JobId"]
    refuses("marker of another job", "InvalidInput", details, JobId=other, Marker=page["Marker"])
    refuses("MaxItems 1001", "ValidationError", details, JobId=job, MaxItems=1001)
    granting = asked.list_policies_granting_service_access
    refuses("unknown service", "InvalidInput", granting, Arn=user["Arn"], ServiceNamespaces=["nothing"])
    refuses("no such operation", "InvalidAction", asked.create_user, UserName="x")
    lookup = client("cloudtrail", first).lookup_events
    one = {"AttributeKey": "EventName", "AttributeValue": "RunInstances"}
    refuses("two attributes", "InvalidLookupAttributesException", lookup, LookupAttributes=[one, one])
    refuses("51 events", "InvalidMaxResultsException", lookup, MaxResults=51)
    refuses("broken token", "InvalidNextTokenException", lookup, NextToken="AAAA")
    refuses("start after end", "InvalidTimeRangeException", lookup, StartTime=2, EndTime=1)


last_accessed()
with_entities()
granting()
lookup_events()
policy_generation()
generation_refusals()
refusals()
for difference in wrong:
    print(difference)
print(", ".join(f"{count} of {name}" for name, count in counts.items()))
sys.exit(bool(wrong))
