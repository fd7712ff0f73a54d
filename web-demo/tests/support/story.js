/** What people do in the demo, as the tests say it. */

import assert from "node:assert/strict";

export const PASSWORD = "violet kettle marching home";

let count = 0;
export const newAddress = (name = "ada") => {
  count += 1;
  return `${name}.${count}@example.com`;
};

export const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

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

export const sessionItems = (page) => page.locator("#sessions > li");

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
