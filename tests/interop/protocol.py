"""A client, written from docs/protocol.md over libraries of PyPI and nothing of ours; SRP is that of `srptools`."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import unicodedata
import urllib.parse
from dataclasses import dataclass, field

import srptools.constants
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt
from srptools import SRPClientSession, SRPContext, SRPServerSession

# Section 2: presets.


@dataclass(frozen=True)
class Preset:
    group: str
    prime: str
    generator: str
    memory: int
    passes: int

    @property
    def kdf(self) -> str:
        return f"argon2id;v=19;m={self.memory};t={self.passes};p=1"

    @property
    def digits(self) -> int:
        return int(self.group) // 4


_known = srptools.constants
PRESETS = {
    1: Preset("3072", _known.PRIME_3072, _known.PRIME_3072_GEN, 47104, 3),
    2: Preset("4096", _known.PRIME_4096, _known.PRIME_4096_GEN, 65536, 3),
    3: Preset("2048", _known.PRIME_2048, _known.PRIME_2048_GEN, 19456, 2),
}


# Sections 1 and 3: from the password to P.


def framed(*items: str | bytes) -> bytes:
    """`F` of section 1."""
    texts = (item.encode() if isinstance(item, str) else item for item in items)
    return b"".join(len(text).to_bytes(2, "big") + text for text in texts)


def normal_form(password: str) -> bytes:
    """The password as bytes; refuses what section 3 refuses, by the Unicode of this Python (that of 3.11 is 14.0)."""
    normal = unicodedata.normalize("NFKC", password)
    for text in (password, normal):
        if not 0 < len(text.encode()) <= 1024 or any(unicodedata.category(letter) == "Cn" for letter in text):
            raise ValueError("the password cannot be used")
    return normal.encode()


def hkdf(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"", info=info).derive(key)


def derive(password: str, salt: bytes, preset: Preset, realm: str, identity: str) -> str:
    """`P`, which takes the place of the password in SRP."""
    master = hash_secret_raw(
        normal_form(password),
        salt,
        time_cost=preset.passes,
        memory_cost=preset.memory,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
        version=19,
    )
    info = framed("tacit/v1", "login", realm, "srp6a-sha256", preset.group, preset.kdf, identity)
    return hkdf(master, info).hex()


# Section 4: SRP as srptools does it.


class Context(SRPContext):
    """Keeps `S`, so that it can be said how often zeros were in front of it."""

    def get_common_session_key(self, premaster_secret: int) -> bytes:
        self.premaster_secret = premaster_secret
        return super().get_common_session_key(premaster_secret)


def context(preset: Preset, identity: str, password: str) -> Context:
    return Context(
        identity,
        password,
        prime=preset.prime,
        generator=preset.generator,
        hash_func=hashlib.sha256,
        bits_random=256,
    )


@dataclass
class Person:
    """Somebody with a password, and what was made of it. `P` is derived once an account."""

    auth_id: str
    password: str
    preset_number: int = 3
    realm: str = "localhost"
    identity: str = ""
    salt: bytes = b""
    secret: str = field(default="", repr=False)
    ticket: str = ""

    def __post_init__(self) -> None:
        while not self.identity or hashlib.sha256(self.identity.encode()).digest()[0] == 0:
            self.identity = secrets.token_hex(16)
        while not self.salt or self.salt[0] == 0:
            self.salt = secrets.token_bytes(32)
        self.secret = derive(self.password, self.salt, self.preset, self.realm, self.identity)

    @property
    def preset(self) -> Preset:
        return PRESETS[self.preset_number]

    def credential(self) -> dict:
        """Section 6; it is not sent unless a login with it, both sides played here, succeeds."""
        srp = context(self.preset, self.identity, self.secret)
        verifier = srp.get_common_password_verifier(srp.get_common_password_hash(self.salt))
        server = SRPServerSession(srp, password_verifier=verifier)
        client = SRPClientSession(srp)
        client.process(server.public, self.salt)
        server.process(client.public, self.salt)
        if not (server.verify_proof(client.key_proof) and client.verify_proof(server.key_proof_hash)):
            raise RuntimeError("the credential does not verify")
        return {
            "identity": self.identity,
            "salt": self.salt.hex(),
            "preset": self.preset_number,
            "verifier": srp.pad(verifier).hex(),
        }


class Refused(Exception):
    """An answer that is a problem."""

    def __init__(self, status: int, problem: dict) -> None:
        super().__init__(f"{status} {problem.get('code')}")
        self.status, self.code = status, problem.get("code")


class Untrustworthy(Exception):
    """The other side is not who it says it is (section 8)."""


@dataclass
class Proof:
    """What is computed between the two steps of a login."""

    session: SRPClientSession
    message: dict
    zeros_in_A: bool  # noqa: N815 (the protocol's name)
    zeros_in_S: bool  # noqa: N815


def prove(person: Person, challenge: dict, **more) -> Proof:
    """Checks the challenge (section 8, 3 to 5) and answers it, with optional members as they are given."""
    preset = PRESETS.get(challenge["preset"])
    if preset is not person.preset:
        raise Untrustworthy("another preset than the credential was made with")
    if challenge["identity"] != person.identity or bytes.fromhex(challenge["salt"]) != person.salt:
        raise Untrustworthy("another identity or salt than the credential was made with")
    public = int(challenge["B"], 16)
    if len(challenge["B"]) != preset.digits or not 0 < public < int(preset.prime, 16):
        raise Untrustworthy("B is out of range")
    srp = context(preset, person.identity, person.secret)
    session = SRPClientSession(srp)
    session.process(challenge["B"], person.salt)
    message = {"handshake": challenge["handshake"], "A": session.public, "M1": session.key_proof, **more}
    return Proof(
        session,
        message,
        zeros_in_A=len(session.public) < preset.digits,
        zeros_in_S=srp.premaster_secret.bit_length() <= 4 * preset.digits - 8,
    )


def check(proof: Proof, answer: dict) -> None:
    """Section 8, 6 and 7: nothing of the answer counts before."""
    if not proof.session.verify_proof(answer["M2"]):
        raise Untrustworthy("M2 is not the expected one")
    tokens = answer["tokens"]
    covered = framed(
        "session",
        answer["user_id"],
        answer["session_id"],
        tokens["access_token"],
        tokens.get("refresh_token", ""),
        tokens["token_type"],
        str(tokens["expires_in"]),
        *([answer["device_token"]] if "device_token" in answer else []),
    )
    key = hkdf(proof.session.key_bin, framed("tacit/v1", "confirm", "login"))
    if not hmac.compare_digest(hmac.digest(key, covered, "sha256").hex(), answer["confirm"]):
        raise Untrustworthy("confirm is not the expected one")


# Section 10: what a proof of somebody who has logged in authorises.

CHANGE = ("POST", "/api/auth/srp/password/change/confirm")
STEP_UP = ("POST", "/api/auth/srp/step-up/confirm")


def seal(proof: Proof, purpose: str, session_id: str, request: tuple[str, str], plaintext: bytes) -> str:
    """The body that only this proof's maker can have sealed, for this session and request."""
    info = framed("tacit/v1", "sealed", purpose, session_id, *request)
    key, nonce = hkdf(proof.session.key_bin, info), secrets.token_bytes(24)
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, info, nonce, key)
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def authorise(person: Person, challenge: dict, purpose: str, session_id: str, plaintext: bytes) -> Proof:
    """A proof of the current password whose message carries what it authorises."""
    proof = prove(person, challenge)
    request = STEP_UP if purpose == "step_up" else CHANGE
    proof.message["sealed"] = seal(proof, purpose, session_id, request, plaintext)
    return proof


# Sections 5 to 7: messages.


class Caller:
    """A connection that is kept."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        # The server listens on IPv4; asking for `localhost` would try the other first, each time.
        self.connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
        self.host = parts.netloc

    def ask(self, method: str, path: str, body: dict | None = None, token: str | None = None) -> dict:
        headers = {"Host": self.host}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        parsed = json.loads(text) if text else {}
        if answer.status >= 400:
            raise Refused(answer.status, parsed)
        return parsed

    def post(self, path: str, body: dict) -> dict:
        return self.ask("POST", path, body)

    def sign_up(self, person: Person) -> None:
        body = {"auth_id": person.auth_id, "credential": person.credential(), "language": "en"}
        person.ticket = self.post("/api/auth/srp/sign-up", body)["ticket"]

    def activate(self, secret: str) -> None:
        self.post("/api/auth/srp/sign-up/activate", {"token": secret})

    def log_in(self, person: Person, **more) -> tuple[dict, Proof]:
        """A session, proved from both sides."""
        challenge = self.post("/api/auth/srp/login/email", {"auth_id": person.auth_id})
        proof = prove(person, challenge, **more)
        answer = self.post("/api/auth/srp/login/proof", proof.message)
        check(proof, answer)
        return answer, proof
