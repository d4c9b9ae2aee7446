"""Messages that the service provider fetches. SAML bindings 3.6; pysaml2's own keeper of them numbers its endpoint in
ASCII digits and writes signed messages anew, which breaks their signatures, those of requests too."""

import base64
import hashlib
import re
import secrets

from saml2 import class_name, samlp, sigver

ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body></e:Envelope>'

kept = {}  # what stands behind each artifact: (message, whom it is for)


def keep(entity_id, message, service_provider):
    """An artifact of type 4: the type, the endpoint's index in our metadata, the source and a handle."""
    parts = [b"\x00\x04", b"\x00\x01", hashlib.sha1(entity_id.encode()).digest(), secrets.token_bytes(20)]
    artifact = base64.b64encode(b"".join(parts)).decode()
    kept[artifact] = (re.sub(r"^<\?xml.*?\?>\s*", "", message), service_provider)
    return artifact


def resolve(idp, envelope):
    """The answer to a signed ArtifactResolve: the message, for whom it was kept, and once."""
    _, text = re.search(r"<(\w+:)?Body>(.*)</\1Body>", envelope, re.DOTALL).groups()
    request = idp.sec.correctly_signed_message(text, "artifact_resolve", must=True)
    message, service_provider = kept.pop(request.artifact.text, ("", None))
    if service_provider != request.issuer.text:
        message = ""
    response = idp._status_response(samlp.ArtifactResponse, idp._issuer(), None, sign=False, in_response_to=request.id)
    # Signatures 1 and 2 are those of the message.
    response.signature = sigver.pre_signature_part(
        response.id, idp.sec.my_cert, 3, sign_alg=idp.signing_algorithm, digest_alg=idp.digest_algorithm
    )
    before, end = str(response).rsplit("</", 1)
    signed = idp.sec.sign_statement(f"{before}{message}</{end}", class_name(response), node_id=response.id)
    return ENVELOPE.format(re.sub(r"^<\?xml.*?\?>\s*", "", signed))
