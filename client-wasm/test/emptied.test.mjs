/** The store is emptied under a session, by the person or by another tab: what goes on, what ends, and what is said of it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { Browser, MemoryStorage, PASSWORD, PERSON, nextChange, serve, signedIn } from "./support/client.mjs";

/** Moves this process's wall clock ahead; the token goes by whichever clock says more. */
const later = (t, seconds) => {
  const real = Date.now;
  t.mock.method(Date, "now", () => real() + seconds * 1000);
};

const eventsOf = (client) => {
  const events = [];
  client.onChange((event) => events.push(event.type));
  return events;
};

/** Somebody signed in by a cookie, as in a browser. */
const signedInTab = async (t, powers) => {
  const server = await serve(t);
  const browser = new Browser(t, powers);
  const tab = browser.tab({ baseUrl: server.url });
  await tab.signUp({ authId: PERSON, password: PASSWORD });
  await tab.activate({ token: PERSON });
  await tab.login({ authId: PERSON, password: PASSWORD });
  server.requests.length = 0;
  return { server, browser, tab };
};

test("a session that cannot be renewed for want of its record is over, and the program hears of it once", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  const events = eventsOf(client);
  storage.entries.clear();
  later(t, 400);
  assert.equal((await client.me()).code, "signed_out");
  assert.equal(client.user, null);
  assert.equal((await client.refresh()).code, "signed_out");
  assert.deepEqual(events, ["session_ended"]);
  assert.deepEqual(server.requests, []);
});

test("a session whose record is gone is picked up from memory, as long as its token serves", async (t) => {
  const storage = new MemoryStorage();
  const { server, client, login } = await signedIn(t, { storage });
  const events = eventsOf(client);
  storage.entries.clear();
  assert.deepEqual(await client.restore(), { ok: true, user: client.user, session: { id: login.session.id } });
  later(t, 400);
  assert.equal((await client.restore()).code, "signed_out");
  assert.equal(client.user, null, "what restore says and what user says is one");
  assert.deepEqual(events, ["session_ended"]);
  assert.deepEqual(server.requests, []);
});

test("a record that is removed while the session is picked up stays removed, and the session is not taken", async (t) => {
  const { server, browser } = await signedInTab(t, { channels: false });
  const opened = browser.tab({ baseUrl: server.url });
  server.lies["/v1/auth/refresh"] = (honest) => {
    browser.storage.entries.clear();
    return honest();
  };
  assert.equal((await opened.restore()).code, "signed_out");
  assert.equal(opened.user, null);
  assert.equal(browser.storage.text, "");
});

test("a record that another tab replaces meanwhile stays that of the other session", async (t) => {
  const { server, browser, tab } = await signedInTab(t, { channels: false });
  const opened = browser.tab({ baseUrl: server.url });
  let other;
  server.lies["/v1/auth/refresh"] = (honest) => {
    const answer = honest();
    server.lies = {};
    return { ...answer, after: tab.login({ authId: PERSON, password: PASSWORD }).then((login) => (other = login)) };
  };
  assert.equal((await opened.restore()).code, "signed_out");
  assert.match(browser.storage.text, new RegExp(other.session.id));
  assert.equal((await opened.restore()).session.id, other.session.id, "the next try picks that one up");
});

test("after its token's end a session is still ended at the server, by its cookie", async (t) => {
  const { server, browser, tab } = await signedInTab(t);
  const events = eventsOf(tab);
  browser.storage.entries.clear();
  later(t, 400);
  assert.deepEqual(await tab.logout(), { ok: true });
  assert.deepEqual(server.paths(), ["POST /v1/auth/refresh", "POST /api/auth/sessions/logout"]);
  assert.equal(server.refresh.size, 0);
  assert.equal(tab.user, null);
  assert.equal(events.at(-1), "signed_out");
  assert.equal(browser.storage.text, "");
});

