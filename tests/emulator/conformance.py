"""Drives the emulator with boto3 and holds every answer against botocore's own service model.

Usage: conformance.py <url of Connect and STS>
"""

import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import model
import signing

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
checks = 0


def expect(condition, sentence):
    global checks
    checks += 1
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
    global checks
    checks += 1
    code = MODEL.check(model, http_response)
    seen.setdefault(model.name, set()).add(code)


MODEL = model.Checker()


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


def samples():
    """A call that would succeed, for each operation."""
    user = user_ids()["quinn@acme.test"]
    group = group_ids()["Austin"]
    phone = {"PhoneType": "SOFT_PHONE"}
    return {
        "create_user": new_user("sample@acme.test"),
        "describe_user": {"InstanceId": ACME, "UserId": user},
        "list_users": {"InstanceId": ACME},
        "search_users": {"InstanceId": ACME},
        "update_user_routing_profile": {
            "InstanceId": ACME, "UserId": user, "RoutingProfileId": routing_ids()["Tech L1"]},
        "update_user_hierarchy": {"InstanceId": ACME, "UserId": user, "HierarchyGroupId": group},
        "update_user_phone_config": {"InstanceId": ACME, "UserId": user, "PhoneConfig": phone},
        "update_user_identity_info": {
            "InstanceId": ACME, "UserId": user, "IdentityInfo": {"FirstName": "Q", "LastName": "M"}},
        "update_user_security_profiles": {
            "InstanceId": ACME, "UserId": user, "SecurityProfileIds": [profile_ids()["Agent"]]},
        "delete_user": {"InstanceId": ACME, "UserId": user},
        "list_security_profiles": {"InstanceId": ACME},
        "list_routing_profiles": {"InstanceId": ACME},
        "describe_user_hierarchy_structure": {"InstanceId": ACME},
        "update_user_hierarchy_structure": {
            "InstanceId": ACME,
            "HierarchyStructure": {
                "LevelOne": {"Name": "Region"}, "LevelTwo": {"Name": "Site"},
                "LevelThree": {"Name": "Team"}, "LevelFour": {"Name": "Squad"}},
        },
        "list_user_hierarchy_groups": {"InstanceId": ACME},
        "describe_user_hierarchy_group": {"InstanceId": ACME, "HierarchyGroupId": group},
        "create_user_hierarchy_group": {"InstanceId": ACME, "Name": "Sample"},
        "delete_user_hierarchy_group": {"InstanceId": ACME, "HierarchyGroupId": group},
        "update_user_hierarchy_group_name": {"InstanceId": ACME, "HierarchyGroupId": group, "Name": "Austin TX"},
        "describe_instance": {"InstanceId": ACME},
        "get_federation_token": {"InstanceId": ACME},
    }


def every_operation_refuses_alike():
    """Unknown instance, instance id too long, missing permission, rate, fault: for all 21."""
    all_samples = samples()
    expect(len(all_samples) == 21, "there are 21 operations")
    federated = client("connect", assume(CHAINED_ROLE, "quinn@acme.test", assume(HOP_ROLE, "hop")))
    nothing = client("connect", NOTHING)
    for name, parameters in all_samples.items():
        call = getattr(federated if name == "get_federation_token" else connect, name)
        elsewhere = {**parameters, "InstanceId": UNKNOWN}
        fails("ResourceNotFoundException", call, **elsewhere)
        too_long = "InvalidRequestException" if name == "describe_instance" else "InvalidParameterException"
        fails(too_long, call, **{**parameters, "InstanceId": "x" * 101})
        refusal = fails("AccessDeniedException", getattr(nothing, name), **parameters)
        action = "connect:" + connect.meta.method_to_api_mapping[name]
        expect(action in refusal["Error"]["Message"], f"the refusal names {action}")
        behave(fault_rate=1.0)
        fails("InternalServiceException", call, **parameters)
        behave(fault_rate=0.0, throttle=True)
        answers = []
        while "ThrottlingException" not in answers and len(answers) < 50:
            try:
                call(**elsewhere)
            except ClientError as error:
                answers.append(error.response["Error"]["Code"])
        expect(answers[:5] == ["ResourceNotFoundException"] * 5, f"{name}: a burst of five passes: {answers}")
        expect(answers[-1] == "ThrottlingException", f"{name}: then the rate counts: {answers}")
        behave(throttle=False)


