#!/usr/bin/env python3
"""Others' programs against the running server; README.md says what each shows.

    run.py                      all of them, at once
    run.py logins [NUMBER]      of each library
    run.py client
    run.py rotation
    run.py document [SECONDS]   in all; without them a fixed number of cases, however long they take
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import tacit_server

HERE = Path(__file__).resolve().parent

LOGINS = 2000
"""Of each library. Zeros come in front of `A` and of `S` once in 256 logins each."""

EXAMPLES = 40
"""Of each operation, made up at random; those that the document itself suggests come first, and all of them."""

FEWEST_CASES = 500
"""In each half. Fewer would mean that little was tried."""

UNCHECKED = "positive_data_acceptance"
"""No schema says that an integer is below N, that mail reaches an address, or that one of two members is given."""


def logins(number: int = LOGINS) -> None:
    """Two SRP libraries log in at once, with one server."""
    programs = [[sys.executable, "srptools_logins.py"], ["node", "fast-srp-hap-logins.mjs"]]
    with tacit_server.servers() as [server]:
        finish([started([*program, server.url, number]) for program in programs])


def client() -> None:
    """The client that a generator made of the served document."""
    with (
        tacit_server.folder() as place,
        tacit_server.servers() as [usual],
        tacit_server.servers(TACIT_REVEAL_ACCOUNTS="true") as [revealing],
        tacit_server.servers(TACIT_REGISTRATION_ENABLED="false") as [closed],
    ):
        config = place / "config.yaml"
        config.write_text("post_hooks: []\n")
        generate = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
        generate += ["--url", f"{usual.url}/openapi/tacit.json", "--output-path", place / "made", "--config", config]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
        finish([started([sys.executable, "generated_client.py", place / "made", usual.url, revealing.url, closed.url])])


def rotation() -> None:
    """A verifier with a cache while the keys are rotated, on both engines at once."""
    finish([started([sys.executable, "key_rotation.py", engine]) for engine in ("sqlite", "postgres")])


def document(seconds: int | None = None) -> None:
    """Schemathesis over the served document, without a token and then with one."""
    token = "a token for the metrics".replace(" ", "-")
    with tacit_server.folder() as place, tacit_server.servers(TACIT_METRICS__TOKEN=token) as [server]:
        for name, hooks in (("without a token", None), ("with a token", "document_hooks")):
            environment = {**os.environ, "PYTHONPATH": str(HERE)}
            if hooks:
                environment |= {"SCHEMATHESIS_HOOKS": hooks, "INTEROP_URL": server.url, "INTEROP_METRICS_TOKEN": token}
            extent = ["--max-time", seconds // 2] if seconds else ["--max-examples", EXAMPLES]
            fuzz(server.url, name, extent, environment, place)


def fuzz(url: str, name: str, extent: list, environment: dict[str, str], place: Path) -> None:
    program = [Path(sys.executable).with_name("st"), "--config-file", HERE / "schemathesis.toml", "--no-color"]
    program += ["run", f"{url}/openapi/tacit.json", "--url", url]
    program += ["--checks", "all", "--exclude-checks", UNCHECKED, *map(str, extent)]
    program += ["--continue-on-failure", "--generation-database", "none", "--warnings", "off"]
    done = subprocess.run(program, cwd=place, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    cases = re.search(r"(\d+) generated", done.stdout)
    number = int(cases[1]) if cases else 0
    if done.returncode != 0 or number < FEWEST_CASES:
        sys.exit(f"{done.stdout}\nthe document, {name}: failed after {number} cases")
    print(f"the document, {name}: {number} cases, 0 failed", flush=True)


def started(program: list) -> subprocess.Popen:
    return subprocess.Popen([str(part) for part in program], cwd=HERE)


def finish(running: list[subprocess.Popen]) -> None:
    """Waits for programs; they go with this one, whatever happens, and take what they started with them."""
    try:
        failed = [program.args for program in running if program.wait() != 0]
    finally:
        for program in running:
            program.terminate()
        for program in running:
            program.wait()
    if failed:
        sys.exit(f"failed: {failed}")


PARTS = {"logins": logins, "client": client, "rotation": rotation, "document": document}


def main() -> None:
    tacit_server.stop_in_order()
    name, *numbers = sys.argv[1:] or [None]
    if name is None:
        finish([started([sys.executable, "run.py", part]) for part in PARTS])
    elif name in PARTS:
        PARTS[name](*map(int, numbers))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
