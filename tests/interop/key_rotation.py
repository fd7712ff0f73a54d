"""Signing keys are rotated while people log in and refresh; a verifier with PyPI `joserfc` and a cached key set checks every
token, and so does every node of the server.

    key_rotation.py ENGINE (sqlite, or postgres: two nodes on the cluster at TACIT_TEST_POSTGRES)
"""

import contextlib
import json
import re
import secrets
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle

from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet

import tacit_server
from protocol import Caller, Person
from tacit_server import Server, link_secret

# joserfc prefers the name `Ed25519` of RFC 9864 for what RFC 8037 calls `EdDSA`; it verifies both.
warnings.filterwarnings("ignore", category=SecurityWarning)

PATIENCE = 60
"""Seconds after which every running server must follow a rotation; the documents say thirty."""

ENOUGH = 30
"""Tokens signed with a key before the next thing is done."""

LOGGING_IN, REFRESHING = 2, 3
"""Threads of each kind; each rests a little between two tokens, so that the keys and not the processors are tried."""

REST = 0.15


class Verifier:
    """What another service does: keeps the key set for as long as the answer allows, and asks again when a token names a
    key that is not in it. Claims and signature are all that counts; the server is asked nothing about a token."""

    def __init__(self, issuer: str, nodes: list[Server]) -> None:
        self.issuer = issuer
        # As behind a load balancer: whoever asks for the keys meets any node.
        self.sources = cycle(nodes)
        self.lock = threading.Lock()
        self.keys = None
        self.good_until = 0.0
        self.fetches = self.verified = 0
        self.rules = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": issuer},
            exp={"essential": True},
        )

    def verify(self, token: str) -> str:
        """Raises for a token that is not good; gives the id of its key."""
        kid = jws.extract_compact(token.encode()).headers()["kid"]
        with self.lock:
            if time.monotonic() >= self.good_until or all(key.kid != kid for key in self.keys.keys):
                self.fetch()
            keys = self.keys
        self.rules.validate(jwt.decode(token, keys, algorithms=["EdDSA"]).claims)
        with self.lock:
            self.verified += 1
        return kid

    def fetch(self) -> None:
        self.keys, life = published(next(self.sources))
        self.good_until = time.monotonic() + life
        self.fetches += 1


def published(node: Server) -> tuple[KeySet, int]:
    """The key set, and how many seconds it may be kept."""
    with urllib.request.urlopen(f"{node.url}/.well-known/jwks.json", timeout=30) as answer:
        life = re.search(r"\bmax-age=(\d+)", answer.headers["cache-control"])[1]
        return KeySet.import_key_set(json.load(answer)), int(life)


@dataclass
class Load:
    """Everything that was issued, and everything that went wrong."""

    nodes: list[Server]
    verifier: Verifier
    stop: threading.Event = field(default_factory=threading.Event)
    tokens: list[str] = field(default_factory=list)
    signed_by: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def issued(self, token: str, callers: list[Caller]) -> None:
        """Checks a fresh token at once, at the verifier and at every node."""
        kid = self.verifier.verify(token)
        self.tokens.append(token)
        self.signed_by[kid] = self.signed_by.get(kid, 0) + 1
        for caller in callers:
            caller.ask("GET", "/v1/auth/me", token=token)

    def repeat(self, one: Callable[[Caller], str]) -> None:
        """Does one thing again and again until it is enough; a failure is noted, and it goes on."""
        callers = [Caller(node.url) for node in self.nodes]
        turn = cycle(callers)
        while not self.stop.is_set():
            try:
                self.issued(one(next(turn)), callers)
            except Exception as failure:  # noqa: BLE001 (whatever it is, it is counted)
                self.failures.append(f"{time.monotonic():.1f} {one.__name__}: {type(failure).__name__} {failure}")
            self.stop.wait(REST)

    def wait_for(self, kid: str) -> None:
        """Until enough tokens were signed with a key."""
        end = time.monotonic() + PATIENCE
        while self.signed_by.get(kid, 0) < ENOUGH:
            if time.monotonic() > end:
                self.failures.append(f"no server signs with {kid} after {PATIENCE} s")
                return
            time.sleep(0.2)

    def log_in(self, person: Person):
        def logging_in(caller: Caller) -> str:
            return caller.log_in(person)[0]["tokens"]["access_token"]

        return logging_in

    def refresh(self, person: Person):
        tokens = Caller(self.nodes[0].url).log_in(person)[0]["tokens"]

        def refreshing(caller: Caller) -> str:
            nonlocal tokens
            body = {"refresh_token": tokens["refresh_token"]}
            tokens = caller.post("/v1/auth/refresh", body)["tokens"]
            return tokens["access_token"]

        return refreshing


def register(node: Server) -> Person:
    person = Person(f"{secrets.token_hex(8)}@example.com", secrets.token_hex(8))
    caller = Caller(node.url)
    caller.sign_up(person)
    caller.activate(link_secret(node.mail(person.auth_id)))
    return person


def rotate(load: Load) -> str:
    """Rotates as an operator does; gives the key that signs from now on."""
    return re.search(r"with key (\S+)", load.nodes[0].command("keys", "rotate"))[1]


def run(nodes: list[Server]) -> Load:
    load = Load(nodes, Verifier(nodes[0].issuer, nodes))
    people = [register(nodes[0]) for _ in range(LOGGING_IN + REFRESHING)]
    work = [load.log_in(person) for person in people[:LOGGING_IN]]
    work += [load.refresh(person) for person in people[LOGGING_IN:]]
    threads = [threading.Thread(target=load.repeat, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        known = {key.kid for key in published(nodes[0])[0].keys}
        signing = [rotate(load)]
        if signing[0] not in known:
            load.failures.append("the key that signs was not published before")
        load.wait_for(signing[-1])
        # After a suspicion: twice, without a pause.
        signing += [rotate(load), rotate(load)]
        load.wait_for(signing[-1])
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
    # None has expired; those of retired keys are as good as the others, for verifiers that begin now, too.
    fresh = Verifier(nodes[0].issuer, nodes)
    for token in load.tokens:
        try:
            fresh.verify(token)
        except Exception as failure:  # noqa: BLE001
            load.failures.append(f"in the end: {type(failure).__name__} {failure}")
    return load


def main() -> None:
    tacit_server.stop_in_order()
    engine = sys.argv[1]
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        nodes, database = 1, None
        if engine == "postgres":
            nodes, database = 2, stack.enter_context(tacit_server.postgres_database())
        load = run(stack.enter_context(tacit_server.servers(nodes, database)))
    print(
        f"key rotation on {engine}: {len(load.tokens)} tokens of {len(load.signed_by)} keys, verified "
        f"{load.verifier.verified} times with {load.verifier.fetches} fetches of the keys, "
        f"{len(load.failures)} failed, {time.monotonic() - begun:.0f} s"
    )
    if load.failures:
        sys.exit("\n".join(load.failures[:10]))


main()
