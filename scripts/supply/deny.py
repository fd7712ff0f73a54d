#!/usr/bin/env python3
"""Holds the dependencies of every lock file against deny.toml: licences, bans, sources.

    scripts/supply/deny.py

A second in place of the minutes that building cargo-deny takes, for everybody who does not have it. It reads the same
tables to the same effect, and refuses a key in them that it does not know rather than pass over it.
"""

import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

from graph import ROOT, manifests, metadata, taken_in, tree

KNOWN = {
    "licenses": {"version", "allow", "private", "exceptions", "unused-allowed-license"},
    "bans": {"multiple-versions", "wildcards", "allow-wildcard-paths", "deny"},
    "sources": {"unknown-registry", "unknown-git", "allow-registry"},
}
KNOWN_OF_A_BAN = {"name", "reason", "deny-multiple-versions"}
# Their meaning is built in below; another value would be another meaning.
FIXED = {
    ("licenses", "private"): {"ignore": True},
    ("licenses", "unused-allowed-license"): "deny",
    ("bans", "multiple-versions"): "allow",
    ("bans", "wildcards"): "deny",
    ("bans", "allow-wildcard-paths"): True,
    ("sources", "unknown-registry"): "deny",
    ("sources", "unknown-git"): "deny",
}


class Licence:
    """An SPDX expression: who may use a crate under which terms."""

    def __init__(self, text: str) -> None:
        # Old manifests write a slash for OR.
        self._tokens = re.findall(r"[()]|[^\s()]+", text.replace("/", " OR "))
        self.terms: set[str] = set()

    def allowed_by(self, allowed: set[str]) -> bool:
        verdict = self._either(allowed)
        if self._tokens:
            raise ValueError(f"unexpected {self._tokens[0]}")
        return verdict

    def _either(self, allowed: set[str]) -> bool:
        verdict = self._both(allowed)
        while self._take("OR"):
            verdict = self._both(allowed) or verdict
        return verdict

    def _both(self, allowed: set[str]) -> bool:
        verdict = self._one(allowed)
        while self._take("AND"):
            verdict = self._one(allowed) and verdict
        return verdict

    def _one(self, allowed: set[str]) -> bool:
        if self._take("("):
            verdict = self._either(allowed)
            if not self._take(")"):
                raise ValueError("a parenthesis is not closed")
            return verdict
        if not self._tokens or self._tokens[0] in {"AND", "OR", "WITH", ")"}:
            raise ValueError("a licence is missing")
        term = self._tokens.pop(0)
        if self._take("WITH"):
            term += f" WITH {self._tokens.pop(0)}"
        self.terms.add(term)
        return term in allowed

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False


def unknown_keys(tables: dict) -> list[str]:
    problems = []
    for table, keys in KNOWN.items():
        problems += [f"deny.toml: {table}.{key} is not known to this check" for key in tables[table].keys() - keys]
    for ban in tables["bans"]["deny"]:
        problems += [f"deny.toml: bans.deny.{key} is not known to this check" for key in ban.keys() - KNOWN_OF_A_BAN]
    for (table, key), value in FIXED.items():
        if tables[table].get(key) != value:
            problems.append(f"deny.toml: {table}.{key} must be {value!r}, which is what this check does")
    return problems


def licences(table: dict, packages: list[dict], used: set[str]) -> list[str]:
    everybody, problems = set(table["allow"]), []
    exceptions = {exception["name"]: set(exception["allow"]) for exception in table.get("exceptions", [])}
    for package in packages:
        allowed = everybody | exceptions.get(package["name"], set())
        # Our own are not published.
        if package["publish"] == []:
            continue
        if not package["license"]:
            problems.append(f"{name(package)} states no licence")
            continue
        licence = Licence(package["license"])
        try:
            if not licence.allowed_by(allowed):
                problems.append(f"{name(package)}: {package['license']} is not allowed")
        except ValueError as error:
            problems.append(f"{name(package)}: {package['license']}: {error}")
        used |= licence.terms & everybody
    return problems


def bans(table: dict, packages: list[dict]) -> list[str]:
    problems, versions = [], defaultdict(set)
    for package in packages:
        versions[package["name"]].add(package["version"])
    for ban in table["deny"]:
        found = sorted(versions[ban["name"]])
        if len(found) > (1 if ban.get("deny-multiple-versions") else 0):
            problems.append(f"{ban['name']} {', '.join(found)}: {ban['reason']}")
    for package in packages:
        if package["source"] is None:
            anything = [used["name"] for used in package["dependencies"] if used["req"] == "*" and not used.get("path")]
            problems += [f"{name(package)} takes any version of {used}" for used in anything]
    return problems


def sources(table: dict, packages: list[dict], root: Path) -> list[str]:
    allowed, problems = {f"registry+{registry}" for registry in table["allow-registry"]}, []
    for package in packages:
        source = package["source"]
        if source is None:
            if not Path(package["manifest_path"]).is_relative_to(root):
                problems.append(f"{name(package)} lies outside this repository")
        elif source not in allowed:
            problems.append(f"{name(package)} comes from {source}")
    return problems


def name(package: dict) -> str:
    return f"{package['name']} {package['version']}"


def main() -> int:
    tables = tomllib.loads((ROOT / "deny.toml").read_text())
    problems, used, count = unknown_keys(tables), set(), 0
    for manifest in manifests():
        names = tree(manifest, "--workspace", "--all-features", "--target", "all", "--edges", "normal,build,dev")
        packages = taken_in(metadata(manifest, "--all-features"), names)
        count += len(packages)
        problems += licences(tables["licenses"], packages, used)
        problems += bans(tables["bans"], packages)
        problems += sources(tables["sources"], packages, ROOT)
    problems += [f"deny.toml allows {unused}, which no crate needs" for unused in set(tables["licenses"]["allow"]) - used]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{count} packages: licences, bans and sources as deny.toml wants them")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
