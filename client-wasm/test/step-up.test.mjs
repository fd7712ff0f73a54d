/** The password shown again: by the program, or by itself where an operation asks for it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, signedIn } from "./support/client.mjs";

const BEGIN = "POST /api/auth/srp/step-up/initiate";
const CONFIRM = "POST /api/auth/srp/step-up/confirm";
const PUT = "PUT /api/auth/users/";
const EMAIL = { email: "other@example.com" };

/** Answers one after the other, and notes why it was asked. */
const person = (...answers) => {
  const asked = [];
  return { asked, onStepUp: async (why) => (asked.push(why), answers.shift() ?? null) };
};

test("the password is shown again, sealed around nothing", async (t) => {
  const { server, client } = await signedIn(t);
  assert.deepEqual(await client.stepUp({ password: PASSWORD }), { ok: true, expiresIn: 600, serverProved: true });
  assert.deepEqual(server.paths(), [BEGIN, CONFIRM]);
  assert.equal(server.requests[0].text, "");
  assert.deepEqual(server.desk.unsealed, [{ purpose: "step_up", content: "" }]);
});

test("without somebody to ask, the operation says what it needs", async (t) => {
  const { server, client } = await signedIn(t);
  const refused = await client.updateProfile(EMAIL);
  assert.deepEqual([refused.code, refused.httpStatus], ["step_up_required", 403]);
  assert.deepEqual(server.paths(), [PUT]);
  assert.equal((await client.stepUp({ password: PASSWORD })).ok, true);
  assert.deepEqual(await client.updateProfile(EMAIL), { ok: true });
});

test("an operation that needs it asks for the password, and is repeated once", async (t) => {
  const { asked, onStepUp } = person(PASSWORD);
  const { server, client } = await signedIn(t, { onStepUp });
  assert.deepEqual(await client.updateProfile(EMAIL), { ok: true });
  assert.deepEqual(server.paths(), [PUT, BEGIN, CONFIRM, PUT]);
  assert.deepEqual(asked, [{}]);
  assert.deepEqual(await client.updateProfile(EMAIL), { ok: true });
  assert.equal(asked.length, 1);
});

test("a server that asks again and again is asked no third time", async (t) => {
  const { asked, onStepUp } = person(PASSWORD, PASSWORD);
  const { server, client } = await signedIn(t, { onStepUp });
  server.lies["/api/auth/users/"] = () => ({ status: 403, body: { code: "step_up_required" } });
  assert.equal((await client.updateProfile(EMAIL)).code, "step_up_required");
  assert.deepEqual(server.paths(), [PUT, BEGIN, CONFIRM, PUT]);
  assert.equal(asked.length, 1);
});

test("whoever would rather not leaves the operation undone", async (t) => {
  const { asked, onStepUp } = person(null);
  const { server, client } = await signedIn(t, { onStepUp });
  assert.equal((await client.updateProfile(EMAIL)).code, "step_up_required");
  assert.deepEqual(server.paths(), [PUT]);
  assert.equal(asked.length, 1);
});

test("a wrong password is asked for again, three times at most", async (t) => {
  const { asked, onStepUp } = person("slip", PASSWORD);
  const { client } = await signedIn(t, { onStepUp });
  assert.equal((await client.updateProfile(EMAIL)).ok, true);
  assert.deepEqual(
    asked.map(({ failed }) => failed?.code),
    [undefined, "proof_rejected"],
  );

  const stubborn = person("one", "two", "three", "four");
  const other = await signedIn(t, { onStepUp: stubborn.onStepUp });
  assert.equal((await other.client.updateProfile(EMAIL)).code, "proof_rejected");
  assert.equal(stubborn.asked.length, 3);
  assert.equal(other.server.paths().filter((path) => path === PUT).length, 1, "nothing was repeated");
});

test("a refusal that another try would not mend ends the asking", async (t) => {
  const { asked, onStepUp } = person(PASSWORD, PASSWORD);
  const { server, client } = await signedIn(t, { onStepUp });
  server.lies["/api/auth/srp/step-up/confirm"] = () => ({
    status: 429,
    body: { code: "too_many_attempts" },
    headers: { "retry-after": "7" },
  });
  const refused = await client.updateProfile(EMAIL);
  assert.deepEqual([refused.code, refused.retryAfter], ["too_many_attempts", 7]);
  assert.equal(asked.length, 1);
});

test("several operations at once ask once", async (t) => {
  const { asked, onStepUp } = person(PASSWORD);
  const { server, client } = await signedIn(t, { onStepUp });
  const all = await Promise.all([client.updateProfile(EMAIL), client.updateProfile(EMAIL), client.updateProfile(EMAIL)]);
  assert.deepEqual(all, [{ ok: true }, { ok: true }, { ok: true }]);
  assert.equal(asked.length, 1);
  assert.equal(server.paths().filter((path) => path === CONFIRM).length, 1);
});

test("what the program's own function throws, or answers amiss, is its own affair", async (t) => {
  const thrown = new Error("the dialog fell over");
  const { client } = await signedIn(t, { onStepUp: () => Promise.reject(thrown) });
  await assert.rejects(client.updateProfile(EMAIL), thrown);
  const odd = await signedIn(t, { onStepUp: async () => 5 });
  await assert.rejects(odd.client.updateProfile(EMAIL), { code: "invalid_argument" });
});
