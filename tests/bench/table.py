#!/usr/bin/env python3
"""Prints the figures that scripts/bench.sh has left: table.py FOLDER STAGE…"""

import json
import sys
from pathlib import Path

PARTS = {
    "generator_power": "g^b",
    "verifier_power": "v^u",
    "last_power": "(·)^b",
    "public": "B",
    "public_from_pair": "B, pair",
    "secret": "S",
    "comb": "comb",
}


def line(cells, widths):
    print("".join(f"{cell:<{width}}" if at == 0 else f"{cell:>{width}}" for at, (cell, width) in enumerate(zip(cells, widths))))


def micro(nanoseconds):
    return f"{nanoseconds / 1000:,.0f}" if nanoseconds >= 20_000 else f"{nanoseconds / 1000:.1f}"


def baseline(contenders):
    """OpenSSL, and aws-lc where it is not linked."""
    return next((c for c in contenders if c["name"].startswith("OpenSSL")), None) or next(
        c for c in contenders if c["name"].startswith("aws-lc, ")
    )


def machine(report):
    about = report["machine"]
    print(f"{about['processor']} ({', '.join(about['flags'])}), {about['cores']} cores, load {about['load']}")
    print(", ".join([about["compiler"], *(version for _, version in about["libraries"])]))


def arithmetic(report):
    machine(report)
    rounds, core = report["rounds"], report["core"]
    print(f"\nB and S of one login: µs of CPU, {rounds} interleaved rounds on core {core}; × is how many times as fast as OpenSSL")
    widths = [44] + [8, 8, 8] * len(report["groups"])
    line([""] + [cell for group in report["groups"] for cell in (f"{group['bits']}", "median", "×")], widths)
    for at, contender in enumerate(report["groups"][0]["contenders"]):
        cells = [contender["name"] + ("" if contender["constant_time"] else " (not constant time)")]
        for group in report["groups"]:
            login = group["contenders"][at]["parts"]["login"]
            ratio = baseline(group["contenders"])["parts"]["login"]["minimum"] / login["minimum"]
            cells += [micro(login["minimum"]), micro(login["median"]), f"{ratio:.2f}"]
        line(cells, widths)
    for group in report["groups"]:
        print(f"\nIts parts at {group['bits']} bits, µs, minima")
        widths = [44] + [10] * len(PARTS)
        line(["", *PARTS.values()], widths)
        for contender in group["contenders"]:
            parts = contender["parts"]
            line([contender["name"], *(micro(parts[part]["minimum"]) if part in parts else "–" for part in PARTS)], widths)


STAGES = {"arithmetic": [("arithmetic", arithmetic)]}


def main():
    folder, *stages = sys.argv[1:]
    for stage in stages:
        for name, show in STAGES[stage]:
            print()
            show(json.loads((Path(folder) / f"{name}.json").read_text()))


if __name__ == "__main__":
    main()
