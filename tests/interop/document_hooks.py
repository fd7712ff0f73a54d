"""For Schemathesis: what no generator makes up. A good access token, renewed whenever a call ended its session; and now and
then a proof, a refresh token or a link that is good, so that these operations are seen to succeed, too.

Reads INTEROP_URL, and INTEROP_METRICS_TOKEN for the one operation with a token of its own.
"""

import os
import secrets
from collections import Counter

import schemathesis
from schemathesis.generation import GenerationMode

import protocol
from protocol import Caller, Person
from tacit_server import attempts, link_secret, newest_mail

URL = os.environ["INTEROP_URL"]
METRICS_TOKEN = os.environ["INTEROP_METRICS_TOKEN"]

ENDING = {"logout", "logout_all", "revoke_session"}
"""Operations that may end the session."""


def signed_up() -> tuple[Person, str]:
    """Somebody, and the secret of the mailed link."""
    person = Person(f"{secrets.token_hex(8)}@example.com", "correct horse")
    Caller(URL).sign_up(person)
    return person, link_secret(newest_mail(URL, person.auth_id))


person, link = signed_up()
Caller(URL).activate(link)
token: str | None = None
calls: Counter[str] = Counter()


def log_in() -> dict:
    return Caller(URL).log_in(person)[0]["tokens"]


def good_proof() -> dict:
    challenge = Caller(URL).post("/api/auth/srp/login/email", {"auth_id": person.auth_id})
    return protocol.prove(person, challenge).message


def mailed_reset() -> dict:
    """The secret of a reset that somebody new asked for; an address is mailed only so often."""
    somebody, activation = signed_up()
    caller = Caller(URL)
    caller.activate(activation)
    caller.post("/api/auth/srp/password/reset", {"auth_id": somebody.auth_id})
    return {"token": newest_secret(somebody.auth_id, activation)}


def newest_secret(address: str, older: str) -> str:
    """The secret of the next mail, waited for."""
    for _ in attempts():
        if (secret := link_secret(newest_mail(URL, address))) != older:
            return secret
    raise RuntimeError(f"no second mail to {address} came")


GOOD = {
    "prove_login": (4, good_proof),
    "refresh_tokens": (4, lambda: {"refresh_token": log_in()["refresh_token"]}),
    "activate": (25, lambda: {"token": signed_up()[1]}),
    "validate_password_reset": (25, mailed_reset),
    "complete_password_reset": (25, lambda: mailed_reset() | {"credential": person.credential()}),
}
"""By operation: one call in how many, and what its body then says."""

ALONE = {"activate", "validate_password_reset", "complete_password_reset"}
"""Operations whose good body has no other members."""


@schemathesis.auth(refresh_interval=None)
class AccessToken:
    def get(self, case, context):
        global token
        if case.operation.path == "/metrics":
            return METRICS_TOKEN
        if token is None:
            token = log_in()["access_token"]
        return token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, **_):
    operation = operation_id(case)
    is_sound = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if operation not in GOOD or not is_sound or not isinstance(case.body, dict):
        return
    calls[operation] += 1
    every, make = GOOD[operation]
    if calls[operation] % every == 0:
        if operation in ALONE:
            case.body.clear()
        case.body.update(make())


@schemathesis.hook
def after_call(context, case, response):
    global token
    if operation_id(case) in ENDING and response.status_code < 300:
        token = None


def operation_id(case) -> str:
    return case.operation.definition.raw.get("operationId", "")
