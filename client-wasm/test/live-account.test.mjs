/**
 * What people do with their password and their account, against the real server, chapter by chapter.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { isGiven, isRequired, mailTo, startLive } from "./support/live.mjs";

const skip = isGiven || isRequired ? false : "the real server has a run of its own: npm run test:live";
const person = `${randomUUID()}@example.com`;
const elsewhere = `${randomUUID()}@example.com`;
let password = `canary-first ${randomUUID()} Ünïcode ﬁ`;

let server;
let client;
let other;
const wire = [];

before(async () => {
  if (skip) return;
  assert.ok(isGiven, "TACIT_TEST_BASE_URL or TACIT_TEST_BINARY is needed");
  server = await startLive();
  client = new TacitClient({ baseUrl: server.url });
  client.onWire((event) => wire.push(event));
  other = new TacitClient({ baseUrl: server.url });
  await client.signUp({ authId: person, password });
  const { secret } = await mailTo(server.url, person);
  await client.activate({ token: secret });
  await client.login({ authId: person, password });
  await other.login({ authId: person, password });
});

after(() => server?.stop());

test("a wrong current password changes nothing, and ends nothing", { skip }, async () => {
  const refused = await client.changePassword({ currentPassword: "wrong", newPassword: "another one" });
  assert.equal(refused.code, "proof_rejected", JSON.stringify(refused));
  assert.equal((await client.me()).ok, true);
});

test("a changed password ends the other sessions, unless they are kept", { skip }, async () => {
  const next = `canary-second ${randomUUID()} ﬁ`;
  const kept = await client.changePassword({ currentPassword: password, newPassword: next, keepOtherSessions: true });
  assert.deepEqual(kept, { ok: true, serverProved: true });
  assert.equal((await other.refresh()).ok, true);
  const third = `canary-third ${randomUUID()} ﬁ`;
  assert.equal((await client.changePassword({ currentPassword: next, newPassword: third })).ok, true);
  assert.equal((await other.refresh()).ok, false);
  assert.equal((await client.me()).ok, true);
  assert.equal((await other.login({ authId: person, password: next })).status, "rejected");
  password = third;
  const login = await other.login({ authId: person, password });
  assert.equal(login.ok, true, JSON.stringify(login));
  assert.equal(login.upgrade, undefined);
});

test("the name can be changed at once, the address after a step-up", { skip }, async () => {
  assert.deepEqual(await client.updateProfile({ displayName: "Another Name" }), { ok: true });
  assert.equal((await client.me()).user.displayName, "Another Name");
  assert.equal((await client.updateProfile({ email: elsewhere })).code, "step_up_required");
  const stepped = await client.stepUp({ password });
  assert.equal(stepped.ok, true, JSON.stringify(stepped));
  assert.ok(stepped.expiresIn > 0 && stepped.expiresIn <= 600);
  assert.deepEqual(await client.updateProfile({ email: elsewhere }), { ok: true });
  assert.equal((await client.me()).user.email, person);
});

test("the new address counts once confirmed, and the old one can take it back", { skip }, async () => {
  const before = (await mailTo(server.url, person)).count;
  const { secret } = await mailTo(server.url, elsewhere);
  assert.deepEqual(await client.confirmEmail({ token: secret }), { ok: true, email: elsewhere });
  assert.equal((await client.confirmEmail({ token: secret })).code, "email_change_invalid");
  assert.equal((await client.me()).user.email, elsewhere);
  const undo = await mailTo(server.url, person, before + 1);
  assert.deepEqual(await client.undoEmail({ token: undo.secret }), { ok: true, email: person });
  assert.equal((await client.me()).ok, false);
  assert.equal((await client.login({ authId: person, password })).ok, true);
});

test("everything stored can be taken along", { skip }, async () => {
  const exported = await client.exportData();
  assert.equal(exported.ok, true, JSON.stringify(exported));
  assert.ok(exported.text.includes(person));
  assert.deepEqual(JSON.parse(exported.text), exported.data);
});

test("a forgotten password is reset by the mail's link, once", { skip }, async () => {
  const before = (await mailTo(server.url, person)).count;
  const asked = await other.requestReset({ authId: person });
  assert.equal(asked.ok, true, JSON.stringify(asked));
  assert.equal((await other.requestReset({ authId: person })).code, "resend_too_soon");
  const { secret } = await mailTo(server.url, person, before + 1);
  assert.equal((await other.validateReset({ token: "A".repeat(43) })).code, "reset_invalid");
  for (let turn = 0; turn < 2; turn += 1) assert.equal((await other.validateReset({ token: secret })).authId, person);
  const next = `canary-fourth ${randomUUID()} ﬁ`;
  assert.deepEqual(await other.completeReset({ token: secret, password: next }), { ok: true, authId: person });
  assert.equal((await other.completeReset({ token: secret, password: next })).code, "reset_invalid");
  assert.equal((await client.me()).ok, false, "every session has ended");
  assert.equal((await client.login({ authId: person, password })).status, "rejected");
  password = next;
  assert.equal((await client.login({ authId: person, password })).ok, true);
});

test("the account is deleted after the password was asked for by itself", { skip }, async () => {
  const asking = new TacitClient({ baseUrl: server.url, onStepUp: async () => password });
  asking.onWire((event) => wire.push(event));
  await asking.login({ authId: person, password });
  assert.deepEqual(await asking.deleteAccount(), { ok: true });
  assert.equal(asking.user, null);
  assert.equal((await client.login({ authId: person, password })).status, "rejected");
});

test("no password crossed the wire in any form", { skip }, () => {
  const crossed = JSON.stringify(wire);
  assert.ok(wire.length > 20);
  const forms = [Buffer.from("canary-").toString("hex"), Buffer.from("canary-").toString("base64url").slice(0, -1)];
  for (const form of ["canary-", "Ünïcode", ...forms]) assert.ok(!crossed.includes(form), "a form of the password crossed");
});
