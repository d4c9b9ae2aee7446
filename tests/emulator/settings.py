"""Settings by channel, proficiencies and tags of users."""

from driver import *

INVALID, UNSOUND, MISSING = "InvalidRequestException", "InvalidParameterException", "ResourceNotFoundException"


def settings_by_channel_take_the_place_of_phone_settings():
    made = connect.create_user(**new_user("channels@acme.test"))
    who = {"InstanceId": ACME, "UserId": made["UserId"]}
    chat = [{"Channel": "CHAT", "AfterContactWorkConfig": {"AfterContactWorkTimeLimit": 0}}]
    voice = [{"Channel": "VOICE", "AutoAccept": True, "AgentFirstCallbackAutoAccept": False}]
    connect.update_user_config(**who, AfterContactWorkConfigs=chat)
    connect.update_user_config(**who, AutoAcceptConfigs=voice)
    user = connect.describe_user(**who)["User"]
    expect(user["AfterContactWorkConfigs"] == chat and user["AutoAcceptConfigs"] == voice, "a list left out stays")
    expect(user["PhoneConfig"] == {"PhoneType": "SOFT_PHONE"}, "what has no twin by channel stays")
    by_phone = {"PhoneType": "SOFT_PHONE", "AutoAccept": True}
    fails(INVALID, connect.update_user_phone_config, **who, PhoneConfig=by_phone)
    desk = [{"Channel": "VOICE", "PhoneType": "DESK_PHONE", "PhoneNumber": "+442071838750"}]
    connect.update_user_config(**who, PhoneNumberConfigs=desk)
    user = connect.describe_user(**who)["User"]
    expect(user["PhoneNumberConfigs"] == desk and "PhoneConfig" not in user, "nothing of the phone settings is left")
    isolation = [{"Channel": "VOICE", "VoiceEnhancementMode": "VOICE_ISOLATION"}]
    refusal = fails("ConditionalOperationFailedException", connect.update_user_config, **who,
                    VoiceEnhancementConfigs=isolation)
    expect(refusal["ResponseMetadata"]["HTTPStatusCode"] == 409, "a condition that fails is a 409")
    soft = [{"Channel": "VOICE", "PhoneType": "SOFT_PHONE"}]
    connect.update_user_config(**who, PhoneNumberConfigs=soft, VoiceEnhancementConfigs=isolation)
    too_long = {"AfterContactWorkTimeLimit": 2_000_001}
    short = {"AfterContactWorkTimeLimit": 5}
    for code, changes in [
        (INVALID, {}),
        (INVALID, {"AutoAcceptConfigs": [{"Channel": "FAX", "AutoAccept": True}]}),
        (INVALID, {"AutoAcceptConfigs": [{"Channel": "VOICE"}]}),
        (UNSOUND, {"AutoAcceptConfigs": voice + voice}),
        (UNSOUND, {"AutoAcceptConfigs": [{**voice[0], "Channel": "TASK"}]}),
        (UNSOUND, {"AfterContactWorkConfigs": [{"Channel": "VOICE", "AfterContactWorkConfig": too_long}]}),
        (UNSOUND, {"AfterContactWorkConfigs": [{
            "Channel": "VOICE", "AfterContactWorkConfig": short, "AgentFirstCallbackAfterContactWorkConfig": too_long}]}),
        (UNSOUND, {"PhoneNumberConfigs": [{"Channel": "VOICE", "PhoneType": "DESK_PHONE"}]}),
        (UNSOUND, {"PhoneNumberConfigs": [{"Channel": "VOICE", "PhoneType": "SOFT_PHONE", "PhoneNumber": "020"}]}),
        (UNSOUND, {"PhoneNumberConfigs": [{"Channel": "CHAT", "PhoneType": "SOFT_PHONE"}]}),
        (UNSOUND, {"PersistentConnectionConfigs": [{"Channel": "EMAIL", "PersistentConnection": True}]}),
        (UNSOUND, {"VoiceEnhancementConfigs": [{"Channel": "TASK", "VoiceEnhancementMode": "NONE"}]}),
    ]:
        fails(code, connect.update_user_config, **who, **changes)
    connect.delete_user(**who)
    fails(MISSING, connect.update_user_config, **who, PhoneNumberConfigs=soft)


