/** What people do in the demo, as the tests say it. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { derive } from "./derive.js";

export const PASSWORD = "violet kettle marching home";

let count = 0;
export const newAddress = (name = "ada") => {
  count += 1;
  return `${name}.${count}@example.com`;
};

/** Waits for a view; where another stays, the error tells what that one shows. */
export const heading = async (page, name) => {
  try {
    await page.getByRole("heading", { level: 1, name }).waitFor();
  } catch (error) {
    const shown = await page.locator("#view, main:not(:has(#view))").innerText({ timeout: 1000 }).catch(String);
    throw new Error(`${error.message}\nInstead there is:\n${shown}`, { cause: error });
  }
};

export const fillSignUp = async (page, address, password = PASSWORD) => {
  await page.getByLabel("E-mail address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(password);
};

export const signUp = async (page, server, address, password = PASSWORD) => {
  await page.goto(`${server.url}/demo/#sign-up`);
  await heading(page, "Create an account");
  await fillSignUp(page, address, password);
  await page.getByRole("button", { name: "Create account" }).click();
  await heading(page, "Check your mail");
};

export const activateByCode = async (page, server, address) => {
  const { code } = await server.mail(address);
  await page.getByLabel("Code from the mail").fill(code);
  await page.getByRole("button", { name: "Activate" }).click();
  await heading(page, "Log in");
};

export const fillLogIn = async (page, address, password = PASSWORD) => {
  await page.getByLabel("E-mail address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(password);
};

export const pressLogIn = (page) => page.getByRole("button", { name: "Log in", exact: true }).click();

export const logIn = async (page, address, password = PASSWORD) => {
  await fillLogIn(page, address, password);
  await pressLogIn(page);
  await heading(page, "You are logged in");
};

/** An account, activated, its person logged in on this page. */
export const loggedIn = async (page, server, address = newAddress(), password = PASSWORD) => {
  await signUp(page, server, address, password);
  await activateByCode(page, server, address);
  await logIn(page, address, password);
  return address;
};

export const sessionItems = (page) => page.locator("#sessions > li:visible");

/** Waits until the account lists `wanted` sessions, asking it to look again. */
export const sessionsBecome = async (page, wanted) => {
  for (let tries = 0; tries < 40; tries += 1) {
    if (await sessionItems(page).count() === wanted) return;
    await page.getByRole("button", { name: "Look again" }).click();
    await page.waitForTimeout(250);
  }
  assert.equal(await sessionItems(page).count(), wanted);
};

export const verdicts = (page) => page.locator(".verdict").evaluateAll((lines) => lines.map((line) => line.dataset.verdict));

/** Waits until the account shows all there is, so that nothing moves any more. */
export const settled = (page) => page.locator('[data-view="account"]:not([data-coming])').waitFor();

export const pressLogOut = async (page) => {
  await settled(page);
  await page.getByRole("button", { name: "Log out", exact: true }).click();
};

/** Opens a fold of the account. */
export const unfold = async (page, title) => {
  await settled(page);
  await page.locator(".setting > summary", { hasText: title }).click();
};

export const changePassword = async (page, current, next, { keep = false } = {}) => {
  await unfold(page, "Change the password");
  await page.getByLabel("Current password", { exact: true }).fill(current);
  await page.getByLabel("New password", { exact: true }).fill(next);
  if (keep) await page.getByLabel("Stay logged in on my other devices").check();
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("heading", { name: "Your password is changed" }).waitFor();
};

/** Types the password that an operation asks for. */
export const answerStepUp = async (page, password = PASSWORD) => {
  await page.getByRole("dialog").getByLabel("Your password").fill(password);
  await page.getByRole("button", { name: "Go on" }).click();
};

/** From the log-in view to a new password, by the mailed code. */
export const resetByCode = async (page, server, address, password) => {
  const before = (await server.mails(address)).length;
  await page.getByRole("button", { name: "Forgot your password?" }).click();
  await heading(page, "Forgot your password?");
  await page.getByLabel("E-mail address").fill(address);
  await page.getByRole("button", { name: "Send me a mail" }).click();
  await heading(page, "Choose a new password");
  const { code } = await server.mail(address, before + 1);
  await page.getByLabel("Code from the mail").fill(code);
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Set new password" }).click();
  await page.getByRole("heading", { name: "Your password is reset" }).waitFor();
};

/** Asks for another address; the password is asked for then, unless it was shown a moment ago. */
export const askForAddress = async (page, address) => {
  await unfold(page, "Name, language, address");
  const field = page.locator("#new-email");
  await page.waitForFunction(() => document.getElementById("new-email").value !== "");
  await field.fill(address);
  await page.getByRole("button", { name: "Save" }).click();
};

/** Asks for a reset on the server's own page, and gives the mail. */
export const askForReset = async (page, server, address) => {
  const before = (await server.mails(address)).length;
  await page.goto(`${server.url}/reset`);
  await page.getByLabel("E-mail address").fill(address);
  await page.getByRole("button", { name: "Send me a mail" }).click();
  await heading(page, "Type the code from the mail");
  return server.mail(address, before + 1);
};

/** An account whose credential has the least stretching there is, made through the protocol. */
export const outdated = async (server, password = PASSWORD) => {
  const address = newAddress("outdated");
  const identity = randomBytes(16).toString("hex");
  const salt = `ab${randomBytes(31).toString("hex")}`;
  const { verifier } = await derive({ password, salt, identity, preset: 3, realm: "localhost" });
  const signedUp = await server.post("/api/auth/srp/sign-up", { auth_id: address, credential: { identity, salt, preset: 3, verifier } });
  assert.equal(signedUp.status, 201, await signedUp.text());
  const { code } = await server.mail(address);
  const activated = await server.post("/api/auth/srp/sign-up/activate", { auth_id: address, code });
  assert.equal(activated.status, 200);
  return address;
};

/** Waits until the credential was renewed by itself, and gives the verdict on what crossed the wire for it. */
export const renewed = async (page) => {
  const verdict = page.locator(".wire-group").filter({ hasText: "Renew the credential" }).locator(".verdict");
  await verdict.waitFor({ state: "attached" });
  return verdict.getAttribute("data-verdict");
};
