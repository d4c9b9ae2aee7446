"""Who calls: signatures, roles, and whose token it is."""

import signing
from driver import *


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


def sessions_are_tagged():
    who = {"RoleArn": "arn:aws:iam::123456789012:role/acme-tagged", "RoleSessionName": "ana@acme.test"}
    tag = lambda key, value: {"Key": key, "Value": value}
    sts.assume_role(**who, Tags=[tag("Application", "connect-gateway"), tag("Cost Centre", "")])
    for tags in [
        [tag("aws:a", "b")],
        [tag("a;b", "c")],
        [tag("a", "b?")],
        [tag("a" * 129, "b")],
        [tag("a", "b" * 257)],
        [tag("a", "b"), tag("A", "c")],
        [tag(f"t{number}", "x") for number in range(51)],
    ]:
        fails("ValidationError", sts.assume_role, **who, Tags=tags)


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
