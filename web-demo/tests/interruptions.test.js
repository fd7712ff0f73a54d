/** The server goes away and comes back, the page is reloaded: nothing is lost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { activateByCode, fillLogIn, fillSignUp, heading, loggedIn, logIn, newAddress, PASSWORD, pressLogIn, pressLogOut, sessionsBecome, signUp } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

const unreachable = (page) => page.getByRole("heading", { name: "The server cannot be reached" });

test("the server stops while somebody fills in the forms, and nothing typed is lost", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(`${server.url}/demo/#sign-up`);
  await heading(page, "Create an account");
  await fillSignUp(page, address);
  await page.getByText(/^(Good|Strong)\./).waitFor();

  await server.pause();
  await page.getByRole("button", { name: "Create account" }).click();
  await unreachable(page).waitFor();
  assert.equal(await page.getByLabel("E-mail address").inputValue(), address);
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), PASSWORD);
  await server.resume();
  await page.getByRole("button", { name: "Create account" }).click();
  await heading(page, "Check your mail");
  await activateByCode(page, server, address);

  await fillLogIn(page, address);
  await server.pause();
  await pressLogIn(page);
  await unreachable(page).waitFor();
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), PASSWORD);
  await server.resume();
  await pressLogIn(page);
  await heading(page, "You are logged in");
  assertQuiet(visitor);
});

test("the server stops while somebody is logged in: they stay so, and the page goes on by itself", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await loggedIn(page, server);
  await sessionsBecome(page, 1);
  await server.pause();
  await page.getByRole("button", { name: "Look again" }).click();
  const words = "You stay logged in. This page tries again by itself.";
  const shown = page.locator("#account-note").getByText(words);
  await shown.waitFor();
  await page.locator("#live", { hasText: words }).waitFor({ state: "attached" });
  await server.resume();
  await shown.waitFor({ state: "detached" });
  await sessionsBecome(page, 1);
  assertQuiet(visitor);
});

test("a reload picks the session up again", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await page.reload();
  await heading(page, "You are logged in");
  await page.getByText(address).first().waitFor();
  await page.getByRole("heading", { name: "Your session was picked up again" }).waitFor();
  await sessionsBecome(page, 1);
  assertQuiet(visitor);
});

test("a reload waits for the mail where it was", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);
  await page.goto(`${server.url}/demo/`);
  await heading(page, "Check your mail");
  await page.getByText(address).first().waitFor();
  await activateByCode(page, server, address);
  assertQuiet(visitor);
});

test("a restarted server has lost nothing: account, session and waiting mail", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const waiting = await visit(browser);
  const other = newAddress();
  await signUp(waiting.page, server, other);

  await server.pause();
  await server.resume();

  await page.reload();
  await heading(page, "You are logged in");
  await sessionsBecome(page, 1);
  await activateByCode(waiting.page, server, other);
  await logIn(waiting.page, other);
  await pressLogOut(page);
  await page.getByRole("heading", { name: "You are logged out" }).waitFor();
  await logIn(page, address);
  assertQuiet(visitor, waiting);
});

test("a page opened by somebody logged in goes on once the server is back", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await loggedIn(page, server);
  // The page itself is still there, as from another host; only the server's operations are gone.
  await page.route("**/v1/**", (route) => route.abort("connectionrefused"));
  await page.reload();
  await heading(page, "The server cannot be reached");
  await page.unroute("**/v1/**");
  await heading(page, "You are logged in");
  assertQuiet(visitor);
});
