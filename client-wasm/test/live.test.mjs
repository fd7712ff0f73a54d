/**
 * The client against the real server. The tests follow one another: each is a chapter of one person's story.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { MemoryStorage } from "./support/client.mjs";
import { isGiven, isRequired, mailTo, startLive } from "./support/live.mjs";

const skip = isGiven || isRequired ? false : "the real server has a run of its own: npm run test:live";
const password = `canary-${randomUUID()} Ünïcode ﬁ`;
const person = `${randomUUID()}@example.com`;

let server;
let client;
let other;
const wire = [];

before(async () => {
  if (skip) return;
  assert.ok(isGiven, "TACIT_TEST_BASE_URL or TACIT_TEST_BINARY is needed");
  server = await startLive();
  client = new TacitClient({ baseUrl: server.url, storage: new MemoryStorage() });
  client.onWire((event) => wire.push(event));
  other = new TacitClient({ baseUrl: server.url });
});

after(() => server?.stop());

test("the server's realm is the one the client binds passwords to", { skip }, async () => {
  const { settings } = await client.settings();
  assert.equal(settings.realm, client.realm);
  assert.equal(settings.registrationEnabled, true);
});

test("an address can be checked, and most servers do not say", { skip }, async () => {
  assert.equal((await client.checkSignUp({ authId: person })).ok, true);
});

test("an unknown address is rejected like a wrong password", { skip }, async () => {
  const login = await client.login({ authId: person, password });
  assert.deepEqual([login.status, login.code], ["rejected", "proof_rejected"]);
});

test("a person signs up", { skip }, async () => {
  const signUp = await client.signUp({ authId: person, password, displayName: "Person", language: "en" });
  assert.equal(signUp.ok, true, JSON.stringify(signUp));
  assert.match(signUp.ticket, /^tk_/);
  assert.ok(signUp.expiresIn > 0 && signUp.resendAfter > 0);
});

test("the mail can be had again only after a while", { skip }, async () => {
  await mailTo(server.url, person);
  const again = await client.resendActivation({ authId: person });
  assert.equal(again.code, "resend_too_soon");
  assert.ok(again.retryAfter > 0 && again.retryAfter <= 60);
});

test("before the activation only this device is told that the password is right", { skip }, async () => {
  assert.equal((await client.login({ authId: person, password })).status, "not_activated");
  assert.equal((await client.login({ authId: person, password: "wrong" })).status, "rejected");
  assert.equal((await other.login({ authId: person, password })).status, "rejected");
});

test("a code that is wrong activates nothing", { skip }, async () => {
  assert.equal((await client.activate({ authId: person, code: "00000-00000" })).code, "activation_invalid");
});

test("the code of the mail activates, once", { skip }, async () => {
  const { code, secret } = await mailTo(server.url, person);
  assert.deepEqual(await client.activate({ authId: person, code: code.toLowerCase() }), { ok: true, authId: person });
  assert.equal((await client.activate({ token: secret })).code, "activation_invalid");
});

test("the link of the mail activates", { skip }, async () => {
  const linked = `${randomUUID()}@example.com`;
  await client.signUp({ authId: linked, password });
  const { secret } = await mailTo(server.url, linked);
  assert.deepEqual(await client.activate({ token: secret }), { ok: true, authId: linked });
  assert.equal((await new TacitClient({ baseUrl: server.url }).login({ authId: linked, password })).ok, true);
});

test("the login gives a session, and the server proves itself", { skip }, async () => {
  const login = await client.login({ authId: person, password: password.normalize("NFD"), deviceName: "First" });
  assert.equal(login.status, "signed_in", JSON.stringify(login));
  assert.equal(login.serverProved, true);
  assert.equal(login.user.email, person);
});

test("a wrong password is rejected", { skip }, async () => {
  assert.equal((await other.login({ authId: person, password: `${password} ` })).status, "rejected");
});

test("the person's own data", { skip }, async () => {
  const me = await client.me();
  assert.equal(me.ok, true, JSON.stringify(me));
  assert.deepEqual([me.user.email, me.user.displayName, me.user.isEmailVerified], [person, "Person", true]);
  assert.deepEqual([me.session.current, me.session.deviceName], [true, "First"]);
});

test("two sessions are listed, and one can end the other", { skip }, async () => {
  const second = await other.login({ authId: person, password, deviceName: "Second" });
  const { sessions, count } = await client.sessions.list();
  assert.equal(count, 2);
  assert.equal(sessions.find(({ current }) => current).deviceName, "First");
  assert.deepEqual(await client.sessions.revoke({ id: second.session.id }), { ok: true });
  assert.equal((await client.sessions.revoke({ id: second.session.id })).code, "session_unknown");
  assert.equal((await other.me()).ok, false);
  assert.equal(other.user, null);
});

test("all others can be ended at once", { skip }, async () => {
  await other.login({ authId: person, password });
  assert.deepEqual(await client.logoutOthers(), { ok: true, ended: 1 });
  assert.equal((await other.refresh()).code, "refresh_invalid");
  assert.equal((await client.me()).ok, true);
});

test("the token is renewed, and every time by another", { skip }, async () => {
  const before = await client.getAccessToken();
  assert.deepEqual(await Promise.all([client.refresh(), client.refresh()]), [{ ok: true }, { ok: true }]);
  const renewed = await client.getAccessToken();
  assert.notEqual(renewed.accessToken, before.accessToken);
  const response = await client.fetch("/v1/auth/me");
  assert.equal((await response.json()).user.email, person);
});

test("logging out ends the session", { skip }, async () => {
  assert.deepEqual(await client.logout(), { ok: true });
  assert.equal((await client.me()).code, "signed_out");
});

test("the password crossed the wire in no form", { skip }, () => {
  const crossed = JSON.stringify(wire);
  assert.ok(wire.length > 20);
  for (const form of [
    password,
    password.normalize("NFKC"),
    "canary",
    Buffer.from("canary").toString("hex"),
    Buffer.from("canary").toString("base64url").slice(0, -1),
  ]) {
    assert.ok(!crossed.includes(form), "a form of the password crossed");
  }
});
