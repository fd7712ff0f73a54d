/** Activation by the typed code, a second mail, and an account that was not activated. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { activateByCode, fillLogIn, heading, logIn, newAddress, PASSWORD, pressLogIn, signUp } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite({ settings: { TACIT_LIMITS__RESEND_AFTER: "3s" } });

test("the code from the mail activates, typed in small letters and with spaces too", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);

  await page.getByLabel("Code from the mail").fill("12345");
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByRole("link", { name: /The code has ten letters/ }).waitFor();

  await page.getByLabel("Code from the mail").fill("ZZZZZ-ZZZZZ");
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByRole("link", { name: /This code does not fit/ }).waitFor();

  const { code } = await server.mail(address);
  await page.getByLabel("Code from the mail").fill(code.toLowerCase().replace("-", " "));
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByRole("heading", { name: "Your account is active" }).waitFor();
  await logIn(page, address);
  assertQuiet(visitor);
});

test("the mail can be sent again once the countdown is over, and only the newest code fits", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);
  const again = page.getByRole("button", { name: "Send it again" });
  assert.equal(await again.getAttribute("aria-disabled"), "true");
  const before = await server.mail(address);
  await page.locator('#resend[aria-disabled="false"]').waitFor();
  await again.click();
  await page.getByRole("heading", { name: "Another mail is on its way" }).waitFor();
  const after = await server.mail(address, 2);
  assert.notEqual(after.code, before.code);

  await page.getByLabel("Code from the mail").fill(before.code);
  await page.getByRole("button", { name: "Activate" }).click();
  await page.getByRole("link", { name: /This code does not fit/ }).waitFor();
  await activateByCode(page, server, address);
  assertQuiet(visitor);
});

test("whoever logs in before activating is told so, and led to the mail", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);
  await page.getByRole("link", { name: "Log in", exact: true }).click();
  await heading(page, "Log in");
  await fillLogIn(page, address);
  await pressLogIn(page);
  await page.getByRole("heading", { name: /account is not active yet/ }).waitFor();

  await page.waitForTimeout(3000); // the server's pause between two mails
  await page.getByRole("button", { name: "Send the mail again" }).click();
  await heading(page, "Check your mail");
  await server.mail(address, 2);
  await activateByCode(page, server, address);
  await logIn(page, address);
  assertQuiet(visitor);
});

test("an invited administrator chooses a password on the welcome page, and logs in with it", async () => {
  const { server, browser } = world;
  const address = newAddress("admin");
  const [link] = server.command("admin", "create", address).match(/http:\S+\/welcome#[\w-]{43}/);
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(link);
  assert.equal(new URL(page.url()).hash, "", "the secret is gone from the address bar");
  const press = () => page.getByRole("button", { name: "Set password and activate" }).click();
  await page.getByLabel("New password").fill("short");
  await press();
  await page.getByText("Please choose at least 10 characters.").waitFor();
  await page.getByLabel("New password").fill(PASSWORD);
  await press();
  await heading(page, "Your account is ready");
  await page.getByRole("link", { name: "Log in to the demo" }).click();
  await logIn(page, address);

  await page.goto("about:blank");
  await page.goto(link);
  await page.getByLabel("New password").fill(`${PASSWORD} again`);
  await press();
  await heading(page, "This link no longer works");
  assertQuiet(visitor);
});

test("a person who signs up twice hears of it by mail only", async () => {
  const { server, browser } = world;
  const address = newAddress();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signUp(page, server, address);
  await activateByCode(page, server, address);
  await signUp(page, server, address, `${PASSWORD} again`);
  const { code, link } = await server.mail(address, 2);
  assert.equal(code, undefined);
  assert.equal(link, undefined);
  assertQuiet(visitor);
});
