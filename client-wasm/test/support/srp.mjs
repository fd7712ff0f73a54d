/**
 * The server's side of `srp6a-sha256` on plain integers: an independent model to test the client against. Not constant
 * time, so of no use anywhere else.
 */

import { createHash, createHmac, getDiffieHellman, hkdfSync, randomBytes } from "node:crypto";

const N2048 =
  "ac6bdb41324a9a9bf166de5e1389582faf72b6651987ee07fc3192943db56050a37329cbb4a099ed8193e0757767a13dd52312ab4b03310dcd7f48a9" +
  "da04fd50e8083969edb767b0cf6095179a163ab3661a05fbd5faaae82918a9962f0b93b855f97993ec975eeaa80d740adbf4ff747359d041d5c33ea7" +
  "1d281e446b14773bca97b43a23fb801676bd207a436c6481f1d2b9078717461a5b9d32e688f87748544523b524b0d57d5ea77a2775d2ecfa032cfbdb" +
  "f52fb3786160279004e57ae6af874e7303ce53299ccc041c7bc308d82a5698f3a8d0c38271ae35f8e9dbfbb694b5c803d89f7ae435de236d525f5475" +
  "9b65e372fcd68ef20fa7111f9e4aff73";

/** RFC 5054 appendix A: the larger groups are those of RFC 3526 with a generator of 5. */
const GROUPS = {
  1: { N: BigInt(`0x${getDiffieHellman("modp15").getPrime("hex")}`), g: 5n, length: 384 },
  2: { N: BigInt(`0x${getDiffieHellman("modp16").getPrime("hex")}`), g: 5n, length: 512 },
  3: { N: BigInt(`0x${N2048}`), g: 2n, length: 256 },
};

export const group = (preset) => GROUPS[preset];

const power = (base, exponent, modulus) => {
  let result = 1n;
  for (let square = base % modulus, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
};

const hash = (...parts) => parts.reduce((sum, part) => sum.update(part), createHash("sha256")).digest();
const toInteger = (bytes) => BigInt(`0x${bytes.toString("hex")}`);
const toBytes = (value, length) => Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex");
const hex = (text) => Buffer.from(text, "hex");

/** Hex of an integer, as long as the group. */
export const wire = (value, preset) => toBytes(value, GROUPS[preset].length).toString("hex");

/** `v = g^x`, `x = H(s | H(I | ":" | P))`. */
export const verifierOf = ({ identity, salt, preset, p }) => {
  const { N, g } = GROUPS[preset];
  return wire(power(g, toInteger(hash(hex(salt), hash(`${identity}:${p}`))), N), preset);
};

/** Draws `b` and `B` for a credential. */
export const challenge = ({ preset, verifier }) => {
  const { N, g, length } = GROUPS[preset];
  const k = toInteger(hash(toBytes(N, length), toBytes(g, length)));
  const b = toInteger(randomBytes(32));
  return { b, B: wire((k * BigInt(`0x${verifier}`) + power(g, b, N)) % N, preset) };
};

/** Checks `M1`; the answer has the key and `M2`. */
export const verify = ({ identity, salt, preset, verifier }, { b, B }, { A, M1 }) => {
  const { N, g, length } = GROUPS[preset];
  const u = toInteger(hash(hex(A), hex(B)));
  const S = power(BigInt(`0x${A}`) * power(BigInt(`0x${verifier}`), u, N), b, N);
  const key = hash(toBytes(S, length));
  const mixed = hash(toBytes(N, length)).map((byte, index) => byte ^ hash(toBytes(g, 1))[index]);
  const expected = hash(mixed, hash(identity), hex(salt), hex(A), hex(B), key);
  return { accepted: expected.toString("hex") === M1, key, M2: hash(hex(A), expected, key).toString("hex") };
};

/** `F(x1 … xn)`: each item after its length in two bytes. */
export const fields = (...items) =>
  Buffer.concat(
    items.flatMap((item) => {
      const bytes = Buffer.from(item);
      return [Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes];
    }),
  );

/** What binds the session to the handshake. */
export const confirmation = (key, userId, sessionId, tokens, deviceToken) => {
  const under = Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), fields("tacit/v1", "confirm", "login"), 32));
  const { access_token, refresh_token = "", token_type, expires_in } = tokens;
  const items = [userId, sessionId, access_token, refresh_token, token_type, String(expires_in)];
  const message = fields("session", ...items, ...(deviceToken === undefined ? [] : [deviceToken]));
  return createHmac("sha256", under).update(message).digest("hex");
};
