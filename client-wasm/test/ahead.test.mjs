/** What is done before the server answers: on a device that knows the credential, the password is stretched already. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { MemoryStorage, PASSWORD, PERSON, signedIn } from "./support/client.mjs";

/** Whether the stretching began while the server kept its answer to the first step to itself. */
const stretchedAhead = async (server, storage, { password = PASSWORD, patience = 60_000 } = {}) => {
  let begun = () => {};
  const stretching = new Promise((resolve) => {
    begun = () => resolve(true);
  });
  const client = new TacitClient({
    baseUrl: server.url,
    storage,
    onPhase: (phase) => {
      if (phase === "deriving") begun();
    },
  });
  const release = server.hold();
  const login = client.login({ authId: PERSON, password });
  // Nothing else starts it before the answer, however long that takes.
  const late = new Promise((resolve) => setTimeout(() => resolve(false), patience).unref());
  const early = await Promise.race([stretching, late]);
  release();
  return { early, login: await login };
};

test("a device that knows the credential stretches while the server is asked, another one waits", async (t) => {
  const storage = new MemoryStorage();
  const { server } = await signedIn(t, { storage });
  const known = await stretchedAhead(server, storage);
  assert.deepEqual([known.early, known.login.ok], [true, true]);
  const unknown = await stretchedAhead(server, new MemoryStorage(), { patience: 500 });
  assert.deepEqual([unknown.early, unknown.login.ok], [false, true]);
});

test("what was stretched for another credential is thrown away, and the login goes on", async (t) => {
  const storage = new MemoryStorage();
  const { server } = await signedIn(t, { storage });
  const elsewhere = new TacitClient({ baseUrl: server.url });
  await elsewhere.login({ authId: PERSON, password: PASSWORD });
  await elsewhere.changePassword({ currentPassword: PASSWORD, newPassword: "another" });
  const changed = await stretchedAhead(server, storage, { password: "another" });
  assert.deepEqual([changed.early, changed.login.ok], [true, true]);
  const { salt } = server.accounts.get(PERSON).credential;
  assert.ok(storage.text.includes(salt), "the next time it is the right one");
});

test("what is remembered is no secret, and goes with the device's token", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  const { identity, salt, verifier } = server.accounts.get(PERSON).credential;
  assert.ok(storage.text.includes(identity) && storage.text.includes(salt));
  assert.ok(!storage.text.includes(verifier) && !storage.text.includes(PASSWORD));
  await client.changePassword({ currentPassword: PASSWORD, newPassword: "another" });
  const { salt: next } = server.accounts.get(PERSON).credential;
  for (const value of [identity, salt, next]) assert.ok(!storage.text.includes(value));
});
