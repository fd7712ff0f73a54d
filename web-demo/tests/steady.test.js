/** What comes late moves nothing: whoever presses a button presses that one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, holdBack, visit } from "./support/browser.js";
import { activateByCode, fillSignUp, heading, logIn, newAddress, PASSWORD, sessionItems, signUp } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite();

const PLACES = [["small phone", 320], ["phone", 390], ["desk", 1280]];

/** What is typed, and what is said of it: the longest there is, and the shortest. */
const SAYINGS = [
  ["abcdefghijkl", /Sequences such as/],
  ["password", /the ten most used/],
  ["superman", /the hundred most used/],
  ["qwertzuiop", /Keys in a row|Keyboard patterns/],
  [PASSWORD, /^(Good|Strong)\.$/],
];

test("a press that began before the strength of the password was drawn is a press all the same", async () => {
  const { server, browser } = world;
  const visitor = await visit(browser);
  const { page } = visitor;
  const letThrough = await holdBack(page, "**/vendor/**");
  await page.goto(`${server.url}/demo/#sign-up`);
  await fillSignUp(page, newAddress());
  const { x, y, width, height } = await page.getByRole("button", { name: "Create account" }).boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  assert.equal(await page.locator("#strength-words").textContent(), "");
  letThrough();
  await page.getByText(/^(Good|Strong)\./).waitFor();
  await page.mouse.up();
  await heading(page, "Check your mail");
  assertQuiet(visitor);
});

for (const [place, width] of PLACES) {
  test(`whatever is said of a password, what is below stays where it is, on a ${place}`, async () => {
    const { server, browser } = world;
    const visitor = await visit(browser, { viewport: { width, height: 900 } });
    const { page } = visitor;
    await page.goto(`${server.url}/demo/#sign-up`);
    const button = page.getByRole("button", { name: "Create account" });
    const before = await button.boundingBox();
    const field = page.getByLabel("Password", { exact: true });
    for (const [typed, words] of SAYINGS) {
      await field.fill(typed);
      await page.locator("#strength-words", { hasText: words }).waitFor();
      assert.deepEqual(await button.boundingBox(), before, typed);
    }
    assertQuiet(visitor);
  });
}

for (const [place, width] of PLACES) {
  test(`the first session comes into a room that was kept for it, on a ${place}`, async () => {
    const { server, browser } = world;
    const visitor = await visit(browser, { viewport: { width, height: 900 } });
    const { page } = visitor;
    const address = newAddress();
    await signUp(page, server, address);
    await activateByCode(page, server, address);
    const letThrough = await holdBack(page, "**/v1/sessions*");
    await logIn(page, address);
    const settings = page.getByRole("heading", { name: "Your account" });
    const before = await settings.boundingBox();
    assert.equal(await sessionItems(page).count(), 0);
    letThrough();
    await sessionItems(page).first().waitFor();
    assert.deepEqual(await settings.boundingBox(), before);
    assertQuiet(visitor);
  });
}
