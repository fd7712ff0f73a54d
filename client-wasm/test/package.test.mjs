import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, symlinkSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { TacitClient } from "../dist/node.js";
import { Browser, PASSWORD, PERSON, serve } from "./support/client.mjs";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const read = (name) => readFileSync(join(dist, name));
const manifest = JSON.parse(read("package.json"));

test("the package resolves by its name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tacit-client-"));
  try {
    mkdirSync(join(folder, "node_modules/@tacit"), { recursive: true });
    symlinkSync(dist, join(folder, "node_modules/@tacit/client"));
    const resolve = createRequire(pathToFileURL(join(folder, "index.js"))).resolve;
    assert.ok(resolve("@tacit/client").endsWith("/node.js"));
    assert.ok(resolve("@tacit/client/integrity.json").endsWith("/integrity.json"));
    assert.throws(() => resolve("@tacit/client/client.js"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the package has the version of the workspace", () => {
  const workspace = readFileSync(new URL("../../Cargo.toml", import.meta.url), "utf8");
  assert.equal(manifest.version, /^version = "(.+)"$/m.exec(workspace)[1]);
});

test("every file the manifest names is there", () => {
  const named = [manifest.main, manifest.browser, manifest.types, ...Object.values(manifest.exports["."])];
  for (const name of named) assert.ok(readdirSync(dist).includes(name.slice(2)), name);
  assert.equal(manifest.sideEffects, false);
  assert.equal(manifest.dependencies, undefined);
});

test("the integrity file covers every other file", () => {
  const integrity = JSON.parse(read("integrity.json"));
  assert.deepEqual(
    Object.keys(integrity),
    readdirSync(dist)
      .filter((name) => name !== "integrity.json")
      .sort(),
  );
  for (const [name, hash] of Object.entries(integrity)) {
    assert.equal(hash, `sha384-${createHash("sha384").update(read(name)).digest("base64")}`, name);
  }
});

test("nothing needs a laxer content policy, or a network of its own", () => {
  for (const name of readdirSync(dist).filter((name) => name.endsWith(".js"))) {
    const text = read(name).toString();
    assert.doesNotMatch(text, /\beval\s*\(|new Function\b|\bFunction\s*\(|data:|blob:|importScripts/, name);
    assert.doesNotMatch(text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, ""), /https?:\/\/[a-z]/, name);
  }
});

test("what browsers load imports nothing of Node", () => {
  const seen = new Set();
  const follow = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const code = read(name)
      .toString()
      .replaceAll(/\/\*[^]*?\*\//g, "");
    for (const [, specifier] of code.matchAll(/(?:from|import)\s+"([^"]+)"/g)) {
      assert.match(specifier, /^\.\//, `${name} imports ${specifier}`);
      follow(specifier.slice(2));
    }
  };
  follow("index.js");
  follow("worker.js");
  assert.ok(seen.has("tacit.js") && !seen.has("node.js"));
});

test("the wasm names no path of the machine it was built on", () => {
  assert.doesNotMatch(read("tacit_bg.wasm").toString("latin1"), /\/home\/|\/root\/|\/work\//);
});

test("a worker that does not start is an error with a reason", async (t) => {
  const server = await serve(t);
  const worker = () => ({
    post: () => {},
    listen: (_, onFailure) => setTimeout(onFailure, 5, "blocked by the content policy"),
    terminate: () => {},
  });
  const tab = new Browser(t, { worker }).tab({ baseUrl: server.url });
  await assert.rejects(tab.signUp({ authId: PERSON, password: PASSWORD }), {
    code: "worker_failed",
    cause: "blocked by the content policy",
  });
  const refusing = new Browser(t, { worker: () => assert.fail("no workers here") }).tab({ baseUrl: server.url });
  await assert.rejects(refusing.signUp({ authId: PERSON, password: PASSWORD }), { code: "worker_failed" });
});

test("listeners see what crosses the wire, get copies, and can be removed", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });
  const events = [];
  const stop = client.onWire((event) => {
    events.push(event);
    event.responseBody.ticket = "changed";
  });
  const { ticket } = await client.signUp({ authId: PERSON, password: PASSWORD });
  assert.match(ticket, /^tk_/);
  const { method, path, requestBody, status } = events[0];
  assert.deepEqual([method, path, status], ["POST", "/api/auth/srp/sign-up", 201]);
  assert.deepEqual(requestBody, server.requests[0].body);
  assert.ok(!JSON.stringify(events).includes("canary"));
  stop();
  await client.resendActivation({ authId: PERSON });
  assert.equal(events.length, 1);
});
