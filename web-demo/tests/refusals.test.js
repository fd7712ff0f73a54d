/** Words for what does not work: a wrong password, missing fields, too many attempts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { activateByCode, fillLogIn, heading, logIn, newAddress, pressLogIn, signUp } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite({ settings: { TACIT_LIMITS__PROOF_ATTEMPTS: "3", TACIT_LIMITS__PROOF_WINDOW: "15s" } });

const WRONG = "This was never the password";

test("a wrong password is answered without blame, and everything typed stays", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);
  await activateByCode(page, server, address);
  await fillLogIn(page, address, WRONG);
  await pressLogIn(page);
  await page.getByRole("heading", { name: "Address and password do not fit together" }).waitFor();
  assert.equal(await page.getByLabel("E-mail address").inputValue(), address);
  assert.equal(await page.getByLabel("Password", { exact: true }).inputValue(), WRONG);
  assert.equal(await page.evaluate(() => document.activeElement.id), "password");
  assert.match(await page.locator(".wire-group").first().innerText(), /Your password was not in any of it/);
  await logIn(page, address);
  assertQuiet(visitor);
});

test("an address without an account is answered like a wrong password", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(`${server.url}/demo/#log-in`);
  await fillLogIn(page, "nobody@example.com", WRONG);
  await pressLogIn(page);
  await page.getByRole("heading", { name: "Address and password do not fit together" }).waitFor();
  assertQuiet(visitor);
});

test("after too many attempts a countdown says when the next one is possible", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(`${server.url}/demo/#log-in`);
  await fillLogIn(page, newAddress(), WRONG);
  const throttled = page.getByRole("heading", { name: "Many attempts in a short time" });
  for (let attempt = 0; attempt < 8 && !await throttled.isVisible(); attempt += 1) {
    await pressLogIn(page);
    await page.locator("#log-in-form:not([aria-busy]) .notice").waitFor();
  }
  await throttled.waitFor();
  const button = page.getByRole("button", { name: "Log in", exact: true });
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  assert.match(await page.locator("#log-in-summary").innerText(), /possible in \d+ second/);
  await page.locator('#log-in-form [type=submit][aria-disabled="false"]').waitFor();
  await pressLogIn(page);
  await page.getByRole("heading", { name: "Address and password do not fit together" }).waitFor();
  assertQuiet(visitor);
});

test("missing and weak fields are named beside the field and in a summary that leads to it", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(`${server.url}/demo/#sign-up`);
  await heading(page, "Create an account");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "2 fields need a look" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "sign-up-summary");
  assert.equal(await page.locator("form").getAttribute("aria-describedby"), "sign-up-summary");
  for (const field of await page.locator("input").all()) {
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    const described = (await field.getAttribute("aria-describedby")).split(" ");
    const shown = await page.locator(described.map((id) => `#${id}.wrong`).join(",")).textContent();
    assert.match(shown, /^Please/);
  }
  await page.getByRole("link", { name: /Please choose a password/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "new-password");

  await page.getByLabel("E-mail address").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill("password123");
  await page.getByText(/Very weak/).waitFor();
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("link", { name: /would be guessed early/ }).waitFor();
  assertQuiet(visitor);
});

test("the strength library is loaded at the first key of a new password, not before", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const loaded = [];
  page.on("request", (request) => {
    if (request.url().includes("/vendor/")) loaded.push(request.url());
  });
  await page.goto(`${server.url}/demo/#sign-up`);
  await page.getByLabel("E-mail address").fill("ada@example.com");
  assert.deepEqual(loaded, []);
  await page.getByLabel("Password", { exact: true }).pressSequentially("violet kettle marching");
  await page.getByText(/^(Good|Strong)\./).waitFor();
  assert.equal(loaded.length, 2);
  assertQuiet(visitor);
});

test("the password can be shown, under a name that stays, and is hidden again when sent", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(`${server.url}/demo/#log-in`);
  await fillLogIn(page, newAddress(), WRONG);
  const reveal = page.getByRole("button", { name: "Show password" });
  const field = page.getByLabel("Password", { exact: true });
  assert.equal(await reveal.getAttribute("aria-pressed"), "false");
  await reveal.click();
  assert.equal(await reveal.getAttribute("aria-pressed"), "true");
  assert.equal(await field.getAttribute("type"), "text");
  await pressLogIn(page);
  assert.equal(await field.getAttribute("type"), "password");
  assertQuiet(visitor);
});

test("a password that cannot be one is named at its own field, and the address is not blamed", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const impossible = "violet kettle marching \u0378 home";
  const words = /One of the characters cannot be used in a password/;
  for (const [view, title, button, field] of [
    ["log-in", "Log in", "Log in", "password"],
    ["sign-up", "Create an account", "Create account", "new-password"],
  ]) {
    await page.goto("about:blank");
    await page.goto(`${server.url}/demo/#${view}`);
    await heading(page, title);
    await fillLogIn(page, newAddress(), impossible);
    await page.getByRole("button", { name: button, exact: true }).click();
    await page.getByRole("link", { name: words }).waitFor();
    assert.match(await page.locator(`#${field}-wrong`).innerText(), words, view);
    assert.equal(await page.locator("#email").getAttribute("aria-invalid"), null, view);
  }
  assertQuiet(visitor);
});