def assume(role, name, key=GATEWAY, **parameters):
    answer = client("sts", key).assume_role(RoleArn=role, RoleSessionName=name, **parameters)
    found = answer["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


def users_are_created_described_updated_and_deleted():
    made = connect.create_user(**new_user("zoe@acme.test"))
    expect(made["UserArn"].endswith(f"instance/{ACME}/agent/{made['UserId']}"), "the ARN names instance and user")
    who = {"InstanceId": ACME, "UserId": made["UserId"]}
    user = connect.describe_user(**who)["User"]
    expect(user["Username"] == "zoe@acme.test", "the username is as given")
    expect(user["IdentityInfo"]["FirstName"] == "Zoë", "the name is as given")
    expect(user["Tags"] == {"made-by": "conformance"}, "the tags are as given")
    connect.update_user_routing_profile(**who, RoutingProfileId=routing_ids()["Sales outbound"])
    connect.update_user_hierarchy(**who, HierarchyGroupId=group_ids()["Sales"])
    connect.update_user_phone_config(
        **who, PhoneConfig={"PhoneType": "DESK_PHONE", "DeskPhoneNumber": "+442071838750"})
    connect.update_user_identity_info(**who, IdentityInfo={"FirstName": "Zoe", "LastName": "Li"})
    wanted = [profile_ids()["QualityAnalyst"], profile_ids()["Agent"]]
    connect.update_user_security_profiles(**who, SecurityProfileIds=wanted)
    user = connect.describe_user(**who)["User"]
    expect(user["RoutingProfileId"] == routing_ids()["Sales outbound"], "the routing profile is updated")
    expect(user["HierarchyGroupId"] == group_ids()["Sales"], "the hierarchy group is updated")
    expect(user["PhoneConfig"]["PhoneType"] == "DESK_PHONE", "the phone is updated")
    expect(user["IdentityInfo"] == {"FirstName": "Zoe", "LastName": "Li"}, "the names are updated")
    expect(user["SecurityProfileIds"] == wanted, "the security profiles are replaced")
    connect.update_user_hierarchy(**who)
    expect("HierarchyGroupId" not in connect.describe_user(**who)["User"], "without a group the user leaves it")
    connect.delete_user(**who)
    fails("ResourceNotFoundException", connect.describe_user, **who)
    fails("ResourceNotFoundException", connect.delete_user, **who)


def saml_instances_have_rules_for_users():
    invalid, unsound = "InvalidRequestException", "InvalidParameterException"
    names = {"FirstName": "Zoë", "LastName": "Lee"}
    phone_twins = {"AutoAcceptConfigs": [{"Channel": "VOICE", "AutoAccept": True}]}
    for code, changes in [
        (invalid, {"Password": "Passw0rd-long"}),
        (invalid, {"DirectoryUserId": "d-1"}),
        (invalid, {"IdentityInfo": {**names, "Email": "zoe@acme.test"}}),
        (invalid, {"IdentityInfo": {"FirstName": "Zoë"}}),
        (invalid, {"IdentityInfo": {"FirstName": "", "LastName": "Lee"}}),
        (invalid, {"IdentityInfo": None}),
        (invalid, {"Username": None}),
        (invalid, {"RoutingProfileId": None}),
        (invalid, {"SecurityProfileIds": None}),
        (invalid, phone_twins),
        (unsound, {"IdentityInfo": {"FirstName": "Zoe\u0308", "LastName": "Lee"}}),
        (unsound, {"IdentityInfo": {**names, "FirstName": "Z" * 256}}),
        (unsound, {"IdentityInfo": {**names, "LastName": "L" * 301}}),
        (unsound, {"IdentityInfo": {**names, "SecondaryEmail": "zoe"}}),
        (unsound, {"IdentityInfo": {**names, "Mobile": "0123"}}),
        (unsound, {"Username": ""}),
        (unsound, {"Username": "zoe lee"}),
        (unsound, {"Username": "zoe+1@acme.test"}),
        (unsound, {"Username": "zoe@acme"}),
        (unsound, {"Username": "z" * 65}),
        (unsound, {"SecurityProfileIds": []}),
        (unsound, {"SecurityProfileIds": [UNKNOWN] * 11}),
        (unsound, {"PhoneConfig": {"PhoneType": "DESK_PHONE"}}),
        (unsound, {"PhoneConfig": {"PhoneType": "DESK_PHONE", "DeskPhoneNumber": "020 7183"}}),
        (unsound, {"Tags": {"aws:mine": "x"}}),
        (unsound, {"Tags": {f"k{index}": "v" for index in range(51)}}),
        (unsound, {"PhoneConfig": None, "PhoneNumberConfigs": [{"Channel": "CHAT", "PhoneType": "SOFT_PHONE"}]}),
        ("ResourceNotFoundException", {"SecurityProfileIds": [UNKNOWN]}),
        ("ResourceNotFoundException", {"RoutingProfileId": UNKNOWN}),
        ("ResourceNotFoundException", {"HierarchyGroupId": UNKNOWN}),
        ("DuplicateResourceException", {"Username": "ana@acme.test"}),
    ]:
        fails(code, connect.create_user, **new_user("zoe@acme.test", **changes))
    expect("zoe@acme.test" not in user_ids(), "nothing refused was created")
    other_case = connect.create_user(**new_user("ANA@acme.test"))
    connect.delete_user(InstanceId=ACME, UserId=other_case["UserId"])
    by_channel = {
        "PhoneConfig": None,
        "AutoAcceptConfigs": [{"Channel": "VOICE", "AutoAccept": True}],
        "AfterContactWorkConfigs": [
            {"Channel": "CHAT", "AfterContactWorkConfig": {"AfterContactWorkTimeLimit": 30}}],
        "PersistentConnectionConfigs": [{"Channel": "VOICE", "PersistentConnection": True}],
        "VoiceEnhancementConfigs": [{"Channel": "VOICE", "VoiceEnhancementMode": "NOISE_SUPPRESSION"}],
        "PhoneNumberConfigs": [{"Channel": "VOICE", "PhoneType": "SOFT_PHONE"}],
    }
    made = connect.create_user(**new_user("channels@acme.test", **by_channel))
    who = {"InstanceId": ACME, "UserId": made["UserId"]}
    found = connect.describe_user(**who)["User"]
    for name, value in by_channel.items():
        expect(value is None or found[name] == value, f"{name} is as given")
    fails("InvalidRequestException", connect.update_user_phone_config, **who, PhoneConfig={"AutoAccept": True})
    connect.delete_user(**who)


def updates_have_rules_too():
    who = {"InstanceId": ACME, "UserId": user_ids()["quinn@acme.test"]}
    nobody = {"InstanceId": ACME, "UserId": UNKNOWN}
    agent, tech = profile_ids()["Agent"], routing_ids()["Tech L1"]
    names = {"FirstName": "Q", "LastName": "M"}
    for code, call, parameters in [
        ("InvalidRequestException", connect.update_user_routing_profile, {}),
        ("ResourceNotFoundException", connect.update_user_routing_profile, {"RoutingProfileId": UNKNOWN}),
        ("ResourceNotFoundException", connect.update_user_hierarchy, {"HierarchyGroupId": UNKNOWN}),
        ("InvalidRequestException", connect.update_user_phone_config, {}),
        ("InvalidParameterException", connect.update_user_phone_config, {"PhoneConfig": {"PhoneType": "DESK_PHONE"}}),
        ("InvalidRequestException", connect.update_user_identity_info, {}),
        ("InvalidRequestException", connect.update_user_identity_info,
         {"IdentityInfo": {**names, "Email": "q@acme.test"}}),
        ("InvalidRequestException", connect.update_user_security_profiles, {}),
        ("InvalidParameterException", connect.update_user_security_profiles, {"SecurityProfileIds": []}),
        ("InvalidParameterException", connect.update_user_security_profiles, {"SecurityProfileIds": [agent, agent]}),
        ("ResourceNotFoundException", connect.update_user_security_profiles, {"SecurityProfileIds": [UNKNOWN]}),
        ("InvalidRequestException", connect.update_user_hierarchy, {"HierarchyGroupId": 7}),
    ]:
        fails(code, call, **who, **parameters)
    for call, parameters in [
        (connect.update_user_routing_profile, {"RoutingProfileId": tech}),
        (connect.update_user_hierarchy, {}),
        (connect.update_user_phone_config, {"PhoneConfig": {"PhoneType": "SOFT_PHONE"}}),
        (connect.update_user_identity_info, {"IdentityInfo": names}),
        (connect.update_user_security_profiles, {"SecurityProfileIds": [agent]}),
    ]:
        fails("ResourceNotFoundException", call, **nobody, **parameters)
    strange = {"InstanceId": ACME, "UserId": "a/b c?d%é"}
    fails("ResourceNotFoundException", connect.describe_user, **strange)


def listings_come_in_small_pages():
    behave(page_cap=3)
    for call, member, total in [
        (connect.list_users, "UserSummaryList", 6),
        (connect.list_security_profiles, "SecurityProfileSummaryList", 4),
        (connect.list_routing_profiles, "RoutingProfileSummaryList", 4),
        (connect.list_user_hierarchy_groups, "UserHierarchyGroupSummaryList", 9),
        (connect.search_users, "Users", 6),
    ]:
        items, count = pages(call, member, MaxResults=500)
        expect(len(items) == total, f"{member}: {len(items)} of {total}")
        expect(count == (total + 2) // 3, f"{member}: {count} pages")
        expect(len({item["Id"] for item in items}) == total, f"{member}: each item once")
        fails("InvalidParameterException", call, InstanceId=ACME, MaxResults=0)
        fails("InvalidParameterException", call, InstanceId=ACME, MaxResults=1001)
        fails("InvalidParameterException", call, InstanceId=ACME, NextToken="not-a-token")
        token = call(InstanceId=ACME, MaxResults=1)["NextToken"]
        fails("InvalidParameterException", call, InstanceId=GLOBEX, NextToken=token)
    token = connect.list_users(InstanceId=ACME)["NextToken"]
    fails("InvalidParameterException", connect.list_routing_profiles, InstanceId=ACME, NextToken=token)
    fails("InvalidParameterException", connect.search_users, InstanceId=ACME, NextToken="x" * 2501)
    everyone = [user for page in connect.get_paginator("list_users").paginate(InstanceId=ACME)
                for user in page["UserSummaryList"]]
    expect(len(everyone) == 6, "botocore's own paginator reads all")
    behave(page_cap=1000)


def found(criteria):
    return sorted(user["Username"] for user in pages(connect.search_users, "Users", SearchCriteria=criteria)[0])


def field(name, value, comparison="EXACT"):
    return {"StringCondition": {"FieldName": name, "Value": value, "ComparisonType": comparison}}


def users_are_searched():
    expect(found(field("Username", "ana@acme.test")) == ["ana@acme.test"], "exact")
    expect(found(field("Username", "ben@acme.test")) == ["Ben@acme.test"], "the index folds case")
    expect(found(field("Username", "an", "STARTS_WITH")) == ["ana@acme.test"], "prefix")
    expect(len(found(field("Username", "acme", "CONTAINS"))) == 5, "part")
    expect(found(field("LastName", "Novak")) == ["dee@acme.test"], "last name")
    expect(found(field("RoutingProfileId", routing_ids()["Tech L1"])) == ["Ben@acme.test"], "routing profile")
    both = {"AndConditions": [field("Username", "acme", "CONTAINS"), field("FirstName", "Max")]}
    expect(found(both) == ["max@acme.test"], "and")
    either = {"OrConditions": [field("FirstName", "Ana"), field("FirstName", "Dee")]}
    expect(found(either) == ["ana@acme.test", "dee@acme.test"], "or")
    london = group_ids()["London"]
    under = {"HierarchyGroupCondition": {"Value": london, "HierarchyGroupMatchType": "WITH_CHILD_GROUPS"}}
    expect(found(under) == ["ana@acme.test", "dee@acme.test"], "groups below")
    exactly = {"HierarchyGroupCondition": {"Value": london, "HierarchyGroupMatchType": "EXACT"}}
    expect(found(exactly) == ["ana@acme.test"], "one group")
    made = connect.create_user(**new_user("acw@acme.test"))
    user = [user for user in connect.search_users(InstanceId=ACME)["Users"] if user["Username"] == "acw@acme.test"]
    expect(user[0]["PhoneConfig"]["AfterContactWorkTimeLimit"] == 20_000, "after contact work in milliseconds")
    expect("SecondaryEmail" not in user[0]["IdentityInfo"], "no e-mail address in search results")
    connect.delete_user(InstanceId=ACME, UserId=made["UserId"])
    search = connect.search_users
    fails("InvalidParameterException", search, InstanceId=ACME, SearchCriteria=field("Email", "x"))
    fails("InvalidParameterException", search, InstanceId=ACME, SearchCriteria=field("Username", "a", "CONTAINS"))
    fails("InvalidRequestException", search, InstanceId=ACME, SearchCriteria=field("Username", "a", "SOUNDS_LIKE"))
    fails("InvalidRequestException", search)
    fails("InvalidParameterException", search, InstanceId=ACME, MaxResults=501)


def the_hierarchy_keeps_its_shape():
    structure = connect.describe_user_hierarchy_structure(InstanceId=ACME)["HierarchyStructure"]
    names = [structure[level]["Name"] for level in ("LevelOne", "LevelTwo", "LevelThree", "LevelFour")]
    expect(names == ["Region", "Site", "Team", "Squad"], f"levels: {names}")
    group = {"InstanceId": ACME}
    made = connect.create_user_hierarchy_group(**group, Name="APAC", Tags={"a": "b"})
    child = connect.create_user_hierarchy_group(**group, Name="Sydney", ParentGroupId=made["HierarchyGroupId"])
    top = {**group, "HierarchyGroupId": made["HierarchyGroupId"]}
    below = {**group, "HierarchyGroupId": child["HierarchyGroupId"]}
    path = connect.describe_user_hierarchy_group(**below)["HierarchyGroup"]["HierarchyPath"]
    expect([path["LevelOne"]["Name"], path["LevelTwo"]["Name"]] == ["APAC", "Sydney"], "the path is from the top")
    connect.update_user_hierarchy_group_name(**below, Name="Melbourne")
    expect(connect.describe_user_hierarchy_group(**below)["HierarchyGroup"]["Name"] == "Melbourne", "renamed")
    create, rename, delete = (connect.create_user_hierarchy_group, connect.update_user_hierarchy_group_name,
                              connect.delete_user_hierarchy_group)
    leads = group_ids()["Leads"]
    for code, call, parameters in [
        ("DuplicateResourceException", create, {**group, "Name": "APAC"}),
        ("DuplicateResourceException", rename, {**top, "Name": "EMEA"}),
        ("InvalidRequestException", create, group),
        ("InvalidRequestException", rename, top),
        ("InvalidParameterException", create, {**group, "Name": "x" * 101}),
        ("InvalidParameterException", rename, {**top, "Name": ""}),
        ("ResourceNotFoundException", create, {**group, "Name": "x", "ParentGroupId": UNKNOWN}),
        ("InvalidRequestException", create, {**group, "Name": "x", "ParentGroupId": leads}),
        ("ResourceNotFoundException", rename, {**group, "HierarchyGroupId": UNKNOWN, "Name": "x"}),
        ("ResourceNotFoundException", delete, {**group, "HierarchyGroupId": UNKNOWN}),
        ("ResourceNotFoundException", connect.describe_user_hierarchy_group, {**group, "HierarchyGroupId": UNKNOWN}),
        ("ResourceInUseException", delete, top),
        ("ResourceInUseException", delete, {**group, "HierarchyGroupId": group_ids()["Tech"]}),
    ]:
        fails(code, call, **parameters)
    delete(**below)
    delete(**top)
    expect("APAC" not in group_ids(), "deleted")
    levels_come_and_go()


def levels_come_and_go():
    update = connect.update_user_hierarchy_structure
    four = {"LevelOne": {"Name": "Region"}, "LevelTwo": {"Name": "Site"}, "LevelThree": {"Name": "Team"},
            "LevelFour": {"Name": "Squad"}}
    update(InstanceId=ACME, HierarchyStructure={**four, "LevelFive": {"Name": "Pod"}})
    structure = connect.describe_user_hierarchy_structure(InstanceId=ACME)["HierarchyStructure"]
    expect(structure["LevelFive"]["Name"] == "Pod", "a level is added")
    update(InstanceId=ACME, HierarchyStructure={**four, "LevelOne": {"Name": "Area"}})
    structure = connect.describe_user_hierarchy_structure(InstanceId=ACME)["HierarchyStructure"]
    expect("LevelFive" not in structure, "a level left out is removed")
    expect(structure["LevelOne"]["Name"] == "Area", "a level is renamed")
    update(InstanceId=ACME, HierarchyStructure=four)
    refusal = fails("ResourceInUseException", update, InstanceId=ACME, HierarchyStructure={"LevelOne": {"Name": "R"}})
    expect(refusal["ResourceType"] == "HIERARCHY_LEVEL", "the refusal says what is in use")
    fails("InvalidRequestException", update, InstanceId=ACME)
    fails("InvalidRequestException", update, InstanceId=ACME, HierarchyStructure={**four, "LevelTwo": {}})
    gap = {"LevelOne": {"Name": "Region"}, "LevelThree": {"Name": "Team"}}
    fails("InvalidRequestException", update, InstanceId=ACME, HierarchyStructure=gap)
    fails("InvalidParameterException", update, InstanceId=ACME, HierarchyStructure={"LevelOne": {"Name": "x" * 51}})


def quotas_are_429_but_no_rate():
    globex = {"InstanceId": GLOBEX}
    agent = connect.list_security_profiles(**globex)["SecurityProfileSummaryList"][1]["Id"]
    basic = connect.list_routing_profiles(**globex)["RoutingProfileSummaryList"][0]["Id"]
    user = {**globex, "SecurityProfileIds": [agent], "RoutingProfileId": basic,
            "IdentityInfo": {"FirstName": "A", "LastName": "B"}}
    made = [connect.create_user(**user, Username=f"user{index}")["UserId"] for index in range(4)]
    refusal = fails("LimitExceededException", connect.create_user, **user, Username="one-too-many")
    expect(refusal["ResponseMetadata"]["HTTPStatusCode"] == 429, "a full quota is a 429")
    for user_id in made:
        connect.delete_user(**globex, UserId=user_id)
    groups = [connect.create_user_hierarchy_group(**globex, Name=f"g{index}")["HierarchyGroupId"]
              for index in range(2)]
    fails("LimitExceededException", connect.create_user_hierarchy_group, **globex, Name="one-too-many")
    for group in groups:
        connect.delete_user_hierarchy_group(**globex, HierarchyGroupId=group)


def views_lag_behind_writes():
    behave(lag=True)
    made = connect.create_user(**new_user("late@acme.test"))
    who = {"InstanceId": ACME, "UserId": made["UserId"]}
    late = field("Username", "late@acme.test")
    fails("ResourceNotFoundException", connect.describe_user, **who)
    federated = client("connect", assume(ROLE, "late@acme.test"))
    fails("UserNotFoundException", federated.get_federation_token, InstanceId=ACME)
    behave(advance_seconds=1)
    expect(connect.describe_user(**who)["User"]["Username"] == "late@acme.test", "described after a second")
    expect(federated.get_federation_token(InstanceId=ACME)["UserId"] == made["UserId"], "federated after a second")
    expect("late@acme.test" not in user_ids(), "not listed yet")
    behave(advance_seconds=2)
    expect("late@acme.test" in user_ids(), "listed after three seconds")
    expect(found(late) == [], "not found yet")
    behave(advance_seconds=3)
    expect(found(late) == ["late@acme.test"], "found after six seconds")
    connect.delete_user(**who)
    fails("ResourceNotFoundException", connect.describe_user, **who)
    expect("late@acme.test" in user_ids(), "still listed")
    behave(advance_seconds=6)
    expect("late@acme.test" not in user_ids(), "no longer listed")
    behave(lag=False)


def tokens_belong_to_the_session_name():
    key = assume(ROLE, "ana@acme.test", SourceIdentity="ana@acme.test", DurationSeconds=900)
    answer = client("connect", key).get_federation_token(InstanceId=ACME)
    expect(answer["UserId"] == user_ids()["ana@acme.test"], "the token is for the session name's user")
    expect(answer["SignInUrl"].endswith("/auth/sign-in"), "the site's sign-in takes it")
    lifetime = answer["Credentials"]["RefreshTokenExpiration"] - answer["Credentials"]["AccessTokenExpiration"]
    expect(lifetime.total_seconds() == 11 * 3600, "access for an hour, refresh for twelve")
    ask = lambda key, instance=ACME: ("get_federation_token", client("connect", key), instance)
    for code, (name, caller, instance) in [
        ("UserNotFoundException", ask(assume(ROLE, "ANA@acme.test"))),
        ("UserNotFoundException", ask(assume(ROLE, "nobody@acme.test"))),
        ("UserNotFoundException", ask(assume(ROLE, "ben@acme.test"))),
        ("AccessDeniedException", ask(key, GLOBEX)),
        ("AccessDeniedException", ask(GATEWAY)),
        ("AccessDeniedException", ask(ROOT)),
        ("AccessDeniedException", ask(assume(ROLE, "ana@acme.test", Policy=policy(GLOBEX)))),
        ("AccessDeniedException", ask(assume(ROLE, "ana@acme.test", Policy=policy(ACME, "connect:ListUsers")))),
    ]:
        fails(code, getattr(caller, name), InstanceId=instance)
    narrowed = client("connect", assume(ROLE, "ana@acme.test", Policy=policy(ACME)))
    expect(narrowed.get_federation_token(InstanceId=ACME)["UserId"] == answer["UserId"], "a fitting policy passes")
    fails("AccessDeniedException", narrowed.list_users, InstanceId=ACME)
    behave(bind_users_to_roles=True)
    hop = assume(HOP_ROLE, "hop")
    other = client("connect", assume(CHAINED_ROLE, "ana@acme.test", hop))
    fails("DuplicateResourceException", other.get_federation_token, InstanceId=ACME)
    behave(bind_users_to_roles=False)
    expect(other.get_federation_token(InstanceId=ACME)["UserId"] == answer["UserId"], "unbound, any role will do")
    behave(advance_seconds=901)
    fails("ExpiredTokenException", client("connect", key).get_federation_token, InstanceId=ACME)


def policy(instance, action="connect:GetFederationToken"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": action, "Resource": "*",
        "Condition": {"StringEquals": {"connect:InstanceId": instance}}}]})


