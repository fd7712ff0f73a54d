"""The client that openapi-python-client makes of the served document: signs up, logs in, lists sessions, refreshes and logs
out through it, and reads every error that it provokes as the type the document promises.

    generated_client.py MODULE_FOLDER OPEN_URL REVEALING_URL CLOSED_URL

The servers: with the usual settings; one that reveals accounts; one that takes no new accounts.
"""

import json
import secrets
import sys
from enum import Enum
from uuid import UUID, uuid4

sys.path.insert(0, sys.argv[1])

from tacit_client import AuthenticatedClient, Client
from tacit_client.api.account import (
    confirm_email_change,
    delete_account,
    export_account,
    undo_email_change,
    update_account,
)
from tacit_client.api.authentication import get_me, get_settings, refresh_tokens
from tacit_client.api.login import begin_login, prove_login
from tacit_client.api.operations import get_health, get_jwks, get_metrics
from tacit_client.api.password import (
    begin_password_change,
    complete_password_reset,
    confirm_password_change,
    request_password_reset,
    validate_password_reset,
)
from tacit_client.api.sessions import (
    list_sessions,
    list_sessions_srp,
    logout,
    logout_all,
    revoke_session,
    verify_session,
)
from tacit_client.api.sign_up import activate, check_sign_up, resend_activation, sign_up
from tacit_client.api.step_up import begin_step_up, confirm_step_up
from tacit_client.models import (
    AccountExport,
    AccountUpdate,
    Activate,
    Activated,
    ActivationResent,
    Availability,
    ChangePurpose,
    EmailChanged,
    EmailChangeSecret,
    Ended,
    HealthView,
    JwkSet,
    Challenge,
    LoggedOut,
    LoginProof,
    LoginResult,
    LoginStart,
    Me,
    PasswordChangeStart,
    PublicSettings,
    RefreshDelivery,
    Refreshed,
    RefreshRequest,
    ResendActivation,
    ResetCompleted,
    ResetCompletion,
    ResetRequest,
    ResetRequested,
    ResetSecret,
    ResetValid,
    SealedProof,
    SessionList,
    SessionPage,
    SignUp,
    SignUpAccepted,
    SignUpCheck,
    SignUpCheckResult,
    SteppedUp,
)
from tacit_client.models import Credential as GeneratedCredential

import protocol
from protocol import Person
from tacit_server import link_secret, newest_mail

problems_read = 0


def done(response, kind: type | None, status: int = 200):
    """The answer's body, as the type that the document promises."""
    assert response.status_code == status, f"{response.status_code}, not {status}: {response.content!r}"
    if kind is not None:
        assert isinstance(response.parsed, kind), response.parsed
    return response.parsed


def problem(response, status: int, code: str):
    """The answer as the operation's own type of problem, whose codes are an enumeration."""
    global problems_read
    assert response.status_code == status, f"{response.status_code}, not {status}: {response.content!r}"
    assert response.headers["content-type"] == "application/problem+json", response.headers
    read = response.parsed
    assert type(read).__name__.endswith(f"Response{status}"), type(read)
    assert isinstance(read.code, Enum) and read.code.value == code, f"{read.code}, not {code}"
    assert (read.status, read.type_) == (status, f"urn:tacit:problem:{code}")
    assert read.title and read.detail and response.headers["x-request-id"]
    assert not read.additional_properties, read.additional_properties
    problems_read += 1
    return read


