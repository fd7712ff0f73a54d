/** A credential with less stretching than today's is renewed after a login, by itself. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, PERSON, registered } from "./support/client.mjs";
import { OLD_PASSWORD, outdated } from "./support/outdated.mjs";
import { wire } from "./support/srp.mjs";

const BEGIN = "POST /api/auth/srp/password/change/initiate";
const CONFIRM = "POST /api/auth/srp/password/change/confirm";
const LOGIN = ["POST /api/auth/srp/login/email", "POST /api/auth/srp/login/proof"];

test("an outdated credential is renewed after the login, and the password stays the same", async (t) => {
  const phases = [];
  const onPhase = (phase, operation) => operation === "upgrade" && phases.push(phase);
  const { server, client, account } = await outdated(t, { onPhase });
  const login = await client.login({ authId: PERSON, password: OLD_PASSWORD });
  assert.equal(login.ok, true, JSON.stringify(login));
  assert.deepEqual(await login.upgrade, { ok: true });
  assert.deepEqual(server.paths(), [...LOGIN, BEGIN, CONFIRM]);
  assert.deepEqual(server.requests[2].body, { purpose: "upgrade" });
  const [{ purpose, content }] = server.desk.unsealed;
  assert.deepEqual([purpose, Object.keys(JSON.parse(content))], ["upgrade", ["credential"]]);
  assert.equal(account.credential.preset, 1);
  const names = ["deriving", "checking", "sending", "deriving", "proving", "sending", "verifying"];
  assert.deepEqual(phases, names);

  const again = await client.login({ authId: PERSON, password: OLD_PASSWORD });
  assert.equal(again.ok, true);
  assert.equal(again.upgrade, undefined, "once is enough");
});

test("the login does not wait for it", async (t) => {
  const { server, client } = await outdated(t);
  let release;
  const after = new Promise((resolve) => (release = resolve));
  server.lies["/api/auth/srp/password/change/initiate"] = (honest) => ({ ...honest(), after });
  const login = await client.login({ authId: PERSON, password: OLD_PASSWORD });
  assert.equal(login.ok, true);
  assert.equal((await client.me()).ok, true);
  release();
  assert.deepEqual(await login.upgrade, { ok: true });
});

test("a credential of today is left alone", async (t) => {
  const { client, server } = await registered(t);
  const login = await client.login({ authId: PERSON, password: PASSWORD });
  assert.equal("upgrade" in login, false);
  assert.deepEqual(server.paths(), LOGIN);
});

test("whatever goes wrong with it, the login stands", async (t) => {
  const { server, client, account } = await outdated(t);
  const path = "/api/auth/srp/password/change";
  const refusals = {
    internal: { [`${path}/initiate`]: () => ({ status: 500, body: { code: "internal" } }) },
    response_invalid: { [`${path}/initiate`]: () => ({ status: 200, body: {} }) },
    preset_unknown: { [`${path}/initiate`]: (honest) => ({ status: 200, body: { ...honest().body, preset: 9 } }) },
    credential_replaced: { [`${path}/confirm`]: () => ({ status: 401, body: { code: "credential_replaced" } }) },
    server_not_proved: { [`${path}/confirm`]: () => ({ status: 204, headers: { M2: "00".repeat(32) } }) },
  };
  for (const [code, lies] of Object.entries(refusals)) {
    server.lies = lies;
    const login = await client.login({ authId: PERSON, password: OLD_PASSWORD });
    assert.equal(login.ok, true, code);
    assert.equal((await login.upgrade).code, code);
    assert.equal((await client.me()).ok, true, code);
  }
  assert.equal(account.credential.preset, 3);
});

test("a server that names a weak preset and cannot prove itself gets no new credential", async (t) => {
  const { server, client } = await registered(t);
  server.lies["/api/auth/srp/login/email"] = (honest) => {
    const { body } = honest();
    return { status: 200, body: { ...body, preset: 3, B: wire(12345678901234567890n, 3) } };
  };
  const login = await client.login({ authId: PERSON, password: PASSWORD });
  assert.equal(login.ok, false);
  assert.deepEqual(server.paths(), LOGIN);
});

test("a change that follows at once waits for it", async (t) => {
  const { server, client, account } = await outdated(t);
  const login = await client.login({ authId: PERSON, password: OLD_PASSWORD });
  const changed = await client.changePassword({ currentPassword: OLD_PASSWORD, newPassword: PASSWORD });
  assert.deepEqual([await login.upgrade, changed.ok], [{ ok: true }, true]);
  assert.equal(account.credential.preset, 1);
  assert.deepEqual(server.paths(), [...LOGIN, BEGIN, CONFIRM, BEGIN, CONFIRM]);
});

test("it is no business of the session that comes after", async (t) => {
  const { server, client } = await outdated(t);
  let release;
  const after = new Promise((resolve) => (release = resolve));
  server.lies["/api/auth/srp/password/change/initiate"] = () => {
    delete server.lies["/api/auth/srp/password/change/initiate"];
    return { status: 401, body: { code: "handshake_invalid" }, after };
  };
  const login = await client.login({ authId: PERSON, password: OLD_PASSWORD });
  while (!server.paths().includes(BEGIN)) await new Promise((resolve) => setTimeout(resolve, 5));
  await client.login({ authId: PERSON, password: OLD_PASSWORD });
  const count = server.paths().filter((path) => path === CONFIRM).length;
  release();
  assert.equal((await login.upgrade).code, "signed_out");
  assert.equal(server.paths().filter((path) => path === CONFIRM).length, count);
});

test("a changed password is always made with today's preset, whatever the old one had", async (t) => {
  const { server, client, account } = await outdated(t);
  server.lies["/api/auth/srp/password/change/initiate"] = () => ({ status: 503, body: { code: "unavailable" } });
  await (
    await client.login({ authId: PERSON, password: OLD_PASSWORD })
  ).upgrade;
  server.lies = {};
  const changed = await client.changePassword({ currentPassword: OLD_PASSWORD, newPassword: PASSWORD });
  assert.equal(changed.ok, true);
  assert.equal(account.credential.preset, 1);
});

