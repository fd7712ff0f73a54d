/** Accounts elsewhere: linked to an account with a password, unlinked, and the only way in of an account without one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { identityItems, LABEL, popupOf, pressSignIn, says, sayWho, sayWhoAndAllow, signedInElsewhere } from "./support/provider-story.js";
import { answerStepUp, heading, loggedIn, logIn, newAddress, PASSWORD, pressLogOut, unfold, verdicts } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite({ provider: true });

const NEXT = "seven paper lanterns drift";

const logOut = async (page) => {
  await pressLogOut(page);
  await heading(page, "Log in");
};

test("an account with a password is opened by a provider once it was linked, and not any more once it was unlinked", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await logOut(page);

  await pressSignIn(page);
  await sayWhoAndAllow(page, address);
  await heading(page, "Log in");
  await says(page, "There is an account with this address");
  await page.getByText(`Then you can link ${LABEL}`).waitFor();
  await logIn(page, address);

  await unfold(page, "Accounts elsewhere");
  await page.getByText("None is linked.").waitFor();
  await page.getByRole("button", { name: `Link ${LABEL}` }).click();
  await page.getByRole("button", { name: "Rather not" }).click();
  await says(page, "Nothing was changed");
  await page.getByRole("button", { name: `Link ${LABEL}` }).click();
  await answerStepUp(page);
  await says(page, "Linked");
  await page.locator("#settings-note").getByText(`From now on you can log in with ${LABEL} too.`).waitFor();
  assert.match(await identityItems(page).innerText(), new RegExp(address.replaceAll(".", "\\.")));
  assert.ok(!page.url().includes("tacit_code"));
  assert.match((await server.mail(address, 2)).text, /link/i);

  await logOut(page);
  await pressSignIn(page);
  await heading(page, "You are logged in");
  assert.equal(await page.locator(".lead [data-address]").innerText(), address, "it is the same account");

  await unfold(page, "Accounts elsewhere");
  await page.getByRole("button", { name: `Unlink ${LABEL}, ${address}` }).click();
  await answerStepUp(page);
  await says(page, "Unlinked");
  await page.getByText("None is linked.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Accounts elsewhere", "the focus is not lost with the button");
  await logOut(page);
  await pressSignIn(page);
  await says(page, "There is an account with this address");
  await logIn(page, address);
  assert.ok((await verdicts(page)).every((verdict) => verdict === "clean"));
  assertQuiet(visitor);
});

test("the last way in stays until there is a password, which the provider's word lets one set", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = newAddress("grace");
  await signedInElsewhere(page, server, address);
  await unfold(page, "Accounts elsewhere");
  assert.equal(await page.locator(".setting > summary", { hasText: "Change the password" }).isVisible(), false);

  // The provider is asked for a fresh proof, however well it knows the person.
  await page.getByRole("button", { name: /^Unlink/ }).click();
  await says(page, "Show once more who you are");
  const popup = await popupOf(page, () => page.getByRole("button", { name: `Ask ${LABEL}` }).click());
  const closed = popup.waitForEvent("close");
  await sayWho(popup, address);
  await closed;
  await says(page, "This is your last way in");
  await page.locator("#settings-note").getByText("Without it nobody could log in to your account any more.").waitFor();

  await unfold(page, "Set a password");
  await page.getByLabel("Password to set", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("link", { name: /at least 10 characters/ }).waitFor();
  await page.getByLabel("Password to set", { exact: true }).fill(NEXT);
  await page.getByRole("button", { name: "Set password" }).click();
  await says(page, "Your password is set");
  assert.equal(await page.locator(".setting > summary", { hasText: "Change the password" }).isVisible(), true);
  await page.getByRole("button", { name: /^Unlink/ }).click();
  await says(page, "Unlinked");
  await logOut(page);
  await logIn(page, address, NEXT);
  assert.ok((await verdicts(page)).every((verdict) => verdict === "clean"));
  assertQuiet(visitor);
});

test("a provider's word for somebody else does not stand in for the person", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await signedInElsewhere(page, server, newAddress("grace"));
  await unfold(page, "Delete the account");
  await page.getByLabel("Your e-mail address, to be sure").fill(await page.locator(".lead [data-address]").innerText());
  await page.getByRole("button", { name: "Delete my account" }).click();
  await says(page, "Show once more who you are");
  const popup = await popupOf(page, () => page.getByRole("button", { name: `Ask ${LABEL}` }).click());
  await sayWhoAndAllow(popup, newAddress("mallory"));
  await says(page, "This was somebody else");
  await page.keyboard.press("Escape");
  await page.locator("#delete-form .notice").waitFor();
  await heading(page, "You are logged in");
  assertQuiet(visitor);
});

test("what is somebody's already is not linked to another account", async () => {
  const { server, browser } = world;
  const [first, second] = [await visit(browser), await visit(browser)];
  const taken = newAddress("grace");
  await signedInElsewhere(first.page, server, taken);
  const { page } = second;
  await loggedIn(page, server);
  await unfold(page, "Accounts elsewhere");
  await page.getByRole("button", { name: `Link ${LABEL}` }).click();
  await answerStepUp(page, PASSWORD);
  await sayWhoAndAllow(page, taken);
  await heading(page, "You are logged in");
  await says(page, "Linked already");
  assert.equal(await identityItems(page).count(), 0);
  assertQuiet(first, second);
});

test("a link that comes back to another session is not made", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page, context } = visitor;
  const address = await loggedIn(page, server);
  await unfold(page, "Accounts elsewhere");
  await page.getByRole("button", { name: `Link ${LABEL}` }).click();
  await answerStepUp(page);
  await heading(page, "Who are you here?");
  const tab = await context.newPage();
  await tab.goto(`${server.url}/demo/`);
  await heading(tab, "You are logged in");
  await logOut(tab);
  await logIn(tab, address);
  await sayWhoAndAllow(page, newAddress("grace"));
  await heading(page, "You are logged in");
  await says(page, "Nothing was changed");
  await page.getByRole("button", { name: `Link ${LABEL}` }).waitFor();
  assert.equal(await identityItems(page).count(), 0);
  assertQuiet(visitor);
});

test("a server that does not prove itself during the step-up is named, and the buttons can be pressed again", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await loggedIn(page, server);
  await page.route("**/srp/step-up/confirm", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...await response.json(), M2: "0".repeat(64) } });
  });
  await unfold(page, "Accounts elsewhere");
  const link = page.getByRole("button", { name: `Link ${LABEL}` });
  await link.click();
  await answerStepUp(page);
  await says(page, "The server did not prove itself");
  await page.locator(`#identities-fold button[aria-disabled="false"]`, { hasText: `Link ${LABEL}` }).waitFor();
  assert.equal(await page.locator('#identities-fold [aria-busy="true"]').count(), 0);
  assertQuiet(visitor);
});

test("the window of a step-up that is left open holds up nothing else", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = newAddress("grace");
  await signedInElsewhere(page, server, address);
  await unfold(page, "Accounts elsewhere");
  await page.getByRole("button", { name: /^Unlink/ }).click();
  const popup = await popupOf(page, () => page.getByRole("button", { name: `Ask ${LABEL}` }).click());
  await page.getByRole("button", { name: "Look again" }).click();
  await page.locator("#live", { hasText: "1 session." }).waitFor({ state: "attached" });
  const closed = popup.waitForEvent("close");
  await sayWho(popup, address);
  await closed;
  await says(page, "This is your last way in");
  assertQuiet(visitor);
});