def proficiencies_are_values_of_predefined_attributes():
    made = connect.create_user(**new_user("able@acme.test"))
    who = {"InstanceId": ACME, "UserId": made["UserId"]}
    associate, update = connect.associate_user_proficiencies, connect.update_user_proficiencies
    disassociate = connect.disassociate_user_proficiencies

    def skill(value, level=None, name="Product"):
        found = {"AttributeName": name, "AttributeValue": value, "Level": level}
        return {name: value for name, value in found.items() if value is not None}

    def held():
        return connect.list_user_proficiencies(**who)["UserProficiencyList"]

    expect(held() == [], "a new user has none")
    german = skill("connect:German", 3.0, "connect:Language")
    associate(**who, UserProficiencies=[skill("Billing", 1.0), german])
    update(**who, UserProficiencies=[skill("Billing", 5.0)])
    expect(held() == [skill("Billing", 5.0), german], "the level is another one")
    disassociate(**who, UserProficiencies=[skill("Billing")])
    expect(held() == [german], "one is gone")
    for code, call, given in [
        (INVALID, associate, None),
        (INVALID, associate, [skill("Sales")]),
        (INVALID, associate, [german]),
        (INVALID, associate, [skill(f"{number}", 1.0, "Level") for number in range(10)]),
        (UNSOUND, associate, [skill("", 1.0)]),
        (UNSOUND, associate, [skill("Sales", 1.0, "x" * 101)]),
        (UNSOUND, associate, [skill("Sales", 5.5)]),
        (UNSOUND, associate, [skill("Sales", 0.5)]),
        (UNSOUND, associate, [skill("Sales", 2.5)]),
        (UNSOUND, associate, [skill("Sales", 1.0), skill("Sales", 2.0)]),
        (MISSING, associate, [skill("Plumbing", 1.0)]),
        (MISSING, associate, [skill("Sales", 1.0, "Products")]),
        (INVALID, update, None),
        (UNSOUND, update, [skill("Sales", 6.0)]),
        (MISSING, update, [skill("Sales", 2.0)]),
        (INVALID, disassociate, None),
        (UNSOUND, disassociate, [skill("")]),
        (MISSING, disassociate, [skill("Sales")]),
    ]:
        fails(code, call, **who, **({} if given is None else {"UserProficiencies": given}))
    expect(held() == [german], "nothing refused was done")
    associate(**who, UserProficiencies=[skill(f"{number}", 1.0, "Level") for number in range(3)])
    first = connect.list_user_proficiencies(**who, MaxResults=3)
    expect(len(first["UserProficiencyList"]) == 3, "a page of three")
    rest = connect.list_user_proficiencies(**who, NextToken=first["NextToken"])
    expect(len(rest["UserProficiencyList"]) == 1 and "NextToken" not in rest, "and the rest")
    other = {"InstanceId": ACME, "UserId": user_ids()["quinn@acme.test"]}
    fails(UNSOUND, connect.list_user_proficiencies, **other, NextToken=first["NextToken"])
    fails(UNSOUND, connect.list_user_proficiencies, **who, MaxResults=101)
    connect.delete_user(**who)
    fails(MISSING, connect.list_user_proficiencies, **who)


def tags_are_set_and_removed():
    made = connect.create_user(**new_user("tagged@acme.test"))
    who, arn = {"InstanceId": ACME, "UserId": made["UserId"]}, made["UserArn"]
    connect.tag_resource(resourceArn=arn, tags={"team": "north", "made-by": "hand"})
    tags = connect.describe_user(**who)["User"]["Tags"]
    expect(tags == {"team": "north", "made-by": "hand"}, "added and replaced")
    connect.untag_resource(resourceArn=arn, tagKeys=["made-by", "unknown"])
    expect(connect.describe_user(**who)["User"]["Tags"] == {"team": "north"}, "removed")
    many = {f"key{number}": "v" for number in range(50)}
    for code, call, parameters in [
        (INVALID, connect.tag_resource, {}),
        (UNSOUND, connect.tag_resource, {"tags": {}}),
        (UNSOUND, connect.tag_resource, {"tags": many}),
        (UNSOUND, connect.tag_resource, {"tags": {"aws:mine": "x"}}),
        (UNSOUND, connect.tag_resource, {"tags": {"k" * 129: "x"}}),
        (UNSOUND, connect.tag_resource, {"tags": {"k": "x" * 257}}),
        (UNSOUND, connect.tag_resource, {"tags": {"team;site": "x"}}),
        (INVALID, connect.untag_resource, {}),
        (UNSOUND, connect.untag_resource, {"tagKeys": ["k" * 129]}),
    ]:
        fails(code, call, resourceArn=arn, **parameters)
    for strange in [ACME, arn.replace("eu-west-2", "us-east-1"), arn.replace("/agent/", "/queue/"), arn + "/x"]:
        fails(UNSOUND, connect.tag_resource, resourceArn=strange, tags={"a": "b"})
    connect.delete_user(**who)
    fails(MISSING, connect.tag_resource, resourceArn=arn, tags={"a": "b"})
    fails(MISSING, connect.untag_resource, resourceArn=arn, tagKeys=["a"])
