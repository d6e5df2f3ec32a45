"""Adds a user with one policy to a moto server, prints the access key of it, and lets the server from then on check each
signature and permission as AWS does. Takes the server's URL and the policy.
"""

import sys
import urllib.request

import boto3

endpoint, policy = sys.argv[1:]
keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
iam = boto3.client("iam", region_name="us-east-1", endpoint_url=endpoint, **keys)
iam.create_user(UserName="collector")
iam.put_user_policy(UserName="collector", PolicyName="collect", PolicyDocument=policy)
key = iam.create_access_key(UserName="collector")["AccessKey"]
print(key["AccessKeyId"], key["SecretAccessKey"])
# From the first request on.
plain = {"Content-Type": "text/plain"}
urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset-auth", data=b"0", headers=plain))
