/** What people do with their password: change it, forget it, have it stretched more; each story once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { askForReset, changePassword, heading, loggedIn, logIn, outdated, PASSWORD, pressLogOut, renewed, resetByCode, sessionsBecome, unfold, verdicts } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

const NEXT = "seven paper lanterns drift";

test("a changed password ends the other sessions, or keeps them, and crosses the wire sealed only", async () => {
  const { server, browser } = world;
  const [first, second] = [await visit(browser), await visit(browser)];
  const address = await loggedIn(first.page, server);
  await second.page.goto(`${server.url}/demo/#log-in`);
  await logIn(second.page, address);
  await sessionsBecome(first.page, 2);

  await unfold(first.page, "Change the password");
  await first.page.getByLabel("Current password", { exact: true }).fill("never the password");
  await first.page.getByLabel("New password", { exact: true }).fill(NEXT);
  await first.page.getByRole("button", { name: "Change password" }).click();
  await first.page.getByRole("link", { name: /This is not your current password/ }).waitFor();
  await unfold(first.page, "Change the password");

  await changePassword(first.page, PASSWORD, NEXT, { keep: true });
  await sessionsBecome(first.page, 2);
  const words = await first.page.locator(".wire-group").filter({ hasText: "Change the password" }).first().innerText();
  for (const label of ["sealed", "M1", "M2"]) assert.match(words, new RegExp(`"${label}"`));
  assert.doesNotMatch(words, /"verifier"/);
  assert.ok((await verdicts(first.page)).every((verdict) => verdict === "clean"));

  await unfold(first.page, "Change the password");
  await first.page.reload();
  await heading(first.page, "You are logged in");
  await changePassword(first.page, NEXT, PASSWORD);
  await sessionsBecome(first.page, 1);
  await second.page.getByRole("heading", { name: "Your session has ended" }).waitFor();
  assertQuiet(first, second);
});

test("a forgotten password is reset by the code, in the demo", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await pressLogOut(page);
  await heading(page, "Log in");
  await resetByCode(page, server, address, NEXT);
  assert.ok((await verdicts(page)).every((verdict) => verdict === "clean"));
  await logIn(page, address, NEXT);
  assertQuiet(visitor);
});

test("a forgotten password is reset by the link, and opening it spends nothing", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const { link } = await askForReset(page, server, address);

  const scanner = await visit(browser);
  await scanner.page.goto(link);
  await heading(scanner.page, "Choose a new password");
  await page.goto("about:blank");
  await page.goto(link);
  await heading(page, "Choose a new password");
  assert.equal(new URL(page.url()).hash, "", "the secret is gone from the address bar");
  assert.equal(await page.getByLabel("Account").inputValue(), address);
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Set new password" }).click();
  await page.getByText("Please choose at least 10 characters.").waitFor();
  await page.getByLabel("New password").fill(NEXT);
  await page.getByRole("button", { name: "Set new password" }).click();
  await heading(page, "Your password is reset");
  await page.getByRole("link", { name: "Log in to the demo" }).click();
  await heading(page, "Log in");
  await logIn(page, address, NEXT);

  await scanner.page.goto("about:blank");
  await scanner.page.goto(link);
  await heading(scanner.page, "Reset your password");
  await scanner.page.getByText("This link or code no longer works").waitFor();
  assertQuiet(visitor, scanner);
});

test("the page takes the typed code too", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const { code } = await askForReset(page, server, address);
  await page.getByLabel("Code from the mail").fill("ZZZZZ-ZZZZZ");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("This code does not fit.").waitFor();
  await page.getByLabel("Code from the mail").fill(code.toLowerCase());
  await page.getByRole("button", { name: "Go on" }).click();
  await heading(page, "Choose a new password");
  await page.getByLabel("New password").fill(NEXT);
  await page.getByRole("button", { name: "Set new password" }).click();
  await heading(page, "Your password is reset");
  assertQuiet(visitor);
});

test("a credential with too little stretching is renewed by itself after the login", async () => {
  const { server, browser } = world;
  const address = await outdated(server);
  assert.equal((await server.challenge(address)).preset, 3);
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address);
  assert.equal(await renewed(page), "clean");
  assert.equal((await server.challenge(address)).preset, 1);
  await sessionsBecome(page, 1);
  await pressLogOut(page);
  await heading(page, "Log in");
  await logIn(page, address);
  assertQuiet(visitor);
});

test("a change whose answer is lost is not called undone: either password may be the right one", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await page.route("**/password/change/confirm", async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  });
  await unfold(page, "Change the password");
  await page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("New password", { exact: true }).fill(NEXT);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("heading", { name: "Your password may or may not be changed" }).waitFor();
  assert.doesNotMatch(await page.locator("#password-form").innerText(), /Nothing/);
  await pressLogOut(page);
  await heading(page, "Log in");
  await logIn(page, address, NEXT);
  assertQuiet(visitor);
});
