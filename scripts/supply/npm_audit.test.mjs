/** The real npm against a registry that answers as this test wants it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("npm_audit.mjs", import.meta.url));

/** A folder whose lock file names `shipped` for production and `tool` for development. */
const project = (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tacit-audit-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const root = { name: "a", version: "1.0.0", dependencies: { shipped: "1.0.0" }, devDependencies: { tool: "1.0.0" } };
  const packages = { "": root, "node_modules/shipped": { version: "1.0.0" }, "node_modules/tool": { version: "1.0.0", dev: true } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(root));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ ...root, lockfileVersion: 3, packages }));
  return folder;
};

/** What the script says and how it ends, when the registry's audits are answered by `answer`. */
const audited = async (t, answer, limits = {}) => {
  const registry = createServer((request, response) => {
    if (request.method === "POST") return answer(response);
    const name = request.url.slice(1);
    const version = { name, version: "1.0.0", dist: {} };
    return response.end(JSON.stringify({ name, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }));
  });
  await new Promise((resolve) => registry.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    registry.closeAllConnections();
    registry.close();
  });
  const address = `http://127.0.0.1:${registry.address().port}/`;
  const home = project(t);
  const settings = { HOME: home, npm_config_registry: address, npm_config_fetch_retries: "0", ...limits };
  const run = spawn(process.execPath, [script, home], { env: { PATH: process.env.PATH, ...settings } });
  let said = "";
  for (const stream of [run.stdout, run.stderr]) stream.on("data", (text) => (said += text));
  const status = await new Promise((resolve) => run.on("close", resolve));
  return { status, said };
};

const advisory = (severity) => ({
  id: 1,
  url: "https://example.com/1",
  title: "a hole",
  severity,
  vulnerable_versions: "<2.0.0",
});
const json = (body) => (response) => response.setHeader("content-type", "application/json").end(JSON.stringify(body));

test("nothing known is no failure", async (t) => {
  const { status, said } = await audited(t, json({}));
  assert.equal(status, 0, said);
  assert.match(said, /0 known/);
});

test("a serious hole in what is shipped is a failure", async (t) => {
  for (const severity of ["high", "critical"]) {
    const { status, said } = await audited(t, json({ shipped: [advisory(severity)] }));
    assert.equal(status, 1, said);
    assert.match(said, new RegExp(`shipped .*${severity}`));
  }
});

test("a lesser one is named, one in a tool is not even that", async (t) => {
  const { status, said } = await audited(t, json({ shipped: [advisory("moderate")], tool: [advisory("critical")] }));
  assert.equal(status, 0, said);
  assert.match(said, /shipped .*moderate/);
  assert.doesNotMatch(said, /tool/);
});

test("a registry that does not answer audits is told from one that knows of nothing", async (t) => {
  const refusing = await audited(t, (response) => response.writeHead(405).end());
  assert.equal(refusing.status, 0, refusing.said);
  assert.match(refusing.said, /NOT CHECKED.*405/);
  const silent = await audited(t, () => {}, { TACIT_TEST_AUDIT_TIMEOUT: "5000" });
  assert.equal(silent.status, 0, silent.said);
  assert.match(silent.said, /NOT CHECKED.*5 s/);
});
