/** Answers lost on their way: nowhere does the demo say that nothing has happened. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { loseAnswers, nothingIsCalledLost } from "./support/lost-answers.js";
import { LABEL, popupOf, says, sayWho, sayWhoAndAllow, signedInElsewhere } from "./support/provider-story.js";
import { answerStepUp, heading, loggedIn, logIn, newAddress, PASSWORD, pressLogOut, sessionItems, signUp, unfold } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite({ provider: true });

const NEXT = "seven paper lanterns drift";

/** Answers what presses the button. */
const typeChange = async (page) => {
  await unfold(page, "Change the password");
  await page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("New password", { exact: true }).fill(NEXT);
  return () => page.getByRole("button", { name: "Change password" }).click();
};

/** Of somebody who logged in with a password. */
const linkElsewhere = async (page) => {
  await unfold(page, "Accounts elsewhere");
  await page.getByRole("button", { name: `Link ${LABEL}` }).click();
  await answerStepUp(page);
  await sayWhoAndAllow(page, newAddress("elsewhere"));
  await says(page, "Linked");
};

test("the demo: a change of password that is pressed again says that the new one may hold already", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const arrive = await loseAnswers(page, "**/password/change/confirm");
  const press = await typeChange(page);
  await press();
  await says(page, "Your password may or may not be changed");
  await arrive();
  await press();
  await page.locator("#current-password-wrong", { hasText: "the new one holds already" }).waitFor();
  await nothingIsCalledLost(page.locator("#password-form"));
  await pressLogOut(page);
  await heading(page, "Log in");
  await logIn(page, address, NEXT);
  assertQuiet(visitor);
});

test("the demo: the same where the answer came without the server's proof", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await loggedIn(page, server);
  await page.route("**/password/change/confirm", async (route) => {
    const response = await route.fetch();
    await route.fulfill(response.ok() ? { response, headers: { ...response.headers(), m2: "0".repeat(64) } } : { response });
  });
  const press = await typeChange(page);
  await press();
  await says(page, "The server did not prove itself");
  await press();
  await page.locator("#current-password-wrong", { hasText: "the new one holds already" }).waitFor();
});

test("the demo: an account elsewhere that is not linked any more counts as unlinked", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await loggedIn(page, server);
  await linkElsewhere(page);
  const arrive = await loseAnswers(page, "**/v1/identities/*");
  const press = () => page.getByRole("button", { name: /^Unlink/ }).click();
  await press();
  await says(page, "This may or may not be done");
  await arrive();
  await press();
  await says(page, "Unlinked");
  await page.getByText("None is linked.").waitFor();
  assertQuiet(visitor);
});

test("the demo: an account elsewhere is not called unlinked by the code that a step-up with the wrong one has, too", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await loggedIn(page, server);
  await linkElsewhere(page);
  await page.route("**/v1/identities/*", (route) => route.fulfill({
    status: 404,
    json: { code: "identity_unknown", detail: "There is no such account." },
  }));
  await page.getByRole("button", { name: /^Unlink/ }).click();
  await says(page, "This was somebody else");
  assert.equal(await page.getByRole("button", { name: /^Unlink/ }).count(), 1);
});

test("the demo: what is said of a logout stays while the page goes on looking", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await page.route("**/sessions/logout", (route) => route.abort("connectionreset"));
  await pressLogOut(page);
  const words = page.locator("#account-note", { hasText: "You may or may not be logged out" });
  await words.waitFor();
  await page.locator("#live", { hasText: "You may or may not be logged out" }).waitFor({ state: "attached" });
  // A look that has found something is one that was drawn.
  const elsewhere = await visit(browser);
  await elsewhere.page.goto(`${server.url}/demo/#log-in`);
  await logIn(elsewhere.page, address);
  await sessionItems(page).nth(1).waitFor();
  assert.equal(await words.count(), 1);
  assertQuiet(visitor);
});

test("the demo: a mail whose sending is in doubt is not told as sent, though the server asks to wait", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = newAddress();
  await signUp(page, server, address);
  await page.goto(`${server.url}/demo/#log-in`);
  await page.route("**/sign-up/verification", (route) => route.fulfill({
    status: 503,
    headers: { "retry-after": "5" },
    json: { code: "unavailable", detail: "The server cannot do this at the moment." },
  }));
  await heading(page, "Log in");
  await page.getByLabel("E-mail address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await page.getByRole("button", { name: "Send the mail again" }).click();
  await says(page, "A mail may or may not be on its way");
  await heading(page, "Log in");
  assert.deepEqual(visitor.complaints.filter((words) => !/with a status of 503/.test(words)), []);
});

test("the demo: a reset by code may be done", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await pressLogOut(page);
  await heading(page, "Log in");
  await loseAnswers(page, "**/password/reset/complete");
  await page.getByRole("button", { name: "Forgot your password?" }).click();
  await page.getByLabel("E-mail address").fill(address);
  await page.getByRole("button", { name: "Send me a mail" }).click();
  await heading(page, "Choose a new password");
  await page.getByLabel("Code from the mail").fill((await server.mail(address, 2)).code);
  await page.getByLabel("New password", { exact: true }).fill(NEXT);
  await page.getByRole("button", { name: "Set new password" }).click();
  await says(page, "Your password may or may not be reset");
  await nothingIsCalledLost(page.locator("#view"));
  await page.goto("about:blank");
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address, NEXT);
  assertQuiet(visitor);
});

test("the demo: a deletion may be done, and the next try finds nobody there", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  await unfold(page, "Delete the account");
  await page.getByLabel("Your e-mail address, to be sure").fill(address);
  const arrive = await loseAnswers(page, "**/api/auth/users/");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await answerStepUp(page);
  await says(page, "Your account may or may not be deleted");
  await nothingIsCalledLost(page.locator("#delete-form"));
  await arrive();
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await page.locator('[data-view="account"]').count(), 0, "there is no session of nobody");
  assertQuiet(visitor);
});

test("the demo: a first password may be set, and the page that is loaded again shows whether it is", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = newAddress("grace");
  await signedInElsewhere(page, server, address);
  await unfold(page, "Set a password");
  await loseAnswers(page, "**/srp/password/set");
  await page.getByLabel("Password to set", { exact: true }).fill(NEXT);
  await page.getByRole("button", { name: "Set password" }).click();
  await says(page, "Show once more who you are");
  const popup = await popupOf(page, () => page.getByRole("button", { name: `Ask ${LABEL}` }).click());
  await sayWho(popup, address);
  await says(page, "Your password may or may not be set");
  await nothingIsCalledLost(page.locator("#first-password-fold"));
  await page.reload();
  await heading(page, "You are logged in");
  await unfold(page, "Change the password");
  assertQuiet(visitor);
});

test("the demo: whoever removed the browser's data is still logged out at the server", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  await loggedIn(page, server);
  await page.evaluate(() => localStorage.clear());
  // As if its time were over: the server takes no access token but the next one.
  let refused = 0;
  await page.route("**/sessions/logout", async (route) => {
    if (refused++ > 0) return route.continue();
    const headers = { ...route.request().headers(), authorization: "Bearer old" };
    return route.continue({ headers });
  });
  await pressLogOut(page);
  await heading(page, "Log in");
  await page.getByText("The session is ended on the server too.").waitFor();
  assert.equal(refused, 2);
  assertQuiet(visitor);
});
