/**
 * An independent reading of the protocol: what is derived from a password, computed with another Argon2id (hash-wasm)
 * and Node's own hashes, none of it shared with the client under test.
 */

import { createHash, getDiffieHellman, hkdfSync } from "node:crypto";
import { argon2id } from "hash-wasm";

/** The prime of RFC 5054's 2048-bit group; the larger ones are those of RFC 3526, which Node knows. */
const N2048 = "ac6bdb41324a9a9bf166de5e1389582faf72b6651987ee07fc3192943db56050a37329cbb4a099ed8193e0757767a13dd52312ab4b03310dcd7f48a9"
  + "da04fd50e8083969edb767b0cf6095179a163ab3661a05fbd5faaae82918a9962f0b93b855f97993ec975eeaa80d740adbf4ff747359d041d5c33ea7"
  + "1d281e446b14773bca97b43a23fb801676bd207a436c6481f1d2b9078717461a5b9d32e688f87748544523b524b0d57d5ea77a2775d2ecfa032cfbdb"
  + "f52fb3786160279004e57ae6af874e7303ce53299ccc041c7bc308d82a5698f3a8d0c38271ae35f8e9dbfbb694b5c803d89f7ae435de236d525f5475"
  + "9b65e372fcd68ef20fa7111f9e4aff73";

/** The client's table of presets, as docs/protocol.md has it. */
const PRESETS = {
  1: { group: "3072", prime: "modp15", generator: 5n, memory: 47104, passes: 3 },
  2: { group: "4096", prime: "modp16", generator: 5n, memory: 65536, passes: 3 },
  3: { group: "2048", generator: 2n, memory: 19456, passes: 2 },
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
  const modulus = BigInt(`0x${prime ? getDiffieHellman(prime).getPrime("hex") : N2048}`);
  const v = power(generator, BigInt(`0x${x.toString("hex")}`), modulus);
  const length = Number(group) / 4;
  return { secrets: { master, P, x, W: expand("wrap") }, verifier: v.toString(16).padStart(length, "0") };
};
