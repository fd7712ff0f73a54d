"""PyPI `srptools` signs up and logs in, again and again.

    srptools_logins.py BASE_URL LOGINS
"""

import secrets
import sys
import time
from itertools import cycle

from protocol import Caller, Person, Refused
from tacit_server import link_secret, newest_mail

SHOWN = 5
"""Failures told in full."""

ACCOUNTS = {3: 3, 1: 1, 2: 1}
"""How many accounts with which preset."""


def main() -> None:
    url, logins = sys.argv[1], int(sys.argv[2])
    caller = Caller(url)
    people = {
        preset: cycle([register(caller, url, preset) for _ in range(number)]) for preset, number in ACCOUNTS.items()
    }
    refuse_wrong_passwords(caller, next(people[3]))

    begun, failures, zeros = time.monotonic(), [], {"A": 0, "S": 0}
    for number in range(logins):
        person = next(people[preset_of(number)])
        try:
            # Every other device asks to be known: one item more under `confirm`.
            answer, proof = caller.log_in(person, remember_device=number % 2 == 1)
            if ("device_token" in answer) != (number % 2 == 1):
                raise ValueError("a device token came that was not asked for, or none that was")
        except Exception as failure:  # noqa: BLE001 (whatever it is, it is counted, and the next login is tried)
            failures.append(f"{type(failure).__name__}: {failure} ({person.identity}, preset {person.preset_number})")
            continue
        zeros["A"] += proof.zeros_in_A
        zeros["S"] += proof.zeros_in_S
    print(
        f"srptools: {logins} logins, {len(failures)} failed, zeros in front of A {zeros['A']} times, "
        f"of S {zeros['S']} times, {time.monotonic() - begun:.0f} s"
    )
    if failures:
        sys.exit("\n".join(failures[:SHOWN]))


def preset_of(number: int) -> int:
    """Mostly the group in which a login is cheap, so that there can be many."""
    return 2 if number % 100 == 0 else 1 if number % 25 == 5 else 3


def register(caller: Caller, url: str, preset: int) -> Person:
    """Somebody whose password has more than one way to be typed."""
    person = Person(f"{secrets.token_hex(8)}@example.com", f"Paﬆwörd № {secrets.token_hex(8)}", preset)
    caller.sign_up(person)
    caller.activate(link_secret(newest_mail(url, person.auth_id)))
    return person


def refuse_wrong_passwords(caller: Caller, person: Person) -> None:
    """What follows would prove nothing if the server took any password."""
    wrong = Person(
        person.auth_id, f"{person.password} ", person.preset_number, identity=person.identity, salt=person.salt
    )
    try:
        caller.log_in(wrong)
    except Refused as refused:
        if (refused.status, refused.code) == (401, "proof_rejected"):
            return
        raise
    sys.exit("a wrong password was taken")


main()