test("after its token's end a session is still ended at the server, by the refresh token that is in memory", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  storage.entries.clear();
  later(t, 400);
  assert.deepEqual(await client.logout(), { ok: true });
  assert.equal(server.refresh.size, 0);
  assert.equal(client.user, null);
  assert.equal(storage.text, "");
});

test("the same after a reload, and where the server refuses a token before its end", async (t) => {
  const storage = new MemoryStorage();
  const { server } = await signedIn(t, { storage });
  const reloaded = new TacitClient({ baseUrl: server.url, storage });
  await reloaded.restore();
  storage.entries.clear();
  server.access.clear();
  assert.deepEqual(await reloaded.logout(), { ok: true });
  assert.equal(server.refresh.size, 0);
});

test("while the server cannot be asked whether the session ends, it is not called ended", async (t) => {
  const { server, browser, tab } = await signedInTab(t);
  browser.storage.entries.clear();
  later(t, 400);
  await server.goAway();
  assert.equal((await tab.logout()).code, "network");
  assert.equal(tab.user.email, PERSON);
  await server.comeBack();
  assert.deepEqual(await tab.logout(), { ok: true });
  assert.equal(server.refresh.size, 0);
});

test("a session that this client has nothing left of is over here, and not called ended at the server", async (t) => {
  const storage = new MemoryStorage();
  const server = await serve(t);
  const browser = new Browser(t);
  browser.storage = storage;
  const options = { baseUrl: server.url, refreshDelivery: "body", storage };
  const [first, second] = [browser.tab(options), browser.tab(options)];
  await first.signUp({ authId: PERSON, password: PASSWORD });
  await first.activate({ token: PERSON });
  const heard = new Promise((resolve) => second.onChange(resolve));
  await first.login({ authId: PERSON, password: PASSWORD });
  await heard;
  server.requests.length = 0;
  const events = eventsOf(second);
  storage.entries.clear();
  later(t, 400);
  const out = await second.logout();
  assert.deepEqual([out.ok, out.code], [false, "signed_out"]);
  assert.match(out.detail, /the server could not be asked/);
  assert.deepEqual([second.user, server.paths(), events], [null, [], ["session_ended"]]);
  assert.equal(server.refresh.size, 1, "it goes on there until it expires");
});

test("where the cookie went with the record, nobody can say that the session is ended at the server", async (t) => {
  const { server, browser, tab } = await signedInTab(t);
  browser.storage.entries.clear();
  server.cookie = "gone";
  later(t, 400);
  const out = await tab.logout();
  assert.deepEqual([out.ok, out.code, tab.user, browser.storage.text], [false, "signed_out", null, ""]);
  assert.equal(server.refresh.size, 1, "it goes on there until it expires");
  assert.equal((await tab.logout()).code, "signed_out", "asked again, the client knows no more than before");
});

test("where the cookie went with the record, what is left of the token still ends the session", async (t) => {
  const { server, browser, tab } = await signedInTab(t);
  browser.storage.entries.clear();
  server.cookie = "gone";
  later(t, 280);
  assert.deepEqual(await tab.logout(), { ok: true });
  assert.deepEqual(server.paths(), ["POST /v1/auth/refresh", "POST /api/auth/sessions/logout"]);
  assert.equal(server.refresh.size, 0);
});

test("a logout does not join a renewal that is losing the session", async (t) => {
  const { server, browser, tab } = await signedInTab(t);
  browser.storage.entries.clear();
  later(t, 400);
  const out = tab.logout();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const [ended] = await Promise.all([out, tab.me()]);
  assert.deepEqual(ended, { ok: true });
  assert.equal(server.refresh.size, 0);
});

test("who logs in while a logout is under way keeps the new session", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  let again;
  server.lies["/api/auth/sessions/logout"] = (honest) => {
    const answer = honest();
    server.lies = {};
    return { ...answer, after: client.login({ authId: PERSON, password: PASSWORD }).then((login) => (again = login)) };
  };
  await client.logout();
  assert.equal(client.user?.email, PERSON);
  assert.match(storage.text, new RegExp(again.session.id));
});

