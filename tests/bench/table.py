#!/usr/bin/env python3
"""Prints the figures that scripts/bench.sh has left: table.py FOLDER STAGE…"""

import json
import sys
from pathlib import Path

PARTS = {
    "generator_power": "g^b",
    "verifier_power": "A·v^u",
    "last_power": "(·)^b",
    "public": "B",
    "public_from_pair": "B, pair",
    "secret": "S",
    "comb": "comb made",
}
NAME = 46


def line(first, *cells, width=10):
    print(f"{first:<{NAME}}" + "".join(f"{cell:>{width}}" for cell in cells))


def micro(nanoseconds):
    return f"{nanoseconds / 1000:,.0f}" if nanoseconds >= 20_000 else f"{nanoseconds / 1000:.1f}"


def name(contender):
    return contender["name"] + ("" if contender["constant_time"] else " (not constant time)")


def baseline(contenders):
    """OpenSSL, and aws-lc where it is not linked."""
    first = [c for c in contenders if c["name"].startswith("OpenSSL")]
    return (first or [c for c in contenders if c["name"].startswith("aws-lc")])[0]


def arithmetic(report):
    about = report["machine"]
    print(f"{about['processor']} ({', '.join(about['flags'])}), {about['cores']} cores, load {about['load']}")
    print(", ".join([about["compiler"], *(version for _, version in about["libraries"])]))

    print(f"\nB and S of one login: µs of processor time, {report['rounds']} interleaved rounds on core {report['core']};")
    print("× is how many times as fast as the first, by the minima. Ours keep a table for g^b; a comb is of the verifier.")
    groups = report["groups"]
    line("", *(cell for group in groups for cell in (f"{group['bits']} min", "median", "×")))
    for at, contender in enumerate(groups[0]["contenders"]):
        cells = []
        for group in groups:
            login = group["contenders"][at]["parts"]["login"]
            ratio = baseline(group["contenders"])["parts"]["login"]["minimum"] / login["minimum"]
            cells += [micro(login["minimum"]), micro(login["median"]), f"{ratio:.2f}"]
        line(name(contender), *cells)
    for group in groups:
        print(f"\nIts parts at {group['bits']} bits, µs, minima (≈: what S takes beyond its last power)")
        line("", *PARTS.values())
        for contender in group["contenders"]:
            line(contender["name"], *(part(contender["parts"], wanted) for wanted in PARTS))
    counts(groups[0]["counts"])


def part(parts, wanted):
    if wanted in parts:
        return micro(parts[wanted]["minimum"])
    if wanted == "verifier_power" and "last_power" in parts:
        return "≈" + micro(parts["secret"]["minimum"] - parts["last_power"]["minimum"])
    return "–"


def counts(of):
    print("\nWhat our login is made of")
    line("", "products", "squares", "read", "converted")
    rows = {
        "g^b, from the table": "generator_power",
        "k·v + g^b": "public_from_pair",
        "A·v^u": "verifier_power",
        "A·v^u, by a comb": "verifier_power_by_comb",
        "(·)^b": "last_power",
        "the comb, once a verifier": "comb",
    }
    for title, key in rows.items():
        line(title, *(of[key][each] for each in ("products", "squares", "entries_read", "conversions")))


def client(report):
    print(f"The client's arithmetic of a login in {report['node']}, ms of processor time; × is how many times as fast as BigInt")
    line("", "bits", "min", "median", "×")
    big = {row["bits"]: row["minimum"] for row in report["rows"] if row["name"] == "BigInt"}
    for row in report["rows"]:
        ratio = big[row["bits"]] / row["minimum"]
        line(row["name"], row["bits"], f"{row['minimum']:.2f}", f"{row['median']:.2f}", f"{ratio:.2f}")


def server(report):
    print("The whole server over HTTP on the same machine as its clients; processor time each, in µs")
    line("", "a second", "busy", "arithm.", "rest", "database", "clients", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms")
    for row in report["load"]:
        cost, times = row["cpu_us_each"], row["milliseconds"]
        nodes = f", {row['nodes']} nodes" if row["nodes"] > 1 else ""
        line(
            f"{row['what']} on {row['database']}, {row['accounts']:,} accounts{nodes}",
            f"{row['per_second']:,.0f}",
            row["busy"],
            *(f"{cost[of]:.0f}" for of in ("server_arithmetic", "server_rest", "postgres", "generator")),
            *(f"{times[of]:.2f}" for of in ("p50", "p90", "p99", "p99.9")),
        )


STAGES = {"arithmetic": arithmetic, "client": client, "server": server, "growth": server, "nodes": server}


def main():
    folder, *stages = sys.argv[1:]
    for stage in stages:
        for file in sorted(Path(folder).glob(f"{stage}*.json")):
            print()
            STAGES[stage](json.loads(file.read_text()))


if __name__ == "__main__":
    main()
