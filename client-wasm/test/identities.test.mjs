/** Accounts elsewhere that are linked to the person's: listed, linked, unlinked, and shown in the place of a password. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, PERSON, signedIn } from "./support/client.mjs";
import { PROVIDER } from "./support/federation.mjs";
import { say, signedInTab, tabAt } from "./support/tab.mjs";

const VISITS = "POST /v1/identities/visits";
const LINK = "POST /v1/identities";
const BEGIN = "POST /api/auth/srp/step-up/initiate";
const CONFIRM = "POST /api/auth/srp/step-up/confirm";

/** A tab whose person came by the provider, and has no password. */
const social = async (t, options) => {
  const { server, tab, client } = await tabAt(t, options);
  await client.signInWith(PROVIDER);
  await tab.comeBack().completeRedirect();
  server.requests.length = 0;
  return { server, tab, client: tab.client };
};

/** Answers the next popup as the way back does. */
const answerPopup = async (server, tab) => {
  const popup = await tab.popup();
  say(server, popup, { code: server.federation.follow(popup.url) });
};

test("a link asks for the password first, then for the provider's word, and is listed", async (t) => {
  const { server, tab, client } = await signedInTab(t, { onStepUp: async () => PASSWORD });
  assert.deepEqual(await client.identities.list(), { ok: true, identities: [], hasPassword: true });
  server.federation.email = "elsewhere@example.com";
  server.requests.length = 0;
  const [linked] = await Promise.all([client.identities.link(PROVIDER, { display: "popup" }), answerPopup(server, tab)]);
  assert.deepEqual([linked.ok, linked.status], [true, "linked"]);
  const { id, ...identity } = linked.identity;
  const time = "2026-01-01T00:00:00.000Z";
  const expected = { provider: "local", label: "Local", email: "elsewhere@example.com", createdAt: time, lastUsedAt: time };
  assert.deepEqual(identity, expected);
  assert.deepEqual(server.paths(), [VISITS, BEGIN, CONFIRM, VISITS, LINK]);
  const { identities } = await client.identities.list();
  assert.deepEqual(identities, [{ id, ...expected }]);
});

test("a link by page is finished by the page that is come back to, in the same session", async (t) => {
  const { server, tab, client } = await signedInTab(t);
  await client.stepUp({ password: PASSWORD });
  assert.deepEqual(await client.identities.link(PROVIDER), { ok: true, status: "leaving" });
  const back = tab.comeBack();
  const done = await back.completeRedirect();
  assert.deepEqual([done.status, done.identity.provider], ["linked", "local"]);
  assert.equal(back.user.email, PERSON, "the session was picked up on the way");
  assert.ok(!server.paths().includes("POST /v1/oauth/exchange"), "a link's code is no session");
});

test("a link begun in one session is not finished in another", async (t) => {
  const { server, tab, client } = await signedInTab(t);
  await client.stepUp({ password: PASSWORD });
  await client.identities.link(PROVIDER);
  await client.logout();
  await client.login({ authId: PERSON, password: PASSWORD });
  server.requests.length = 0;
  const done = await tab.comeBack().completeRedirect();
  assert.deepEqual([done.code, done.purpose], ["signed_out", "link"]);
  assert.deepEqual(server.federation.identities, []);
  assert.ok(!server.paths().includes(LINK), "the code is not even sent");
});

test("an identity that is somebody's already is refused", async (t) => {
  const { server, tab, client } = await signedInTab(t);
  server.federation.identities.push({ id: "taken", provider: "local", email: PERSON, user: "somebody else" });
  await client.stepUp({ password: PASSWORD });
  await client.identities.link(PROVIDER);
  const done = await tab.comeBack().completeRedirect();
  assert.deepEqual([done.code, done.httpStatus, done.purpose], ["identity_taken", 409, "link"]);
});

test("an account without a password steps up by its provider, by page", async (t) => {
  const { server, tab, client } = await social(t);
  assert.equal((await client.stepUp({ password: PASSWORD })).code, "password_missing");
  assert.deepEqual(await client.stepUpWith(PROVIDER), { ok: true, status: "leaving" });
  const done = await tab.comeBack().completeRedirect();
  assert.deepEqual(done, { ok: true, status: "stepped_up", expiresIn: 600 });
  assert.equal(server.desk.steppedUp.size, 1);
});

test("where an operation asks, the program may name a provider instead of a password", async (t) => {
  const asked = [];
  const answers = [{ provider: PROVIDER }, { provider: PROVIDER }];
  const onStepUp = async (why) => (asked.push(why.failed?.code), answers.shift() ?? null);
  const { server, tab, client } = await social(t, { onStepUp });
  const first = tab.popup().then((popup) => {
    popup.closed = true;
    return answerPopup(server, tab);
  });
  const [set] = await Promise.all([client.setPassword({ password: PASSWORD }), first]);
  assert.deepEqual(set, { ok: true });
  assert.deepEqual(asked, [undefined, "popup_closed"], "a closed window is asked about again");
  assert.equal((await client.identities.list()).hasPassword, true);
  const credential = server.requests.findLast(({ path }) => path.endsWith("/password/set")).body.credential;
  assert.deepEqual(Object.keys(credential).sort(), ["identity", "preset", "salt", "verifier"]);
  assert.equal((await client.setPassword({ password: PASSWORD })).code, "password_exists");
  assert.equal((await client.login({ authId: PERSON, password: PASSWORD })).ok, true, "it is good for a login");
});

test("the last way in cannot be unlinked; with a password it can", async (t) => {
  const { client } = await social(t);
  const { identities } = await client.identities.list();
  assert.equal((await client.identities.unlink({ id: identities[0].id })).code, "step_up_required");
  const { server, tab, client: able } = await social(t, { onStepUp: async () => ({ provider: PROVIDER }) });
  const [only] = (await able.identities.list()).identities;
  const [refused] = await Promise.all([able.identities.unlink(only), answerPopup(server, tab)]);
  assert.deepEqual([refused.code, refused.httpStatus], ["last_way_in", 409]);
  assert.deepEqual(await able.setPassword({ password: PASSWORD }), { ok: true });
  assert.deepEqual(await able.identities.unlink(only), { ok: true });
  assert.deepEqual((await able.identities.list()).identities, []);
});

test("without a session nothing is asked, and nobody leaves", async (t) => {
  const { server, tab, client } = await tabAt(t);
  for (const asked of [client.identities.list(), client.identities.link(PROVIDER), client.stepUpWith(PROVIDER)]) {
    assert.equal((await asked).code, "signed_out");
  }
  assert.deepEqual([server.paths(), tab.left], [[], []]);
});

test("identities are listed in Node too, and linking there is misuse", async (t) => {
  const { client } = await signedIn(t);
  assert.equal((await client.identities.list()).hasPassword, true);
  await assert.rejects(client.identities.link(PROVIDER), { code: "invalid_argument" });
});
