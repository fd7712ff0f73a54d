import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { serve, signedIn } from "./support/client.mjs";

/** Moves this process's wall clock ahead; the token goes by whichever clock says more. */
const later = (t, seconds) => {
  const real = Date.now;
  t.mock.method(Date, "now", () => real() + seconds * 1000);
};

const shown = (server) => server.requests.at(-1).headers.authorization;

test("fetch shows the token to its own server", async (t) => {
  const { server, client } = await signedIn(t);
  const { accessToken } = await client.getAccessToken();
  for (const target of [
    "/v1/auth/me",
    `${server.url}/v1/auth/me`,
    new URL(`${server.url}/v1/auth/me`),
    new Request(`${server.url}/v1/auth/me`),
  ]) {
    assert.equal((await client.fetch(target)).status, 200);
    assert.equal(shown(server), `Bearer ${accessToken}`);
  }
});

test("fetch shows the token to no other origin, unless that is named", async (t) => {
  const other = await serve(t);
  const { client } = await signedIn(t);
  await client.fetch(`${other.url}/anything`);
  assert.equal(shown(other), undefined);

  const { client: trusting } = await signedIn(t, { tokenOrigins: [other.url] });
  await trusting.fetch(`${other.url}/anything`);
  assert.match(other.requests.at(-2).headers.authorization, /^Bearer /);
});

test("fetch renews the token once after a 401, and sends the body again", async (t) => {
  const { server, client } = await signedIn(t);
  server.access.clear();
  const response = await client.fetch("/api/auth/sessions/logout-all", {
    method: "POST",
    body: JSON.stringify({ a: 1 }),
  });
  assert.equal(response.status, 200);
  assert.deepEqual(server.paths(), [
    "POST /api/auth/sessions/logout-all",
    "POST /v1/auth/refresh",
    "POST /api/auth/sessions/logout-all",
  ]);
  assert.deepEqual(server.requests.at(-1).body, { a: 1 });

  server.lies["/v1/auth/me"] = () => ({ status: 401, body: {} });
  assert.equal((await client.fetch("/v1/auth/me")).status, 401);
  assert.equal(server.paths().filter((path) => path === "GET /v1/auth/me").length, 2);
});

test("fetch leaves an authorization alone that the caller gave", async (t) => {
  const { server, client } = await signedIn(t);
  const response = await client.fetch("/v1/auth/me", { headers: { authorization: "Bearer mine" } });
  assert.equal(response.status, 401);
  assert.equal(shown(server), "Bearer mine");
});

test("fetch without a session sends the request as it is", async (t) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url });
  assert.equal((await client.fetch("/v1/auth/me")).status, 401);
  assert.equal(shown(server), undefined);
});

test("fetch rejects where the network does", async (t) => {
  const { server, client } = await signedIn(t);
  await server.goAway();
  await assert.rejects(client.fetch("/v1/auth/me"), TypeError);
  await server.comeBack();
});

test("a caller who calls a request off does not wait for the token's renewal, which goes on", async (t) => {
  const { server, client } = await signedIn(t);
  const refuse = () => server.access.clear();
  for (const [name, prepare] of Object.entries({ "before it is sent": () => later(t, 400), "after a 401": refuse })) {
    await t.test(name, async () => {
      prepare();
      let answer;
      const held = new Promise((resolve) => (answer = resolve));
      server.lies["/v1/auth/refresh"] = (honest) => ({ ...honest(), after: held });
      const leaving = new AbortController();
      const asked = client.fetch("/v1/auth/me", { signal: leaving.signal });
      while (!server.paths().includes("POST /v1/auth/refresh")) await new Promise((resolve) => setTimeout(resolve, 5));
      const reason = new Error("the page is left");
      leaving.abort(reason);
      const late = new Promise((resolve) => setTimeout(resolve, 1000, "late"));
      assert.equal(await Promise.race([asked.catch((error) => error), late]), reason);
      answer();
      server.lies = {};
      assert.equal((await client.refresh()).ok, true);
      server.requests.length = 0;
      assert.equal((await client.fetch("/v1/auth/me")).status, 200);
      assert.deepEqual(server.paths(), ["GET /v1/auth/me"]);
    });
  }
});

test("a request that was called off before is not sent, and renews nothing for itself", async (t) => {
  const { server, client } = await signedIn(t);
  later(t, 400);
  const reason = new Error("too late");
  await assert.rejects(client.fetch("/v1/auth/me", { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.deepEqual(server.paths(), []);
});
