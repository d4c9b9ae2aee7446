"""Ending a user's sessions, and the quick connects that lead to users."""

import urllib.error
import urllib.parse
import urllib.request

from driver import *


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def opened(url, cookies="", form=None):
    """Status and cookies of a page."""
    body = urllib.parse.urlencode(form).encode() if form else None
    try:
        answer = OPENER.open(urllib.request.Request(url, body, {"cookie": cookies}))
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, "; ".join(cookie.split(";")[0] for cookie in answer.headers.get_all("set-cookie", []))


class Inside:
    """A browser in which a user is inside the instance."""

    def __init__(self, who):
        answer = client("connect", assume(ROLE, who)).get_federation_token(InstanceId=ACME)
        credentials = {
            name: int(value.timestamp() * 1000) if name.endswith("Expiration") else value
            for name, value in answer["Credentials"].items()
        }
        self.url = answer["SignInUrl"]
        self.form = {"credentials": json.dumps(credentials), "destination": "/ccp-v2"}
        status, self.cookies = opened(self.url, form=self.form)
        expect(status == 303, f"{who} enters: {status}")

    def status(self):
        return opened(self.url.replace("/auth/sign-in", "/ccp-v2"), self.cookies)[0]


def sessions_of(who):
    return {"InstanceId": ACME, "EntityId": who, "EntityType": "USER"}


def all_sessions_of_a_user_end():
    quinn = user_ids()["quinn@acme.test"]
    end = connect.delete_all_entity_sessions
    laptop, phone, other = Inside("quinn@acme.test"), Inside("quinn@acme.test"), Inside("dee@acme.test")
    expect([laptop.status(), phone.status(), other.status()] == [200] * 3, "all are inside")
    end(**sessions_of(quinn))
    expect([laptop.status(), phone.status()] == [401] * 2, "in every browser the session is over")
    expect(opened(laptop.url, form=laptop.form)[0] == 401, "and its token opens nothing any more")
    expect(other.status() == 200, "somebody else stays")
    end(**sessions_of(connect.describe_user(InstanceId=ACME, UserId=quinn)["User"]["Arn"]))
    for code, changes in [
        ("ResourceNotFoundException", {"EntityId": UNKNOWN}),
        ("InvalidParameterException", {"EntityId": "x" * 257}),
        ("InvalidParameterException", {"EntityType": "CUSTOMER_PROFILE"}),
        ("InvalidRequestException", {"EntityType": None}),
        ("InvalidRequestException", {"EntityId": None}),
        ("InvalidRequestException", {"InstanceId": None}),
    ]:
        fails(code, end, **{name: value for name, value in {**sessions_of(quinn), **changes}.items() if value})


def quick_connects_are_searched():
    search = connect.search_quick_connects
    behave(page_cap=2)
    found, count = pages(search, "QuickConnects", MaxResults=100)
    behave(page_cap=1000)
    expect([item["Name"] for item in found] == ["Ana", "Ana, billing", "Help desk"], "all of them")
    expect(count == 2, f"{count} pages")
    ana = user_ids()["ana@acme.test"]
    to_ana = [item["QuickConnectConfig"] for item in found[:2]]
    expect(all(config["UserConfig"]["UserId"] == ana for config in to_ana), "two lead to Ana")
    expect(found[2]["QuickConnectConfig"]["PhoneConfig"]["PhoneNumber"] == "+442071838750", "and one to a number")
    fails("InvalidParameterException", search, InstanceId=ACME, MaxResults=101)
    fails("InvalidParameterException", search, InstanceId=ACME, NextToken="not-a-token")
    fails("InvalidRequestException", search, InstanceId=ACME, SearchCriteria={"StringCondition": {"Value": "x"}})
