"""A SigV4 signer that can be told to sign wrongly."""

import dataclasses
import datetime
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request

COMPUTE = "compute"


@dataclasses.dataclass(frozen=True)
class Signing:
    """How to sign; `but` says what to do otherwise."""

    credentials: tuple
    region: str
    service: str
    minutes: int = 0
    scope_date: str = None
    signed_body: bytes = b""
    claimed_hash: str = None
    query: str = ""
    signed_query: str = None
    signed_headers: list = None
    key: str = None
    secret: str = None
    token: str = COMPUTE
    authorization: str = COMPUTE

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


def digest(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def send(url, method, path, how):
    """Status, error code and body of the answer."""
    key, secret, token = how.credentials
    key, secret = how.key or key, how.secret or secret
    token = token if how.token == COMPUTE else how.token
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=how.minutes)
    timestamp = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": urllib.parse.urlsplit(url).netloc, "x-amz-date": timestamp}
    if token:
        headers["x-amz-security-token"] = token
    if how.claimed_hash:
        headers["x-amz-content-sha256"] = how.claimed_hash
    signed = how.signed_headers or sorted(headers)
    query = how.query if how.signed_query is None else how.signed_query
    canonical_path = "/".join(urllib.parse.quote(part, safe="-_.~") for part in path.split("/"))
    lines = "".join(f"{name}:{headers[name]}\n" for name in signed)
    body_hash = hashlib.sha256(how.signed_body).hexdigest()
    canonical = "\n".join([method, canonical_path, query, lines, ";".join(signed), body_hash])
    date = how.scope_date or timestamp[:8]
    scope = f"{date}/{how.region}/{how.service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", timestamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing_key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        signing_key = digest(signing_key, part)
    signature = digest(signing_key, to_sign).hex()
    authorization = how.authorization
    if authorization == COMPUTE:
        authorization = (f"AWS4-HMAC-SHA256 Credential={key}/{scope}, "
                         f"SignedHeaders={';'.join(signed)}, Signature={signature}")
    if authorization is not None:
        headers["authorization"] = authorization
    request = urllib.request.Request(url + path + (f"?{how.query}" if how.query else ""), headers=headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, None, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("x-amzn-errortype"), error.read()
