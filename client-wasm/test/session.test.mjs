import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { Browser, MemoryStorage, PASSWORD, PERSON, nextChange, serve, signedIn } from "./support/client.mjs";

const REFRESH = "POST /v1/auth/refresh";
const count = (server, line = REFRESH) => server.paths().filter((path) => path === line).length;

/** Moves this process's wall clock ahead; the token goes by whichever clock says more. */
const later = (t, seconds) => {
  const real = Date.now;
  t.mock.method(Date, "now", () => real() + seconds * 1000);
};

/** Two tabs of one browser, of which the first has just logged in. */
const twoTabs = async (t, powers) => {
  const server = await serve(t);
  const browser = new Browser(t, powers);
  const first = browser.tab({ baseUrl: server.url });
  const second = browser.tab({ baseUrl: server.url });
  await first.signUp({ authId: PERSON, password: PASSWORD });
  await first.activate({ token: PERSON });
  const heard = powers?.channels === false ? undefined : nextChange(second);
  await first.login({ authId: PERSON, password: PASSWORD });
  const event = await heard;
  server.requests.length = 0;
  return { server, browser, first, second, event };
};

test("the access token serves until half a minute before its end, then it is renewed", async (t) => {
  const { server, client } = await signedIn(t);
  const { accessToken } = await client.getAccessToken();
  later(t, 269);
  assert.equal((await client.getAccessToken()).accessToken, accessToken);
  assert.equal(count(server), 0);
  later(t, 2);
  assert.notEqual((await client.getAccessToken()).accessToken, accessToken);
  assert.equal(count(server), 1);
});

test("a token with a short life is renewed at half of it", async (t) => {
  const server = await serve(t);
  server.expiresIn = 20;
  const client = new TacitClient({ baseUrl: server.url });
  await client.signUp({ authId: PERSON, password: PASSWORD });
  await client.activate({ token: PERSON });
  await client.login({ authId: PERSON, password: PASSWORD });
  await client.getAccessToken();
  assert.equal(count(server), 0);
  later(t, 11);
  await client.getAccessToken();
  assert.equal(count(server), 1);
});

test("renewals at the same time are one request", async (t) => {
  const { server, client } = await signedIn(t);
  const all = await Promise.all([client.refresh(), client.refresh(), client.refresh()]);
  assert.deepEqual(all, [{ ok: true }, { ok: true }, { ok: true }]);
  later(t, 280);
  const tokens = await Promise.all([client.getAccessToken(), client.getAccessToken(), client.me()]);
  assert.equal(tokens[0].accessToken, tokens[1].accessToken);
  assert.equal(count(server), 2);
});

test("while the server is away the old token serves to its end, and the session stays", async (t) => {
  const { server, client } = await signedIn(t);
  const { accessToken } = await client.getAccessToken();
  await server.goAway();
  later(t, 280);
  assert.equal((await client.getAccessToken()).accessToken, accessToken);
  later(t, 30);
  assert.equal((await client.getAccessToken()).code, "network");
  await server.comeBack();
  assert.equal((await client.getAccessToken()).ok, true);
});

test("a session the server has ended is over here too", async (t) => {
  const { server, client, login } = await signedIn(t);
  server.endSession(login.session.id);
  const events = [];
  client.onChange((event) => events.push(event.type));
  assert.equal((await client.me()).code, "refresh_invalid");
  assert.equal((await client.me()).code, "signed_out");
  assert.deepEqual(events, ["session_ended"]);
  assert.deepEqual(await client.logout(), { ok: true });
});

test("tokens of another session are thrown away, as when somebody swapped the cookie", async (t) => {
  const { server, client } = await signedIn(t);
  const events = [];
  client.onChange((event) => events.push(event.type));
  server.swapSessions();
  await assert.rejects(client.refresh(), { code: "server_not_proved" });
  assert.deepEqual(events, ["session_ended"]);
  assert.equal((await client.getAccessToken()).code, "signed_out");
});

test("a refusal by somebody in between ends no session", async (t) => {
  const { server, client } = await signedIn(t);
  const between = () => ({
    status: 401,
    headers: { "content-type": "text/html" },
    raw: "<h1>Proxy authentication</h1>",
  });
  server.lies["/v1/auth/refresh"] = between;
  assert.equal((await client.refresh()).code, "unavailable");
  server.lies["/api/auth/sessions/logout"] = between;
  assert.equal((await client.logout()).code, "unavailable");
  server.lies = {};
  assert.equal((await client.refresh()).ok, true);
});

