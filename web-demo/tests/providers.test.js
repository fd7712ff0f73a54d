/** Signing in with a provider, the whole way: its own pages, the way back, and what can go wrong on it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { allow, comeByPage, inOwnWindow, LABEL, openLogIn, popupOf, pressSignIn, says, sayWho, sayWhoAndAllow, signedInElsewhere } from "./support/provider-story.js";
import { heading, loggedIn, logIn, newAddress, pressLogOut, sessionItems, sessionsBecome } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite({ provider: true });

/** Every address that the tab has in its history. */
const historyOf = async (page) => {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  await session.detach();
  return entries.map(({ url }) => url);
};

const exchanges = (page) => {
  const sent = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/oauth/exchange")) sent.push(request.postDataJSON());
  });
  return sent;
};

const tabStore = (page) => page.evaluate(() => JSON.stringify({ ...sessionStorage }));

test("somebody new comes by page, and comes again without a question", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const sent = exchanges(page);
  const address = newAddress("grace");
  await signedInElsewhere(page, server, address);
  await says(page, `${LABEL} said who you are; your account is new`);
  assert.equal(await page.locator(".lead [data-address]").innerText(), address);
  await sessionsBecome(page, 1);

  const [{ code, code_verifier: verifier }] = sent;
  for (const url of [page.url(), ...await historyOf(page)]) assert.ok(!url.includes(code) && !url.includes("tacit_code"), url);
  assert.equal(await tabStore(page), "{}", "the verifier is gone with the code");
  const again = await server.post("/v1/oauth/exchange", { code, code_verifier: verifier });
  assert.deepEqual([again.status, (await again.json()).code], [401, "oauth_code_invalid"]);

  await page.reload();
  await heading(page, "You are logged in");
  await says(page, `${LABEL} said who you are`);
  await pressLogOut(page);
  await says(page, "You are logged out");
  await page.getByText(`You are still signed in at ${LABEL}`).waitFor();
  await pressSignIn(page);
  await heading(page, "You are logged in");
  assert.equal(sent.length, 2);
  assertQuiet(visitor);
});

test("a popup does it beside the page, and voices of other origins in it are not heard", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const sent = exchanges(page);
  await openLogIn(page, server);
  await inOwnWindow(page);
  const popup = await popupOf(page, () => pressSignIn(page));
  await heading(popup, "Who are you here?");
  await popup.evaluate(() => {
    for (const said of [{ code: "planted" }, { error: "oauth_refused" }]) opener.postMessage({ type: "tacit-oauth", ...said }, "*");
  });
  await page.evaluate(() => {
    postMessage({ type: "tacit-oauth", code: "planted by the page itself" }, "*");
    new BroadcastChannel("tacit-oauth").postMessage({ type: "tacit-oauth", code: "planted by another tab" });
  });
  const closed = popup.waitForEvent("close");
  await sayWhoAndAllow(popup, newAddress("grace"));
  await closed;
  await heading(page, "You are logged in");
  assert.equal(sent.length, 1);
  assert.doesNotMatch(sent[0].code, /planted/);
  assert.equal(await tabStore(page), "{}");
  assertQuiet(visitor);
});

test("whoever says no at the provider is told so, by page and by popup", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await openLogIn(page, server);
  await pressSignIn(page);
  await heading(page, "Who are you here?");
  await page.getByRole("button", { name: "Cancel" }).click();
  await heading(page, "Log in");
  await says(page, "The provider did not let you in");
  assert.equal(new URL(page.url()).hash, "#log-in");

  await inOwnWindow(page);
  const popup = await popupOf(page, () => pressSignIn(page));
  await sayWho(popup, newAddress("grace"));
  await heading(popup, "Let Tacit know you?");
  const closed = popup.waitForEvent("close");
  await popup.getByRole("button", { name: "Cancel" }).click();
  await page.locator(".providers .notice").getByText("You said no there, or it did.").waitFor();
  await closed;
  assertQuiet(visitor);
});

test("a closed window and one that was not opened are told apart, and the button can be pressed again", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await openLogIn(page, server);
  await inOwnWindow(page);
  const closed = await popupOf(page, () => pressSignIn(page));
  await heading(closed, "Who are you here?");
  await closed.close();
  await says(page, "The window was closed");
  await page.evaluate(() => {
    window.openBefore = window.open;
    window.open = () => null;
  });
  await pressSignIn(page);
  await says(page, "The browser did not open a window");
  await page.evaluate(() => {
    window.open = window.openBefore;
  });
  const popup = await popupOf(page, () => pressSignIn(page));
  await sayWhoAndAllow(popup, newAddress("grace"));
  await heading(page, "You are logged in");
  assertQuiet(visitor);
});

