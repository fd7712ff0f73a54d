/**
 * Times the client's arithmetic of one login, `A`, `v` and `S`: of the wasm, of JavaScript's BigInt, and of two libraries from
 * npm. All take turns in one process, so that what else the machine does meets all alike; what counts is processor time.
 *
 *     node run.mjs [--json]      ROUNDS (30) makes it longer or shorter
 *
 * BigInt and the libraries are not constant-time, and their secrets cannot be wiped.
 */

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Login, initSync } from "./dist/tacit.js";

const require = createRequire(import.meta.url);
const { SRP, SrpClient } = require("fast-srp-hap");
const remote = require("secure-remote-password/client");

const GROUPS = [2048, 3072, 4096];
const ROUNDS = Number(process.env["ROUNDS"] ?? 30);
const WINDOW = 5n;

initSync({ module: readFileSync(new URL("./dist/tacit_bg.wasm", import.meta.url)) });

const bytesOf = (number, length) => Buffer.from(number.toString(16).padStart(2 * length, "0"), "hex");
const numberOf = (bytes) => BigInt(`0x${bytes.toString("hex")}`);
const hash = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();

/** As good as BigInt allows: fixed windows, one remainder a product. */
const power = (base, exponent, n) => {
  const table = [1n];
  for (let index = 1; index < 1 << Number(WINDOW); index += 1) table.push((table[index - 1] * base) % n);
  const digits = [];
  for (let rest = exponent; rest > 0n; rest >>= WINDOW) digits.push(Number(rest & ((1n << WINDOW) - 1n)));
  let result = 1n;
  for (const digit of digits.reverse()) {
    for (let turn = 0n; turn < WINDOW; turn += 1n) result = (result * result) % n;
    result = (result * table[digit]) % n;
  }
  return result;
};

/** `g^e` by squaring and a small factor. */
const powerOfSmall = (g, exponent, n) => {
  let result = 1n;
  for (const bit of exponent.toString(2)) result = (result * result * (bit === "1" ? g : 1n)) % n;
  return result;
};

const withBigInt = (bits) => {
  const length = bits / 8;
  const { N, g } = SRP.params[bits];
  const [n, generator] = [BigInt(`0x${N.toString(16)}`), BigInt(g.toString(10))];
  const k = numberOf(hash(bytesOf(n, length), bytesOf(generator, length)));
  const x = numberOf(randomBytes(32));
  const B = powerOfSmall(generator, numberOf(randomBytes(32)), n);
  return () => {
    const a = numberOf(randomBytes(32));
    const A = powerOfSmall(generator, a, n);
    const u = numberOf(hash(bytesOf(A, length), bytesOf(B, length)));
    const base = (B + n - ((k * powerOfSmall(generator, x, n)) % n)) % n;
    return hash(bytesOf(power(base, a + u * x, n), length));
  };
};

const withWasm = (bits) => {
  const login = Login.of(bits);
  return () => login.run();
};

const withFastSrpHap = (bits) => {
  const params = { ...SRP.params[bits], hash: "sha256" };
  const [salt, identity, password] = [randomBytes(32), randomBytes(16), randomBytes(32)];
  const B = bytesOf(
    powerOfSmall(BigInt(params.g.toString(10)), numberOf(randomBytes(32)), BigInt(`0x${params.N.toString(16)}`)),
    bits / 8,
  );
  return () => {
    const client = new SrpClient(params, salt, identity, password, randomBytes(32));
    client.computeA();
    client.setB(B);
    return client.computeM1();
  };
};

/** It has this one group. */
const withSecureRemotePassword = (bits) => {
  if (bits !== 2048) return null;
  const [salt, identity] = [randomBytes(32).toString("hex"), randomBytes(16).toString("hex")];
  const x = randomBytes(32).toString("hex");
  const B = remote.deriveVerifier(randomBytes(32).toString("hex"));
  return () => {
    const { secret } = remote.generateEphemeral();
    return remote.deriveSession(secret, B, salt, identity, x);
  };
};

const CONTENDERS = [
  ["@tacit/client", withWasm],
  ["BigInt", withBigInt],
  ["fast-srp-hap", withFastSrpHap],
  ["secure-remote-password", withSecureRemotePassword],
];

const runs = GROUPS.flatMap((bits) =>
  CONTENDERS.map(([name, make]) => ({ name, bits, run: make(bits), times: [] })).filter(({ run }) => run),
);
const milliseconds = (run) => {
  const begun = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
};
// Until the engine has compiled them for good.
for (const { run } of runs) for (let turn = 0; turn < 20; turn += 1) run();
for (let round = 0; round < ROUNDS; round += 1) for (const { run, times } of runs) times.push(milliseconds(run));

const rows = runs.map(({ name, bits, times }) => {
  times.sort((one, other) => one - other);
  return { name, bits, minimum: times[0], median: times[times.length >> 1] };
});
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ node: `Node ${process.versions.node}`, rows }, null, 2));
} else {
  const of = (bits) => rows.find((row) => row.bits === bits && row.name === "BigInt").minimum;
  console.log(`The client's arithmetic of a login in Node ${process.versions.node}, ms of processor time, ${ROUNDS} rounds`);
  for (const { name, bits, minimum, median } of rows) {
    const cells = [minimum.toFixed(2), median.toFixed(2), `${(of(bits) / minimum).toFixed(2)} × BigInt`];
    console.log(`${String(bits).padEnd(6)}${name.padEnd(26)}${cells.map((cell) => cell.padStart(16)).join("")}`);
  }
}
