/** The server's own pages for a new password, while the server does not answer as it should. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { askForReset, heading, loggedIn, logIn } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

const NEXT = "seven paper lanterns drift";
const SECRET = "A".repeat(43);
const SETTINGS = "**/v1/auth/settings";

const busy = (route) => route.fulfill({
  status: 429,
  headers: { "content-type": "application/problem+json", "retry-after": "7" },
  json: { type: "urn:tacit:problem:too_many_requests", title: "too many requests", status: 429, code: "too_many_requests", detail: "slow down" },
});

/** What a page sends that carries a new credential. */
const credentials = (page) => {
  const sent = [];
  page.on("request", (request) => {
    if (/\/(reset\/complete|sign-up\/activate)$/.test(request.url())) sent.push(request.url());
  });
  return sent;
};

test("without the server's word on its realm no reset is completed, and the page says to wait", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const sent = credentials(page);
  const address = await loggedIn(page, server);
  const { link } = await askForReset(page, server, address);
  await page.goto("about:blank");
  await page.goto(link);
  await heading(page, "Choose a new password");
  await page.route(SETTINGS, busy);
  await page.getByLabel("New password").fill(NEXT);
  await page.getByRole("button", { name: "Set new password" }).click();
  await page.getByText("The server asks to wait 7 seconds.").waitFor();
  const completed = () => sent.filter((url) => url.endsWith("/complete")).length;
  assert.equal(completed(), 0);
  assert.equal(await page.getByLabel("New password").inputValue(), NEXT);

  await page.unroute(SETTINGS);
  await page.getByRole("button", { name: "Set new password" }).click();
  await heading(page, "Your password is reset");
  assert.equal(completed(), 1);
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address, NEXT);
  assertQuiet(visitor);
});

test("without the server's word on its realm no invitation is answered, and the page says to wait", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const sent = credentials(page);
  await page.route(SETTINGS, busy);
  await page.goto(`${server.url}/welcome#${SECRET}`);
  await page.getByLabel("New password").fill(NEXT);
  await page.locator("form [type=submit]").click();
  await page.getByText("The server asks to wait 7 seconds.").waitFor();
  assert.deepEqual(sent, []);
  assertQuiet(visitor);
});

test("a link that could not be looked at is looked at again, with the secret that is nowhere else any more", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const address = await loggedIn(page, server);
  const { link } = await askForReset(page, server, address);
  await page.goto("about:blank");
  await page.route(SETTINGS, busy);
  await page.goto(link);
  const again = page.getByRole("button", { name: "Try again" });
  await page.getByText("The server asks to wait 7 seconds.").waitFor();
  await page.unroute(SETTINGS);
  await page.route("**/reset/validate", (route) => route.abort("connectionrefused"));
  await again.click();
  await page.getByText("The server cannot be reached").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "again", "the focus stays on the button");
  await page.unroute("**/reset/validate");
  await again.click();
  await heading(page, "Choose a new password");
  assert.equal(await page.getByLabel("Account").inputValue(), address);
  assert.equal(await again.count(), 0);
  assertQuiet(visitor);
});
