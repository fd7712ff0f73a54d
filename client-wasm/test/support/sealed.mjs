/**
 * The server's side of sealed bodies: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) out of Node's ChaCha20-Poly1305 and
 * HChaCha20 in plain integers.
 */

import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

import { fields } from "./srp.mjs";

const REQUESTS = {
  change: ["POST", "/api/auth/srp/password/change/confirm"],
  upgrade: ["POST", "/api/auth/srp/password/change/confirm"],
  step_up: ["POST", "/api/auth/srp/step-up/confirm"],
};

const rotated = (value, bits) => ((value << bits) | (value >>> (32 - bits))) >>> 0;

const quarter = (state, a, b, c, d) => {
  for (const [x, y, z, bits] of [
    [a, b, d, 16],
    [c, d, b, 12],
    [a, b, d, 8],
    [c, d, b, 7],
  ]) {
    state[x] = (state[x] + state[y]) >>> 0;
    state[z] = rotated((state[z] ^ state[x]) >>> 0, bits);
  }
};

const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

const hchacha20 = (key, nonce) => {
  const input = Buffer.concat([Buffer.from("expand 32-byte k"), key, nonce]);
  const state = Uint32Array.from({ length: 16 }, (_, index) => input.readUInt32LE(4 * index));
  for (let round = 0; round < 10; round += 1) for (const at of QUARTERS) quarter(state, ...at);
  const out = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((word, index) => out.writeUInt32LE(state[word], 4 * index));
  return out;
};

const cipherOf = (make, key, info, nonce) => {
  const under = Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), info, 32));
  const inner = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
  const cipher = make("chacha20-poly1305", hchacha20(under, nonce.subarray(0, 16)), inner, { authTagLength: 16 });
  return cipher.setAAD(info);
};

const infoOf = (purpose, sessionId, request = REQUESTS[purpose]) =>
  fields("tacit/v1", "sealed", purpose, sessionId, ...request);

/** What a sealed body says, as text; nothing where it does not open. */
export const opened = (key, purpose, sessionId, sealed) => {
  const bytes = Buffer.from(sealed, "base64url");
  const [nonce, content, tag] = [bytes.subarray(0, 24), bytes.subarray(24, -16), bytes.subarray(-16)];
  const cipher = cipherOf(createDecipheriv, key, infoOf(purpose, sessionId), nonce).setAuthTag(tag);
  try {
    return Buffer.concat([cipher.update(content), cipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
};

/** A text sealed under a nonce of one's own, to hold the model against the vectors. */
export const sealed = (key, { purpose, session_id, method, path }, nonce, text) => {
  const cipher = cipherOf(createCipheriv, key, infoOf(purpose, session_id, [method, path]), nonce);
  const content = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, content, cipher.getAuthTag()]).toString("base64url");
};