test("a way back that this browser did not begin leads nowhere", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page, context } = visitor;
  const sent = exchanges(page);
  await openLogIn(page, server);
  await pressSignIn(page);
  await sayWho(page, newAddress("grace"));
  await heading(page, "Let Tacit know you?");
  await context.clearCookies({ name: "tacit_oauth" });
  await allow(page);
  await heading(page, "Sign-in was begun elsewhere");
  // The provider's code leaves the address bar: by the page's script, which may come after the words.
  await page.waitForURL((url) => url.search === "");

  // Somebody else's answer, brought to a browser that has begun a sign-in of its own: another state than its cookie's.
  const other = await visit(browser);
  const session = await other.context.newCDPSession(other.page);
  await session.send("Network.enable");
  await session.send("Network.setBlockedURLs", { urls: ["*/v1/oauth/local/callback*"] });
  const kept = other.page.waitForRequest("**/v1/oauth/local/callback*");
  await openLogIn(other.page, server);
  await pressSignIn(other.page);
  await sayWhoAndAllow(other.page, newAddress("mallory"));
  const stolen = (await kept).url();
  const victim = await visit(browser);
  const taken = exchanges(victim.page);
  await openLogIn(victim.page, server);
  await pressSignIn(victim.page);
  await heading(victim.page, "Who are you here?");
  await victim.page.goto(stolen);
  await heading(victim.page, "Sign-in was begun elsewhere");
  await openLogIn(victim.page, server);
  assert.deepEqual([sent, taken], [[], []]);
  assertQuiet(visitor, other, victim);
});

test("a code in an address that nobody left for is taken out of it, and sent nowhere", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const sent = exchanges(page);
  await page.goto(`${server.url}/demo/#tacit_code=planted`);
  await heading(page, "Log in");
  await says(page, "This sign-in was not begun here");
  assert.equal(new URL(page.url()).hash, "#log-in");
  assert.ok((await historyOf(page)).every((url) => !url.includes("planted")));
  assert.deepEqual(sent, []);
  assertQuiet(visitor);
});

test("the buttons are there for the keyboard, and only where there are providers", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser, { reducedMotion: "reduce" });
  const { page } = visitor;
  await openLogIn(page, server);
  await page.getByRole("button", { name: `Sign in with ${LABEL}` }).waitFor();
  await page.locator("#forgot").focus();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), `Sign in with ${LABEL}`);
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  assert.ok(await page.getByLabel("Open it in a window of its own").isChecked());
  await page.keyboard.press("Shift+Tab");
  const popup = await popupOf(page, () => page.keyboard.press("Enter"));
  await heading(popup, "Who are you here?");
  await popup.close();
  await says(page, "The window was closed");

  await page.route("**/v1/oauth/providers", (route) => route.fulfill({ json: { providers: [] } }));
  await page.reload();
  await heading(page, "Log in");
  await page.locator(".wire-group").filter({ hasText: "Ask for the providers" }).waitFor();
  assert.equal(await page.locator(".providers").count(), 0);
  assertQuiet(visitor);
});

test("a session of a provider is one among the others", async () => {
  const { server, browser } = world;
  const [first, second] = [await visit(browser), await visit(browser)];
  const address = newAddress("grace");
  await signedInElsewhere(first.page, server, address);
  await comeByPage(second.page, server, address);
  await heading(second.page, "You are logged in");
  await sessionsBecome(first.page, 2);
  await first.page.getByRole("button", { name: /End the session of/ }).click();
  await sessionsBecome(first.page, 1);
  await says(second.page, "Your session has ended");
  assert.equal(await sessionItems(first.page).count(), 1);
  assertQuiet(first, second);
});

test("a provider's window that is left open holds up nothing else", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await pressLogOut(page);
  await heading(page, "Log in");
  await inOwnWindow(page);
  const popup = await popupOf(page, () => pressSignIn(page));
  await heading(popup, "Who are you here?");
  await logIn(page, address);
  await sessionsBecome(page, 1);
  await popup.close();
  await heading(page, "You are logged in");
  assertQuiet(visitor);
});
