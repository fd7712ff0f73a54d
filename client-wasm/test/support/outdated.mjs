/**
 * A person whose credential is of the weakest preset. Only the vectors have one, so the client believes to be at their
 * host, and its requests are led to the scripted server.
 */

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { TacitClient } from "../../dist/node.js";
import { PERSON, serve } from "./client.mjs";

const { credential } = JSON.parse(
  readFileSync(new URL("../../../shared/vectors/srp6a-sha256-2048.json", import.meta.url), "utf8"),
);

export const OLD_PASSWORD = credential.typed;

export const outdated = async (t, options = {}) => {
  const server = await serve(t);
  const { identity, salt, preset, v: verifier, realm } = credential;
  const account = { id: randomUUID(), credential: { identity, salt, preset, verifier } };
  server.accounts.set(PERSON, account);
  const real = globalThis.fetch;
  t.mock.method(globalThis, "fetch", (url, init) => real(String(url).replace(`http://${realm}`, server.url), init));
  const client = new TacitClient({ baseUrl: `http://${realm}`, ...options });
  return { server, client, account };
};
