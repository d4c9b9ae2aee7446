"""pysaml2 as an identity provider for one test.

Usage: idp.py <port> <folder> <seed.toml>. It answers at http://127.0.0.1:<port>, keeps its keys in the folder and knows
the people of the seed; the password of alice is alicepass. `PATCH /settings` changes what it does from then on.
"""

import dataclasses
import sys
import tomllib
from uuid import uuid4

import artifacts
import flask
import logout
from clock import Clock
from provider import BINDINGS, IdentityProvider, Settings
from saml2 import BINDING_HTTP_ARTIFACT, BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.metadata import entity_descriptor, sign_entity_descriptor

_, port, folder, seed = sys.argv
base = f"http://127.0.0.1:{port}"
people = {person["uid"]: person for person in tomllib.load(open(seed, "rb"))["person"]}
clock = Clock()
idp = IdentityProvider(base, folder, Settings())
waiting = {}  # what each login form was shown for: (request, service provider, RelayState)

app = flask.Flask(__name__)
app.secret_key = uuid4().hex
app.config.update(SESSION_COOKIE_NAME="pysaml2", SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="None")


@app.patch("/settings")
def settings():
    global idp
    changed = dataclasses.replace(idp.settings, **flask.request.json)
    idp = IdentityProvider(base, folder, changed, before=idp)
    clock.offset = changed.clock_offset
    return "", 204


@app.get("/metadata")
def metadata():
    return xml(str(entity_descriptor(idp.config)))


@app.get("/metadata/signed")
def signed_metadata():
    algorithms = {"sign_alg": idp.signing_algorithm, "digest_alg": idp.digest_algorithm}
    return xml(sign_entity_descriptor(entity_descriptor(idp.config), None, idp.sec, **algorithms)[1])


@app.route("/sso", methods=["GET", "POST"])
def sso():
    message, binding, signature = received("SAMLRequest")
    request = idp.parse_authn_request(message, binding, **signature).message
    return ask(request, request.issuer.text, flask.request.values.get("RelayState"))


@app.get("/start")
def start():
    """Sign-in that begins here."""
    return ask(None, flask.request.args["sp"], flask.request.args.get("RelayState"))


@app.post("/login")
def login():
    form = flask.request.form
    if form["username"] not in people or form["password"] != f"{form['username']}pass":
        return login_form(form["waiting"], "Wrong name or password.")
    flask.session["uid"] = form["username"]
    return answer(*waiting.pop(form["waiting"]))


def ask(request, *about):
    """Answers for whoever is known here already, unless the request wants them to be asked again."""
    forced = request and request.force_authn == "true"
    if "uid" in flask.session and not forced:
        return answer(request, *about)
    name = uuid4().hex
    waiting[name] = (request, *about)
    return login_form(name)


def login_form(name, problem=""):
    return f"""<!DOCTYPE html><title>pysaml2</title><p>{problem}</p><form method="post" action="/login">
<input type="hidden" name="waiting" value="{name}"><input name="username"><input name="password" type="password">
<button>Log in</button></form>"""


def answer(request, service_provider, relay_state):
    uid = flask.session["uid"]
    binding = BINDING_HTTP_ARTIFACT if idp.settings.artifact else BINDING_HTTP_POST
    _, destination = idp.pick_binding("assertion_consumer_service", [binding], "spsso", request, service_provider)
    response = idp.answer(people[uid], request, destination, service_provider)
    flask.session.update(service_provider=service_provider, index=logout.latest_index(idp, uid, service_provider))
    if idp.settings.artifact:
        artifact = artifacts.keep(idp.config.entityid, str(response), service_provider)
        return flask.redirect(idp.use_http_artifact(artifact, destination, relay_state)["url"], 303)
    return carry(binding, response, destination, relay_state, response=True)


@app.post("/artifact")
def resolve():
    return xml(artifacts.resolve(idp, flask.request.get_data(as_text=True)))


@app.route("/slo", methods=["GET", "POST"])
def slo():
    """Sign-out that began at the service provider, or the answer to ours."""
    if "SAMLResponse" in flask.request.values:
        message, binding, signature = received("SAMLResponse")
        logout.check_answer(idp, message, binding, signature, flask.session.pop("logout"))
        return "<p>Signed out here and there.</p>"
    message, binding, signature = received("SAMLRequest")
    request = idp.parse_logout_request(message, binding, **signature).message
    logout.check_session(idp, request, flask.session["uid"], flask.session["index"])
    flask.session.clear()
    response, destination = logout.answer(idp, request, binding)
    relay_state = flask.request.values.get("RelayState")
    return carry(binding, response, destination, relay_state, response=True, sign=binding == BINDING_HTTP_REDIRECT)


@app.get("/logout")
def end():
    """Sign-out that begins here."""
    binding = BINDINGS[flask.request.args["binding"]]
    known = [flask.session.pop(name) for name in ("uid", "service_provider", "index")]
    flask.session["logout"], request, destination = logout.request(idp, *known, binding)
    return carry(binding, request, destination, None, sign=binding == BINDING_HTTP_REDIRECT)


def received(field):
    """The message, how it came, and for HTTP-Redirect what signs it."""
    values = flask.request.values
    if flask.request.method == "POST":
        return values[field], BINDING_HTTP_POST, {}
    names = {"relay_state": "RelayState", "sigalg": "SigAlg", "signature": "Signature"}
    return values[field], BINDING_HTTP_REDIRECT, {name: values.get(sent) for name, sent in names.items()}


def carry(binding, message, destination, relay_state, **kind):
    """Sends a message on its way through the browser."""
    carried = idp.apply_binding(binding, str(message), destination, relay_state or "", **kind)
    location = dict(carried["headers"]).get("Location")
    return flask.redirect(location, 303) if location else carried["data"]


def xml(text):
    return flask.Response(text, mimetype="text/xml")


app.run("127.0.0.1", int(port), threaded=False)
