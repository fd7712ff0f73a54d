#!/usr/bin/env python3
"""Writes the bills of materials of a release, in CycloneDX 1.5: one of the server, one of the npm package.

    scripts/supply/sbom.py FOLDER

Everything comes from the lock files and the crates' own sources, so the same commit gives the same bytes. What only a
build needs (procedural macros, build scripts) is listed with the scope `excluded`.
"""

import base64
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from urllib.parse import quote

from graph import BUILD_TOOL, ROOT, WORKSPACE, cargo, metadata, taken_in, tree

HOST = "x86_64-unknown-linux-gnu"
WASM = "wasm32-unknown-unknown"

# What crates carry inside them that is not Rust: where its version stands, how it is called elsewhere.
CARRIED = {
    "libsqlite3-sys": {
        "name": "sqlite",
        "file": "sqlite3/sqlite3.h",
        "version": r'#define SQLITE_VERSION +"([0-9.]+)"',
        "licence": {"license": {"name": "Public Domain"}},
        "cpe": "cpe:2.3:a:sqlite:sqlite:{}:*:*:*:*:*:*:*",
        "purl": "pkg:generic/sqlite@{}",
    },
    "aws-lc-sys": {
        "name": "aws-lc",
        "file": "aws-lc/include/openssl/base.h",
        "version": r'AWSLC_VERSION_NUMBER_STRING "([0-9.]+)"',
        "licence": {"expression": "Apache-2.0 AND ISC"},
        "cpe": "cpe:2.3:a:amazon:aws-lc:{}:*:*:*:*:*:*:*",
        "purl": "pkg:github/aws/aws-lc@v{}",
    },
    "poem-openapi": {
        "name": "swagger-ui",
        "file": "src/ui/swagger_ui/swagger-ui-bundle.js",
        "version": r'PACKAGE_VERSION:"([0-9.]+)"',
        "licence": {"license": {"id": "Apache-2.0"}},
        "cpe": "cpe:2.3:a:smartbear:swagger_ui:{}:*:*:*:*:*:*:*",
        "purl": "pkg:npm/swagger-ui-dist@{}",
    },
}


class Bill:
    """One document, filled step by step."""

    def __init__(self, subject: dict) -> None:
        self.subject = subject
        self.components: dict[str, dict] = {}
        self.depends: dict[str, set[str]] = {subject["bom-ref"]: set()}

    def add(self, component: dict, *users: str) -> None:
        reference = component["bom-ref"]
        self.components[reference] = component
        self.depends.setdefault(reference, set())
        for user in users:
            self.depends[user].add(reference)

    def document(self) -> dict:
        graph = [{"ref": ref, "dependsOn": sorted(used)} for ref, used in sorted(self.depends.items())]
        document = {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {"component": self.subject},
            "components": [self.components[reference] for reference in sorted(self.components)],
            "dependencies": graph,
        }
        # No time and no random number: the name of a document follows from what it says.
        name = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
        return {"serialNumber": f"urn:uuid:{name}", **document}


def checksums(lock: Path) -> dict[tuple[str, str], str]:
    packages = tomllib.loads(lock.read_text())["package"]
    return {(package["name"], package["version"]): package["checksum"] for package in packages if "checksum" in package}


def add_crates(bill: Bill, root: str, target: str) -> None:
    """Everything that a build of one crate of ours takes in on one platform."""
    found = metadata(WORKSPACE, "--filter-platform", target)
    named = ("--package", root, "--target", target, "--edges")
    everything = tree(WORKSPACE, *named, "normal,build")
    # Procedural macros run in the compiler, with all that only they use.
    inside = tree(WORKSPACE, *named, "normal,no-proc-macro")
    packages = {package["id"]: package for package in taken_in(found, everything)}
    sums = checksums(ROOT / "Cargo.lock")
    references = {}
    for ident, package in packages.items():
        component = crate(package, sums)
        component["scope"] = "required" if key(package) in inside else "excluded"
        if package["name"] == root:
            references[ident] = bill.subject["bom-ref"]
            continue
        references[ident] = component["bom-ref"]
        bill.add(component)
        if package["name"] in CARRIED:
            bill.add(carried(package), component["bom-ref"])
    for node in found["resolve"]["nodes"]:
        if node["id"] in references:
            kinds = {edge["pkg"]: {kind["kind"] for kind in edge["dep_kinds"]} for edge in node["deps"]}
            used = [references[pkg] for pkg in kinds if pkg in references and kinds[pkg] - {"dev"}]
            bill.depends[references[node["id"]]].update(used)


