/** From sign-up to log-out, by the link in the mail, on two browsers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { heading, logIn, newAddress, PASSWORD, pressLogOut, sessionItems, sessionsBecome, signUp, verdicts } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

test("a person signs up, opens the mail, activates, logs in on two browsers, ends one, and logs out", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const first = await visit(browser);
  const { page } = first;

  await page.goto(server.url);
  await page.getByRole("link", { name: "Try the demo" }).click();
  await heading(page, "Create an account");
  await signUp(page, server, address);
  assert.match(await page.locator("[data-address]").textContent(), new RegExp(address));
  assert.deepEqual(await verdicts(page), ["clean"]);
  assert.match(await page.locator(".wire-group").first().innerText(), /verifier/);

  const [mailbox] = await Promise.all([
    first.context.waitForEvent("page"),
    page.getByRole("link", { name: /Open the demo mailbox/ }).click(),
  ]);
  const mail = mailbox.getByRole("article").filter({ hasText: address });
  await mail.getByRole("link").first().click();
  await heading(mailbox, "Activate your account");
  // The heading is there before the page's script has run, which takes the secret out of the address bar.
  await mailbox.waitForURL((url) => url.hash === "");
  await mailbox.getByRole("button", { name: "Activate my account" }).click();
  await heading(mailbox, "Your account is active");

  // The tab that waits moves on by itself.
  await heading(page, "Log in");
  assert.equal(await page.getByLabel("E-mail address").inputValue(), address);
  await mailbox.getByRole("link", { name: "Log in to the demo" }).click();
  await heading(mailbox, "Log in");
  await mailbox.close();

  await logIn(page, address);
  await page.getByRole("heading", { name: "The server proved itself: M2 verified" }).waitFor();
  const wire = await page.locator(".wire-group").first().innerText();
  for (const label of ["salt", "B", "A", "M1", "M2", "confirm"]) assert.match(wire, new RegExp(`"${label}"`));
  assert.match(wire, /Your password was not in any of it/);
  await sessionsBecome(page, 1);

  const second = await visit(browser);
  await second.page.goto(`${server.url}/demo/#log-in`);
  await logIn(second.page, address);
  await sessionsBecome(second.page, 2);
  await sessionsBecome(page, 2);

  await page.getByRole("button", { name: /End the session of/ }).click();
  await sessionsBecome(page, 1);
  // The other browser notices at its next look, by itself.
  await second.page.getByRole("heading", { name: "Your session has ended" }).waitFor();

  await logIn(second.page, address);
  await sessionsBecome(page, 2);
  await page.getByRole("button", { name: "Log out all others" }).click();
  await sessionsBecome(page, 1);

  await pressLogOut(page);
  await page.getByRole("heading", { name: "You are logged out" }).waitFor();
  await page.reload();
  await heading(page, "Log in");
  assert.equal(await sessionItems(page).count(), 0);
  assertQuiet(first, second);
});

test("a used link says so", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);
  const { link } = await server.mail(address);
  for (const wanted of ["Your account is active", "This link no longer works"]) {
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByRole("button", { name: "Activate my account" }).click();
    await heading(page, wanted);
  }
  assertQuiet(visitor);
});

test("opening the link alone activates nothing", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);
  const { link } = await server.mail(address);
  const scanner = await visit(browser);
  await scanner.page.goto(link);
  await heading(scanner.page, "Activate your account");
  await page.goto(`${server.url}/demo/#log-in`);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("heading", { name: /account is not active yet/ }).waitFor();
  assertQuiet(visitor, scanner);
});
