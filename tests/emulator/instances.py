"""The instance: its description, hierarchy and quotas, and what every operation refuses alike."""

from driver import *


def the_instance_is_described():
    instance = connect.describe_instance(InstanceId=ACME)["Instance"]
    expect(instance["IdentityManagementType"] == "SAML", "it is a SAML instance")
    expect(instance["InstanceAlias"] == "acme", "it has its alias")


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


def hierarchy_groups_are_searched():
    search = connect.search_user_hierarchy_groups

    def names(criteria):
        groups = pages(search, "UserHierarchyGroups", SearchCriteria=criteria)[0]
        return sorted(group["Name"] for group in groups)

    behave(page_cap=4)
    groups, count = pages(search, "UserHierarchyGroups", MaxResults=100)
    expect((len(groups), count) == (10, 3), f"nine groups and the root of all: {len(groups)} on {count} pages")
    behave(page_cap=1000)
    roots = [group for group in groups if group["LevelId"] == "0"]
    expect(len(roots) == 1 and "HierarchyPath" not in roots[0], "the root is found and is no group of the hierarchy")
    leads = next(group for group in groups if group["Name"] == "Leads")
    path = [leads["HierarchyPath"][level]["Name"] for level in ("LevelOne", "LevelTwo", "LevelThree", "LevelFour")]
    expect(path == ["EMEA", "London", "Billing", "Leads"], f"found with the whole path: {path}")
    described = connect.describe_user_hierarchy_group(InstanceId=ACME, HierarchyGroupId=leads["Id"])
    expect(described["HierarchyGroup"] == leads, "found as it is described")
    top = {group["Name"]: group["Id"] for group in groups}
    expect(names(field("name", "emea")) == ["EMEA"], "the index folds case")
    expect(names(field("name", "on", "CONTAINS")) == ["London"], "part")
    expect(names(field("parentId", top["EMEA"])) == ["Dublin", "London"], "below a group")
    expect(names(field("parentId", roots[0]["Id"])) == ["Americas", "EMEA"], "below the root")
    expect(names(field("levelId", leads["LevelId"])) == ["Leads"], "of a level")
    expect(names(field("resourceID", top["Tech"])) == ["Tech"], "by id")
    both = {"AndConditions": [field("levelId", groups[-1]["LevelId"]), field("name", "A", "STARTS_WITH")]}
    expect(names(both) == ["Austin"], "and")
    either = {"OrConditions": [field("name", "Tech"), field("name", "Leads")]}
    expect(names(either) == ["Leads", "Tech"], "or")
    fails("InvalidParameterException", search, InstanceId=ACME, SearchCriteria=field("colour", "x"))
    fails("InvalidParameterException", search, InstanceId=ACME, SearchCriteria=field("name", "a", "CONTAINS"))
    fails("InvalidParameterException", search, InstanceId=ACME, MaxResults=101)
    fails("InvalidParameterException", search, InstanceId=ACME, MaxResults=0)
    fails("InvalidParameterException", search, InstanceId=ACME, NextToken="not-a-token")
    fails("InvalidParameterException", search, InstanceId=ACME, NextToken="x" * 2501)
    fails("InvalidRequestException", search, InstanceId=ACME, SearchCriteria=field("name", "a", "SOUNDS_LIKE"))
    fails("InvalidRequestException", search)
    groups_are_found_late()


def groups_are_found_late():
    late = field("name", "Late")
    behave(lag=True)
    group = connect.create_user_hierarchy_group(InstanceId=ACME, Name="Late")["HierarchyGroupId"]
    found = connect.search_user_hierarchy_groups(InstanceId=ACME, SearchCriteria=late)["UserHierarchyGroups"]
    expect(found == [], "not found yet")
    behave(advance_seconds=6)
    found = connect.search_user_hierarchy_groups(InstanceId=ACME, SearchCriteria=late)["UserHierarchyGroups"]
    expect([one["Name"] for one in found] == ["Late"], "found after six seconds")
    behave(lag=False)
    connect.delete_user_hierarchy_group(InstanceId=ACME, HierarchyGroupId=group)


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


def samples():
    """A call that would succeed, for each operation."""
    user = user_ids()["quinn@acme.test"]
    group = group_ids()["Austin"]
    arn = f"arn:aws:connect:{REGION}:123456789012:instance/{ACME}/agent/{user}"
    billing = {"AttributeName": "Product", "AttributeValue": "Billing"}
    phone = {"PhoneType": "SOFT_PHONE"}
    return {
        "create_user": new_user("sample@acme.test"),
        "describe_user": {"InstanceId": ACME, "UserId": user},
        "list_users": {"InstanceId": ACME},
        "search_users": {"InstanceId": ACME},
        "search_user_hierarchy_groups": {"InstanceId": ACME},
        "update_user_routing_profile": {
            "InstanceId": ACME, "UserId": user, "RoutingProfileId": routing_ids()["Tech L1"]},
        "update_user_hierarchy": {"InstanceId": ACME, "UserId": user, "HierarchyGroupId": group},
        "update_user_phone_config": {"InstanceId": ACME, "UserId": user, "PhoneConfig": phone},
        "update_user_identity_info": {
            "InstanceId": ACME, "UserId": user, "IdentityInfo": {"FirstName": "Q", "LastName": "M"}},
        "update_user_security_profiles": {
            "InstanceId": ACME, "UserId": user, "SecurityProfileIds": [profile_ids()["Agent"]]},
        "update_user_config": {
            "InstanceId": ACME, "UserId": user, "AutoAcceptConfigs": [{"Channel": "CHAT", "AutoAccept": True}]},
        "associate_user_proficiencies": {
            "InstanceId": ACME, "UserId": user, "UserProficiencies": [{**billing, "Level": 3.0}]},
        "update_user_proficiencies": {
            "InstanceId": ACME, "UserId": user, "UserProficiencies": [{**billing, "Level": 4.0}]},
        "disassociate_user_proficiencies": {"InstanceId": ACME, "UserId": user, "UserProficiencies": [billing]},
        "list_user_proficiencies": {"InstanceId": ACME, "UserId": user},
        "tag_resource": {"resourceArn": arn, "tags": {"team": "north"}},
        "untag_resource": {"resourceArn": arn, "tagKeys": ["team"]},
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
        "delete_all_entity_sessions": {"InstanceId": ACME, "EntityId": user, "EntityType": "USER"},
        "search_quick_connects": {"InstanceId": ACME},
    }


def at(instance, parameters):
    """The same call at another instance."""
    if "resourceArn" in parameters:
        return {**parameters, "resourceArn": parameters["resourceArn"].replace(ACME, instance)}
    return {**parameters, "InstanceId": instance}


def every_operation_refuses_alike():
    """Unknown instance, instance id too long, missing permission, rate, fault: for all 31."""
    all_samples = samples()
    expect(len(all_samples) == 31, "there are 31 operations")
    federated = client("connect", assume(CHAINED_ROLE, "quinn@acme.test", assume(HOP_ROLE, "hop")))
    nothing = client("connect", NOTHING)
    for name, parameters in all_samples.items():
        call = getattr(federated if name == "get_federation_token" else connect, name)
        elsewhere = at(UNKNOWN, parameters)
        fails("ResourceNotFoundException", call, **elsewhere)
        too_long = "InvalidRequestException" if name == "describe_instance" else "InvalidParameterException"
        fails(too_long, call, **at("x" * 101, parameters))
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
