/** Answers lost on their way: none of the server's own pages says that nothing has happened. */

import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { loseAnswers, nothingIsCalledLost } from "./support/lost-answers.js";
import { answerStepUp, askForAddress, askForReset, heading, loggedIn, logIn, newAddress, signUp } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

const NEXT = "seven paper lanterns drift";

test("a reset: the page says that it may be done, and what a second press that fails means", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const { link } = await askForReset(page, server, address);
  await page.goto("about:blank");
  await page.goto(link);
  await heading(page, "Choose a new password");
  const press = () => page.getByRole("button", { name: "Set new password" }).click();
  const arrive = await loseAnswers(page, "**/password/reset/complete");
  await page.getByLabel("New password").fill(NEXT);
  await press();
  await page.getByText("Your password may or may not be reset.").waitFor();
  await nothingIsCalledLost(page.locator("main"));
  await arrive();
  await press();
  await heading(page, "Reset your password");
  await page.getByText("Maybe it was you, a moment ago").waitFor();
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address, NEXT);
  assertQuiet(visitor);
});

test("an activation by link: a second press tells what became of it", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = newAddress();
  await signUp(page, server, address);
  const { link } = await server.mail(address);
  await page.goto(link);
  await heading(page, "Activate your account");
  const press = () => page.getByRole("button", { name: "Activate my account" }).click();
  const arrive = await loseAnswers(page, "**/sign-up/activate");
  await press();
  await page.getByText("Your account may or may not be active.").waitFor();
  await nothingIsCalledLost(page.locator("main"));
  await arrive();
  await press();
  await heading(page, "This link no longer works");
  await page.getByRole("link", { name: "Log in to the demo" }).click();
  await heading(page, "Log in");
  await logIn(page, address);
  assertQuiet(visitor);
});

test("an invitation: whoever chose a password is told to try it before they ask for another link", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = newAddress("admin");
  const [link] = server.command("admin", "create", address).match(/http:\S+\/welcome#[\w-]{43}/);
  await page.goto(link);
  const press = () => page.getByRole("button", { name: "Set password and activate" }).click();
  const arrive = await loseAnswers(page, "**/sign-up/activate");
  await page.getByLabel("New password").fill(NEXT);
  await press();
  await page.getByText("Your account may or may not be ready.").waitFor();
  await nothingIsCalledLost(page.locator("main"));
  await arrive();
  await press();
  await heading(page, "This link no longer works");
  await page.getByText("please try to log in first").waitFor();
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address, NEXT);
  assertQuiet(visitor);
});

test("a change of address, confirmed or taken back: a second press says that it may have been the first, and what comes next", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const elsewhere = newAddress("elsewhere");
  await askForAddress(page, elsewhere);
  await answerStepUp(page);
  await page.getByRole("heading", { name: "Saved; now look into your mail" }).waitFor();
  const pressTwice = async (link, name, url, doubt) => {
    await page.goto("about:blank");
    await page.goto(link);
    const arrive = await loseAnswers(page, url);
    await page.getByRole("button", { name }).click();
    await page.getByText(doubt).waitFor();
    await nothingIsCalledLost(page.locator("main"));
    await arrive();
    await page.getByRole("button", { name }).click();
    await heading(page, "This link no longer works");
    await page.getByText("Maybe it was you, a moment ago").waitFor();
  };
  const { link: confirm } = await server.mail(elsewhere);
  await pressTwice(confirm, "Confirm this address", "**/email/confirm", "may or may not be confirmed");
  await page.getByRole("link", { name: "demo" }).waitFor();
  const { link: undo } = await server.mail(address, 1, /\/undo-email#/);
  await pressTwice(undo, "Take the change back", "**/email/undo", "may or may not be taken back");
  await page.getByRole("link", { name: "Reset the password" }).click();
  await heading(page, "Reset your password");
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address);
  assertQuiet(visitor);
});

test("an answer that a page does not understand leaves a reset in doubt, too", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const { link } = await askForReset(page, server, address);
  await page.goto("about:blank");
  await page.goto(link);
  await heading(page, "Choose a new password");
  await page.route("**/password/reset/complete", async (route) => {
    const response = await route.fetch();
    await route.fulfill(response.ok() ? { response, json: {} } : { response });
  });
  const press = () => page.getByRole("button", { name: "Set new password" }).click();
  await page.getByLabel("New password").fill(NEXT);
  await press();
  await page.getByText("Your password may or may not be reset.").waitFor();
  await press();
  await page.getByText("Maybe it was you, a moment ago").waitFor();
  assertQuiet(visitor);
});