def key(package: dict) -> tuple[str, str]:
    return package["name"], package["version"]


def crate(package: dict, sums: dict[tuple[str, str], str]) -> dict:
    name, version = key(package)
    component = {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version}
    component["licenses"] = [{"expression": package["license"].replace(" / ", "/").replace("/", " OR ")}]
    # Ours are on no registry, so they have neither a checksum nor an address there.
    if package["source"] is not None:
        component["bom-ref"] = component["purl"] = f"pkg:cargo/{name}@{quote(version)}"
        component["hashes"] = [{"alg": "SHA-256", "content": sums[name, version]}]
    if package["repository"]:
        component["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return component


def carried(package: dict) -> dict:
    """What a crate carries inside it."""
    about = CARRIED[package["name"]]
    text = (Path(package["manifest_path"]).parent / about["file"]).read_text(errors="replace")
    stated = re.search(about["version"], text)
    if stated is None:
        raise SystemExit(f"{package['name']}: {about['file']} does not say the version of {about['name']} any more")
    version = stated[1]
    purl = about["purl"].format(version)
    component = {"type": "library", "bom-ref": purl, "name": about["name"], "version": version, "scope": "required"}
    return {**component, "licenses": [about["licence"]], "purl": purl, "cpe": about["cpe"].format(version)}


def add_standard_library(bill: Bill) -> None:
    """Linked into everything, and named by no lock file."""
    version = cargo("--version").split()[1]
    purl = f"pkg:generic/rust-std@{version}"
    component = {"type": "framework", "bom-ref": purl, "name": "rust-std", "version": version, "scope": "required"}
    bill.add({**component, "licenses": [{"expression": "MIT OR Apache-2.0"}], "purl": purl}, bill.subject["bom-ref"])


def add_npm(bill: Bill, folder: str, user: str) -> None:
    """What a lock file of npm names for production."""
    for path, package in json.loads((ROOT / folder / "package-lock.json").read_text())["packages"].items():
        name = path.rpartition("node_modules/")[2]
        if not name or package.get("dev"):
            continue
        purl = f"pkg:npm/{quote(name, safe='/')}@{package['version']}"
        algorithm, _, digest = package["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        component = {"type": "library", "bom-ref": purl, "name": name, "version": package["version"], "scope": "required"}
        component["licenses"] = [{"expression": package["license"]}]
        component["purl"] = purl
        component["hashes"] = [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": content}]
        bill.add(component, user)


def of_the_server(version: str, licence: str) -> dict:
    subject = {"type": "application", "bom-ref": f"tacit@{version}", "name": "tacit", "version": version}
    bill = Bill({**subject, "licenses": [{"expression": licence}]})
    add_crates(bill, "tacit", HOST)
    add_standard_library(bill)
    # The binary serves the npm package and the demo.
    bill.add(client_package(version, licence), bill.subject["bom-ref"])
    add_npm(bill, "web-demo", bill.subject["bom-ref"])
    return bill.document()


def of_the_client(version: str, licence: str) -> dict:
    bill = Bill(client_package(version, licence))
    add_crates(bill, "tacit-client-wasm", WASM)
    add_standard_library(bill)
    # Writes the JavaScript around the wasm, and so is part of what is shipped.
    for package in metadata(BUILD_TOOL)["packages"]:
        if package["name"] == "wasm-bindgen-cli-support":
            bill.add(crate(package, checksums(BUILD_TOOL.parent / "Cargo.lock")), bill.subject["bom-ref"])
    return bill.document()


def client_package(version: str, licence: str) -> dict:
    purl = f"pkg:npm/%40tacit/client@{version}"
    component = {"type": "library", "bom-ref": purl, "name": "@tacit/client", "version": version}
    return {**component, "licenses": [{"expression": licence}], "purl": purl}


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: scripts/supply/sbom.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    ours = tomllib.loads(WORKSPACE.read_text())["workspace"]["package"]
    version, licence = ours["version"], ours["license"]
    bills = {"tacit": of_the_server(version, licence), "tacit-client": of_the_client(version, licence)}
    for name, document in bills.items():
        file = folder / f"{name}-{version}.cdx.json"
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        print(f"{file}: {len(document['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
