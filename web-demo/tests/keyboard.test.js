/** The whole story with the keyboard alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { heading, logIn, newAddress, PASSWORD, sessionItems, sessionsBecome } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

const focused = (page) => page.evaluate(() => {
  const { activeElement: at } = document;
  return { tag: at.tagName, id: at.id, name: at.getAttribute("aria-label") ?? at.textContent.trim() };
});

/** Presses Tab until the focus is where `wanted` says; a person would not press more often than this either. */
const tabTo = async (page, wanted, most = 25) => {
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    if (at.id === wanted || at.name === wanted) {
      const drawn = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.notEqual(drawn, "none", `the focus on ${wanted} can be seen`);
      return;
    }
  }
  assert.fail(`Tab never reaches ${wanted}; it is at ${JSON.stringify(await focused(page))}`);
};

test("everything can be done with the keyboard, and the focus is always in sight", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser, { reducedMotion: "reduce" });
  const { page } = visitor;
  await page.goto(`${server.url}/demo/`);
  await heading(page, "Create an account");

  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).name, "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).id, "main");
  await tabTo(page, "email");
  await page.keyboard.type(address);
  await tabTo(page, "new-password");
  await page.keyboard.type(PASSWORD);
  await tabTo(page, "Show password");
  await page.keyboard.press("Space");
  assert.equal(await page.locator("#new-password").getAttribute("type"), "text");
  await tabTo(page, "Create account");
  await page.keyboard.press("Enter");

  await heading(page, "Check your mail");
  assert.equal((await focused(page)).tag, "H1", "the focus is at the new view's heading");
  const { code } = await server.mail(address);
  await tabTo(page, "code");
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");

  await heading(page, "Log in");
  assert.equal((await focused(page)).tag, "H1");
  await tabTo(page, "password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");

  await heading(page, "You are logged in");
  assert.equal((await focused(page)).tag, "H1");
  const second = await visit(browser);
  await second.page.goto(`${server.url}/demo/#log-in`);
  await logIn(second.page, address);
  await sessionsBecome(page, 2);
  await page.locator("h1").focus();

  const other = await page.getByRole("button", { name: /End the session of/ }).getAttribute("aria-label");
  await tabTo(page, other);
  await page.keyboard.press("Enter");
  await page.locator("#sessions > li").nth(1).waitFor({ state: "detached" });
  assert.equal(await sessionItems(page).count(), 1);
  assert.equal((await focused(page)).id, "sessions-title", "the focus is not lost with the button");

  // A long value in the panel opens with a key.
  const group = page.locator(".wire-group").filter({ hasText: "Exchange the proofs" });
  const long = group.locator(".json-long").first();
  assert.equal(await long.isVisible(), false);
  await group.locator("summary").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await long.evaluate((button) => button === document.activeElement), true);
  await page.keyboard.press("Enter");
  assert.equal(await long.getAttribute("aria-expanded"), "true");

  // The folds of the account, and the dialog that one of them leads to.
  await page.locator("#settings-title").focus();
  await tabTo(page, "Delete the account");
  await page.keyboard.press("Enter");
  await tabTo(page, "delete-address");
  await page.keyboard.type(address);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  assert.equal((await focused(page)).id, "step-up-password", "the focus is in the dialog");
  await tabTo(page, "step-up-cancel");
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Nothing was changed" }).waitFor();

  await page.locator("#sessions-title").focus();
  await tabTo(page, "log-out");
  await page.keyboard.press("Enter");
  await heading(page, "Log in");

  await tabTo(page, "forgot");
  await page.keyboard.press("Enter");
  await heading(page, "Forgot your password?");
  assert.equal((await focused(page)).tag, "H1");
  const before = (await server.mails(address)).length;
  await tabTo(page, "email");
  await page.keyboard.press("Enter");
  await heading(page, "Choose a new password");
  const mail = await server.mail(address, before + 1);
  await tabTo(page, "code");
  await page.keyboard.type(mail.code);
  await tabTo(page, "new-password");
  await page.keyboard.type(`${PASSWORD} again`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your password is reset" }).waitFor();
  assertQuiet(visitor, second);
});