for (const first of ["me", "fetch", "list"]) {
  test(`what found the session lost before (${first}) does not keep it from being ended at the server`, async (t) => {
    const { server, browser, tab } = await signedInTab(t);
    const events = eventsOf(tab);
    browser.storage.entries.clear();
    later(t, 400);
    await { me: () => tab.me(), fetch: () => tab.fetch("/v1/auth/settings"), list: () => tab.sessions.list() }[first]();
    assert.equal(tab.user, null);
    assert.deepEqual(await tab.logout(), { ok: true });
    assert.equal(server.paths().at(-1), "POST /api/auth/sessions/logout");
    assert.equal(server.refresh.size, 0);
    assert.deepEqual([tab.user, events], [null, ["session_ended"]]);
    assert.deepEqual(await tab.logout(), { ok: true }, "now there is nobody to log out");
  });
}

test("a logout that fails puts nothing back that the person removed", async (t) => {
  const storage = new MemoryStorage();
  const { server, client } = await signedIn(t, { storage });
  storage.entries.clear();
  later(t, 400);
  server.lies["/api/auth/sessions/logout"] = () => ({ drop: true });
  assert.equal((await client.logout()).code, "network");
  assert.equal(storage.text, "");
  assert.equal((await new TacitClient({ baseUrl: server.url, storage }).restore()).code, "signed_out");
  server.lies = {};
  assert.deepEqual(await client.logout(), { ok: true });
  assert.equal(server.refresh.size, 0);
});

test("a session that was told to be over stays so where the logout fails, and can be ended later", async (t) => {
  const { server, browser, tab } = await signedInTab(t);
  browser.storage.entries.clear();
  later(t, 400);
  await tab.me();
  server.lies["/api/auth/sessions/logout"] = () => ({ drop: true });
  assert.equal((await tab.logout()).code, "network");
  assert.deepEqual([tab.user, (await tab.me()).code, browser.storage.text], [null, "signed_out", ""]);
  server.lies = {};
  assert.deepEqual(await tab.logout(), { ok: true });
  assert.equal(server.refresh.size, 0);
});

for (const emptied of [true, false]) {
  test(`a cookie that is another session's by now ends nothing, its record ${emptied ? "removed" : "in the store"}`, async (t) => {
    const { server, browser, tab } = await signedInTab(t, { channels: false });
    const other = browser.tab({ baseUrl: server.url });
    await other.restore();
    await other.logout();
    const { session } = await other.login({ authId: PERSON, password: PASSWORD });
    const kept = browser.storage.text;
    if (emptied) browser.storage.entries.clear();
    later(t, 400);
    assert.equal((await tab.logout()).code, "signed_out");
    assert.deepEqual([tab.user, browser.storage.text], [null, emptied ? "" : kept]);
    assert.deepEqual([...server.refresh.values()].map((found) => found.session.id), [session.id]);
  });
}

test("a new address is no reason to forget by what a session can be ended", async (t) => {
  const storage = new MemoryStorage();
  const server = await serve(t);
  const browser = new Browser(t);
  browser.storage = storage;
  const options = { baseUrl: server.url, refreshDelivery: "body", storage };
  const [first, second] = [browser.tab(options), browser.tab(options)];
  await first.signUp({ authId: PERSON, password: PASSWORD });
  await first.activate({ token: PERSON });
  const signedIn = nextChange(second);
  await first.login({ authId: PERSON, password: PASSWORD });
  await signedIn;
  server.accounts.set("new@example.com", server.accounts.get(PERSON));
  server.accounts.delete(PERSON);
  const renamed = nextChange(first);
  await second.me();
  await renamed;
  assert.deepEqual([first.user.email, second.user.email], ["new@example.com", "new@example.com"]);
  storage.entries.clear();
  later(t, 400);
  assert.deepEqual(await first.logout(), { ok: true });
  assert.equal(server.refresh.size, 0);
});
