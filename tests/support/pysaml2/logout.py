"""Single logout. SAML profiles 4.4."""

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.sigver import verify_redirect_signature


def latest_index(idp, uid, service_provider):
    """The `SessionIndex` that this service provider was told last, if any."""
    for name_id in idp.ident.find_nameid(uid, sp_name_qualifier=service_provider):
        return idp.session_db.get_authn_statements(name_id)[-1][0].session_index


def check_session(idp, request, uid, index):
    """The request names this session of this person, and no other."""
    assert idp.ident.find_local_id(request.name_id) == uid
    assert [named.text for named in request.session_index] == [index]


def answer(idp, request, binding):
    """The LogoutResponse and where it goes."""
    _, destination = idp.pick_binding("single_logout_service", [binding], "spsso", request)
    return idp.create_logout_response(request, [binding], sign=binding == BINDING_HTTP_POST), destination


def request(idp, uid, service_provider, index, binding):
    """A LogoutRequest: its id, itself, and where it goes."""
    (name_id,) = idp.ident.find_nameid(uid, sp_name_qualifier=service_provider)
    location = idp.metadata.single_logout_service(service_provider, binding, "spsso")[0]["location"]
    signed = binding == BINDING_HTTP_POST
    made = idp.create_logout_request(
        location, service_provider, name_id=name_id, session_indexes=[index], sign=signed
    )
    return *made, location


def check_answer(idp, message, binding, signature, request_id):
    """The LogoutResponse is signed, successful, and answers this request."""
    response = idp.parse_logout_request_response(message, binding)
    assert response.verify() and response.in_response_to == request_id
    issuer = response.issuer()
    if binding == BINDING_HTTP_REDIRECT:
        names = {"RelayState": "relay_state", "SigAlg": "sigalg", "Signature": "signature"}
        signed = {sent: signature[name] for sent, name in names.items() if signature[name] is not None}
        certificates = idp.metadata.certs(issuer, "any", "signing")
        backend = idp.sec.sec_backend
        assert any(
            verify_redirect_signature({"SAMLResponse": message, **signed}, backend, certificate)
            for _, certificate in certificates
        )
    else:
        idp.sec.correctly_signed_logout_response(response.xmlstr, must=True)
