"""Starts the real `tacit` in a folder of its own, in demo mode, whose mailbox holds the mails.

The one place that knows how: whatever settings the programs beside it need are here.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PATIENCE = 30
"""Seconds that a server gets to start, to stop, or to send a mail."""

GENEROUS = {
    f"TACIT_LIMITS__{name}": "1000000"
    for name in (
        "ADDRESS_SIGN_UPS",
        "CLIENT_LOGINS",
        "CLIENT_MAILS",
        "CLIENT_PROOFS",
        "CLIENT_REQUESTS",
        "CLIENT_SIGN_UPS",
        "CODE_ATTEMPTS",
        "MAILS",
        "PROOF_ATTEMPTS",
        "PROOF_LOCK",
        "SESSION_REFRESHES",
    )
}
"""Limits that thousands of calls from one client would meet: other tests are about these."""


@dataclass
class Server:
    """A server that runs. `issuer` is its public address; nodes of one installation share it."""

    url: str
    issuer: str
    settings: dict[str, str]
    process: subprocess.Popen
    log: Path

    def command(self, *arguments: str) -> str:
        """Runs a command of the binary on the same database, as an operator does; gives what it printed."""
        done = subprocess.run(
            [binary(), *arguments], env=self.settings, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"tacit {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def mail(self, address: str) -> str:
        """The newest mail to an address, waited for."""
        return newest_mail(self.url, address)

    def stop(self) -> None:
        self.process.terminate()
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if status != 0:
            raise RuntimeError(f"the server ended with {status}\n{self.tail()}")

    def tail(self) -> str:
        return "".join(self.log.read_text().splitlines(keepends=True)[-20:])


def binary() -> str:
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    return os.environ.get("TACIT_TEST_BINARY", f"{target}/release-dev/tacit")


@contextlib.contextmanager
def folder():
    """A folder that goes in the end, after whatever runs in it."""
    path = Path(tempfile.mkdtemp(prefix="tacit-interop-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def postgres_database():
    """A database of its own in the cluster at TACIT_TEST_POSTGRES (see scripts/with-services.sh)."""
    cluster = urllib.parse.urlsplit(os.environ["TACIT_TEST_POSTGRES"])
    [host] = urllib.parse.parse_qs(cluster.query)["host"]
    name = f"interop_{secrets.token_hex(6)}"
    place = ["--host", host, "--username", cluster.username or "postgres"]
    subprocess.run(["createdb", *place, name], check=True)
    try:
        yield cluster._replace(path=f"/{name}").geturl()
    finally:
        subprocess.run(["dropdb", "--force", *place, name], check=True)


@contextlib.contextmanager
def servers(nodes: int = 1, database: str | None = None, **more: str):
    """Runs some nodes on one database, SQLite unless it is said."""
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(folder())
        ports = [free_port() for _ in range(nodes)]
        issuer = f"http://localhost:{ports[0]}"
        master_key = secrets.token_hex(32)
        running = []
        for number, port in enumerate(ports):
            settings = {
                # Nothing else of ours: the server would take every TACIT_* variable for a setting.
                "PATH": os.environ["PATH"],
                "TACIT_DEMO": "true",
                "TACIT_MAIL__TRANSPORT": "mailbox",
                "TACIT_PUBLIC_URL": issuer,
                "TACIT_REALM": "localhost",
                "TACIT_LISTEN": f"127.0.0.1:{port}",
                "TACIT_DATABASE__URL": database or f"sqlite:{place / 'tacit.db'}",
                "TACIT_MASTER_KEY__VALUE": master_key,
                **GENEROUS,
                **more,
            }
            # The mark by which scripts/test.sh finds what was left running.
            if mark := os.environ.get("TACIT_TEST_RUN"):
                settings["TACIT_TEST_RUN"] = mark
            server = start(f"http://localhost:{port}", issuer, settings, place / f"server-{number}.log")
            stack.callback(server.stop)
            wait_until_ready(server)
            running.append(server)
        yield running


def start(url: str, issuer: str, settings: dict[str, str], log: Path) -> Server:
    with log.open("w") as output:
        process = subprocess.Popen(
            [binary(), "serve"],
            cwd=log.parent,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Server(url, issuer, settings, process, log)


def wait_until_ready(server: Server) -> None:
    for _ in attempts():
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended at once\n{server.tail()}")
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(f"{server.url}/health", timeout=PATIENCE):
                return
    raise RuntimeError(f"the server did not start\n{server.tail()}")


def newest_mail(url: str, address: str, about: str = "") -> str:
    """The newest mail in a demo's mailbox to an address whose subject has these words, waited for."""
    query = urllib.parse.urlencode({"to": address})
    for _ in attempts():
        with urllib.request.urlopen(f"{url}/demo/mailbox/mails?{query}", timeout=PATIENCE) as answer:
            mails = json.load(answer)["mails"]
        for mail in mails:
            if about in mail["subject"]:
                return mail["text"]
    raise RuntimeError(f"no mail to {address} came")


def link_secret(mail: str) -> str:
    """The secret in the fragment of a mailed link."""
    return re.search(r"#([\w-]{43})", mail)[1]


def stop_in_order() -> None:
    """Lets a program that is told to stop leave its `with` blocks, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def attempts():
    """A tenth of a second apart, as long as it is worth it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        yield
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
