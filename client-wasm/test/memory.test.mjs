/**
 * What is left in the wasm's memory of what goes through it, by the published vectors: in a wasm of its own, whose memory
 * nothing else was in.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";

import { initSync } from "../dist/tacit.js";
import { worker } from "../dist/worker-core.js";

const vectors = JSON.parse(readFileSync(new URL("../../shared/vectors/srp6a-sha256-3072.json", import.meta.url), "utf8"));
const { credential } = vectors;
const handshake = vectors.handshakes.find(({ A, confirm }) => confirm && !A.startsWith("00"));
const { K, M1, M2 } = handshake.forms.find(({ generator, integers }) => generator === "bare" && integers === "padded");
const { typed, password, realm, identity, salt, preset } = credential;

const hex = (text) => Buffer.from(text, "hex");
const secrets = {
  typed: Buffer.from(typed),
  password: Buffer.from(password),
  master: hex(credential.master),
  P: Buffer.from(credential.P),
  W: hex(credential.W),
  x: hex(credential.x),
  a: hex(handshake.a),
  S: hex(handshake.S),
  K: hex(K),
  v: hex(credential.v),
  "v in hex": Buffer.from(credential.v),
};

let wasm;
before(() => {
  wasm = initSync({ module: readFileSync(new URL("../dist/tacit_bg.wasm", import.meta.url)) });
});

/** The secrets of which half or more is in the memory. */
const found = () => {
  const memory = Buffer.from(wasm.memory.buffer);
  const halves = (secret) => [secret.subarray(0, secret.length >> 1), secret.subarray(secret.length >> 1)];
  return Object.keys(secrets).filter((name) => halves(secrets[name]).some((half) => memory.includes(half)));
};

/** Gives the wasm these values, in order, and then what the platform gives. */
const drawn = (t, ...values) => {
  const platform = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  t.mock.method(globalThis.crypto, "getRandomValues", (out) => {
    if (values.length === 0) return platform(out);
    out.set(hex(values.shift()));
    return out;
  });
};

const worked = () => {
  const answers = [];
  const tell = worker(Promise.resolve(), (message) => answers.push(message));
  const utf8 = () => ({ typed: new TextEncoder().encode(typed), normalised: new TextEncoder().encode(password) });
  return async (op, message) => {
    await tell({ op, password: utf8(), realm, host: realm, ...message });
    return answers.findLast(({ result }) => result !== undefined)?.result;
  };
};

test("of a login nothing is left but the key its answer is checked with, and then not even that", async (t) => {
  drawn(t, handshake.a);
  const work = worked();
  await work("begin", { known: { identity, salt, preset } });
  assert.deepEqual(
    ["x", "a"].filter((name) => !found().includes(name)),
    [],
    "what is still needed is there, and is found",
  );

  const proof = await work("prove", { challenge: { identity, salt, preset, B: handshake.B } });
  assert.deepEqual([proof.A, proof.M1], [handshake.A, M1]);
  assert.deepEqual(found(), ["K"]);

  const { user_id: userId, session_id: sessionId, access_token: accessToken } = handshake.confirm;
  const { refresh_token: refreshToken, token_type: tokenType, expires_in: expiresIn, confirm } = handshake.confirm;
  const answer = { M2, confirm, userId, sessionId, accessToken, refreshToken, tokenType, expiresIn };
  assert.equal(await work("verify", answer), true);
  assert.deepEqual(found(), []);
});

test("of a new credential nothing is left", async (t) => {
  drawn(t, identity, salt);
  const made = await worked()("create", {});
  assert.deepEqual([made.identity, made.salt, made.verifier], [identity, salt, credential.v]);
  assert.deepEqual(found(), []);
});

for (const purpose of ["change", "upgrade"]) {
  test(`of a credential that was sealed (${purpose}) nothing is left but itself, until the worker ends`, async (t) => {
    drawn(t, identity, salt);
    const work = worked();
    await work("prepare", {});
    const challenge = { identity, salt, preset, B: handshake.B };
    const { session_id: sessionId } = handshake.confirm;
    const { sealed } = await work("authorise", { challenge, purpose, sessionId, keepOtherSessions: true });
    assert.ok(sealed.length > credential.v.length);
    assert.deepEqual(found(), ["x", "v"]);
  });
}

test("the stack is wiped further down than any call reaches", async (t) => {
  drawn(t, handshake.a);
  await worked()("prove", { challenge: { identity, salt, preset, B: handshake.B } });
  const top = wasm.__wbindgen_add_to_stack_pointer(0);
  // Its own frame is not wiped, but what it keeps there is no more than addresses.
  assert.ok(new Uint8Array(wasm.memory.buffer, 0, top - 64).every((byte) => byte === 0));
});
