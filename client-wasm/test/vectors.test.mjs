/**
 * The published vectors, through the wasm as it is shipped: it is loaded here, where its randomness can be given.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";

import { Attempt, NewCredential, initSync } from "../dist/tacit.js";
import { sealed } from "./support/sealed.mjs";
import { challenge, confirmation, verifierOf, verify } from "./support/srp.mjs";

const vectors = [2048, 3072, 4096].map((bits) => {
  const file = new URL(`../../shared/vectors/srp6a-sha256-${bits}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
});

before(() => {
  initSync({ module: readFileSync(new URL("../dist/tacit_bg.wasm", import.meta.url)) });
});

const utf8 = (text) => new TextEncoder().encode(text);

/** Gives the wasm these values, in order, where it draws 32 bytes. */
const drawn = (t, ...values) => {
  t.mock.method(globalThis.crypto, "getRandomValues", (out) => {
    out.set(Buffer.from(values.shift(), "hex"));
    return out;
  });
};

const attempt = ({ typed, password, realm, identity, salt, preset }, B) => {
  const made = new Attempt();
  made.derive(utf8(typed), utf8(password), realm, `auth.${realm}`, identity, salt, preset);
  made.prove(B);
  return made;
};

const proved = (
  { confirm: { user_id, session_id, access_token, refresh_token, token_type, expires_in, confirm } },
  M2,
  changes = {},
) => {
  const answer = { M2, confirm, user_id, session_id, access_token, refresh_token, token_type, expires_in, ...changes };
  return Object.values(answer);
};

/** The form of the proofs that the profile itself has. */
const own = ({ forms }) => forms.find(({ generator, integers }) => generator === "bare" && integers === "padded");

for (const { group, credential, handshakes } of vectors) {
  test(`the platform's normal form is the vector's, group ${group}`, () => {
    assert.equal(credential.typed.normalize("NFKC"), credential.password);
  });

  test(`the model agrees on the verifier, group ${group}`, () => {
    const { identity, salt, preset, P, v } = credential;
    assert.equal(verifierOf({ identity, salt, preset, p: P }), v);
  });

  test(`the model seals as the vector says, group ${group}`, () => {
    for (const handshake of handshakes.filter((one) => one.sealed)) {
      const { nonce, plaintext, sealed: expected, ...context } = handshake.sealed;
      const key = Buffer.from(own(handshake).K, "hex");
      assert.equal(sealed(key, context, Buffer.from(nonce, "hex"), plaintext), expected);
    }
  });

  for (const handshake of handshakes) {
    const redrawn = handshake.A.startsWith("00");
    test(`${handshake.name}, group ${group}`, (t) => {
      const regular = handshakes.find(({ A }) => !A.startsWith("00"));
      drawn(t, handshake.a, ...(redrawn ? [regular.a] : []));
      const login = attempt(credential, handshake.B);
      if (redrawn) {
        assert.equal(login.A, regular.A);
        return;
      }
      const { M1, M2 } = own(handshake);
      assert.deepEqual([login.A, login.M1], [handshake.A, M1]);
      if (handshake.confirm) assert.equal(login.verify(...proved(handshake, M2)), true);
    });
  }

  test(`every swapped value of the answer is noticed, group ${group}`, (t) => {
    const handshake = handshakes.find(({ A, confirm }) => confirm && !A.startsWith("00"));
    const { M2 } = own(handshake);
    const swaps = [
      { M2: own(handshake).M1 },
      { confirm: M2 },
      { user_id: "another" },
      { session_id: "another" },
      { access_token: "another" },
      { refresh_token: undefined },
      { token_type: "bearer" },
      { expires_in: 301 },
    ];
    drawn(t, ...swaps.map(() => handshake.a));
    for (const swap of swaps) {
      const login = attempt(credential, handshake.B);
      assert.equal(login.verify(...proved(handshake, M2, swap)), false, JSON.stringify(swap));
    }
  });
}

test("a new credential is what a server can check, and can be read only once it was tried", () => {
  const made = NewCredential.derive(utf8("ﬁn"), utf8("fin"), "example.com", "example.com");
  assert.throws(
    () => made.verifier,
    (thrown) => thrown === "self_check_failed",
  );
  made.check();
  const { identity, salt, preset, verifier } = made;
  assert.equal(preset, 1);

  const state = challenge({ preset, verifier });
  const login = new Attempt();
  login.prepare();
  login.derive(utf8("fin"), utf8("fin"), "example.com", "example.com", identity, salt, preset);
  assert.throws(
    () => login.M1,
    (thrown) => thrown === "internal",
  );
  login.prove(state.B);
  const { accepted, key, M2 } = verify({ identity, salt, preset, verifier }, state, { A: login.A, M1: login.M1 });
  assert.equal(accepted, true);
  const tokens = { access_token: "a", token_type: "Bearer", expires_in: 300 };
  const confirm = confirmation(key, "u", "s", tokens);
  assert.equal(login.verify(M2, confirm, "u", "s", "a", undefined, "Bearer", 300), true);
});

test("nothing is derived for a host outside the realm", () => {
  const { typed, password, identity, salt, preset } = vectors[0].credential;
  for (const [realm, host] of [
    ["example.com", "example.org"],
    ["com", "example.com"],
    ["localhost", "127.0.0.1"],
  ]) {
    const derive = () => new Attempt().derive(utf8(typed), utf8(password), realm, host, identity, salt, preset);
    assert.throws(derive, (thrown) => thrown === "realm_mismatch");
    assert.throws(
      () => NewCredential.derive(utf8(typed), utf8(password), realm, host),
      (thrown) => thrown === "realm_mismatch",
    );
  }
});
