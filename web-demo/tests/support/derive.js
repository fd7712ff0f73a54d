/**
 * An independent reading of the protocol: what is derived from a password, computed with another Argon2id (hash-wasm)
 * and Node's own hashes, none of it shared with the client under test.
 */

import { createHash, getDiffieHellman, hkdfSync } from "node:crypto";
import { argon2id } from "hash-wasm";

/** The client's table of presets, as docs/protocol.md has it. All three primes are those of RFC 3526. */
const PRESETS = {
  1: { group: "3072", prime: "modp15", generator: 5n, memory: 47104, passes: 3 },
  2: { group: "4096", prime: "modp16", generator: 5n, memory: 65536, passes: 3 },
};

/** `F(x1..xn)`: each text behind its length as two bytes. */
const fields = (...texts) => Buffer.concat(texts.flatMap((text) => {
  const bytes = Buffer.from(text, "utf8");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return [length, bytes];
}));

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();

const power = (base, exponent, modulus) => {
  let result = 1n;
  for (let square = base % modulus, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
};

/** `master`, `P`, `x`, `W` as bytes, and the verifier as hex. */
export const derive = async ({ password, salt, identity, preset, realm }) => {
  const { group, prime, generator, memory, passes } = PRESETS[preset];
  const saltBytes = Buffer.from(salt, "hex");
  const master = Buffer.from(await argon2id({
    password: Buffer.from(password.normalize("NFKC"), "utf8"),
    salt: saltBytes,
    parallelism: 1,
    iterations: passes,
    memorySize: memory,
    hashLength: 32,
    outputType: "binary",
  }));
  const kdf = `argon2id;v=19;m=${memory};t=${passes};p=1`;
  const expand = (label) => Buffer.from(hkdfSync("sha256", master, Buffer.alloc(0), fields("tacit/v1", label, realm, "srp6a-sha256", group, kdf, identity), 32));
  const P = expand("login");
  const x = sha256(saltBytes, sha256(`${identity}:${P.toString("hex")}`));
  const modulus = BigInt(`0x${getDiffieHellman(prime).getPrime("hex")}`);
  const v = power(generator, BigInt(`0x${x.toString("hex")}`), modulus);
  const length = Number(group) / 4;
  return { secrets: { master, P, x, W: expand("wrap") }, verifier: v.toString(16).padStart(length, "0") };
};
