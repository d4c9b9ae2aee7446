"""Users: their life, their rules, the listings and the search that show them."""

from driver import *


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
    described = connect.describe_user(InstanceId=ACME, UserId=made["UserId"])["User"]
    for member in ["Id", "Arn", "Username", "RoutingProfileId", "SecurityProfileIds", "Tags"]:
        expect(user[0][member] == described[member], f"{member} is that of DescribeUser")
    names = {name: described["IdentityInfo"][name] for name in ["FirstName", "LastName"]}
    expect(user[0]["IdentityInfo"] == names, "both names, and nothing else")
    total = connect.search_users(InstanceId=ACME, MaxResults=1)["ApproximateTotalCount"]
    expect(total == len(pages(connect.search_users, "Users", MaxResults=500)[0]), "a page tells how many there are")
    expect("SecondaryEmail" not in user[0]["IdentityInfo"], "no e-mail address in search results")
    connect.delete_user(InstanceId=ACME, UserId=made["UserId"])
    search = connect.search_users
    fails("InvalidParameterException", search, InstanceId=ACME, SearchCriteria=field("Email", "x"))
    fails("InvalidParameterException", search, InstanceId=ACME, SearchCriteria=field("Username", "a", "CONTAINS"))
    fails("InvalidRequestException", search, InstanceId=ACME, SearchCriteria=field("Username", "a", "SOUNDS_LIKE"))
    fails("InvalidRequestException", search)
    fails("InvalidParameterException", search, InstanceId=ACME, MaxResults=501)


def views_lag_behind_writes():
    # Before the clock of the new user starts: on a busy machine half a second is soon over.
    late_user = new_user("late@acme.test")
    federated = client("connect", assume(ROLE, "late@acme.test"))
    behave(lag=True)
    made = connect.create_user(**late_user)
    who = {"InstanceId": ACME, "UserId": made["UserId"]}
    late = field("Username", "late@acme.test")
    fails("ResourceNotFoundException", connect.describe_user, **who)
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
