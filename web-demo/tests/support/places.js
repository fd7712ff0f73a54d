/** Where something that should be nowhere could be found. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every file below a folder, by its name. */
export const folderFiles = (folder) => Object.fromEntries(readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => [entry.name, readFileSync(join(entry.parentPath ?? entry.path, entry.name))]));

/** All that a browser keeps for its pages but cookies that scripts cannot read: those are the server's own. */
export const storageOf = async (context, ...pages) => {
  const { origins } = await context.storageState({ indexedDB: true });
  const tabs = await Promise.all(pages.map((page) => page.evaluate(() => ({ ...sessionStorage }))));
  return Buffer.from(JSON.stringify([origins, tabs]), "utf8");
};