class Somebody:
    """A person, and the servers' generated client."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = Client(base_url=url, raise_on_unexpected_status=True)
        self.person = Person(f"{secrets.token_hex(8)}@example.com", "correct horse")
        self.address = self.person.auth_id

    def sign_up(self):
        credential = GeneratedCredential.from_dict(self.person.credential())
        body = SignUp(auth_id=self.address, credential=credential, display_name="Ada", language="en")
        return sign_up.sync_detailed(client=self.client, body=body)

    def activate(self):
        body = Activate(token=link_secret(newest_mail(self.url, self.address)))
        return activate.sync_detailed(client=self.client, body=body)

    def begin(self, **more) -> Challenge:
        body = LoginStart(auth_id=self.address, **more)
        return done(begin_login.sync_detailed(client=self.client, body=body), Challenge)

    def prove(self, challenge: Challenge, **changed):
        """The computation is that of srptools; the generated client carries it."""
        proof = protocol.prove(self.person, challenge.to_dict())
        body = LoginProof.from_dict({**proof.message, **changed})
        return proof, prove_login.sync_detailed(client=self.client, body=body)

    def log_in(self, **more) -> LoginResult:
        proof, response = self.prove(self.begin(), **more)
        result = done(response, LoginResult)
        protocol.check(proof, result.to_dict())
        return result

    def with_token(self, token: str) -> AuthenticatedClient:
        return AuthenticatedClient(base_url=self.url, token=token, raise_on_unexpected_status=True)


def sign_up_is_checked_and_activated(somebody: Somebody) -> None:
    client, address = somebody.client, somebody.address
    check = check_sign_up.sync_detailed(client=client, body=SignUpCheck(auth_id=address))
    assert done(check, SignUpCheckResult).availability is Availability.UNDISCLOSED
    problem(check_sign_up.sync_detailed(client=client, body=SignUpCheck(auth_id="nobody")), 400, "invalid_request")

    short = GeneratedCredential.from_dict({**somebody.person.credential(), "salt": "a7"})
    body = SignUp(auth_id=address, credential=short)
    [field] = problem(sign_up.sync_detailed(client=client, body=body), 400, "invalid_request").fields
    assert (field.name, field.code) == ("credential.salt", "too_short"), field
    body = SignUp(auth_id=address, credential=short, display_name="x" * 40_000)
    problem(sign_up.sync_detailed(client=client, body=body), 413, "body_too_large")

    accepted = done(somebody.sign_up(), SignUpAccepted, 201)
    again = resend_activation.sync_detailed(
        client=client, body=ResendActivation(auth_id=address, ticket=accepted.ticket)
    )
    problem(again, 429, "resend_too_soon")
    assert 0 < int(again.headers["retry-after"]) <= accepted.resend_after
    unknown = ResendActivation(auth_id="nobody@example.com")
    assert done(resend_activation.sync_detailed(client=client, body=unknown), ActivationResent).resend_after > 0

    # Before the activation only the ticket's holder is told that the password is right.
    _, response = somebody.prove(somebody.begin(ticket=accepted.ticket))
    problem(response, 403, "account_not_activated")
    wrong = activate.sync_detailed(client=client, body=Activate(auth_id=address, code="00000-00000"))
    problem(wrong, 401, "activation_invalid")
    problem(activate.sync_detailed(client=client, body=Activate()), 400, "invalid_request")
    assert done(somebody.activate(), Activated).auth_id == address
    problem(somebody.activate(), 401, "activation_invalid")


def a_login_is_proved_or_refused(somebody: Somebody) -> None:
    body = LoginStart(auth_id="nobody")
    problem(begin_login.sync_detailed(client=somebody.client, body=body), 400, "invalid_request")
    challenge = somebody.begin()
    problem(somebody.prove(challenge, handshake="AAAA")[1], 401, "handshake_invalid")
    problem(somebody.prove(challenge, A="00")[1], 400, "invalid_request")
    problem(somebody.prove(challenge, refresh_delivery=RefreshDelivery.COOKIE.value)[1], 403, "csrf_rejected")
    problem(somebody.prove(challenge, M1="00" * 32)[1], 401, "proof_rejected")
    problem(somebody.prove(challenge)[1], 401, "handshake_spent")


def sessions_are_listed_renewed_and_ended(somebody: Somebody) -> None:
    first, second = somebody.log_in(device_name="First"), somebody.log_in(device_name="Second")
    client = somebody.with_token(first.tokens.access_token)
    other = somebody.with_token(second.tokens.access_token)

    me = done(get_me.sync_detailed(client=client), Me)
    assert (me.user.email, me.user.display_name, me.user.id) == (somebody.address, "Ada", first.user_id)
    page = done(list_sessions.sync_detailed(client=client, limit=1), SessionPage)
    assert (page.count, len(page.sessions), page.sessions[0].device_name) == (2, 1, "Second")
    problem(list_sessions.sync_detailed(client=client, limit=0), 400, "invalid_request")
    listed = done(list_sessions_srp.sync_detailed(client=client), SessionList)
    assert [session.device_name for session in listed.sessions if session.current] == ["First"]
    done(verify_session.sync_detailed(client=client), None, 204)

    tokens = done(
        refresh_tokens.sync_detailed(
            client=somebody.client, body=RefreshRequest(refresh_token=first.tokens.refresh_token)
        ),
        Refreshed,
    ).tokens
    assert tokens.access_token != first.tokens.access_token
    unknown = RefreshRequest(refresh_token=f"rt_{'x' * 43}")
    problem(refresh_tokens.sync_detailed(client=somebody.client, body=unknown), 401, "refresh_invalid")
    longer = RefreshRequest(refresh_token=f"rt_{'x' * 44}")
    problem(refresh_tokens.sync_detailed(client=somebody.client, body=longer), 400, "invalid_request")
    client = somebody.with_token(tokens.access_token)

    problem(revoke_session.sync_detailed(uuid4(), client=client), 404, "session_unknown")
    done(revoke_session.sync_detailed(page.sessions[0].id, client=client), None, 204)
    problem(get_me.sync_detailed(client=other), 401, "unauthenticated")
    assert done(logout.sync_detailed(client=client), LoggedOut).ended == 1
    ended = RefreshRequest(refresh_token=tokens.refresh_token)
    problem(refresh_tokens.sync_detailed(client=somebody.client, body=ended), 401, "refresh_invalid")

    others = [somebody.log_in() for _ in range(3)]
    last = somebody.with_token(others.pop().tokens.access_token)
    assert done(logout_all.sync_detailed(client=last), Ended).ended >= len(others)
    for operation in (list_sessions, list_sessions_srp, verify_session, logout, logout_all, get_me):
        refused = operation.sync_detailed(client=client)
        problem(refused, 401, "unauthenticated")
        assert refused.headers["www-authenticate"] == "Bearer"
    problem(revoke_session.sync_detailed(uuid4(), client=client), 401, "unauthenticated")


def a_password_is_changed(somebody: Somebody) -> None:
    session, other = somebody.log_in(), somebody.log_in()
    client = somebody.with_token(session.tokens.access_token)

    def change(purpose: ChangePurpose, new: Person, sealed_for: str, **more):
        start = PasswordChangeStart(purpose=purpose)
        challenge = done(begin_password_change.sync_detailed(client=client, body=start), Challenge)
        wish = json.dumps({"credential": new.credential(), **more}).encode()
        proof = protocol.authorise(somebody.person, challenge.to_dict(), sealed_for, str(session.session_id), wish)
        body = SealedProof.from_dict(proof.message)
        return proof, confirm_password_change.sync_detailed(client=client, body=body)

    same = Person(somebody.address, somebody.person.password, preset_number=1)
    problem(change(ChangePurpose.UPGRADE, same, "change")[1], 400, "sealed_invalid")
    problem(change(ChangePurpose.CHANGE, same, "upgrade")[1], 400, "sealed_invalid")
    proof, response = change(ChangePurpose.UPGRADE, same, "upgrade")
    done(response, None, 204)
    assert proof.session.verify_proof(response.headers["M2"])
    somebody.person = same
    problem(change(ChangePurpose.UPGRADE, same, "upgrade")[1], 400, "upgrade_refused")
    done(get_me.sync_detailed(client=somebody.with_token(other.tokens.access_token)), Me)

    new = Person(somebody.address, "another horse")
    proof, response = change(ChangePurpose.CHANGE, new, "change")
    done(response, None, 204)
    assert proof.session.verify_proof(response.headers["M2"])
    problem(get_me.sync_detailed(client=somebody.with_token(other.tokens.access_token)), 401, "unauthenticated")
    somebody.person = new
    somebody.log_in()


def step_up(somebody: Somebody, client: AuthenticatedClient, session_id: UUID, **changed):
    challenge = done(begin_step_up.sync_detailed(client=client), Challenge)
    proof = protocol.authorise(somebody.person, challenge.to_dict(), "step_up", str(session_id), b"")
    body = SealedProof.from_dict({**proof.message, **changed})
    return proof, confirm_step_up.sync_detailed(client=client, body=body)


def an_account_is_changed_exported_and_deleted(somebody: Somebody) -> None:
    session = somebody.log_in()
    client = somebody.with_token(session.tokens.access_token)
    done(update_account.sync_detailed(client=client, body=AccountUpdate(display_name="Countess", language="de")), None, 205)
    problem(update_account.sync_detailed(client=client, body=AccountUpdate(language="?")), 400, "invalid_request")
    moved = AccountUpdate(email=f"moved-{somebody.address}")
    problem(update_account.sync_detailed(client=client, body=moved), 403, "step_up_required")
    problem(delete_account.sync_detailed(client=client), 403, "step_up_required")

    problem(step_up(somebody, client, session.session_id, M1="00" * 32)[1], 401, "proof_rejected")
    problem(step_up(somebody, client, session.session_id, sealed="AAAA")[1], 400, "sealed_invalid")
    problem(begin_step_up.sync_detailed(client=somebody.with_token("none")), 401, "unauthenticated")
    proof, response = step_up(somebody, client, session.session_id)
    assert proof.session.verify_proof(done(response, SteppedUp).m2)

    done(update_account.sync_detailed(client=client, body=moved), None, 205)
    secret = EmailChangeSecret(token=link_secret(newest_mail(somebody.url, moved.email)))
    confirmed = confirm_email_change.sync_detailed(client=somebody.client, body=secret)
    assert done(confirmed, EmailChanged).email == moved.email
    problem(confirm_email_change.sync_detailed(client=somebody.client, body=secret), 401, "email_change_invalid")
    exported = done(export_account.sync_detailed(client=client), AccountExport)
    assert exported.account.email == moved.email and exported.account.display_name == "Countess"

    undo = EmailChangeSecret(token=link_secret(newest_mail(somebody.url, somebody.address, "Adresse")))
    undone = undo_email_change.sync_detailed(client=somebody.client, body=undo)
    assert done(undone, EmailChanged).email == somebody.address
    problem(undo_email_change.sync_detailed(client=somebody.client, body=undo), 401, "email_change_invalid")
    problem(export_account.sync_detailed(client=client), 401, "unauthenticated")

    session = somebody.log_in()
    client = somebody.with_token(session.tokens.access_token)
    done(step_up(somebody, client, session.session_id)[1], SteppedUp)
    done(delete_account.sync_detailed(client=client), None, 204)
    problem(get_me.sync_detailed(client=client), 401, "unauthenticated")
    assert somebody.begin().identity != somebody.person.identity


def a_password_is_reset(somebody: Somebody) -> None:
    client, session = somebody.client, somebody.log_in()
    request = ResetRequest(auth_id=somebody.address)
    requested = done(request_password_reset.sync_detailed(client=client, body=request), ResetRequested)
    again = request_password_reset.sync_detailed(client=client, body=request)
    problem(again, 429, "resend_too_soon")
    assert 0 < int(again.headers["retry-after"]) <= requested.resend_after
    unknown = ResetRequest(auth_id="nobody-at-all@example.com")
    assert done(request_password_reset.sync_detailed(client=client, body=unknown), ResetRequested) == requested

    token = link_secret(newest_mail(somebody.url, somebody.address, "Reset your password"))
    wrong = ResetSecret(auth_id=somebody.address, code="00000-00000")
    problem(validate_password_reset.sync_detailed(client=client, body=wrong), 401, "reset_invalid")
    valid = validate_password_reset.sync_detailed(client=client, body=ResetSecret(token=token))
    assert done(valid, ResetValid).auth_id == somebody.address
    new = Person(somebody.address, "a third horse")
    credential = GeneratedCredential.from_dict(new.credential())
    completion = ResetCompletion(token=token, credential=credential)
    assert done(complete_password_reset.sync_detailed(client=client, body=completion), ResetCompleted).auth_id
    problem(complete_password_reset.sync_detailed(client=client, body=completion), 400, "reset_invalid")
    problem(
        get_me.sync_detailed(client=somebody.with_token(session.tokens.access_token)), 401, "unauthenticated"
    )
    somebody.person = new
    somebody.log_in()


def the_server_tells_of_itself(somebody: Somebody) -> None:
    nobody = somebody.with_token("none")
    settings = done(get_settings.sync_detailed(client=somebody.client), PublicSettings)
    assert (settings.realm, settings.profile) == ("localhost", "srp6a-sha256")
    assert {str(preset.id) for preset in settings.presets} == {str(number) for number in protocol.PRESETS}
    assert done(get_health.sync_detailed(client=nobody), HealthView).status == "ready"
    assert len(done(get_jwks.sync_detailed(client=somebody.client), JwkSet).keys) >= 2
    problem(get_metrics.sync_detailed(client=nobody), 404, "not_found")


def a_server_that_reveals_accounts_says_so_in_types(somebody: Somebody) -> None:
    client, address = somebody.client, somebody.address
    check = SignUpCheck(auth_id=address)
    available = done(check_sign_up.sync_detailed(client=client, body=check), SignUpCheckResult)
    assert available.availability is Availability.AVAILABLE
    start, resend = LoginStart(auth_id=address), ResendActivation(auth_id=address)
    problem(begin_login.sync_detailed(client=client, body=start), 401, "account_unknown")
    problem(resend_activation.sync_detailed(client=client, body=resend), 404, "account_unknown")
    code = Activate(auth_id=address, code="00000-00000")
    problem(activate.sync_detailed(client=client, body=code), 404, "account_unknown")
    done(somebody.sign_up(), SignUpAccepted, 201)
    problem(begin_login.sync_detailed(client=client, body=start), 403, "account_not_activated")
    done(somebody.activate(), Activated)
    problem(check_sign_up.sync_detailed(client=client, body=check), 409, "account_exists")
    problem(somebody.sign_up(), 409, "account_exists")
    problem(resend_activation.sync_detailed(client=client, body=resend), 409, "account_already_activated")
    somebody.log_in()


def a_server_that_takes_nobody_says_so(somebody: Somebody) -> None:
    assert done(get_settings.sync_detailed(client=somebody.client), PublicSettings).registration_enabled is False
    problem(somebody.sign_up(), 403, "registration_disabled")


def main() -> None:
    usual, revealing, closed = (Somebody(url) for url in sys.argv[2:5])
    sign_up_is_checked_and_activated(usual)
    a_login_is_proved_or_refused(usual)
    sessions_are_listed_renewed_and_ended(usual)
    a_password_is_changed(usual)
    a_password_is_reset(usual)
    the_server_tells_of_itself(usual)
    an_account_is_changed_exported_and_deleted(usual)
    a_server_that_reveals_accounts_says_so_in_types(revealing)
    a_server_that_takes_nobody_says_so(closed)
    print(f"generated client: {problems_read} problems read by their types, 0 failed")


main()
