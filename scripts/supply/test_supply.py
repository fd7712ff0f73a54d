"""The check of deny.toml finds what it is there to find, and the bills of materials are whole.

    .cache/venv/bin/python -m unittest discover scripts/supply
"""

import copy
import json
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

sys.path.insert(0, str(Path(__file__).parent))
import deny  # noqa: E402
import sbom  # noqa: E402
from graph import ROOT  # noqa: E402

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
TABLES = tomllib.loads((ROOT / "deny.toml").read_text())


def package(name="a", version="1.0.0", licence="MIT", source=CRATES_IO, **more):
    manifest = f"{ROOT}/a/Cargo.toml"
    about = {"name": name, "version": version, "license": licence, "source": source, "manifest_path": manifest}
    return {**about, "publish": None, "dependencies": [], **more}


class Licences(unittest.TestCase):
    ALLOWED = {"MIT", "ISC", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"}

    def problems(self, licence):
        return deny.licences({"allow": self.ALLOWED}, [package(licence=licence)], set())

    def test_what_is_allowed_passes(self):
        for good in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "GPL-3.0-only/MIT",
            "MIT AND ISC",
            "MIT AND (GPL-3.0-only OR ISC)",
            "Apache-2.0 WITH LLVM-exception",
        ]:
            self.assertEqual(self.problems(good), [], good)

    def test_what_is_not_allowed_is_named(self):
        for bad in [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "MIT AND ISC AND GPL-3.0-only",
            "(MIT OR ISC) AND GPL-3.0-only",
            "MIT WITH LLVM-exception",
            "MIT OR",
            "(MIT",
            "MIT ISC",
            None,
            "",
        ]:
            self.assertEqual(len(self.problems(bad)), 1, bad)

    def test_and_binds_tighter_than_or(self):
        self.assertEqual(self.problems("MIT OR ISC AND GPL-3.0-only"), [])
        self.assertEqual(self.problems("GPL-3.0-only AND ISC OR MIT"), [])

    def test_an_exception_is_for_one_crate(self):
        table = {"allow": self.ALLOWED, "exceptions": [{"name": "b", "allow": ["NCSA"]}]}
        self.assertEqual(deny.licences(table, [package("b", licence="MIT AND NCSA")], set()), [])
        self.assertEqual(len(deny.licences(table, [package("a", licence="MIT AND NCSA")], set())), 1)

    def test_our_own_unpublished_crates_need_none(self):
        self.assertEqual(deny.licences({"allow": []}, [package(licence=None, source=None, publish=[])], set()), [])


class Bans(unittest.TestCase):
    def problems(self, *packages):
        return deny.bans(TABLES["bans"], list(packages))

    def test_a_banned_crate_is_found(self):
        self.assertEqual(self.problems(package("a"), package("b")), [])
        for banned in ["ring", "openssl", "openssl-sys", "native-tls"]:
            self.assertEqual(len(self.problems(package("a"), package(banned))), 1, banned)

    def test_two_versions_are_found_where_there_must_be_one(self):
        self.assertEqual(self.problems(package("rustls", "0.23.0"), package("syn", "1.0.0"), package("syn", "2.0.0")), [])
        self.assertEqual(len(self.problems(package("rustls", "0.23.0"), package("rustls", "0.22.0"))), 1)

    def test_any_version_of_a_crate_is_too_much(self):
        def ours(**used):
            return package("tacit", source=None, dependencies=[{"name": "b", "path": None, **used}])

        self.assertEqual(self.problems(ours(req="^1")), [])
        self.assertEqual(self.problems(ours(req="*", path="/b")), [])
        self.assertEqual(len(self.problems(ours(req="*"))), 1)


class Sources(unittest.TestCase):
    def problems(self, **about):
        return deny.sources(TABLES["sources"], [package(**about)], ROOT)

    def test_only_the_registry_and_this_repository_are_sources(self):
        self.assertEqual(self.problems(), [])
        self.assertEqual(self.problems(source=None), [])
        self.assertEqual(len(self.problems(source="git+https://github.com/a/a?rev=1#1")), 1)
        self.assertEqual(len(self.problems(source="registry+https://registry.example.com/index")), 1)
        self.assertEqual(len(self.problems(source=None, manifest_path="/elsewhere/Cargo.toml")), 1)


