"""pysaml2's own server, with what a test may change about it."""

import dataclasses
import pathlib
import subprocess

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, BINDING_SOAP, saml, xmldsig
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.server import Server
from saml2.sigver import get_pem_wrapped_unwrapped, make_temp, pre_encryption_part

# The algorithm's name, and xmlsec1's word for a key of its size.
CIPHERS = {
    "aes128-gcm": ("http://www.w3.org/2009/xmlenc11#aes128-gcm", "aes-128"),
    "aes256-gcm": ("http://www.w3.org/2009/xmlenc11#aes256-gcm", "aes-256"),
    "aes256-cbc": ("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "aes-256"),
}
BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a test may change while the identity provider runs."""

    service_provider: str = ""  # its metadata
    keys: tuple = ("first",)  # names of signing keys: all are in the metadata, and the one in front signs
    sign: tuple = ("assertion", "response")
    hash: str = "SHA256"  # of signatures and digests
    cipher: str = ""  # of CIPHERS; with one of them the assertion is encrypted
    status: str = ""  # a second-level status, sent instead of an assertion
    clock_offset: int = 0  # seconds
    artifact: bool = False  # answers are fetched, not carried by the browser
    logout: tuple = ("redirect", "post")  # how single logout is offered
    audiences: tuple = ()  # besides the service provider
    attributes: dict = dataclasses.field(default_factory=dict)  # of everybody, besides the seed's


class IdentityProvider(Server):
    """The server of pysaml2 for these settings. What it knows of people comes from the server before it."""

    def __init__(self, base, folder, settings, before=None):
        self.settings = settings
        super().__init__(config=configuration(base, folder, settings))
        if before:
            self.ident, self.session_db = before.ident, before.session_db

    def answer(self, person, request, destination, service_provider):
        """The response for this person; `request` is `None` when nobody asked."""
        in_response_to = request.id if request else None
        signs_response = "response" in self.settings.sign
        if self.settings.status:
            info = (STATUS + self.settings.status, "Not today.")
            return self.create_error_response(in_response_to, destination, info, sign=signs_response)
        return self.create_authn_response(
            {**person["attributes"], **self.settings.attributes},
            in_response_to,
            destination,
            service_provider,
            name_id_policy=request.name_id_policy if request else None,
            userid=person["uid"],
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT},
            sign_assertion="assertion" in self.settings.sign,
            sign_response=signs_response,
            encrypt_assertion=bool(self.settings.cipher),
        )

    def _authn_response(self, *args, policy=None, **kwargs):
        """The policy writes the conditions, with one audience."""
        policy = policy or self.config.getattr("policy", "idp")
        write = type(policy).conditions

        def conditions(sp_entity_id):
            made = write(policy, sp_entity_id)
            made.audience_restriction[0].audience += [saml.Audience(text=uri) for uri in self.settings.audiences]
            return made

        policy.conditions = conditions
        return super()._authn_response(*args, policy=policy, **kwargs)

    def _encrypt_assertion(self, encrypt_cert, sp_entity_id, response, node_xpath=None):
        """pysaml2 itself knows triple DES only, which nobody should accept."""
        algorithm, session_key = CIPHERS[self.settings.cipher]
        _, certificate = self.metadata.certs(sp_entity_id, "any", "encryption")[0]
        wrapped, unwrapped = get_pem_wrapped_unwrapped(certificate)
        file = make_temp(wrapped, decode=False)
        template = pre_encryption_part(msg_enc=algorithm, encrypt_cert=unwrapped)
        return self.sec.encrypt_assertion(response, file.name, template, session_key, node_xpath)


def configuration(base, folder, settings):
    """Everything but the keys and the service provider is the same for every test."""
    first, *others = [key_pair(folder, name) for name in settings.keys]
    key, certificate = first
    sign_in = [(f"{base}/sso", binding) for binding in BINDINGS.values()]
    logout = [(f"{base}/slo", BINDINGS[name]) for name in settings.logout]
    return IdPConfig().load(
        {
            "entityid": f"{base}/metadata",
            "xmlsec_binary": "/usr/bin/xmlsec1",
            "key_file": key,
            "cert_file": certificate,
            "additional_cert_files": [certificate for _, certificate in others],
            "valid_for": 7 * 24,  # hours that metadata is valid
            "metadata": {"inline": [settings.service_provider] if settings.service_provider else []},
            "service": {
                "idp": {
                    "signing_algorithm": getattr(xmldsig, f"SIG_RSA_{settings.hash}"),
                    "digest_algorithm": getattr(xmldsig, f"DIGEST_{settings.hash}"),
                    "want_authn_requests_signed": True,
                    "endpoints": {
                        "single_sign_on_service": sign_in,
                        "single_logout_service": logout,
                        "artifact_resolution_service": [(f"{base}/artifact", BINDING_SOAP)],
                    },
                    "name_id_format": [saml.NAMEID_FORMAT_PERSISTENT],
                    "policy": {
                        "default": {"lifetime": {"minutes": 5}, "nameid_format": saml.NAMEID_FORMAT_PERSISTENT}
                    },
                }
            },
        }
    )


def key_pair(folder, name):
    """The files of a signing key and of its certificate, made when they are first needed."""
    key, certificate = (pathlib.Path(folder, f"{name}.{end}") for end in ("key", "crt"))
    if not certificate.exists():
        subject = ["-subj", f"/CN={name}.idp.test", "-days", "2"]
        files = ["-keyout", key, "-out", certificate]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return str(key), str(certificate)
