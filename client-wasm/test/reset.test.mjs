/** A forgotten password: a mailed secret stands in for it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStorage, PASSWORD, PERSON, registered, signedIn } from "./support/client.mjs";

const NEXT = "another Pässwörd, quite ﬁne";

test("a reset is asked for by address", async (t) => {
  const { server, client } = await registered(t);
  assert.deepEqual(await client.requestReset({ authId: PERSON }), { ok: true, expiresIn: 1800, resendAfter: 60 });
  assert.deepEqual(server.requests[0].body, { auth_id: PERSON });
  server.lies["/api/auth/srp/password/reset"] = () => ({
    status: 429,
    body: { code: "resend_too_soon" },
    headers: { "retry-after": "42" },
  });
  const soon = await client.requestReset({ authId: PERSON });
  assert.deepEqual([soon.code, soon.retryAfter], ["resend_too_soon", 42]);
});

test("whether the secret is good can be asked, by link and by code", async (t) => {
  const { server, client } = await registered(t);
  assert.deepEqual(await client.validateReset({ token: PERSON }), { ok: true, authId: PERSON, expiresIn: 1740 });
  const byCode = { authId: PERSON, code: "7kq2m x4d9r" };
  assert.equal((await client.validateReset(byCode)).ok, true);
  assert.deepEqual(server.requests[1].body, { auth_id: PERSON, code: "7kq2m x4d9r" });
  const wrong = await client.validateReset({ token: "nobody" });
  assert.deepEqual([wrong.code, wrong.httpStatus], ["reset_invalid", 401]);
});

test("the new password logs in afterwards; nobody is signed in by the reset", async (t) => {
  const { server, client } = await registered(t);
  assert.deepEqual(await client.completeReset({ token: PERSON, password: NEXT }), { ok: true, authId: PERSON });
  const [{ body, text }] = server.requests;
  assert.deepEqual(Object.keys(body), ["token", "credential"]);
  assert.equal(body.credential.preset, 1);
  assert.ok(!text.includes(NEXT) && !text.includes(NEXT.normalize("NFKC")));
  assert.equal(client.user, null);
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).status, "rejected");
  assert.equal((await client.login({ authId: PERSON, password: NEXT })).ok, true);
});

test("the credential is tried before it is sent, and a used secret is a refusal", async (t) => {
  const phases = [];
  const { server, client } = await registered(t, { onPhase: (...phase) => phases.push(phase.join(" ")) });
  phases.length = 0;
  const refused = await client.completeReset({ authId: "nobody@example.com", code: "00000-00000", password: NEXT });
  assert.deepEqual([refused.code, refused.httpStatus], ["reset_invalid", 400]);
  assert.deepEqual(phases, ["deriving completeReset", "checking completeReset", "sending completeReset"]);
  server.requests.length = 0;
  assert.equal((await client.completeReset({ token: PERSON, password: "" })).code, "password_invalid");
  assert.deepEqual(server.paths(), []);
});

test("after a reset this device counts as new", async (t) => {
  const storage = new MemoryStorage();
  const { client } = await signedIn(t, { storage });
  assert.match(storage.text, /dt_/);
  await client.completeReset({ token: PERSON, password: NEXT });
  assert.doesNotMatch(storage.text, /dt_/);
});

test("one secret at a time, and answers of the right shape only", async (t) => {
  const { server, client } = await registered(t);
  for (const input of [{}, { token: "a", code: "b" }, { authId: PERSON }, { code: "b" }, { token: 5 }]) {
    await assert.rejects(client.validateReset(input), { code: "invalid_argument" });
    await assert.rejects(client.completeReset({ ...input, password: NEXT }), { code: "invalid_argument" });
  }
  await assert.rejects(client.requestReset({}), { code: "invalid_argument" });
  assert.deepEqual(server.paths(), []);
  for (const path of ["", "/validate", "/complete"]) {
    server.lies[`/api/auth/srp/password/reset${path}`] = () => ({ status: 200, body: {} });
  }
  await assert.rejects(client.requestReset({ authId: PERSON }), { code: "response_invalid" });
  await assert.rejects(client.validateReset({ token: PERSON }), { code: "response_invalid" });
  await assert.rejects(client.completeReset({ token: PERSON, password: NEXT }), { code: "response_invalid" });
});
