import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { MemoryStorage, PASSWORD, PERSON, registered, serve } from "./support/client.mjs";
import { FakeServer } from "./support/server.mjs";

test("a person signs up, activates and logs in, and the password crosses in no form", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });

  const signUp = await client.signUp({ authId: PERSON, password: PASSWORD, displayName: "Person", language: "de" });
  assert.equal(signUp.ok, true);
  assert.match(signUp.ticket, /^tk_/);
  assert.equal((await client.activate({ authId: PERSON, code: "7QK2M-9XWTB" })).ok, true);
  const login = await client.login({ authId: PERSON, password: PASSWORD, deviceName: "test" });
  assert.equal(login.status, "signed_in");
  assert.equal(login.serverProved, true);
  assert.deepEqual(login.user, { id: server.accounts.get(PERSON).id, email: PERSON });

  assert.deepEqual(Object.keys(server.requests[0].body), ["auth_id", "credential", "display_name", "language"]);
  assert.equal(server.requests[0].body.credential.preset, 1);
  assert.equal(server.requests.at(-1).body.device_name, "test");
  assert.equal(server.requests.at(-1).body.refresh_delivery, "body");
  const sent = server.requests.map(({ text, path }) => path + text).join("\n");
  assert.ok(!sent.includes("canary") && !sent.includes(Buffer.from(PASSWORD).toString("hex")));
});

test("a wrong password is rejected and nothing is kept", async (t) => {
  const { client } = await registered(t);
  const login = await client.login({ authId: PERSON, password: "another" });
  assert.deepEqual([login.ok, login.status, login.code], [false, "rejected", "proof_rejected"]);
  assert.equal((await client.getAccessToken()).code, "signed_out");
  assert.equal(client.user, null);
});

test("one password typed in two normal forms is one password", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });
  await client.signUp({ authId: PERSON, password: "Ångström ﬁn".normalize("NFD") });
  await client.activate({ token: PERSON });
  assert.equal((await client.login({ authId: PERSON, password: "Ångström fin" })).ok, true);
});

test("blanks around a password belong to it", async (t) => {
  const { client } = await registered(t);
  assert.equal((await client.login({ authId: PERSON, password: ` ${PASSWORD}` })).status, "rejected");
});

test("what cannot be a password is a value, and nothing is sent for it", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });
  const reasons = {
    "": "password_empty",
    ["x".repeat(1025)]: "password_too_long",
    "a\u{378}": "password_unassigned",
    "a\ud800": "password_unassigned",
  };
  for (const [password, reason] of Object.entries(reasons)) {
    const signUp = await client.signUp({ authId: PERSON, password });
    assert.deepEqual([signUp.ok, signUp.code, signUp.fields[0].code], [false, "password_invalid", reason]);
  }
  assert.deepEqual(server.requests, []);
});

test("the ticket of a sign-up is shown until it is activated", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });
  const { ticket } = await client.signUp({ authId: PERSON, password: PASSWORD });

  const early = await client.login({ authId: ` ${PERSON.toUpperCase()}`, password: PASSWORD });
  assert.equal(server.requests.at(-1).body.ticket, ticket, "another spelling of the address finds it too");
  assert.equal(early.ok, false);
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).status, "not_activated");
  assert.equal((await client.resendActivation({ authId: PERSON })).resendAfter, 60);
  assert.deepEqual(server.requests.at(-1).body, { auth_id: PERSON, ticket });

  await client.activate({ token: PERSON });
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).ok, true);
  assert.equal(server.requests.at(-2).body.ticket, undefined);
});

test("who has an account and signs up again still logs in with the old password", async (t) => {
  const { server, client } = await registered(t);
  await client.signUp({ authId: PERSON, password: "a new one" });
  const login = await client.login({ authId: PERSON, password: PASSWORD });
  assert.equal(login.ok, true);
  const tickets = server.requests
    .filter(({ path }) => path.endsWith("/login/email"))
    .map(({ body }) => "ticket" in body);
  assert.deepEqual(tickets, [true, false]);
});

test("a wrong password is proved once where the ticket's sign-up is over", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });
  await client.signUp({ authId: PERSON, password: PASSWORD });
  // By the link in the mail, opened on another device: this one keeps its ticket.
  await new TacitClient({ baseUrl: server.url }).activate({ token: PERSON });
  server.requests.length = 0;
  assert.equal((await client.login({ authId: PERSON, password: "wrong" })).status, "rejected");
  assert.equal(server.paths().filter((path) => path.endsWith("/login/proof")).length, 1);
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).ok, true);
});

