"""What all scenarios use: clients whose every answer is held against the model, and small shorthands."""

import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from model import check_answer

URL = sys.argv[1]
REGION = "eu-west-2"
ACME = "6f0c1d5e-2a44-4b7e-9a5e-0d1f5c3b7a90"
GLOBEX = "b3a9e6c2-7d10-4c58-8f21-54e0a1d2c3f4"
GATEWAY = ("AKIAEMULATORGATEWAY0", "emulator-gateway-secret-key-not-real-000", None)
NOTHING = ("AKIAEMULATORNOTHING0", "emulator-nothing-secret-key-not-real-000", None)
ROOT = ("AKIAEMULATORROOTUSER", "emulator-root-secret-key-not-real-00000", None)
ROLE = "arn:aws:iam::123456789012:role/acme-federation"
GLOBEX_ROLE = "arn:aws:iam::123456789012:role/globex-federation"
HOP_ROLE = "arn:aws:iam::123456789012:role/acme-hop"
CHAINED_ROLE = "arn:aws:iam::123456789012:role/acme-chained"
UNKNOWN = "00000000-0000-4000-8000-000000000000"

seen = {}
counts = {"checks": 0}


def expect(condition, sentence):
    counts["checks"] += 1
    if not condition:
        raise AssertionError(sentence)


def behave(**changes):
    """Changes how unkind the emulator is."""
    body = json.dumps(changes).encode()
    request = urllib.request.Request(
        URL + "/_emulator/behaviour", body, {"content-type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request).close()


def client(service, key=GATEWAY, region=REGION):
    """One attempt for each call, nothing checked before it is sent, every answer held against the model."""
    made = boto3.client(
        service,
        region_name=region,
        endpoint_url=URL,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        aws_session_token=key[2],
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )
    if service == "connect":
        made.meta.events.register("after-call.connect", hold_against_model)
    return made


def hold_against_model(http_response, parsed, model, **_):
    counts["checks"] += 1
    code = check_answer(model, http_response)
    seen.setdefault(model.name, set()).add(code)


def fails(code, call, **parameters):
    """The call is refused with this code."""
    try:
        call(**parameters)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        expect(found == code, f"{error.operation_name}: {found} instead of {code}: {error}")
        return error.response
    raise AssertionError(f"{code} expected, but the call succeeded: {parameters}")


def pages(call, member, **parameters):
    """All items, asked for until there is no next token, and the number of pages."""
    items, count, token = [], 0, {}
    while True:
        answer = call(InstanceId=ACME, **parameters, **token)
        items += answer[member]
        count += 1
        if "NextToken" not in answer:
            return items, count
        token = {"NextToken": answer["NextToken"]}


def assume(role, name, key=GATEWAY, **parameters):
    answer = client("sts", key).assume_role(RoleArn=role, RoleSessionName=name, **parameters)
    found = answer["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


connect = client("connect")
sts = client("sts")


def profile_ids():
    found, _ = pages(connect.list_security_profiles, "SecurityProfileSummaryList")
    return {item["Name"]: item["Id"] for item in found}


def routing_ids():
    found, _ = pages(connect.list_routing_profiles, "RoutingProfileSummaryList")
    return {item["Name"]: item["Id"] for item in found}


def group_ids():
    found, _ = pages(connect.list_user_hierarchy_groups, "UserHierarchyGroupSummaryList")
    return {item["Name"]: item["Id"] for item in found}


def user_ids():
    found, _ = pages(connect.list_users, "UserSummaryList")
    return {item["Username"]: item["Id"] for item in found}


def new_user(username, **changes):
    user = {
        "InstanceId": ACME,
        "Username": username,
        "IdentityInfo": {"FirstName": "Zoë", "LastName": "Lee", "SecondaryEmail": "zoe@acme.test"},
        "PhoneConfig": {"PhoneType": "SOFT_PHONE", "AutoAccept": True, "AfterContactWorkTimeLimit": 20},
        "SecurityProfileIds": [profile_ids()["Agent"]],
        "RoutingProfileId": routing_ids()["Tech L1"],
        "HierarchyGroupId": group_ids()["Tech"],
        "Tags": {"made-by": "conformance"},
    }
    user.update(changes)
    return {name: value for name, value in user.items() if value is not None}


def field(name, value, comparison="EXACT"):
    return {"StringCondition": {"FieldName": name, "Value": value, "ComparisonType": comparison}}


def found(criteria):
    return sorted(user["Username"] for user in pages(connect.search_users, "Users", SearchCriteria=criteria)[0])


def policy(instance, action="connect:GetFederationToken"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": action, "Resource": "*",
        "Condition": {"StringEquals": {"connect:InstanceId": instance}}}]})
