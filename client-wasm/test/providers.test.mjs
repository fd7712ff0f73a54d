/** Signing in with a provider: by page, where the browser leaves and comes back, and by popup, where the page stays. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { PASSWORD, PERSON, signedIn } from "./support/client.mjs";
import { PROVIDER } from "./support/federation.mjs";
import { say, signedInTab, tabAt } from "./support/tab.mjs";

const EXCHANGE = "POST /v1/oauth/exchange";
const ME = "GET /v1/auth/me";

test("the providers are those the server lists", async (t) => {
  const { client } = await tabAt(t);
  assert.deepEqual(await client.providers(), { ok: true, providers: [{ name: "local", label: "Local", stepUp: true }] });
});

test("by page the browser leaves with a challenge, and the verifier stays in the tab", async (t) => {
  const { server, tab, client } = await tabAt(t);
  assert.deepEqual(await client.signInWith(PROVIDER), { ok: true, status: "leaving" });
  const url = new URL(tab.left[0]);
  assert.equal(url.origin + url.pathname, `${server.url}/v1/oauth/local/authorize`);
  assert.equal(url.searchParams.get("return_to"), tab.address);
  assert.equal(url.searchParams.get("display"), "page");
  const { verifier } = JSON.parse(tab.storage.text);
  assert.match(verifier, /^[\w-]{43}$/);
  assert.equal(url.searchParams.get("code_challenge"), createHash("sha256").update(verifier).digest("base64url"));
  assert.ok(!url.href.includes(verifier));
  assert.deepEqual(server.paths(), [], "nothing is asked before the browser leaves");
});

test("come back to, the page signs in, and nothing of the code or the verifier is left", async (t) => {
  const { server, tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER, { deviceName: "Laptop", returnTo: "https://app.example.com/home" });
  assert.match(tab.left[0], /return_to=https%3A%2F%2Fapp\.example\.com%2Fhome&/);
  const again = tab.comeBack();
  assert.equal(tab.fragment, "", "the address is clean as soon as the client is there");
  const changes = [];
  again.onChange(({ type }) => changes.push(type));
  const { session, user, ...result } = await again.completeRedirect();
  assert.deepEqual(result, { ok: true, status: "signed_in", provider: "local", created: true });
  assert.equal(user.email, PERSON);
  assert.deepEqual(again.user, user);
  assert.deepEqual(changes, ["signed_in"]);
  assert.deepEqual(server.paths(), [EXCHANGE, ME]);
  const { body, headers } = server.requests[0];
  assert.deepEqual([body.refresh_delivery, body.device_name, headers["x-tacit-client"]], ["cookie", "Laptop", "js"]);
  assert.equal(tab.storage.text, "");
  assert.ok(!tab.browser.storage.text.includes(body.code) && !tab.browser.storage.text.includes(body.code_verifier));
  assert.equal((await again.me()).session.id, session.id);
  assert.equal(await again.completeRedirect(), null, "once is all");
});

test("a page that nobody came back to has nothing to finish", async (t) => {
  const { server, tab, client } = await tabAt(t);
  assert.equal(await client.completeRedirect(), null);
  tab.fragment = "section-2";
  assert.equal(await tab.open().completeRedirect(), null);
  assert.equal(tab.fragment, "section-2", "what is not ours stays");
  assert.deepEqual(server.paths(), []);
});

test("by popup the page stays, waits for the code and signs in", async (t) => {
  const { server, tab, client } = await tabAt(t);
  const signing = client.signInWith(PROVIDER, { display: "popup" });
  const popup = await tab.popup();
  assert.match(popup.url, /display=popup$/);
  assert.equal(tab.storage.text, "", "the verifier is not even stored");
  say(server, popup, { code: server.federation.follow(popup.url) });
  const result = await signing;
  assert.deepEqual([result.ok, result.status, client.user.email], [true, "signed_in", PERSON]);
  assert.ok(popup.closed);
  assert.deepEqual(tab.left, []);
});

test("a popup that a policy cut off is heard over the channel", async (t) => {
  const { server, tab, client } = await tabAt(t);
  tab.focused = false;
  const signing = client.signInWith(PROVIDER, { display: "popup" });
  const popup = await tab.popup();
  const code = server.federation.follow(popup.url);
  popup.say(server.url, { type: "tacit-oauth", code: "another tab's" }, false);
  popup.closed = true;
  popup.say(server.url, { type: "tacit-oauth", code }, false);
  assert.equal((await signing).status, "signed_in");
});

test("a popup that looks closed while the person is in it is waited for", async (t) => {
  const { server, tab, client } = await tabAt(t);
  tab.focused = false;
  const signing = client.signInWith(PROVIDER, { display: "popup" });
  const popup = await tab.popup();
  popup.closed = true;
  const still = Symbol("still waiting");
  assert.equal(await Promise.race([signing, new Promise((go) => setTimeout(go, 900, still))]), still);
  tab.focused = true;
  assert.equal((await signing).code, "popup_closed");
  assert.deepEqual(server.paths(), []);
});

test("a closed, a blocked and an overtaken popup are values, and leave nobody waiting", async (t) => {
  const { server, tab, client } = await tabAt(t);
  tab.blocksPopups = true;
  assert.equal((await client.signInWith(PROVIDER, { display: "popup" })).code, "popup_blocked");
  tab.blocksPopups = false;
  const first = client.signInWith(PROVIDER, { display: "popup" });
  await tab.popup();
  const second = client.signInWith(PROVIDER, { display: "popup" });
  const popup = await tab.popup();
  assert.equal((await first).code, "popup_closed");
  popup.closed = true;
  assert.equal((await second).code, "popup_closed");
  assert.equal(client.user, null);
  assert.deepEqual(server.paths(), []);
});

test("a refusal comes back as its code, by page and by popup", async (t) => {
  const { server, tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  const refused = await tab.comeBack("tacit_error", "oauth_refused").completeRedirect();
  const { ok, code, purpose, provider } = refused;
  assert.deepEqual([ok, code, purpose, provider], [false, "oauth_refused", "sign_in", "local"]);
  const signing = tab.client.signInWith(PROVIDER, { display: "popup" });
  say(server, await tab.popup(), { error: "provider_unavailable" });
  assert.equal((await signing).code, "provider_unavailable");
  assert.deepEqual(server.paths(), []);
});

test("an address that has an account is not signed in to, and says what to do", async (t) => {
  const { server, tab, client } = await tabAt(t);
  server.accounts.set(PERSON, { id: "somebody" });
  await client.signInWith(PROVIDER);
  const refused = await tab.comeBack().completeRedirect();
  const { code, httpStatus, purpose, provider } = refused;
  assert.deepEqual([code, httpStatus, purpose, provider], ["link_required", 409, "sign_in", "local"]);
  assert.equal(tab.client.user, null);
});

test("logging out says where the person stays signed in", async (t) => {
  const { tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  await tab.comeBack().completeRedirect();
  assert.deepEqual(await tab.client.logout(), { ok: true, stillSignedInAt: "local" });
  const { client: other } = await signedIn(t);
  assert.deepEqual(await other.logout(), { ok: true });
});

test("a second sign-in takes the place of a session with a password", async (t) => {
  const { server, tab, client } = await signedInTab(t);
  server.federation.email = "other@example.com";
  await client.signInWith(PROVIDER);
  assert.equal((await tab.comeBack().completeRedirect()).user.email, "other@example.com");
  assert.equal(tab.client.user.email, "other@example.com");
});

test("misuse is thrown: no page, no such display, an address to come back to that is none", async (t) => {
  const { client: inNode } = await signedIn(t);
  await assert.rejects(inNode.signInWith(PROVIDER), { code: "invalid_argument" });
  assert.equal(await inNode.completeRedirect(), null);
  const { tab, client } = await tabAt(t);
  await assert.rejects(client.signInWith(PROVIDER, { display: "frame" }), { code: "invalid_argument" });
  await assert.rejects(client.signInWith(5), { code: "invalid_argument" });
  for (const returnTo of ["/home", "", "https://app.example.com/#here"]) {
    await assert.rejects(client.signInWith(PROVIDER, { returnTo }), { code: "invalid_argument" });
  }
  assert.deepEqual([tab.left, tab.popups], [[], []]);
  tab.storage.setItem = () => {
    throw new Error("full");
  };
  assert.equal((await client.signInWith(PROVIDER)).code, "storage_unavailable");
  assert.deepEqual(tab.left, []);
  tab.storage = undefined;
  assert.equal((await client.signInWith(PROVIDER)).code, "storage_unavailable");
  assert.deepEqual(tab.left, []);
});

test("the password of an account is not asked for, nor sent", async (t) => {
  const { server, tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  await tab.comeBack().completeRedirect();
  for (const { text } of server.requests) assert.ok(!text.includes(PASSWORD));
  assert.ok(server.requests.every(({ path }) => !path.includes("srp")));
});
