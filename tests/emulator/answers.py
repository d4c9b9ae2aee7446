"""Answers of an identity provider as credentials: a call that nobody signs."""

import base64
import re
import urllib.parse

from driver import *

IDP = sys.argv[2]
BY_ASSERTION = "arn:aws:iam::123456789012:role/acme-by-assertion"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/emulated"
STRANGER = "arn:aws:iam::123456789012:saml-provider/stranger"


def answer_for(uid, provider="https://gateway.test/saml/metadata"):
    """What the identity provider's page posts, in base64."""
    form = urllib.parse.urlencode({"provider": provider, "uid": uid}).encode()
    page = urllib.request.urlopen(IDP + "/portal", form).read().decode()
    return re.search('name="SAMLResponse" value="([^"]+)"', page).group(1)


def changed(answer, old, new):
    text = base64.b64decode(answer).decode()
    expect(old in text, f"{old} is in the answer")
    return base64.b64encode(text.replace(old, new).encode()).decode()


def answers_of_identity_providers_assume_roles():
    unsigned = boto3.client("sts", region_name=REGION, endpoint_url=URL, aws_access_key_id="none",
                            aws_secret_access_key="none", config=Config(retries={"total_max_attempts": 1}))
    assume_with = unsigned.assume_role_with_saml
    good = {"RoleArn": BY_ASSERTION, "PrincipalArn": PROVIDER, "SAMLAssertion": answer_for("ana")}
    answer = assume_with(**good, Policy=policy(ACME), DurationSeconds=900)
    expect(answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/acme-by-assertion/ana@acme.test"), "its session")
    expect(answer["Audience"] == "https://gateway.test/saml/acs", "the recipient is told as audience")
    expect(answer["Issuer"] == IDP + "/saml/metadata", "whose answer it was")
    found = answer["Credentials"]
    key = found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
    token = client("connect", key).get_federation_token(InstanceId=ACME)
    expect(token["UserId"] == user_ids()["ana@acme.test"], "the token is for the session name's user")
    fails("AccessDeniedException", client("connect", key).get_federation_token, InstanceId=GLOBEX)
    assume_with(**good, DurationSeconds=7200)
    for code, changes in [
        ("AccessDenied", {"RoleArn": ROLE}),
        ("AccessDenied", {"SAMLAssertion": answer_for("cho")}),  # no role
        ("AccessDenied", {"SAMLAssertion": answer_for("mallory")}),  # a session name that is denied
        ("AccessDenied", {"SAMLAssertion": answer_for("ana", "https://elsewhere.test/")}),  # sent elsewhere
        ("InvalidIdentityToken", {"PrincipalArn": PROVIDER + "-2"}),
        ("InvalidIdentityToken", {"PrincipalArn": STRANGER}),
        ("InvalidIdentityToken", {"SAMLAssertion": "bm90IFhNTA=="}),
        ("InvalidIdentityToken", {"SAMLAssertion": changed(good["SAMLAssertion"], "ana@acme.test", "max@acme.test")}),
        ("InvalidIdentityToken", {"SAMLAssertion": answer_for("ben")}),  # no session name
        ("InvalidIdentityToken", {"SAMLAssertion": answer_for("dee")}),  # two of them
        ("IDPRejectedClaim", {"SAMLAssertion": changed(good["SAMLAssertion"], "status:Success", "status:Responder")}),
        ("ValidationError", {"DurationSeconds": 7201}),
        ("ValidationError", {"SAMLAssertion": "A" * 100_001}),
        ("MalformedPolicyDocument", {"Policy": "{}"}),
        ("PackedPolicyTooLarge", {"Policy": policy("x" * 2040)}),
    ]:
        lax = boto3.client("sts", region_name=REGION, endpoint_url=URL, aws_access_key_id="none",
                           aws_secret_access_key="none",
                           config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))
        fails(code, lax.assume_role_with_saml, **{**good, **changes})
    behave(advance_seconds=301)
    fails("ExpiredTokenException", assume_with, **good)
    assume_with(**{**good, "SAMLAssertion": answer_for("ana")})
