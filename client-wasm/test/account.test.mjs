/** What people change about their own account, take along, or delete. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient } from "../dist/node.js";
import { Browser, MemoryStorage, PASSWORD, PERSON, nextChange, serve, signedIn } from "./support/client.mjs";

test("only what is given is changed", async (t) => {
  const { server, client } = await signedIn(t);
  assert.deepEqual(await client.updateProfile({ displayName: "" }), { ok: true });
  assert.deepEqual(await client.updateProfile({ displayName: "Ada", language: "de" }), { ok: true });
  assert.deepEqual(
    server.requests.map(({ body }) => body),
    [{ display_name: "" }, { display_name: "Ada", language: "de" }],
  );
  await assert.rejects(client.updateProfile({}), { code: "invalid_argument" });
  await assert.rejects(client.updateProfile({ email: 5 }), { code: "invalid_argument" });
});

test("a change of address is confirmed and undone by the mails' secrets", async (t) => {
  const { server, client } = await signedIn(t);
  assert.deepEqual(await client.confirmEmail({ token: "new@example.com" }), { ok: true, email: "new@example.com" });
  assert.deepEqual(await client.undoEmail({ token: PERSON }), { ok: true, email: PERSON });
  const settled = server.requests.filter(({ path }) => path.includes("/email/"));
  assert.ok(settled.every(({ headers }) => headers.authorization === undefined));
  server.requests.length = 0;
  const wrong = await client.confirmEmail({ token: "nothing" });
  assert.deepEqual([wrong.code, wrong.httpStatus], ["email_change_invalid", 401]);
  assert.deepEqual(server.paths().length, 1, "a refused secret is no reason to ask for anything");
  await assert.rejects(client.undoEmail({}), { code: "invalid_argument" });
});

const MOVED = "moved@example.com";

/** A browser with a person signed in who has asked for another address; the tab, and the server. */
const aboutToMove = async (t) => {
  const server = await serve(t);
  const browser = new Browser(t);
  const tab = browser.tab({ baseUrl: server.url, onStepUp: async () => PASSWORD });
  await tab.signUp({ authId: PERSON, password: PASSWORD });
  await tab.activate({ token: PERSON });
  await tab.login({ authId: PERSON, password: PASSWORD });
  assert.deepEqual(await tab.updateProfile({ email: MOVED }), { ok: true });
  return { server, browser, tab };
};

test("a confirmed address shows at once in all tabs, and the device stays known under it", async (t) => {
  const { server, browser, tab } = await aboutToMove(t);
  const { user } = tab;
  const shown = new Promise((resolve) => {
    tab.onChange(({ type, user: changed }) => {
      if (changed?.email === MOVED) resolve({ type, changed });
    });
  });
  // The page of the link knows of nobody who is signed in but by the browser's store.
  const page = browser.tab({ baseUrl: server.url });
  await page.confirmEmail({ token: MOVED });
  assert.deepEqual(await shown, { type: "refreshed", changed: { id: user.id, email: MOVED } });
  assert.deepEqual([tab.user, page.user], [{ id: user.id, email: MOVED }, { id: user.id, email: MOVED }]);
  const reloaded = browser.tab({ baseUrl: server.url });
  assert.equal((await reloaded.restore()).user.email, MOVED);

  await tab.logout();
  assert.equal((await tab.login({ authId: MOVED, password: PASSWORD })).ok, true);
  assert.match(server.requests.at(-1).body.device_token, /^dt_/);
});

test("an address that was confirmed elsewhere shows once the account was asked for", async (t) => {
  const { server, browser, tab } = await aboutToMove(t);
  const elsewhere = new TacitClient({ baseUrl: server.url });
  await elsewhere.confirmEmail({ token: MOVED });
  assert.equal(tab.user.email, PERSON);
  assert.equal((await tab.me()).user.email, MOVED);
  assert.equal(tab.user.email, MOVED);
  assert.equal((await browser.tab({ baseUrl: server.url }).restore()).user.email, MOVED);
});

test("a confirmed address of somebody else changes nothing here", async (t) => {
  const { client } = await signedIn(t);
  await client.confirmEmail({ token: "somebody-else@example.com" });
  assert.equal(client.user.email, PERSON);
  assert.equal((await client.me()).ok, true);
});

test("who takes a change back is signed out here at once", async (t) => {
  const { server, browser, tab } = await aboutToMove(t);
  await tab.confirmEmail({ token: MOVED });
  const heard = nextChange(tab);
  assert.deepEqual(await browser.tab({ baseUrl: server.url }).undoEmail({ token: PERSON }), { ok: true, email: PERSON });
  assert.equal((await heard).type, "session_ended");
  assert.equal(tab.user, null);
});

test("the export is an object, and a text to keep", async (t) => {
  const { client, login } = await signedIn(t);
  const exported = await client.exportData();
  assert.equal(exported.ok, true);
  assert.equal(exported.data.sessions[0].id, login.session.id);
  assert.deepEqual(JSON.parse(exported.text), exported.data);
  assert.match(exported.text, /\n {2}"account"/);
});

test("an export may be longer than other answers, and has an end too", async (t) => {
  const { server, client } = await signedIn(t);
  const long = "x".repeat(2 << 20);
  server.lies["/api/auth/users/export"] = () => ({ status: 200, body: { long } });
  assert.equal((await client.exportData()).data.long, long);
  server.lies["/api/auth/users/export"] = () => ({ status: 200, endless: "x".repeat(1 << 20) });
  assert.equal((await client.exportData()).code, "unavailable");
  server.lies["/api/auth/users/export"] = () => ({ status: 200, raw: '"text"' });
  await assert.rejects(client.exportData(), { code: "response_invalid" });
});

test("a deleted account is forgotten here, its device and its session, in all tabs", async (t) => {
  const server = await serve(t);
  const browser = new Browser(t);
  const onStepUp = async () => PASSWORD;
  const first = browser.tab({ baseUrl: server.url, onStepUp });
  const second = browser.tab({ baseUrl: server.url });
  await first.signUp({ authId: PERSON, password: PASSWORD });
  await first.activate({ token: PERSON });
  const signedIntoBoth = nextChange(second);
  await first.login({ authId: PERSON, password: PASSWORD });
  await signedIntoBoth;
  const heard = nextChange(second);
  assert.deepEqual(await first.deleteAccount(), { ok: true });
  assert.equal((await heard).type, "signed_out");
  assert.deepEqual([first.user, second.user], [null, null]);
  assert.equal((await second.restore()).code, "signed_out");
  assert.equal(browser.storage.text, "");
  assert.equal(server.accounts.size, 0);
});

test("an account that was not deleted keeps its session", async (t) => {
  const storage = new MemoryStorage();
  const { client } = await signedIn(t, { storage });
  assert.equal((await client.deleteAccount()).code, "step_up_required");
  assert.equal((await client.me()).ok, true);
  assert.match(storage.text, /dt_/);
});
