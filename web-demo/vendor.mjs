/**
 * Writes the strength library as one ES module that a browser loads without a bundler: `node vendor.mjs <folder>`.
 *
 * Both packages ship a plain script that hangs its exports on `this.zxcvbnts`. Each is wrapped in a function whose `this`
 * is an object of our own, so nothing becomes global.
 */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
if (!folder) throw new Error("usage: node vendor.mjs <folder>");

const PACKAGES = ["core", "language-common"];

const packageFile = (name, file) => readFileSync(new URL(`node_modules/@zxcvbn-ts/${name}/${file}`, import.meta.url), "utf8");
const version = (name) => JSON.parse(packageFile(name, "package.json")).version;
const script = (name) => packageFile(name, "dist/zxcvbn-ts.js").replace(/^\/\/# sourceMappingURL=.*$/gm, "").trim();
const licence = packageFile("core", "LICENSE.txt").trim();

const head = PACKAGES.map((name) => `@zxcvbn-ts/${name} ${version(name)}`).join(", ");
const wrapped = PACKAGES.map((name) => `(function () {\n${script(name)}\n}).call(host);`);

const module = `/*!
${head}
${licence}
*/
const host = {};
${wrapped.join("\n")}
const { core, "language-common": common } = host.zxcvbnts;
const factory = new core.ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs });
export const estimate = (password, words) => factory.check(password, words);
`;

const name = `zxcvbn.${createHash("sha256").update(module).digest("hex").slice(0, 16)}.js`;
writeFileSync(join(folder, name), module);
writeFileSync(join(folder, "strength.js"), `export { estimate } from "./${name}";\n`);
