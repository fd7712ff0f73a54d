#!/usr/bin/env python3
"""Puts the figures that scripts/bench.sh has left into docs/performance.md, and draws its pictures:

document.py [FOLDER [PAGE]]

What stands between `<!-- figures: NAME -->` and the next `<!-- -->` is replaced, where there are figures of that name.
"""

import json
import re
import sys
from pathlib import Path

import plots
from table import PARTS, baseline, micro, name

STEPS = {
    "generator_power": "`g^b`, from the table",
    "public_from_pair": "`k·v + g^b`",
    "verifier_power": "`A·v^u`",
    "verifier_power_by_comb": "`A·v^u`, with a comb",
    "last_power": "`(·)^b`",
    "comb": "the comb, once a verifier",
}
PLAIN = ("generator_power", "public_from_pair", "verifier_power", "last_power")
COMBED = ("generator_power", "public_from_pair", "verifier_power_by_comb", "last_power")


def rows(head, body):
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def machine(figures):
    about = figures["machine"]
    libraries = ", ".join(version for _, version in about["libraries"])
    return (
        f"The machine: {about['processor']} ({', '.join(about['flags'])}), {about['cores']} cores, "
        f"{about['compiler'].split(' (')[0]}, {libraries}; {figures['rounds']} rounds; "
        f"on average {about['load']} programs wanted to run meanwhile."
    )


def headline(figures):
    group = next(group for group in figures["groups"] if group["bits"] == 3072)
    openssl = baseline(group["contenders"])
    lines = []
    for contender in ours_first(group):
        least = contender["parts"]["login"]["minimum"]
        ratio = openssl["parts"]["login"]["minimum"] / least
        if contender["kind"] == "kernel" and not contender["name"].startswith("limbs28"):
            lines.append(f"- {contender['name']}: {micro(least)} µs, **{ratio:.1f} times** as fast as {openssl['name']}")
    return "The server's arithmetic of a login at 3072 bits, the default, on one core:\n\n" + "\n".join(lines)


def ours_first(group):
    """Kernels from the fastest on, then the peers."""
    kernels = [contender for contender in group["contenders"] if contender["kind"] == "kernel"]
    return kernels[::-1] + [contender for contender in group["contenders"] if contender["kind"] == "peer"]


def arithmetic(figures):
    groups = figures["groups"]
    body = []
    for at, contender in enumerate(ours_first(groups[0])):
        line = [f"**{name(contender)}**" if contender["kind"] == "kernel" else name(contender)]
        for group in groups:
            least = ours_first(group)[at]["parts"]["login"]["minimum"]
            line += [micro(least), f"{baseline(group['contenders'])['parts']['login']['minimum'] / least:.2f}"]
        body.append(line)
    return rows(["", *(cell for group in groups for cell in (group["bits"], "×"))], body)


def parts(figures):
    group = next(group for group in figures["groups"] if group["bits"] == 3072)
    wanted = {key: title for key, title in PARTS.items() if key not in ("verifier_power", "secret")}
    body = []
    for contender in ours_first(group):
        if contender["kind"] == "kernel" or contender["name"].startswith("OpenSSL"):
            of = contender["parts"]
            body.append([contender["name"], *(micro(of[key]["minimum"]) if key in of else "–" for key in wanted)])
    return rows(["", *wanted.values()], body)


def counts(figures):
    of = figures["groups"][0]["counts"]
    body = [[title, of[key]["products"], of[key]["squares"], f"{of[key]['entries_read']:,}"] for key, title in STEPS.items()]
    for title, steps in (("a login", PLAIN), ("a login, with a comb", COMBED)):
        products, squares, read = (sum(of[step][each] for step in steps) for each in ("products", "squares", "entries_read"))
        body.append([f"**{title}: {products + squares}**", products, squares, f"{read:,}"])
    return rows(["step", "products", "squares", "entries read"], body)


def client(figures):
    of = {(row["name"], row["bits"]): row["minimum"] for row in figures["rows"]}
    lengths = sorted({bits for _, bits in of})
    body = []
    for who in dict.fromkeys(row["name"] for row in figures["rows"]):
        line = [who]
        for bits in lengths:
            least = of.get((who, bits))
            line += [f"{least:.1f}", f"{of['BigInt', bits] / least:.2f}"] if least else ["–", "–"]
        body.append(line)
    head = [f"{figures['node']}, × BigInt", *(cell for bits in lengths for cell in (bits, "×"))]
    return rows(head, body)


def whole(*files):
    body = []
    for row in (row for figures in files for row in figures["load"]):
        cost, times = row["cpu_us_each"], row["milliseconds"]
        nodes = f", {row['nodes']} nodes" if row["nodes"] > 1 else ""
        cells = [f"{cost[of]:.0f}" for of in ("server_arithmetic", "server_rest", "postgres", "generator")]
        cells += [f"{times[of]:.1f}" for of in ("p50", "p90", "p99")]
        body.append([f"{row['what']}, {row['database']}, {row['accounts']:,} accounts{nodes}", f"{row['per_second']:,.0f}", *cells])
    head = ["", "a second", "arithmetic µs", "rest µs", "database µs", "clients µs", "p50 ms", "p90 ms", "p99 ms"]
    return rows(head, body)


BLOCKS = {
    "headline": (headline, ["arithmetic"]),
    "machine": (machine, ["arithmetic"]),
    "arithmetic": (arithmetic, ["arithmetic"]),
    "parts": (parts, ["arithmetic"]),
    "counts": (counts, ["arithmetic"]),
    "client": (client, ["client"]),
    "server": (whole, ["server"]),
    "growth": (whole, ["growth-sqlite", "growth-postgres"]),
    "nodes": (whole, ["nodes-1", "nodes-2", "nodes-3"]),
}


def main():
    arguments = [Path(argument) for argument in sys.argv[1:]]
    folder, file = arguments + [plots.ROOT / "target/bench", plots.ROOT / "docs/performance.md"][len(arguments):]
    page = file.read_text()
    for block, (write, sources) in BLOCKS.items():
        files = [folder / f"{source}.json" for source in sources]
        if all(file.exists() for file in files):
            text = write(*(json.loads(file.read_text()) for file in files))
            pattern = rf"(<!-- figures: {block} -->\n).*?(<!-- -->)"
            page, found = re.subn(pattern, lambda match: f"{match[1]}{text}\n{match[2]}", page, flags=re.DOTALL)
            assert found == 1, f"{file.name} has no place for {block}"
    file.write_text(page)
    plots.draw(folder, file.parent / "performance")


if __name__ == "__main__":
    main()