def roles_are_assumed_by_those_they_trust():
    identity = sts.get_caller_identity()
    expect(identity["Arn"] == "arn:aws:iam::123456789012:user/gateway", "who calls")
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="ana@acme.test", SourceIdentity="ana", Policy=policy(ACME))
    expect(answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/acme-federation/ana@acme.test"), "the session's ARN")
    expect(answer["SourceIdentity"] == "ana", "the source identity is told")
    expect(0 < answer["PackedPolicySize"] <= 100, "the policy's size is told")
    who = {"RoleArn": ROLE, "RoleSessionName": "ana@acme.test"}
    hop = assume(HOP_ROLE, "hop")
    for code, caller, changes in [
        ("AccessDenied", sts, {"RoleArn": "arn:aws:iam::123456789012:role/unknown"}),
        ("AccessDenied", client("sts", NOTHING), {}),
        ("AccessDenied", client("sts", ROOT), {}),
        ("AccessDenied", sts, {"RoleSessionName": "Admin"}),
        ("AccessDenied", sts, {"RoleArn": GLOBEX_ROLE}),
        ("AccessDenied", sts, {"RoleArn": GLOBEX_ROLE, "ExternalId": "wrong"}),
        ("AccessDenied", sts, {"RoleArn": GLOBEX_ROLE, "ExternalId": "globex-external-id", "SourceIdentity": "ana"}),
        ("AccessDenied", sts, {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("AccessDenied", sts, {"RoleArn": CHAINED_ROLE}),
        ("ValidationError", sts, {"RoleSessionName": "a"}),
        ("ValidationError", sts, {"RoleSessionName": "a" * 65}),
        ("ValidationError", sts, {"RoleSessionName": "ana lima"}),
        ("ValidationError", sts, {"RoleArn": "arn:short"}),
        ("ValidationError", sts, {"SourceIdentity": "a"}),
        ("ValidationError", sts, {"ExternalId": "x"}),
        ("ValidationError", sts, {"DurationSeconds": 899}),
        ("ValidationError", sts, {"DurationSeconds": 43201}),
        ("ValidationError", sts, {"RoleArn": HOP_ROLE, "DurationSeconds": 3601}),
        ("ValidationError", client("sts", hop), {"RoleArn": CHAINED_ROLE, "DurationSeconds": 3601}),
        ("ValidationError", sts, {"Policy": ""}),
        ("MalformedPolicyDocument", sts, {"Policy": "{"}),
        ("MalformedPolicyDocument", sts, {"Policy": "{}"}),
        ("PackedPolicyTooLarge", sts, {"Policy": policy("x" * 2048)}),
    ]:
        fails(code, caller.assume_role, **{**who, **changes})
    assume(GLOBEX_ROLE, "Admin", ExternalId="globex-external-id")
    assume(CHAINED_ROLE, "ana@acme.test", hop, DurationSeconds=3600)
    fails("MissingParameter", sts.assume_role, RoleArn=ROLE)
    fails("InvalidAction", sts.get_session_token)
    behave(throttle=True)
    for _ in range(20):
        sts.get_caller_identity()
    behave(throttle=False)


def signatures_are_verified():
    path, sound = f"/users-summary/{ACME}", signing.Signing(GATEWAY, REGION, "connect")
    expect(signing.send(URL, "GET", path, sound)[0] == 200, "our own signer is right")
    long_path = f"/users/{ACME}/a%2Fb%20c"
    expect(signing.send(URL, "GET", long_path, sound)[:2] == (404, "ResourceNotFoundException"), "escaped paths")
    federated = assume(ROLE, "ana@acme.test")
    token_path = f"/user/federate/{ACME}"
    refusals = [
        ("SignatureDoesNotMatch", sound.but(secret="wrong")),
        ("SignatureDoesNotMatch", sound.but(region="us-west-1")),
        ("SignatureDoesNotMatch", sound.but(service="sts")),
        ("SignatureDoesNotMatch", sound.but(minutes=-6)),
        ("SignatureDoesNotMatch", sound.but(minutes=6)),
        ("SignatureDoesNotMatch", sound.but(scope_date="20200101")),
        ("SignatureDoesNotMatch", sound.but(signed_body=b"other")),
        ("SignatureDoesNotMatch", sound.but(claimed_hash="0" * 64)),
        ("SignatureDoesNotMatch", sound.but(query="maxResults=1", signed_query="maxResults=2")),
        ("SignatureDoesNotMatch", sound.but(signed_headers=["x-amz-date"])),
        ("SignatureDoesNotMatch", sound.but(signed_headers=["host"])),
        ("UnrecognizedClientException", sound.but(key="AKIAUNKNOWN000000000")),
        ("UnrecognizedClientException", sound.but(token="a-token-a-long-term-key-has-not")),
        ("MissingAuthenticationTokenException", sound.but(authorization=None)),
        ("IncompleteSignatureException", sound.but(authorization="Bearer x")),
        ("IncompleteSignatureException", sound.but(authorization="AWS4-HMAC-SHA256 Credential=x")),
    ]
    for code, how in refusals:
        found = signing.send(URL, "GET", path, how)
        expect(found[:2] == (403, code), f"{found} instead of {code}")
    session = signing.Signing(federated, REGION, "connect")
    expect(signing.send(URL, "GET", token_path, session)[0] == 200, "a session's signature")
    for how in [session.but(token=None), session.but(token="another")]:
        expect(signing.send(URL, "GET", token_path, how)[:2] == (403, "UnrecognizedClientException"), "session token")
    status, code, _ = signing.send(URL, "GET", "/no/such/path", sound)
    expect((status, code) == (404, "UnknownOperationException"), "an unknown path")
    status, code, _ = signing.send(URL, "POST", f"/users/{ACME}", sound)
    expect((status, code) == (404, "UnknownOperationException"), "CreateUser is a PUT")
    fails("SignatureDoesNotMatch", client("sts", (GATEWAY[0], "wrong", None)).get_caller_identity)
    fails("InvalidClientTokenId", client("sts", ("AKIAUNKNOWN000000000", "x", None)).get_caller_identity)


def the_instance_is_described():
    instance = connect.describe_instance(InstanceId=ACME)["Instance"]
    expect(instance["IdentityManagementType"] == "SAML", "it is a SAML instance")
    expect(instance["InstanceAlias"] == "acme", "it has its alias")


def every_documented_error_was_seen():
    """What the model documents and nothing here provokes is printed, so that it is known."""
    unseen = {}
    for name in connect.meta.method_to_api_mapping.values():
        if name in seen:
            documented = {shape.name for shape in connect.meta.service_model.operation_model(name).error_shapes}
            unseen[name] = sorted(documented - seen[name])
    expect(len(unseen) == 21, f"{len(unseen)} of 21 operations were called")
    without_body = {name for name, codes in unseen.items() if codes == ["InvalidRequestException"]}
    others = {name: codes for name, codes in unseen.items() if codes and name not in without_body}
    print("documented but not provoked, for want of anything invalid to send: InvalidRequestException of "
          + ", ".join(sorted(without_body)))
    expect(not others, f"not provoked: {others}")
    expect(all(None in seen[name] for name in unseen), "every operation succeeded at least once")


def main():
    behave(page_cap=1000, throttle=False, lag=False, fault_rate=0.0)
    for scenario in [
        the_instance_is_described,
        users_are_created_described_updated_and_deleted,
        saml_instances_have_rules_for_users,
        updates_have_rules_too,
        listings_come_in_small_pages,
        users_are_searched,
        the_hierarchy_keeps_its_shape,
        quotas_are_429_but_no_rate,
        roles_are_assumed_by_those_they_trust,
        signatures_are_verified,
        every_operation_refuses_alike,
        views_lag_behind_writes,
        tokens_belong_to_the_session_name,
        every_documented_error_was_seen,
    ]:
        scenario()
        print("ok", scenario.__name__.replace("_", " "))
    calls = sum(1 for entry in json.load(urllib.request.urlopen(URL + "/_emulator/history")))
    print(f"{checks} checks passed in {calls} calls of {len(seen)} operations")


main()
