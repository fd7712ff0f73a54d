/** A change of the password: what is sent, what it does here, and what becomes of refusals. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStorage, PASSWORD, PERSON, signedIn } from "./support/client.mjs";

const NEXT = "another Pässwörd, quite ﬁne";
const BEGIN = "POST /api/auth/srp/password/change/initiate";
const CONFIRM = "POST /api/auth/srp/password/change/confirm";

test("a changed password is the one that logs in, and the old one does not", async (t) => {
  const { server, client } = await signedIn(t);
  const before = server.accounts.get(PERSON).credential;
  assert.deepEqual(await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT }), {
    ok: true,
    serverProved: true,
  });
  assert.deepEqual(server.paths(), [BEGIN, CONFIRM]);
  const after = server.accounts.get(PERSON).credential;
  assert.notEqual(after.identity, before.identity);
  assert.notEqual(after.salt, before.salt);
  assert.equal((await client.me()).ok, true, "the session goes on");
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).status, "rejected");
  assert.equal((await client.login({ authId: PERSON, password: NEXT })).ok, true);
});

test("what is sealed is the new credential and whether the other sessions go on", async (t) => {
  const { server, client } = await signedIn(t);
  await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
  await client.changePassword({ currentPassword: NEXT, newPassword: PASSWORD, keepOtherSessions: true });
  const [first, second] = server.desk.unsealed.map(({ content }) => JSON.parse(content));
  assert.deepEqual(Object.keys(first), ["credential", "keep_other_sessions"]);
  assert.deepEqual(Object.keys(first.credential), ["identity", "salt", "preset", "verifier"]);
  assert.deepEqual([first.keep_other_sessions, second.keep_other_sessions], [false, true]);
  assert.deepEqual(server.accounts.get(PERSON).credential, second.credential);
});

test("neither password nor the new verifier crosses the wire in the open", async (t) => {
  const { server, client } = await signedIn(t);
  const wires = [];
  client.onWire((event) => wires.push(event));
  await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
  const { verifier, salt, identity } = server.accounts.get(PERSON).credential;
  const all = JSON.stringify(wires) + server.requests.map(({ text, headers }) => text + JSON.stringify(headers)).join();
  for (const secret of [PASSWORD, NEXT, NEXT.normalize("NFKC"), verifier, salt, identity]) {
    assert.ok(!all.includes(secret), secret.slice(0, 20));
  }
  assert.match(wires.at(-1).responseHeaders.M2, /^[0-9a-f]{64}$/);
});

test("the credential is tried before anything is sent", async (t) => {
  const phases = [];
  const { client } = await signedIn(t, { onPhase: (phase, operation) => phases.push([operation, phase].join(" ")) });
  phases.length = 0;
  await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
  const names = ["deriving", "checking", "sending", "deriving", "proving", "sending", "verifying"];
  assert.deepEqual(
    phases,
    names.map((name) => `changePassword ${name}`),
  );
});

test("a wrong current password is a refusal, and no reason to renew the token", async (t) => {
  const { server, client } = await signedIn(t);
  const credential = server.accounts.get(PERSON).credential;
  const refused = await client.changePassword({ currentPassword: `${PASSWORD}x`, newPassword: NEXT });
  assert.deepEqual([refused.ok, refused.code], [false, "proof_rejected"]);
  assert.deepEqual(server.paths(), [BEGIN, CONFIRM]);
  assert.equal(server.accounts.get(PERSON).credential, credential);
  assert.equal(client.user.email, PERSON);
});

test("a lost handshake is begun again once, with the credential made before", async (t) => {
  const phases = [];
  const { server, client } = await signedIn(t, { onPhase: (phase) => phases.push(phase) });
  for (const code of ["handshake_expired", "handshake_invalid", "handshake_spent"]) {
    let left = 1;
    server.requests.length = phases.length = 0;
    server.lies["/api/auth/srp/password/change/confirm"] = (honest) =>
      left-- > 0 ? { status: 401, body: { code } } : honest();
    const changed = await client.changePassword({ currentPassword: PASSWORD, newPassword: PASSWORD });
    assert.equal(changed.ok, true, code);
    assert.deepEqual(server.paths(), [BEGIN, CONFIRM, BEGIN, CONFIRM]);
    assert.equal(phases.filter((phase) => phase === "checking").length, 1);
  }
  server.requests.length = 0;
  server.lies["/api/auth/srp/password/change/confirm"] = () => ({ status: 401, body: { code: "handshake_spent" } });
  const lost = await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
  assert.equal(lost.code, "handshake_spent");
  assert.equal(server.requests.length, 4);
});

test("an access token that is refused is replaced, and the change goes on", async (t) => {
  const { server, client } = await signedIn(t);
  server.access.clear();
  assert.equal((await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT })).ok, true);
  assert.deepEqual(server.paths(), [BEGIN, "POST /v1/auth/refresh", BEGIN, CONFIRM]);
});

test("after a change this device counts as new: its token is not shown again", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  assert.match(storage.text, /dt_/);
  await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
  assert.doesNotMatch(storage.text, /dt_/);
  server.requests.length = 0;
  await client.login({ authId: PERSON, password: NEXT });
  assert.ok(server.requests.every(({ body }) => !("device_token" in body)));
});

test("what cannot be a password is told apart by name, and nothing is sent", async (t) => {
  const { server, client } = await signedIn(t);
  const half = "\ud800";
  for (const [input, name, code] of [
    [{ currentPassword: half, newPassword: NEXT }, "currentPassword", "password_unassigned"],
    [{ currentPassword: PASSWORD, newPassword: half }, "newPassword", "password_unassigned"],
    [{ currentPassword: PASSWORD, newPassword: "" }, "newPassword", "password_empty"],
    [{ currentPassword: PASSWORD, newPassword: "x".repeat(1025) }, "newPassword", "password_too_long"],
  ]) {
    const refused = await client.changePassword(input);
    assert.equal(refused.code, "password_invalid");
    assert.deepEqual(
      refused.fields.map((field) => [field.name, field.code]),
      [[name, code]],
    );
  }
  assert.deepEqual(server.paths(), []);
  const wrong = await client.changePassword({ currentPassword: "", newPassword: NEXT });
  assert.deepEqual(wrong.fields[0].name, "currentPassword");
  await assert.rejects(client.changePassword({ currentPassword: PASSWORD }), { code: "invalid_argument" });
  const odd = { currentPassword: PASSWORD, newPassword: NEXT, keepOtherSessions: "yes" };
  await assert.rejects(client.changePassword(odd), { code: "invalid_argument" });
});

test("without a session nothing is derived or sent", async (t) => {
  const { server, client } = await signedIn(t);
  await client.logout();
  server.requests.length = 0;
  const refused = await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
  assert.equal(refused.code, "signed_out");
  assert.deepEqual(server.paths(), []);
});

test("two changes at once are made one after the other", async (t) => {
  const { server, client } = await signedIn(t);
  const all = await Promise.all([
    client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT }),
    client.changePassword({ currentPassword: NEXT, newPassword: PASSWORD }),
  ]);
  assert.deepEqual(
    all.map(({ ok }) => ok),
    [true, true],
  );
  assert.deepEqual(server.paths(), [BEGIN, CONFIRM, BEGIN, CONFIRM]);
});

test("a change whose answer is lost may have been made, and the failure says so", async (t) => {
  const path = "/api/auth/srp/password/change/confirm";
  const lost = { raw: "<h1>Bad gateway</h1>", status: 502, headers: { "content-type": "text/html" } };
  const unsure = { status: 503, body: { code: "unavailable", detail: "The server cannot do this at the moment." } };
  for (const [code, answer] of [["network", { drop: true }], ["unavailable", lost], ["unavailable", unsure]]) {
    await t.test(`${code} ${answer.status ?? ""}`, async (t) => {
      const { server, client } = await signedIn(t);
      server.lies[path] = (honest) => (honest(), { status: 204, ...answer });
      const changed = await client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
      assert.deepEqual([changed.ok, changed.code, changed.mayBeDone], [false, code, true]);
      assert.match(changed.detail, /so nobody knows whether the password was changed\.$/);
      assert.equal((await client.login({ authId: PERSON, password: NEXT })).ok, true, "it was made");
    });
  }
});

test("a change that was not sent, or that the server refused, leaves no doubt", async (t) => {
  const { server, client } = await signedIn(t);
  const change = () => client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT });
  for (const path of [BEGIN, CONFIRM].map((line) => line.slice("POST ".length))) {
    server.lies = { [path]: () => ({ status: 500, body: { code: "internal" } }) };
    assert.ok(!("mayBeDone" in (await change())), path);
  }
  server.lies = { "/api/auth/srp/password/change/initiate": () => ({ drop: true }) };
  const refused = await change();
  assert.deepEqual([refused.code, "mayBeDone" in refused], ["network", false]);
});
