#!/usr/bin/env python3
"""Holds what the documents claim against the tests they name.

    scripts/named_tests.py [ROOT]

docs/threat-model.md and docs/asvs.md name a test as `path/of/the/file::name of the test`. Each must exist, each line of a
table must name one or say in its last column why not, and docs/asvs.md must have every requirement once.
"""

import re
import sys
from pathlib import Path

NAMED = re.compile(r"`([\w./-]+\.\w+)::([^`]+)`")
# What begins a reason: that something is nobody's to attack yet, or was left to somebody on purpose.
REASONS = ("Not applicable", "Not yet", "By documentation", "By decision", "By construction", "In part", "Cannot be tested")

# ASVS 5.0.0, levels 1 and 2: how each chapter's sections are numbered.
REQUIREMENTS = {
    "6.1": range(1, 4),
    "6.2": range(1, 13),
    "6.3": range(1, 5),
    "6.4": range(1, 5),
    "6.5": range(1, 6),
    "6.6": range(1, 4),
    "6.8": range(1, 5),
    "7.1": range(1, 4),
    "7.2": range(1, 5),
    "7.3": range(1, 3),
    "7.4": range(1, 6),
    "7.5": range(1, 3),
    "7.6": range(1, 3),
    "9.1": range(1, 4),
    "9.2": range(1, 5),
    "10.1": range(1, 3),
    "10.2": range(1, 3),
    "10.3": range(1, 5),
    "10.4": range(1, 12),
    "10.5": range(1, 6),
    "10.6": range(1, 3),
    "10.7": range(1, 4),
    "16.1": range(1, 2),
    "16.2": range(1, 6),
    "16.3": range(1, 5),
    "16.4": range(1, 4),
    "16.5": range(1, 4),
}


def how_it_stands(file: Path, name: str) -> re.Pattern[str]:
    """How a test of this name is written in this kind of file."""
    name = re.escape(name)
    if file.suffix == ".rs":
        # A function, or the first word of a macro that makes one for each engine, or of a table.
        return re.compile(rf"\bfn {name}\b|\w!\(\s*{name}\b|^\s*\d\d\d {name} \[", re.MULTILINE)
    if file.suffix == ".py":
        return re.compile(rf"\bdef {name}\b")
    if file.suffix in {".js", ".mjs", ".ts"}:
        return re.compile(rf"\b(?:test|it)\(\s*[\"'`]{name}[\"'`]")
    # A script or a configuration: a word of it.
    return re.compile(rf"(?<!\w){name}(?!\w)")


def missing(root: Path, document: str) -> list[str]:
    problems = []
    for path, name in NAMED.findall(document):
        file = root / path
        if not file.is_file():
            problems.append(f"there is no file {path}, which is to have {name!r}")
        elif not how_it_stands(file, name).search(file.read_text()):
            problems.append(f"{path} has no test {name!r}")
    return problems


def rows(document: str) -> list[list[str]]:
    """The cells of every line of every table but its head."""
    lines = [line for line in document.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = {index - 1 for index, row in enumerate(cells) if set(row[0]) <= {"-", ":"}}
    return [row for index, row in enumerate(cells) if index not in heads and not set(row[0]) <= {"-", ":"}]


def unproved(document: str) -> list[str]:
    """Lines of tables that neither name a test nor say why there is none."""
    return [row[0] for row in rows(document) if not NAMED.search(row[-1]) and not row[-1].startswith(REASONS)]


def incomplete(document: str) -> list[str]:
    wanted = [f"{section}.{number}" for section, numbers in REQUIREMENTS.items() for number in numbers]
    found = [row[0] for row in rows(document) if re.fullmatch(r"\d+\.\d+\.\d+", row[0])]
    problems = [f"{number} is missing" for number in wanted if number not in found]
    problems += [f"{number} is not of levels 1 and 2, or occurs twice" for number in found if found.count(number) > 1 or number not in wanted]
    return problems


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    problems, named = [], 0
    for name in ["docs/threat-model.md", "docs/asvs.md"]:
        document = (root / name).read_text()
        named += len(NAMED.findall(document))
        found = missing(root, document)
        found += [f"{row!r} names no test and gives no reason" for row in unproved(document)]
        found += incomplete(document) if name.endswith("asvs.md") else []
        problems += [f"{name}: {problem}" for problem in found]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{named} tests are named, and all of them exist")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
