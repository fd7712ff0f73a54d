/**
 * Servers that break the protocol, or sit between the client and an honest one.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient, TacitError } from "../dist/node.js";
import { MemoryStorage, PASSWORD, PERSON, registered } from "./support/client.mjs";
import { confirmation, group, wire } from "./support/srp.mjs";

const EMAIL = "/api/auth/srp/login/email";
const PROOF = "/api/auth/srp/login/proof";

const change = (changes) => (honest) => {
  const { body, ...answer } = honest();
  return { ...answer, body: { ...body, ...changes(body) } };
};

/** Logs in at a server with this lie; what is thrown, and that nothing of the answer was taken. */
const loginAt = async (t, path, lie) => {
  const storage = new MemoryStorage();
  const { server, client } = await registered(t, { storage });
  const wires = [];
  const changes = [];
  client.onWire((event) => wires.push(event));
  client.onChange((event) => changes.push(event));
  server.lies[path] = lie;
  const error = await client.login({ authId: PERSON, password: PASSWORD }).then(
    (result) => assert.fail(`no error but ${JSON.stringify(result)}`),
    (thrown) => thrown,
  );
  assert.ok(error instanceof TacitError);
  assert.equal(client.user, null);
  assert.equal((await client.getAccessToken()).code, "signed_out");
  assert.equal(storage.text, "");
  assert.deepEqual(changes, []);
  return { code: error.code, server, wires };
};

const challenges = {
  "B = 0": [() => ({ B: wire(0n, 1) }), "challenge_invalid"],
  "B = N": [() => ({ B: wire(group(1).N, 1) }), "challenge_invalid"],
  "B = 2 N": [() => ({ B: wire(group(1).N * 2n, 2).slice(-770) }), "challenge_invalid"],
  "B with a sign": [({ B }) => ({ B: `-${B.slice(1)}` }), "challenge_invalid"],
  "a preset nobody knows": [() => ({ preset: 4 }), "preset_unknown"],
  "a preset that wraps to a known one": [() => ({ preset: 65_537 }), "preset_unknown"],
  "a preset that is no number": [() => ({ preset: "1" }), "response_invalid"],
  "a preset that is no integer": [() => ({ preset: 1.5 }), "response_invalid"],
  "a short salt": [({ salt }) => ({ salt: salt.slice(2) }), "challenge_invalid"],
  "an identity of its own making": [() => ({ identity: PERSON }), "challenge_invalid"],
  "no handshake": [() => ({ handshake: undefined }), "response_invalid"],
};

for (const [name, [lie, code]] of Object.entries(challenges)) {
  test(`a challenge with ${name} is refused before anything is proved`, async (t) => {
    const refused = await loginAt(t, EMAIL, change(lie));
    assert.equal(refused.code, code);
    assert.deepEqual(refused.server.paths(), [`POST ${EMAIL}`]);
  });
}

const flip = (hex) => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);

const answers = {
  "a wrong M2": ({ M2 }) => ({ M2: flip(M2) }),
  "no M2": () => ({ M2: undefined }),
  "an M2 that is too short": ({ M2 }) => ({ M2: M2.slice(2) }),
  "a wrong confirm": ({ confirm }) => ({ confirm: flip(confirm) }),
  "no confirm": () => ({ confirm: undefined }),
  "another access token": ({ tokens }) => ({ tokens: { ...tokens, access_token: "eyJ.of.another" } }),
  "another refresh token": ({ tokens }) => ({ tokens: { ...tokens, refresh_token: `rt_${"A".repeat(43)}` } }),
  "no refresh token": ({ tokens }) => ({ tokens: { ...tokens, refresh_token: undefined } }),
  "a longer life": ({ tokens }) => ({ tokens: { ...tokens, expires_in: 86_400 } }),
  "a life that wraps": ({ tokens }) => ({ tokens: { ...tokens, expires_in: tokens.expires_in + 2 ** 32 } }),
  "another user": () => ({ user_id: "00000000-0000-4000-8000-000000000000" }),
  "another session": () => ({ session_id: "00000000-0000-4000-8000-000000000000" }),
  "no tokens": () => ({ tokens: undefined }),
};

for (const [name, lie] of Object.entries(answers)) {
  test(`an answer with ${name} is thrown away`, async (t) => {
    const refused = await loginAt(t, PROOF, change(lie));
    assert.equal(refused.code, "server_not_proved");
    assert.deepEqual(refused.server.paths(), [`POST ${EMAIL}`, `POST ${PROOF}`]);
    const last = refused.wires.at(-1);
    assert.deepEqual([last.path, last.discarded, last.responseBody], [PROOF, true, undefined]);
  });
}

test("an answer to a wrong proof needs more than good will", async (t) => {
  const key = Buffer.alloc(32);
  const tokens = { access_token: "eyJ", refresh_token: "rt_", token_type: "Bearer", expires_in: 300 };
  const body = {
    user_id: "u",
    session_id: "s",
    tokens,
    M2: "00".repeat(32),
    confirm: confirmation(key, "u", "s", tokens),
  };
  const refused = await loginAt(t, PROOF, () => ({ status: 200, body }));
  assert.equal(refused.code, "server_not_proved");
});

test("a proof made for one realm is worth nothing in another", async (t) => {
  const { server } = await registered(t);
  // The rogue relays the honest server's challenge to somebody who uses the same password at its own realm.
  const rogue = new TacitClient({ baseUrl: server.url.replace("localhost", "127.0.0.1") });
  const relayed = await rogue.login({ authId: PERSON, password: PASSWORD });
  assert.equal(relayed.status, "rejected");
});

test("a redirect is not followed", async (t) => {
  const { server, client } = await registered(t);
  server.lies[EMAIL] = () => ({ status: 307, headers: { location: "/elsewhere" } });
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).code, "network");
  assert.deepEqual(server.paths(), [`POST ${EMAIL}`]);
});

test("a renewal without tokens leaves the session as it is", async (t) => {
  const { server, client } = await registered(t);
  await client.login({ authId: PERSON, password: PASSWORD });
  server.lies["/v1/auth/refresh"] = () => ({ status: 200, body: { tokens: { access_token: 1 } } });
  await assert.rejects(client.refresh(), { code: "response_invalid" });
  assert.equal(client.user.email, PERSON);
  assert.equal((await client.me()).ok, true);
});
