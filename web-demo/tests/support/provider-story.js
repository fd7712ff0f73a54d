/** What people do at the provider, as the tests say it. */

import { heading } from "./story.js";

export const LABEL = "Local provider";

export const pressSignIn = (page) => page.getByRole("button", { name: `Sign in with ${LABEL}` }).click();

export const openLogIn = async (page, server) => {
  await page.goto(`${server.url}/demo/#log-in`);
  await heading(page, "Log in");
};

/** At the provider: says who they are. */
export const sayWho = async (page, address) => {
  await heading(page, "Who are you here?");
  await page.getByLabel("E-mail address at this provider").fill(address);
  await page.getByRole("button", { name: "Continue" }).click();
};

/** At the provider: lets the application know. */
export const allow = async (page) => {
  await heading(page, "Let Tacit know you?");
  await page.getByRole("button", { name: "Allow" }).click();
};

export const sayWhoAndAllow = async (page, address) => {
  await sayWho(page, address);
  await allow(page);
};

/** From the log-in view by page, by somebody whom the provider does not know yet. */
export const comeByPage = async (page, server, address) => {
  await openLogIn(page, server);
  await pressSignIn(page);
  await sayWhoAndAllow(page, address);
};

/** An account that a provider's word made, its person signed in. */
export const signedInElsewhere = async (page, server, address) => {
  await comeByPage(page, server, address);
  await heading(page, "You are logged in");
};

/** The popup that comes of `press`. */
export const popupOf = async (page, press) => {
  const [popup] = await Promise.all([page.waitForEvent("popup"), press()]);
  return popup;
};

export const inOwnWindow = (page) => page.getByLabel("Open it in a window of its own").check();

export const says = (page, name) => page.getByRole("heading", { name, exact: true }).waitFor();

export const identityItems = (page) => page.locator("#identities > li");