test("an access token that is refused early is replaced once", async (t) => {
  const { server, client } = await signedIn(t);
  server.access.clear();
  assert.equal((await client.me()).user.email, PERSON);
  assert.deepEqual(server.paths(), ["GET /v1/auth/me", REFRESH, "GET /v1/auth/me"]);
});

test("logging out ends the session; without an answer it stays", async (t) => {
  const { server, client } = await signedIn(t);
  await server.goAway();
  assert.equal((await client.logout()).code, "network");
  assert.equal(client.user.email, PERSON);
  await server.comeBack();
  const event = nextChange(client);
  assert.deepEqual(await client.logout(), { ok: true });
  assert.deepEqual(await event, { type: "signed_out" });
  assert.equal((await client.refresh()).code, "signed_out");
  assert.equal(server.refresh.size, 0);
});

test("the list of sessions, the others' end, and one's own", async (t) => {
  const { client, login } = await signedIn(t);
  const { sessions, count: total } = await client.sessions.list();
  assert.deepEqual([sessions[0].id, sessions[0].current, total], [login.session.id, true, 1]);
  assert.deepEqual(await client.logoutOthers(), { ok: true, ended: 2 });
  assert.equal((await client.sessions.revoke({ id: "00000000-0000-4000-8000-000000000000" })).code, "session_unknown");
  assert.deepEqual(await client.sessions.revoke({ id: login.session.id }), { ok: true });
  assert.equal(client.user, null);
});

test("the refresh token is put in the store that was given, and nowhere else", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  const [refreshToken] = server.refresh.keys();
  assert.ok(storage.text.includes(refreshToken));
  assert.ok(!storage.text.includes((await client.getAccessToken()).accessToken));

  const again = new TacitClient({ baseUrl: server.url, storage });
  const restored = await again.restore();
  assert.deepEqual([restored.ok, restored.user.email], [true, PERSON]);
  assert.equal(server.requests.at(-1).body.refresh_token, refreshToken);
  assert.equal((await new TacitClient({ baseUrl: server.url }).restore()).code, "signed_out");
});

test("a store that fails costs only what it was for", async (t) => {
  const storage = { getItem: () => null, setItem: () => assert.fail("full"), removeItem: () => assert.fail("full") };
  const { client } = await signedIn(t, { storage });
  assert.equal((await client.refresh()).ok, true);
  assert.equal((await client.logout()).ok, true);
});

test("a store may answer with promises", async (t) => {
  const inner = new MemoryStorage();
  const storage = {
    getItem: async (key) => inner.getItem(key),
    setItem: async (key, value) => inner.setItem(key, value),
    removeItem: async (key) => inner.removeItem(key),
  };
  const { server } = await signedIn(t, { storage });
  assert.equal((await new TacitClient({ baseUrl: server.url, storage }).restore()).ok, true);
});

test("in a browser the refresh token is a cookie, and the store knows no secret", async (t) => {
  const { server, browser, first } = await twoTabs(t);
  assert.equal((await first.refresh()).ok, true);
  const { body, headers } = server.requests.at(-1);
  assert.deepEqual(body, {});
  assert.equal(headers["x-tacit-client"], "js");
  assert.equal(headers.authorization, undefined);
  const { accessToken } = await first.getAccessToken();
  assert.ok(!browser.storage.text.includes(accessToken) && !browser.storage.text.includes(server.cookie));
  assert.ok(browser.storage.text.includes(PERSON));
});

test("a tab hears of a login, of renewals and of the end in another", async (t) => {
  const { first, second, event } = await twoTabs(t);
  assert.deepEqual([event.type, event.user.email], ["signed_in", PERSON]);
  assert.deepEqual(await second.getAccessToken(), await first.getAccessToken());
  const renewed = nextChange(second);
  await first.refresh();
  assert.equal((await renewed).type, "refreshed");
  assert.deepEqual(await second.getAccessToken(), await first.getAccessToken());
  const ended = nextChange(second);
  await first.logout();
  assert.deepEqual(await ended, { type: "signed_out" });
  assert.equal((await second.getAccessToken()).code, "signed_out");
});