test("a device is not remembered where the person does not want it", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await registered(t, { storage });
  const proof = () => server.requests.findLast(({ path }) => path.endsWith("/login/proof")).body;
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD, rememberDevice: false })).ok, true);
  assert.equal("remember_device" in proof(), false);
  assert.doesNotMatch(storage.text, /dt_/);

  await client.login({ authId: PERSON, password: PASSWORD });
  assert.equal(proof().remember_device, true);
  assert.match(storage.text, /dt_/);
  // What was remembered before serves once more, and is forgotten with it.
  await client.login({ authId: PERSON, password: PASSWORD, rememberDevice: false });
  assert.match(proof().device_token, /^dt_/);
  assert.doesNotMatch(storage.text, /dt_/);
  await assert.rejects(client.login({ authId: PERSON, password: PASSWORD, rememberDevice: "no" }), { code: "invalid_argument" });
});

test("the phases come in order", async (t) => {
  const phases = [];
  const { server } = await registered(t);
  const client = new TacitClient({
    baseUrl: server.url,
    onPhase: (phase, operation) => phases.push(`${operation} ${phase}`),
  });
  await client.login({ authId: PERSON, password: PASSWORD });
  assert.deepEqual(phases, ["login sending", "login deriving", "login proving", "login sending", "login verifying"]);
});

test("a handshake the server has lost is begun anew, once", async (t) => {
  const { server, client } = await registered(t);
  const path = "/api/auth/srp/login/proof";
  const lost = { status: 401, body: { code: "handshake_invalid", detail: "lost" } };
  server.lies[path] = () => {
    delete server.lies[path];
    return lost;
  };
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).ok, true);
  server.lies[path] = () => lost;
  const login = await client.login({ authId: PERSON, password: PASSWORD });
  assert.deepEqual([login.status, login.code], ["failed", "handshake_invalid"]);
});

test("refusals are told apart, with the time to wait", async (t) => {
  const { server, client } = await registered(t);
  const cases = [
    [429, "too_many_attempts", "throttled"],
    [429, "too_many_requests", "throttled"],
    [403, "login_locked", "locked"],
    [503, "srp_busy", "busy"],
    [403, "account_disabled", "disabled"],
    [500, "internal", "failed"],
  ];
  for (const [status, code, word] of cases) {
    server.lies["/api/auth/srp/login/proof"] = () => ({
      status,
      headers: { "retry-after": "7" },
      body: { code, detail: "no" },
    });
    const login = await client.login({ authId: PERSON, password: PASSWORD });
    assert.deepEqual([login.status, login.code, login.httpStatus, login.retryAfter], [word, code, status, 7]);
  }
});

test("without an answer nothing is lost, and the same call works later", async (t) => {
  const { server, client } = await registered(t);
  await server.goAway();
  const login = await client.login({ authId: PERSON, password: PASSWORD });
  assert.deepEqual([login.ok, login.status, login.code], [false, "network", "network"]);
  await server.comeBack();
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).ok, true);
});

test("a slow server is no answer either", async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.stop());
  const release = server.hold();
  const client = new TacitClient({ baseUrl: server.url, timeout: 50 });
  assert.equal((await client.checkSignUp({ authId: PERSON })).code, "network");
  release();
});

test("a page of somebody else in between is a value too", async (t) => {
  const { server, client } = await registered(t);
  server.lies["/api/auth/srp/login/email"] = () => ({
    status: 200,
    headers: { "content-type": "text/html" },
    raw: "<h1>Welcome to our hotel</h1>",
  });
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).code, "unavailable");
});

test("a device that logged in before shows its token, and to its own address only", async (t) => {
  const { server, client } = await registered(t);
  const other = "somebody.else@example.com";
  await client.signUp({ authId: other, password: PASSWORD });
  await client.activate({ token: other });
  const login = async (authId, password) => {
    const { ok } = await client.login({ authId, password });
    return [ok, server.requests.findLast(({ path }) => path.endsWith("/login/proof")).body.device_token];
  };
  assert.deepEqual(await login(PERSON, PASSWORD), [true, undefined]);
  const [, token] = await login(PERSON, "not the password");
  assert.match(token, /^dt_/);
  assert.deepEqual(await login(other, PASSWORD), [true, undefined]);
  await client.logout();
  assert.deepEqual(await login(PERSON, PASSWORD), [true, token]);
});

test("a server with no room is asked again, and the handshake serves still", async (t) => {
  const { server, client } = await registered(t);
  for (const path of ["/api/auth/srp/login/email", "/api/auth/srp/login/proof"]) {
    let turnedAway = 0;
    server.lies[path] = (honest) => {
      turnedAway += 1;
      if (turnedAway > 1) return honest();
      return { status: 503, headers: { "retry-after": "0" }, body: { code: "srp_busy", detail: "no room" } };
    };
    const before = server.requests.length;
    assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).ok, true);
    assert.equal(server.requests.length - before, 3);
    delete server.lies[path];
  }
});
