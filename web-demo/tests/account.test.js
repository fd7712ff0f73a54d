/** What people change about their account, take along, or delete; each story once. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { activateByCode, answerStepUp, askForAddress, heading, loggedIn, logIn, newAddress, PASSWORD, pressLogOut, signUp, unfold, verdicts } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

const panel = (page) => page.locator(".wire-group").first();

test("another address asks for the password by itself, counts once confirmed, and can be taken back", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const elsewhere = newAddress("elsewhere");

  await askForAddress(page, elsewhere);
  await page.getByRole("button", { name: "Rather not" }).click();
  await page.getByRole("heading", { name: "Nothing was changed" }).waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await answerStepUp(page, "never the password");
  await page.getByRole("heading", { name: "This is not your password" }).waitFor();
  await answerStepUp(page);
  await page.getByRole("heading", { name: "Saved; now look into your mail" }).waitFor();
  assert.match(await panel(page).innerText(), /Show the password again/);
  assert.ok((await verdicts(page)).every((verdict) => verdict === "clean"));

  const confirm = await server.mail(elsewhere);
  const other = await visit(browser);
  await other.page.goto(confirm.link);
  assert.equal(new URL(other.page.url()).hash, "", "the secret is gone from the address bar");
  await other.page.getByRole("button", { name: "Confirm this address" }).click();
  await heading(other.page, "Your address is confirmed");
  await other.page.goto(`${server.url}/demo/#log-in`);
  await logIn(other.page, elsewhere);

  const undo = await server.mail(address, 1, /\/undo-email#/);
  await page.goto(undo.link);
  await page.getByRole("button", { name: "Take the change back" }).click();
  await heading(page, "The change is taken back");
  assert.ok(await page.getByRole("link", { name: "Reset the password" }).isVisible());
  await other.page.getByRole("heading", { name: "Your session has ended" }).waitFor();
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address);

  await page.goto("about:blank");
  await page.goto(undo.link);
  await page.getByRole("button", { name: "Take the change back" }).click();
  await heading(page, "This link no longer works");
  assertQuiet(visitor, other);
});

test("name and language are saved without a question", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await unfold(page, "Name, language, address");
  await page.waitForFunction((wanted) => document.getElementById("new-email").value === wanted, address);
  await page.getByLabel("Name", { exact: true }).fill("Ada");
  await page.getByLabel("Language of mails").selectOption("de");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Saved" }).waitFor();
  await page.reload();
  await heading(page, "You are logged in");
  await unfold(page, "Name, language, address");
  await page.waitForFunction(() => document.getElementById("display-name").value === "Ada");
  assert.equal(await page.getByLabel("Language of mails").inputValue(), "de");
  assertQuiet(visitor);
});

test("all that is stored is a file to keep, and no password is in it", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await unfold(page, "Take your data along");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download my data" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "tacit-account.json");
  const text = readFileSync(await download.path(), "utf8");
  assert.ok(JSON.parse(text) && text.includes(address) && !text.includes(PASSWORD));
  assertQuiet(visitor);
});

test("a deleted account is gone, after the password was asked for", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await unfold(page, "Delete the account");
  await page.getByLabel("Your e-mail address, to be sure").fill("another");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("link", { name: /Please type your address/ }).waitFor();
  await page.getByLabel("Your e-mail address, to be sure").fill(address);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await answerStepUp(page);
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.goto(`${server.url}/demo/#log-in`);
  await heading(page, "Log in");
  await page.getByLabel("E-mail address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("heading", { name: "Address and password do not fit together" }).waitFor();
  assertQuiet(visitor);
});

test("on a computer that others use the device is not remembered", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const kept = () => page.evaluate(() => JSON.stringify({ ...localStorage }));
  const address = newAddress();
  await signUp(page, server, address);
  await activateByCode(page, server, address);
  await page.getByLabel("Others use this computer").check();
  await logIn(page, address);
  assert.doesNotMatch(await kept(), /dt_/);
  await pressLogOut(page);
  await heading(page, "Log in");
  await logIn(page, address);
  assert.match(await kept(), /dt_/);
  assertQuiet(visitor);
});

test("a tab shows whom it acts for: when another one logs in as somebody else, it does not go on showing the first", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page, context } = visitor;
  const [first, second] = [newAddress("first"), newAddress("second")];
  for (const address of [first, second]) {
    await signUp(page, server, address);
    await activateByCode(page, server, address);
  }
  const tab = await context.newPage();
  await tab.goto(`${server.url}/demo/#log-in`);
  await heading(tab, "Log in");
  await logIn(page, first);
  await askForAddress(page, newAddress("elsewhere"));
  await page.getByRole("dialog").waitFor();

  await logIn(tab, second);
  await page.locator(".lead [data-address]", { hasText: second }).waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0, "nobody is asked for the first one's password any more");
  await page.waitForFunction((address) => document.querySelector("#profile-form [name=username], #password-form [name=username]").value === address, second);
  assertQuiet(visitor);
});