class Tables(unittest.TestCase):
    def problems(self, change):
        tables = copy.deepcopy(TABLES)
        change(tables)
        return deny.unknown_keys(tables)

    def test_a_key_this_check_does_not_know_is_refused(self):
        self.assertEqual(self.problems(lambda tables: None), [])
        self.assertEqual(len(self.problems(lambda tables: tables["bans"].update(skip=[]))), 1)
        self.assertEqual(len(self.problems(lambda tables: tables["licenses"].update(clarify=[]))), 1)
        self.assertEqual(len(self.problems(lambda tables: tables["bans"]["deny"][0].update(wrappers=["b"]))), 1)

    def test_a_value_that_means_something_else_is_refused(self):
        self.assertEqual(len(self.problems(lambda tables: tables["sources"].update({"unknown-git": "warn"}))), 1)


class Bills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server, cls.client = cls.write("first")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def write(cls, name):
        folder = Path(cls.folder.name) / name
        subprocess.run([sys.executable, ROOT / "scripts/supply/sbom.py", folder], check=True, stdout=subprocess.DEVNULL)
        return [file.read_text() for file in sorted(folder.iterdir(), key=lambda file: "client" in file.name)]

    def components(self, text):
        return {component["name"]: component for component in json.loads(text)["components"]}

    def test_both_are_cyclonedx(self):
        validator = JsonStrictValidator(SchemaVersion.V1_5)
        for text in [self.server, self.client]:
            self.assertIsNone(validator.validate_str(text))
        broken = json.loads(self.client)
        del broken["components"][0]["name"]
        self.assertIsNotNone(validator.validate_str(json.dumps(broken)), "the validator finds faults at all")

    def test_the_same_sources_give_the_same_bytes(self):
        self.assertEqual(self.write("second"), [self.server, self.client])

    def test_every_crate_of_the_registry_has_the_checksum_of_the_lock_file(self):
        locks = [(ROOT / "Cargo.lock").read_text(), (ROOT / "client-wasm/build-tool/Cargo.lock").read_text()]
        for text in [self.server, self.client]:
            crates = [part for part in json.loads(text)["components"] if part.get("purl", "").startswith("pkg:cargo/")]
            self.assertGreater(len(crates), 30)
            for crate in crates:
                stated = f'checksum = "{crate["hashes"][0]["content"]}"'
                self.assertTrue(any(stated in lock for lock in locks), crate["name"])

    def test_the_graph_names_every_component_and_nothing_else(self):
        for text in [self.server, self.client]:
            document = json.loads(text)
            subject = document["metadata"]["component"]["bom-ref"]
            parts = {part["bom-ref"] for part in document["components"]} | {subject}
            edges = {entry["ref"]: entry["dependsOn"] for entry in document["dependencies"]}
            self.assertEqual(set(edges), parts)
            self.assertEqual({ref for used in edges.values() for ref in used} | {subject}, parts, "nothing hangs loose")

    def test_each_names_what_it_ships_and_nothing_of_the_tests(self):
        server, client = self.components(self.server), self.components(self.client)
        for name in ["poem", "sqlx-core", "aws-lc", "sqlite", "swagger-ui", "rust-std", "@tacit/client", "@zxcvbn-ts/core"]:
            self.assertEqual(server[name].get("scope", "required"), "required", name)
        for name in ["argon2", "tacit-shared", "wasm-bindgen", "wasm-bindgen-cli-support", "rust-std"]:
            self.assertIn(name, client)
        for name in ["poem", "tokio", "aws-lc", "sqlite"]:
            self.assertNotIn(name, client)
        for name in ["proptest", "rcgen", "playwright-core"]:
            self.assertNotIn(name, server | client)
        self.assertEqual(server["syn"]["scope"], "excluded", "runs in the compiler only")


if __name__ == "__main__":
    unittest.main()
