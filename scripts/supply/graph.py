"""What Cargo says of dependencies, for the scripts beside it."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORKSPACE = ROOT / "Cargo.toml"
BUILD_TOOL = ROOT / "client-wasm/build-tool/Cargo.toml"
BUILT = {"target", "node_modules", "dist", ".git", ".cache"}


def manifests() -> list[Path]:
    """Whatever has a lock file of its own."""
    found = []
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if name not in BUILT]
        if "Cargo.lock" in files:
            found.append(Path(folder) / "Cargo.toml")
    return sorted(found)


def cargo(*arguments: str) -> str:
    """What a cargo command prints; its complaints go where ours go."""
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def metadata(manifest: Path, *arguments: str) -> dict:
    """The packages and the resolved graph of a workspace, as locked."""
    more = ("--locked", "--format-version", "1", "--manifest-path", str(manifest))
    return json.loads(cargo("metadata", *more, *arguments))


def tree(manifest: Path, *arguments: str) -> set[tuple[str, str]]:
    """Name and version of every package that a build takes in.

    The resolved graph of `metadata` names more: crates that belong to a feature nobody switched on.
    """
    more = ("--locked", "--manifest-path", str(manifest), "--prefix", "none", "--format", "{p}")
    words = [line.split() for line in cargo("tree", *more, *arguments).splitlines() if line]
    return {(line[0], line[1].removeprefix("v")) for line in words}


def taken_in(found: dict, names: set[tuple[str, str]]) -> list[dict]:
    """The packages of `metadata` that `tree` names."""
    packages = [package for package in found["packages"] if (package["name"], package["version"]) in names]
    if len(packages) != len(names):
        raise SystemExit("cargo metadata and cargo tree do not name the same packages")
    return packages
