/**
 * Servers that break the protocol, or sit between the client and an honest one: what they say instead of the truth.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { Browser, PASSWORD, PERSON, serve } from "./support/client.mjs";
import { ACTIVATE, EMAIL, PROOF, SIGN_UP, change, liedTo } from "./support/liar.mjs";
import { confirmation, group, wire } from "./support/srp.mjs";

const MALLORY = "mallory@example.com";

const hexOf = (value, digits) => value.toString(16).padStart(digits, "0");

const challenges = {
  "B = 0": [() => ({ B: wire(0n, 1) }), "challenge_invalid"],
  "B = 0 in one digit": [() => ({ B: "0" }), "challenge_invalid"],
  "B = N": [() => ({ B: wire(group(1).N, 1) }), "challenge_invalid"],
  "B = N + 1": [() => ({ B: wire(group(1).N + 1n, 1) }), "challenge_invalid"],
  "B = 2 N": [() => ({ B: hexOf(group(1).N * 2n, 770) }), "challenge_invalid"],
  "B of a larger group": [() => ({ B: wire(group(2).N - 5n, 2) }), "challenge_invalid"],
  "a B that is longer by zeros": [({ B }) => ({ B: `00${B}` }), "challenge_invalid"],
  "B with a sign": [({ B }) => ({ B: `-${B.slice(1)}` }), "challenge_invalid"],
  "B with a prefix": [({ B }) => ({ B: `0x${B.slice(2)}` }), "challenge_invalid"],
  "B with a space": [({ B }) => ({ B: ` ${B.slice(1)}` }), "challenge_invalid"],
  "an empty B": [() => ({ B: "" }), "response_invalid"],
  "a B that is a number": [() => ({ B: 5 }), "response_invalid"],
  "a preset nobody knows": [() => ({ preset: 4 }), "preset_unknown"],
  "preset 0": [() => ({ preset: 0 }), "preset_unknown"],
  "the last preset there could be": [() => ({ preset: 65_535 }), "preset_unknown"],
  "a preset that wraps to a known one": [() => ({ preset: 65_537 }), "preset_unknown"],
  "a preset that wraps further up": [() => ({ preset: 2 ** 32 + 1 }), "response_invalid"],
  "a preset below all": [() => ({ preset: -1 }), "response_invalid"],
  "a preset that is no number": [() => ({ preset: "1" }), "response_invalid"],
  "a preset that is no integer": [() => ({ preset: 1.5 }), "response_invalid"],
  "no preset": [() => ({ preset: undefined }), "response_invalid"],
  "parameters of its own": [() => ({ preset: { group: 1024, memory: 8, passes: 1 } }), "response_invalid"],
  "a short salt": [({ salt }) => ({ salt: salt.slice(2) }), "challenge_invalid"],
  "a long salt": [({ salt }) => ({ salt: `${salt}00` }), "challenge_invalid"],
  "a salt that begins with a zero": [({ salt }) => ({ salt: `00${salt.slice(2)}` }), "challenge_invalid"],
  "no salt": [() => ({ salt: "" }), "response_invalid"],
  "an identity of its own making": [() => ({ identity: PERSON }), "challenge_invalid"],
  "an identity in upper case": [() => ({ identity: "A".repeat(32) }), "challenge_invalid"],
  // SHA-256 of it begins with a zero byte.
  "an identity that hashes to a zero": [() => ({ identity: hexOf(392n, 32) }), "challenge_invalid"],
  "no handshake": [() => ({ handshake: undefined }), "response_invalid"],
  "a handshake that is no text": [() => ({ handshake: ["a"] }), "response_invalid"],
};

test("a challenge that breaks the protocol is refused before anything is proved", async (t) => {
  const world = await liedTo(t);
  for (const [name, [lie, code]] of Object.entries(challenges)) {
    await t.test(`with ${name}`, async () => {
      const refused = await world.refused(EMAIL, change(lie));
      assert.equal(refused.error?.code, code);
      assert.deepEqual(refused.paths, [`POST ${EMAIL}`]);
      assert.ok(!refused.phases.includes("proving"), `${refused.phases}`);
    });
  }
  for (const body of [null, [], {}, "text", 5, true]) {
    await t.test(`that is ${JSON.stringify(body)}`, async () => {
      const refused = await world.refused(EMAIL, () => ({ status: 200, body }));
      assert.equal(refused.error?.code, "response_invalid");
      assert.deepEqual(refused.paths, [`POST ${EMAIL}`]);
    });
  }
  await world.honestLogin();
});

const flip = (hex) => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);
const swapped = (changes) => ({ tokens }) => ({ tokens: { ...tokens, ...changes(tokens) } });

const answers = {
  "a wrong M2": ({ M2 }) => ({ M2: flip(M2) }),
  "no M2": () => ({ M2: undefined }),
  "an M2 that is too short": ({ M2 }) => ({ M2: M2.slice(2) }),
  "an M2 that is too long": ({ M2 }) => ({ M2: `${M2}00` }),
  "an M2 of zeros": () => ({ M2: "0".repeat(64) }),
  "its own M1 for M2": (_, { M1 }) => ({ M2: M1 }),
  "a wrong confirm": ({ confirm }) => ({ confirm: flip(confirm) }),
  "no confirm": () => ({ confirm: undefined }),
  "M2 for confirm": ({ M2 }) => ({ confirm: M2 }),
  "a confirm under a key of zeros": ({ user_id, session_id, tokens }) => ({
    confirm: confirmation(Buffer.alloc(32), user_id, session_id, tokens),
  }),
  "another access token": swapped(() => ({ access_token: "eyJ.of.another" })),
  "an empty access token": swapped(() => ({ access_token: "" })),
  "another refresh token": swapped(() => ({ refresh_token: `rt_${"A".repeat(43)}` })),
  "the tokens' places exchanged": swapped(({ access_token, refresh_token }) => ({
    access_token: refresh_token,
    refresh_token: access_token,
  })),
  "no refresh token": swapped(() => ({ refresh_token: undefined })),
  "an empty refresh token": swapped(() => ({ refresh_token: "" })),
  "a refresh token that is no text": swapped(() => ({ refresh_token: {} })),
  "a longer life": swapped(() => ({ expires_in: 86_400 })),
  "a life that wraps": swapped(({ expires_in }) => ({ expires_in: expires_in + 2 ** 32 })),
  "a life that is a text": swapped(({ expires_in }) => ({ expires_in: `${expires_in}` })),
  "a life of nothing": swapped(() => ({ expires_in: 0 })),
  "another type of token": swapped(() => ({ token_type: "DPoP" })),
  "the type of token in lower case": swapped(() => ({ token_type: "bearer" })),
  "another user": () => ({ user_id: "00000000-0000-4000-8000-000000000000" }),
  "another session": () => ({ session_id: "00000000-0000-4000-8000-000000000000" }),
  "user and session exchanged": ({ user_id, session_id }) => ({ user_id: session_id, session_id: user_id }),
  "no tokens": () => ({ tokens: undefined }),
  "tokens in a list": ({ tokens }) => ({ tokens: [tokens] }),
};

test("an answer that is not all the honest server's is thrown away", async (t) => {
  const world = await liedTo(t);
  for (const [name, lie] of Object.entries(answers)) {
    await t.test(`with ${name}`, async () => {
      const refused = await world.refused(PROOF, change(lie));
      assert.equal(refused.error?.code, "server_not_proved");
      assert.deepEqual(refused.paths, [`POST ${EMAIL}`, `POST ${PROOF}`]);
      const last = refused.wires.at(-1);
      assert.deepEqual([last.path, last.discarded, last.responseBody], [PROOF, true, undefined]);
    });
  }
  await t.test("that was made for the login before", async () => {
    const { body } = await world.honestLogin();
    const refused = await world.refused(PROOF, (honest) => ({ ...honest(), body }));
    assert.equal(refused.error?.code, "server_not_proved");
  });
  await t.test("that is all of somebody else's login", async () => {
    const body = await world.loginOf(MALLORY, "a password of Mallory's own");
    const refused = await world.refused(PROOF, () => ({ status: 200, body }));
    assert.equal(refused.error?.code, "server_not_proved");
  });
  await t.test("that praises a proof the server could not check", async () => {
    const key = Buffer.alloc(32);
    const tokens = { access_token: "eyJ", refresh_token: "rt_", token_type: "Bearer", expires_in: 300 };
    const confirm = confirmation(key, "u", "s", tokens);
    const body = { user_id: "u", session_id: "s", tokens, M2: "00".repeat(32), confirm };
    const refused = await world.refused(PROOF, () => ({ status: 200, body }));
    assert.equal(refused.error?.code, "server_not_proved");
  });
  await world.honestLogin();
});

test("a challenge in form that is not the account's comes to nothing", async (t) => {
  const world = await liedTo(t);
  const mallory = await world.signUp(MALLORY, "a password of Mallory's own");
  const lies = {
    "with another account's salt": () => ({ salt: mallory.salt }),
    "with another account's identity": () => ({ identity: mallory.identity }),
    "with another account's whole credential": () => ({ identity: mallory.identity, salt: mallory.salt }),
    "with a lower preset and its group": () => ({ preset: 3, B: wire(group(3).N - 5n, 3) }),
    "with a higher preset and its group": () => ({ preset: 2, B: wire(group(2).N - 5n, 2) }),
    "with another B": () => ({ B: wire(group(1).N - 5n, 1) }),
    "with B = 1": () => ({ B: wire(1n, 1) }),
    "with the handshake of another login": () => ({ handshake: world.server.begin(MALLORY).handshake }),
  };
  for (const [name, lie] of Object.entries(lies)) {
    await t.test(name, async () => {
      const refused = await world.refused(EMAIL, change(lie));
      // It cannot be told from a challenge for another password: the honest server rejects the proof, once.
      assert.equal(refused.result?.status, "rejected");
      assert.deepEqual(refused.paths, [`POST ${EMAIL}`, `POST ${PROOF}`]);
    });
  }
  // And where the liar answers the proof too, it has nothing to prove itself with.
  await t.test("even if the proof is praised", async () => {
    const { body } = await world.honestLogin();
    world.server.lies[PROOF] = () => ({ status: 200, body });
    const refused = await world.refused(EMAIL, change(lies["with a lower preset and its group"]));
    assert.equal(refused.error?.code, "server_not_proved");
    delete world.server.lies[PROOF];
  });
  await world.honestLogin();
});

test("what an answer has besides is not looked at", async (t) => {
  const world = await liedTo(t);
  const more = { mfa: { methods: ["password"] }, realm: "evil.example", constructor: 1, password: "send it" };
  const besides = (honest) => {
    const { body, ...answer } = honest();
    return { ...answer, raw: JSON.stringify({ ...body, ...more }).replace("{", '{"__proto__":{"polluted":true},') };
  };
  world.server.lies = { [EMAIL]: besides, [PROOF]: besides };
  await world.honestLogin();
  assert.equal({}.polluted, undefined);
});

test("a handshake that is lost again and again is tried twice", async (t) => {
  const world = await liedTo(t);
  const refused = await world.refused(PROOF, () => ({ status: 401, body: { code: "handshake_expired" } }));
  assert.equal(refused.result?.status, "failed");
  assert.deepEqual(refused.paths, [`POST ${EMAIL}`, `POST ${PROOF}`, `POST ${EMAIL}`, `POST ${PROOF}`]);
  const [first, second] = refused.requests.filter(({ path }) => path === PROOF).map(({ body }) => body);
  // Nothing is said twice: each proof is of its own handshake, with an A of its own.
  assert.notEqual(first.A, second.A);
  assert.notEqual(first.M1, second.M1);
  await world.honestLogin();
});

test("a refusal with a word of the language's own is a failure like any other", async (t) => {
  const world = await liedTo(t);
  for (const code of ["constructor", "__proto__", "toString", "hasOwnProperty", ""]) {
    const refused = await world.refused(EMAIL, () => ({ status: 400, body: { code } }));
    assert.equal(refused.result?.status, "failed", code);
  }
});

test("the parameters of a new credential are the client's own, whatever the server says", async (t) => {
  const server = await serve(t);
  const weak = [{ id: 3, group: "2048", memory_kib: 8, passes: 1, default: true }];
  server.lies["/v1/auth/settings"] = () => ({
    status: 200,
    body: { realm: "evil.example", presets: weak, default_preset: 3, registration_enabled: true },
  });
  const client = new TacitClient({ baseUrl: server.url });
  assert.equal((await client.settings()).settings.realm, "evil.example");
  assert.equal(client.realm, "localhost");
  const fields = [{ name: "credential.preset", code: "unknown_preset", detail: "Use preset 3." }];
  server.lies[SIGN_UP] = () => ({ status: 400, body: { code: "invalid_request", detail: "preset", fields } });
  assert.equal((await client.signUp({ authId: PERSON, password: PASSWORD })).code, "invalid_request");
  server.lies = {};
  await client.signUp({ authId: PERSON, password: PASSWORD });
  await client.activate({ token: PERSON });
  const presets = server.requests.filter(({ path }) => path === SIGN_UP).map(({ body }) => body.credential.preset);
  assert.deepEqual(presets, [1, 1]);
  // Made for the realm of the client's own configuration: a login by it works.
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).ok, true);
});

test("a proof made for one realm is worth nothing in another", async (t) => {
  const { server } = await liedTo(t);
  // The rogue relays the honest server's challenge to somebody who uses the same password at its own realm.
  const rogue = new TacitClient({ baseUrl: server.url.replace("localhost", "127.0.0.1") });
  const relayed = await rogue.login({ authId: PERSON, password: PASSWORD });
  assert.equal(relayed.status, "rejected");
});

test("a refresh token that comes in the body where a cookie was asked for is not taken", async (t) => {
  const world = await liedTo(t);
  const tab = new Browser(t).tab({ baseUrl: world.server.url });
  world.server.lies[PROOF] = change(swapped(() => ({ refresh_token: `rt_${"A".repeat(43)}` })));
  await assert.rejects(tab.login({ authId: PERSON, password: PASSWORD }), { code: "server_not_proved" });
  assert.equal(tab.user, null);
});

test("an activation of another address leaves the sign-up's ticket where it is", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });
  const { ticket } = await client.signUp({ authId: PERSON, password: PASSWORD });
  server.lies[ACTIVATE] = () => ({ status: 200, body: { auth_id: `${randomUUID()}@example.com` } });
  await client.activate({ token: "x" });
  await client.resendActivation({ authId: PERSON });
  assert.equal(server.requests.at(-1).body.ticket, ticket);
});

test("a renewal without tokens leaves the session as it is", async (t) => {
  const world = await liedTo(t);
  const { client, server } = world;
  await client.login({ authId: PERSON, password: PASSWORD });
  for (const tokens of [undefined, null, [], { access_token: 1 }, { access_token: "a", token_type: "Bearer", expires_in: -1 }]) {
    server.lies["/v1/auth/refresh"] = () => ({ status: 200, body: { tokens } });
    await assert.rejects(client.refresh(), { code: "response_invalid" });
  }
  assert.equal(client.user.email, PERSON);
  assert.equal((await client.me()).ok, true);
});
