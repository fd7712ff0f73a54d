/**
 * Writes `integrity.json` beside the files of a package: the SHA-384 of each, in the form of the `integrity` attribute.
 *
 *     node integrity.mjs <folder>
 */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OUT = "integrity.json";

const folder = process.argv[2];
const names = readdirSync(folder)
  .filter((name) => name !== OUT)
  .sort();
const hash = (name) =>
  `sha384-${createHash("sha384")
    .update(readFileSync(join(folder, name)))
    .digest("base64")}`;
writeFileSync(
  join(folder, OUT),
  `${JSON.stringify(Object.fromEntries(names.map((name) => [name, hash(name)])), null, 2)}\n`,
);
