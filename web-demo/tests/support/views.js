/** Walks through every view of the demo and the built-in pages, and calls `look(name, page)` on each. */

import assert from "node:assert/strict";
import { holdBack } from "./browser.js";
import { signedInElsewhere } from "./provider-story.js";
import { activateByCode, fillLogIn, fillSignUp, heading, logIn, newAddress, pressLogIn, pressLogOut, sessionsBecome, settled } from "./story.js";

const SECRET = "A".repeat(43);

const pages = async (page, server, look) => {
  await page.goto(server.url);
  await page.getByText("The server is ready.").waitFor();
  await look("landing", page);
  await page.goto(`${server.url}/activate#${SECRET}`);
  await look("activate", page);
  await page.getByRole("button", { name: "Activate my account" }).click();
  await heading(page, "This link no longer works");
  await look("activate-refused", page);
  await page.goto(`${server.url}/welcome#${SECRET}`);
  await page.getByLabel("New password").waitFor();
  await look("welcome", page);
  await page.goto(`${server.url}/reset`);
  await page.getByRole("button", { name: "I have a code already" }).waitFor();
  await look("reset-page", page);
  await page.getByRole("button", { name: "I have a code already" }).click();
  await look("reset-page-code", page);
  for (const name of ["confirm-email", "undo-email"]) {
    await page.goto(`${server.url}/${name}#${SECRET}`);
    await look(name, page);
  }
};

/** Listens to what the page says of its progress; the function returned gives the words of each phase so far. */
const hearProgress = async (page) => {
  const phases = await page.evaluateHandle(() => {
    const heard = {};
    new MutationObserver(() => {
      const line = document.querySelector("[data-phase]");
      if (line) heard[line.dataset.phase] ??= line.textContent;
    }).observe(document.getElementById("view"), { subtree: true, childList: true, attributes: true });
    return heard;
  });
  return () => phases.jsonValue();
};

const demo = async (page, server, look, address) => {
  await page.goto(`${server.url}/demo/#sign-up`);
  await heading(page, "Create an account");
  await look("sign-up", page);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "2 fields need a look" }).waitFor();
  await look("sign-up-errors", page);
  await fillSignUp(page, address);
  await page.getByText(/^(Good|Strong)\./).waitFor();
  await look("sign-up-strength", page);
  const letThrough = await holdBack(page, "**/api/auth/srp/sign-up");
  const said = await hearProgress(page);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.locator('[data-phase="sending"]').waitFor();
  // The longest words, which a fast machine shows for a moment only, are put back to be looked at.
  const { deriving } = await said();
  assert.match(deriving, /^Stretching your password/);
  await page.locator("[data-phase]").evaluate((line, words) => {
    line.textContent = words;
  }, deriving);
  await look("sign-up-progress", page);
  letThrough();
  await heading(page, "Check your mail");
  await look("check-mail", page);
  await activateByCode(page, server, address);
  await look("log-in", page);
  await fillLogIn(page, address, "never the password");
  await pressLogIn(page);
  await page.getByRole("heading", { name: "Address and password do not fit together" }).waitFor();
  await look("log-in-wrong", page);
  await page.getByRole("button", { name: "Forgot your password?" }).click();
  await heading(page, "Forgot your password?");
  await look("forgot", page);
  await page.getByRole("button", { name: "Send me a mail" }).click();
  await heading(page, "Choose a new password");
  await look("reset", page);
  await page.goBack();
  await page.goBack();
  await heading(page, "Log in");
  await logIn(page, address);
  await sessionsBecome(page, 1);
  await look("account", page);
  await settled(page);
  for (const fold of await page.locator(".setting summary:visible").all()) await fold.click();
  await page.waitForFunction(() => document.getElementById("new-email").value !== "");
  await look("settings", page);
  await page.getByLabel("Your e-mail address, to be sure").fill(address);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("dialog").waitFor();
  await look("step-up", page);
  await page.getByRole("button", { name: "Rather not" }).click();
  await page.goto(`${server.url}/demo/mailbox`);
  await page.getByRole("article").first().waitFor();
  await look("mailbox", page);
};

/** Somebody who comes by a provider, and whom nothing else lets in. */
const elsewhere = async (page, server, look, address) => {
  await page.goto(`${server.url}/demo/#tacit_code=planted`);
  await page.getByRole("heading", { name: "This sign-in was not begun here" }).waitFor();
  await look("log-in-not-begun", page);
  await signedInElsewhere(page, server, address);
  await sessionsBecome(page, 1);
  await settled(page);
  for (const fold of await page.locator(".setting summary:visible").all()) if (await fold.isVisible()) await fold.click();
  await page.locator("#identities > li").waitFor();
  await look("account-elsewhere", page);
  await page.getByRole("button", { name: /^Unlink/ }).click();
  await page.getByRole("dialog").waitFor();
  await look("step-up-elsewhere", page);
  await page.getByRole("button", { name: "Rather not" }).click();
  await pressLogOut(page);
  await page.getByText("You are still signed in at").waitFor();
  await look("logged-out-elsewhere", page);
};

export const everyView = async (page, server, look) => {
  await pages(page, server, look);
  await demo(page, server, look, newAddress());
};

/** The same for those who come by a provider. */
export const everyViewElsewhere = (page, server, look) => elsewhere(page, server, look, newAddress("grace"));
