/**
 * Servers and proxies that answer in another form than the protocol's: redirects, other media types, answers without end
 * or after everybody has left.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { PASSWORD, PERSON, serve } from "./support/client.mjs";
import { EMAIL, PROOF, liedTo } from "./support/liar.mjs";

const STEPS = [EMAIL, PROOF];

test("a redirect is not followed, at either step and wherever it leads", async (t) => {
  const world = await liedTo(t);
  const elsewhere = await serve(t);
  for (const step of STEPS) {
    for (const status of [301, 302, 303, 307, 308]) {
      for (const location of ["/elsewhere", `${elsewhere.url}${step}`]) {
        // One status is enough where each try costs a password derivation.
        if (step === PROOF && status !== 307) continue;
        const refused = await world.refused(step, () => ({ status, headers: { location } }));
        assert.equal(refused.result?.code, "network");
        assert.deepEqual(refused.paths.at(-1), `POST ${step}`);
      }
    }
  }
  assert.deepEqual(elsewhere.requests, []);
  await world.honestLogin();
});

test("an answer of another media type is not the server's", async (t) => {
  const world = await liedTo(t);
  for (const kind of ["text/html", "text/plain", "application/jsonp", "application/javascript", "", "application/json-seq"]) {
    const refused = await world.refused(EMAIL, (honest) => ({ ...honest(), headers: { "content-type": kind } }));
    assert.deepEqual([refused.result?.code, refused.result?.status], ["unavailable", "busy"], kind);
    assert.deepEqual(refused.paths, [`POST ${EMAIL}`]);
  }
  const refused = await world.refused(PROOF, (honest) => ({ ...honest(), headers: { "content-type": "text/html" } }));
  assert.equal(refused.result?.code, "unavailable");
  await world.honestLogin();
});

test("an answer that is no JSON is not the server's", async (t) => {
  const world = await liedTo(t);
  const spoiled = ["{", '{"a":1}{}', "{'a':1}", "<html>", "\u0000", ")]}',\n{}", "NaN"];
  for (const raw of spoiled) {
    const refused = await world.refused(EMAIL, () => ({ status: 200, raw }));
    assert.equal(refused.result?.code, "unavailable", raw);
    assert.deepEqual(refused.paths, [`POST ${EMAIL}`]);
  }
  for (const status of [200, 204, 206]) {
    const refused = await world.refused(EMAIL, () => ({ status }));
    assert.equal(refused.error?.code, "response_invalid", `${status}`);
    assert.deepEqual(refused.paths, [`POST ${EMAIL}`]);
  }
  for (const status of [400, 401, 404, 500, 503]) {
    const refused = await world.refused(EMAIL, () => ({ status, raw: "<html>", headers: { "content-type": "text/html" } }));
    assert.equal(refused.result?.code, "unavailable", `${status}`);
  }
  await world.honestLogin();
});

test("an answer without end is listened to for a while", async (t) => {
  const world = await liedTo(t);
  const before = process.memoryUsage().rss;
  for (const [step, words] of [
    [EMAIL, " ".repeat(65_536)],
    [EMAIL, '{"a":'.repeat(20_000)],
    [PROOF, " ".repeat(65_536)],
  ]) {
    world.server.said = 0;
    const refused = await world.refused(step, () => ({ status: 200, endless: words }));
    // It is length that ends it, not time.
    assert.equal(refused.result?.code, "unavailable");
    assert.ok(world.server.said < 64 << 20, `${world.server.said} bytes were taken`);
  }
  assert.ok(process.memoryUsage().rss - before < 300 << 20, "memory is bounded");
  await world.honestLogin();
});

test("an answer of a megabyte is too long to be the server's", async (t) => {
  const world = await liedTo(t);
  const padded = (honest) => ({ ...honest(), raw: JSON.stringify({ ...honest().body, padding: "x".repeat(2 << 20) }) });
  assert.equal((await world.refused(EMAIL, padded)).result?.code, "unavailable");
  await world.honestLogin();
});

test("an answer that comes when nobody waits for it any more is not taken", async (t) => {
  for (const step of [EMAIL, PROOF]) {
    await t.test(step, async (t) => {
      // A derivation is no waiting for the server: only its answers are late.
      const world = await liedTo(t, { timeout: 5_000 });
      const { client, server } = world;
      let late;
      server.lies[step] = (honest) => {
        const answer = honest();
        return { ...answer, after: new Promise((resolve) => (late = resolve)) };
      };
      const outcome = await client.login({ authId: PERSON, password: PASSWORD });
      assert.deepEqual([outcome.code, outcome.status], ["network", "network"]);
      // The honest answer, with a good proof of the server: it is only late.
      late();
      await wait(100);
      assert.equal(client.user, null);
      assert.equal((await client.getAccessToken()).code, "signed_out");
      server.lies = {};
      await world.honestLogin();
    });
  }
});