test("tabs that renew at the same time make one request", async (t) => {
  const { server, browser, first, second } = await twoTabs(t);
  const third = browser.tab({ baseUrl: server.url });
  const release = server.hold();
  const all = Promise.all([first.refresh(), second.refresh(), third.restore()]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  release();
  assert.deepEqual(
    (await all).map(({ ok }) => ok),
    [true, true, true],
  );
  assert.equal(count(server), 1);
  const tokens = await Promise.all([first, second, third].map((tab) => tab.getAccessToken()));
  assert.equal(new Set(tokens.map(({ accessToken }) => accessToken)).size, 1);
});

test("without locks and channels every tab renews for itself", async (t) => {
  const { server, first, second } = await twoTabs(t, { locks: null, channels: false });
  assert.equal((await first.refresh()).ok, true);
  assert.equal((await second.restore()).user.email, PERSON);
  assert.equal(count(server), 2);
});

test("a tab that holds the lock for ever stops nobody", async (t) => {
  const server = await serve(t);
  const locks = {
    request: (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
  const tab = new Browser(t, { locks }).tab({ baseUrl: server.url, timeout: 3_000 });
  await tab.signUp({ authId: PERSON, password: PASSWORD });
  await tab.activate({ token: PERSON });
  await tab.login({ authId: PERSON, password: PASSWORD });
  const alive = setTimeout(() => {}, 30_000);
  assert.equal((await tab.refresh()).ok, true);
  clearTimeout(alive);
});

test("a reloaded page has its session again", async (t) => {
  const { server, browser } = await twoTabs(t);
  const reloaded = browser.tab({ baseUrl: server.url });
  assert.equal(reloaded.user, null);
  assert.equal((await reloaded.getAccessToken()).ok, true);
  assert.equal(reloaded.user.email, PERSON);
});

test("a visitor without a session makes no request", async (t) => {
  const server = await serve(t);
  const tab = new Browser(t).tab({ baseUrl: server.url });
  assert.equal((await tab.restore()).code, "signed_out");
  assert.equal((await tab.getAccessToken()).code, "signed_out");
  assert.deepEqual(await tab.logout(), { ok: true });
  assert.deepEqual(server.requests, []);
});

test("a renewal that outlives its session is not taken for the next one", async (t) => {
  const { server, client } = await signedIn(t);
  const release = server.hold();
  const renewing = client.refresh();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const out = client.logout();
  await new Promise((resolve) => setTimeout(resolve, 20));
  release();
  await Promise.all([renewing, out]);
  assert.equal(client.user, null);
  assert.equal((await client.getAccessToken()).code, "signed_out");
});

test("logging out ends a session whose record is gone, here and at the server", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  storage.entries.clear();
  const events = [];
  client.onChange((event) => events.push(event.type));
  assert.deepEqual(await client.logout(), { ok: true });
  assert.equal(client.user, null);
  assert.deepEqual(events, ["signed_out"]);
  assert.equal((await client.getAccessToken()).code, "signed_out");
  assert.equal(server.refresh.size, 0);
});

test("a deleted account is forgotten here, though the session's record is gone", async (t) => {
  const storage = new MemoryStorage();
  const { client } = await signedIn(t, { storage, onStepUp: async () => PASSWORD });
  storage.entries.clear();
  assert.deepEqual(await client.deleteAccount(), { ok: true });
  assert.equal(client.user, null);
});

test("without its record a session lasts as long as its token, which another tab may renew", async (t) => {
  const storage = new MemoryStorage();
  const { client } = await signedIn(t, { storage });
  const events = [];
  client.onChange((event) => events.push(event.type));
  storage.entries.clear();
  later(t, 280);
  assert.equal((await client.me()).ok, true);
  assert.notEqual(client.user, null);
  assert.deepEqual(events, []);
});

test("whoever logs out without a session causes no event", async (t) => {
  const { client } = await signedIn(t);
  await client.logout();
  const events = [];
  client.onChange((event) => events.push(event.type));
  await client.logout();
  assert.deepEqual(events, []);
});

test("a tab that renews while another one leaves hears that that one logged out", async (t) => {
  const { first, second } = await twoTabs(t);
  const events = [];
  second.onChange((event) => events.push(event.type));
  const [, renewed] = await Promise.all([first.logout(), nextChange(first).then(() => second.refresh())]);
  assert.equal(renewed.code, "signed_out");
  assert.deepEqual(events, ["signed_out"]);
});
