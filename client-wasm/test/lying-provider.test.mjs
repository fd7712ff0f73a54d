/** Codes of others, voices of others, and servers that answer a code with what is not its own. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD } from "./support/client.mjs";
import { PROVIDER } from "./support/federation.mjs";
import { change } from "./support/liar.mjs";
import { say, signedInTab, tabAt } from "./support/tab.mjs";

const EXCHANGE = "/v1/oauth/exchange";
const ME = "/v1/auth/me";

/** Nobody is signed in, nothing of a session is kept, and nothing was told. */
const assertNobody = async (tab, changes) => {
  assert.equal(tab.client.user, null);
  assert.deepEqual(changes, []);
  assert.equal((await tab.client.restore()).code, "signed_out");
  assert.equal(tab.browser.storage.text, "");
};

/** Comes back with an honest code to a server that lies about it. */
const comeBackTo = async (t, lies) => {
  const { server, tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  const back = tab.comeBack();
  const [changes, wires] = [[], []];
  back.onChange((event) => changes.push(event));
  back.onWire((event) => wires.push(event));
  Object.assign(server.lies, lies);
  const outcome = await back.completeRedirect().then((result) => ({ result }), (error) => ({ error }));
  server.lies = {};
  await assertNobody(tab, changes);
  return { ...outcome, server, wires };
};

const swapped = {
  "another provider's name": () => ({ provider: "evil" }),
  "no provider": () => ({ provider: undefined }),
  "another session": () => ({ session_id: "00000000-0000-0000-0000-000000000000" }),
  "no session": () => ({ session_id: undefined }),
  "another person": () => ({ user_id: "00000000-0000-0000-0000-000000000000" }),
  "no person": () => ({ user_id: "" }),
  "a token that is no JWT": ({ tokens }) => ({ tokens: { ...tokens, access_token: "opaque" } }),
  "a token of another session": ({ tokens }) => ({
    tokens: { ...tokens, access_token: `e30.${Buffer.from('{"sid":"x"}').toString("base64url")}.x` },
  }),
  "no tokens": () => ({ tokens: undefined }),
  "a token of no known type": ({ tokens }) => ({ tokens: { ...tokens, token_type: "Basic" } }),
};

test("an answer to the code that is not of one piece is thrown away unseen", async (t) => {
  for (const [name, lie] of Object.entries(swapped)) {
    await t.test(`with ${name}`, async (t) => {
      const { error, wires } = await comeBackTo(t, { [EXCHANGE]: change(lie) });
      assert.equal(error?.code, "response_invalid");
      const exchange = wires.find(({ path }) => path === EXCHANGE);
      assert.deepEqual([exchange.discarded, exchange.responseBody], [true, undefined]);
    });
  }
});

test("a server that knows somebody else by the token is not believed", async (t) => {
  for (const lie of [
    ({ user }) => ({ user: { ...user, id: "another" } }),
    ({ session }) => ({ session: { ...session, id: "another" } }),
    () => ({ user: undefined }),
    () => ({ session: undefined }),
  ]) {
    const { error } = await comeBackTo(t, { [ME]: change(lie) });
    assert.equal(error?.code, "response_invalid");
  }
});

test("a session whose person cannot be learnt is ended, and not taken", async (t) => {
  const unavailable = () => ({ status: 503, body: { code: "unavailable" } });
  const { result, server } = await comeBackTo(t, { [ME]: unavailable });
  assert.deepEqual([result.ok, result.code, result.purpose], [false, "unavailable", "sign_in"]);
  assert.deepEqual(server.paths().slice(0, 4), [
    `POST ${EXCHANGE}`,
    `GET ${ME}`,
    `GET ${ME}`,
    "POST /api/auth/sessions/logout",
  ]);
  assert.equal(server.access.size, 0, "it is over at the server too");
});

test("a code that this tab did not ask for is taken out of the address and sent nowhere", async (t) => {
  const { server, tab } = await tabAt(t);
  tab.fragment = "tacit_code=planted-by-somebody";
  const refused = await tab.open().completeRedirect();
  assert.equal(refused.code, "oauth_not_begun");
  assert.equal(tab.fragment, "");
  assert.deepEqual(server.paths(), []);
});

test("a code of another flow opens nothing, and stays good for its own", async (t) => {
  const { server, tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  const [mine] = tab.left;
  server.federation.email = "mallory@example.com";
  const other = (await tabAt(t)).tab;
  other.server = server;
  await other.open().signInWith(PROVIDER);
  const theirs = server.federation.follow(other.left[0]);
  const refused = await tab.comeBack("tacit_code", theirs).completeRedirect();
  assert.deepEqual([refused.code, refused.httpStatus], ["oauth_code_invalid", 401]);
  assert.equal(tab.client.user, null);
  assert.equal(tab.storage.text, "", "the verifier was for one answer");
  // Its own code, late: the visit it belongs to is over.
  server.federation.email = "person@example.com";
  const late = await tab.comeBack("tacit_code", server.federation.follow(mine)).completeRedirect();
  assert.equal(late.code, "oauth_not_begun");
  assert.equal((await other.comeBack("tacit_code", theirs).completeRedirect()).ok, true);
});

test("a code is good once, also in a tab that kept its verifier", async (t) => {
  const { server, tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  const kept = new Map(tab.storage.entries);
  const code = server.federation.follow(tab.left[0]);
  assert.equal((await tab.comeBack("tacit_code", code).completeRedirect()).ok, true);
  await tab.client.logout();
  tab.storage.entries = kept;
  assert.equal((await tab.comeBack("tacit_code", code).completeRedirect()).code, "oauth_code_invalid");
  assert.equal(tab.client.user, null);
});

test("a visit that is over ten minutes old, from the future or illegible is none", async (t) => {
  const { server, tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  const [[key, text]] = tab.storage.entries;
  const visit = JSON.parse(text);
  for (const kept of [
    JSON.stringify({ ...visit, begunAt: Date.now() - 601_000 }),
    JSON.stringify({ ...visit, begunAt: Date.now() + 60_000 }),
    JSON.stringify({ ...visit, begunAt: undefined }),
    JSON.stringify({ ...visit, verifier: 5 }),
    "{",
    "null",
    '"text"',
  ]) {
    tab.storage.setItem(key, kept);
    assert.equal((await tab.comeBack("tacit_code", "code").completeRedirect()).code, "oauth_not_begun", kept);
  }
  assert.deepEqual(server.paths(), []);
});

test("voices of other origins, other windows and other messages are not heard", async (t) => {
  const { server, tab, client } = await tabAt(t);
  const signing = client.signInWith(PROVIDER, { display: "popup" });
  const popup = await tab.popup();
  const code = server.federation.follow(popup.url);
  for (const origin of ["https://evil.example", "null", "", tab.address, `${server.url}.evil.example`]) {
    popup.say(origin, { type: "tacit-oauth", code: "planted" });
    popup.say(origin, { type: "tacit-oauth", error: "oauth_refused" });
    popup.say(origin, { type: "tacit-oauth", code: "planted" }, false);
  }
  for (const data of [null, undefined, "tacit-oauth", { code: "planted" }, { type: "other", code: "planted" }]) {
    popup.say(server.url, data);
  }
  for (const planted of ["", 5, {}, "x".repeat(4097)]) say(server, popup, { code: planted });
  popup.say(server.url, { type: "tacit-oauth", code: "of another tab" }, false);
  assert.deepEqual(server.paths(), []);
  say(server, popup, { code });
  assert.equal((await signing).status, "signed_in");
  say(server, popup, { code: "too late" });
  assert.equal(server.paths().filter((path) => path === `POST ${EXCHANGE}`).length, 1);
});

test("an error that is no code of ours is a refusal, and its words go no further", async (t) => {
  const { server, tab, client } = await tabAt(t);
  for (const planted of ["<img src=x>", "Call 555-1234 now", "x".repeat(65), "A"]) {
    await client.signInWith(PROVIDER);
    const refused = await tab.comeBack("tacit_error", planted).completeRedirect();
    assert.equal(refused.code, "oauth_refused");
    assert.ok(!JSON.stringify(refused).includes(planted) || planted === "A");
  }
  assert.deepEqual(server.paths(), []);
});

test("an address to go to that is not the server's is not gone to", async (t) => {
  const { server, tab, client } = await signedInTab(t);
  await client.stepUp({ password: PASSWORD });
  for (const url of ["javascript:alert(1)", "https://evil.example/", "//evil.example", "", 5, undefined, "data:text/html,x"]) {
    server.lies["/v1/identities/visits"] = change(() => ({ url }));
    for (const display of ["page", "popup"]) {
      await assert.rejects(client.identities.link(PROVIDER, { display }), { code: "response_invalid" });
      await assert.rejects(client.stepUpWith(PROVIDER, { display }), { code: "response_invalid" });
    }
  }
  assert.deepEqual([tab.left, tab.popups, tab.storage.text], [[], [], ""]);
});

test("a link that came out as another provider's is an error", async (t) => {
  const { server, tab, client } = await signedInTab(t);
  await client.stepUp({ password: PASSWORD });
  await client.identities.link(PROVIDER);
  server.lies["/v1/identities"] = change(() => ({ provider: "evil" }));
  await assert.rejects(tab.comeBack().completeRedirect(), { code: "response_invalid" });
});

test("lists that are none are errors", async (t) => {
  const { server, client } = await signedInTab(t);
  server.lies["/v1/oauth/providers"] = () => ({ status: 200, body: { providers: [{ name: "local" }] } });
  await assert.rejects(client.providers(), { code: "response_invalid" });
  server.lies["/v1/identities"] = () => ({ status: 200, body: { identities: [] } });
  await assert.rejects(client.identities.list(), { code: "response_invalid" });
});

test("listeners hear of the code's exchange once it was found good, and in order", async (t) => {
  const { tab, client } = await tabAt(t);
  await client.signInWith(PROVIDER);
  const back = tab.comeBack();
  const paths = [];
  back.onWire(({ path, discarded }) => paths.push([path, discarded]));
  assert.equal((await back.completeRedirect()).ok, true);
  assert.deepEqual(paths, [
    [EXCHANGE, undefined],
    [ME, undefined],
  ]);
});
