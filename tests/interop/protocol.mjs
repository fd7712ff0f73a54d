/**
 * A client, written from docs/protocol.md over packages of npm and nothing of ours; SRP is that of `fast-srp-hap`.
 */

import { Buffer } from "node:buffer";
import { randomBytes, timingSafeEqual } from "node:crypto";

import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import srp from "fast-srp-hap";
import { argon2id } from "hash-wasm";

const { SRP, SrpClient, SrpServer } = srp;

const preset = (number, group, memory, passes) => ({
  number,
  group: String(group),
  memory,
  passes,
  kdf: `argon2id;v=19;m=${memory};t=${passes};p=1`,
  bytes: group / 8,
  // The package's groups are those of RFC 5054; their hash is another.
  params: { ...SRP.params[group], hash: "sha256" },
});

/** Section 2. */
export const presets = new Map(
  [preset(1, 3072, 47104, 3), preset(2, 4096, 65536, 3), preset(3, 2048, 19456, 2)].map((it) => [it.number, it]),
);

/** `F` of section 1. */
const framed = (...items) =>
  Buffer.concat(
    items.flatMap((item) => {
      const bytes = Buffer.from(item);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );

/** `P` of section 3. The passwords here are of characters that are much older than Unicode 14.0. */
const derive = async ({ password, salt, preset, realm, identity }) => {
  const master = await argon2id({
    password: password.normalize("NFKC"),
    salt,
    memorySize: preset.memory,
    iterations: preset.passes,
    parallelism: 1,
    hashLength: 32,
    outputType: "binary",
  });
  const info = framed("tacit/v1", "login", realm, "srp6a-sha256", preset.group, preset.kdf, identity);
  return Buffer.from(hkdf(sha256, master, new Uint8Array(), info, 32)).toString("hex");
};

const drawn = (length, isGood) => {
  for (;;) {
    const bytes = randomBytes(length);
    if (isGood(bytes)) return bytes;
  }
};

/** Somebody with a password, and what was made of it. `P` is derived once an account. */
export const person = async ({ authId, password, presetNumber, realm = "localhost" }) => {
  const identity = drawn(16, (bytes) => sha256(Buffer.from(bytes.toString("hex")))[0] !== 0).toString("hex");
  const salt = drawn(32, (bytes) => bytes[0] !== 0);
  const made = { authId, password, realm, identity, salt, preset: presets.get(presetNumber) };
  return { ...made, secret: await derive(made) };
};

/** The same somebody, who types another password. */
export const mistyped = async (person, password) => ({ ...person, secret: await derive({ ...person, password }) });

/** The package warns of an exponent that begins with a zero byte. */
const exponent = () => drawn(32, (bytes) => bytes[0] !== 0);

const I = ({ identity }) => Buffer.from(identity);
const P = ({ secret }) => Buffer.from(secret);

/** Section 6; it is not sent unless a login with it, both sides played here, succeeds. */
const credential = (person) => {
  const { params, number } = person.preset;
  const verifier = SRP.computeVerifier(params, person.salt, I(person), P(person));
  const server = new SrpServer(params, { username: I(person), salt: person.salt, verifier }, exponent());
  const client = new SrpClient(params, person.salt, I(person), P(person), exponent());
  client.setB(server.computeB());
  server.setA(client.computeA());
  server.checkM1(client.computeM1());
  client.checkM2(server.computeM2());
  return {
    identity: person.identity,
    salt: person.salt.toString("hex"),
    preset: number,
    verifier: verifier.toString("hex"),
  };
};

/** Checks the challenge (section 8, 3 to 5) and answers it. */
const prove = (person, challenge) => {
  const { preset, identity, salt } = person;
  if (presets.get(challenge.preset) !== preset) throw new Error("another preset than the credential was made with");
  if (challenge.identity !== identity || challenge.salt !== salt.toString("hex")) {
    throw new Error("another identity or salt than the credential was made with");
  }
  if (challenge.B.length !== 2 * preset.bytes) throw new Error("B is not of the group's length");
  // The package itself refuses a B outside of 0 < B < N.
  const client = new SrpClient(preset.params, salt, I(person), P(person), exponent());
  client.setB(Buffer.from(challenge.B, "hex"));
  return client;
};

/** Section 8, 6 and 7: nothing of the answer counts before. */
const check = (client, { M2, confirm, user_id, session_id, tokens, device_token }) => {
  client.checkM2(Buffer.from(M2, "hex"));
  const key = hkdf(sha256, client.computeK(), new Uint8Array(), framed("tacit/v1", "confirm", "login"), 32);
  const { access_token, refresh_token = "", token_type, expires_in } = tokens;
  const items = ["session", user_id, session_id, access_token, refresh_token, token_type, String(expires_in)];
  const covered = framed(...items, ...(device_token === undefined ? [] : [device_token]));
  if (!timingSafeEqual(Buffer.from(hmac(sha256, key, covered)), Buffer.from(confirm, "hex"))) {
    throw new Error("confirm is not the expected one");
  }
};

/** An answer that is a problem. */
export class Refused extends Error {
  constructor(status, { code }) {
    super(`${status} ${code}`);
    Object.assign(this, { status, code });
  }
}

const post = async (url, path, body) => {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
};

export const signUp = (url, person) =>
  post(url, "/api/auth/srp/sign-up", { auth_id: person.authId, credential: credential(person), language: "en" });

export const activate = (url, token) => post(url, "/api/auth/srp/sign-up/activate", { token });

/** A session, proved from both sides; says where zeros were in front. */
export const logIn = async (url, person, more = {}) => {
  const challenge = await post(url, "/api/auth/srp/login/email", { auth_id: person.authId });
  const client = prove(person, challenge);
  const answer = await post(url, "/api/auth/srp/login/proof", {
    handshake: challenge.handshake,
    A: client.computeA().toString("hex"),
    M1: client.computeM1().toString("hex"),
    ...more,
  });
  check(client, answer);
  return { answer, zerosInA: client.computeA()[0] === 0, zerosInS: client._S[0] === 0 };
};
