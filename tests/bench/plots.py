#!/usr/bin/env python3
"""Draws the figures that scripts/bench.sh has left: plots.py [FOLDER [PICTURES]]

Each picture is drawn if its figures are there; without arguments, from target/bench into docs/performance.
"""

import json
import sys
from pathlib import Path

from svg import bars, lines

ROOT = Path(__file__).resolve().parents[2]
OURS, THEIRS = "#0969da", "#8c959f"
STEPS = {"B": "#54aeff", "A·v^u": "#0969da", "(·)^b": "#0a3069"}
COSTS = {"arithmetic": "#0a3069", "rest of the server": "#54aeff", "PostgreSQL": "#bf8700"}
DATABASES = {"SQLite": "#0969da", "PostgreSQL": "#bf8700"}


def arithmetic(figures):
    group = next(group for group in figures["groups"] if group["bits"] == 3072)
    rows = []
    for contender in sorted(group["contenders"], key=lambda contender: -contender["parts"]["login"]["minimum"]):
        colour = OURS if contender["kind"] == "kernel" else THEIRS
        name = contender["name"] + ("" if contender["constant_time"] else " *")
        rows.append((name, [("", contender["parts"]["login"]["minimum"] / 1000)], colour))
    return bars("The server's arithmetic of one login at 3072 bits, one core; blue: ours, *: not constant time", rows, "µs")


def steps(figures):
    rows = []
    for group in figures["groups"]:
        rows.append((f"{group['bits']} bits", None, None))
        for contender in group["contenders"]:
            parts, name = contender["parts"], contender["name"]
            if not (name.startswith("OpenSSL") or contender["kind"] == "kernel" and not name.startswith("limbs28")):
                continue
            last, secret = parts["last_power"]["minimum"], parts["secret"]["minimum"]
            values = (parts["public"]["minimum"], secret - last, last)
            rows.append((name, [(step, value / 1000) for step, value in zip(STEPS, values)], None))
    return bars("What a login's arithmetic is made of", rows, "µs", STEPS)


def costs(figures):
    rows = []
    for row in figures["load"]:
        cost = row["cpu_us_each"]
        parts = zip(COSTS, (cost["server_arithmetic"], cost["server_rest"], cost["postgres"]))
        rows.append((f"{row['what']}, {row['database']}", list(parts), None))
    return bars("Processor time each, on the server's side", rows, "µs", COSTS)


def growth(*files):
    rows = [row for figures in files for row in figures["load"] if row["what"] == "login"]
    series = []
    for database, colour in DATABASES.items():
        points = [(row["accounts"], row["per_second"]) for row in rows if row["database"] == database]
        if points:
            series.append((database, colour, sorted(points)))
    return lines("Logins a second and accounts", series, "accounts", "logins a second, generator on the same machine")


def growth_latency(*files):
    rows = [row for figures in files for row in figures["load"] if row["what"] == "half"]
    series = []
    for database, colour in DATABASES.items():
        points = [(row["accounts"], row["milliseconds"]["p99"]) for row in rows if row["database"] == database]
        if points:
            series.append((database, colour, sorted(points)))
    return lines("The slowest login of a hundred, at half of that rate, and accounts", series, "accounts", "p99, ms")


PICTURES = {
    "arithmetic": (arithmetic, ["arithmetic"]),
    "steps": (steps, ["arithmetic"]),
    "costs": (costs, ["server"]),
    "growth": (growth, ["growth-sqlite", "growth-postgres"]),
    "growth-p99": (growth_latency, ["growth-sqlite", "growth-postgres"]),
}


def draw(figures, pictures):
    pictures.mkdir(parents=True, exist_ok=True)
    for name, (picture, sources) in PICTURES.items():
        files = [figures / f"{source}.json" for source in sources]
        if all(file.exists() for file in files):
            picture(*(json.loads(file.read_text()) for file in files)).save(pictures / f"{name}.svg")
        else:
            print(f"{name}: no figures in {figures}")


if __name__ == "__main__":
    arguments = [Path(argument) for argument in sys.argv[1:]]
    draw(*(arguments + [ROOT / "target/bench", ROOT / "docs/performance"][len(arguments):]))
