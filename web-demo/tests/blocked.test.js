/** A browser that blocks storage, as people can set it: asking for it throws, and so do channels between pages. */

import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { inOwnWindow, openLogIn, popupOf, pressSignIn, sayWhoAndAllow } from "./support/provider-story.js";
import { activateByCode, heading, logIn, newAddress, pressLogOut, sessionsBecome, signUp } from "./support/story.js";
import { suite } from "./support/suite.js";

const world = suite({ provider: true });

/** A visitor whose browser blocks storage. */
const visitBlocked = async (browser) => {
  const visitor = await visit(browser);
  await visitor.context.addInitScript(() => {
    const refuse = () => {
      throw new DOMException("Access is denied for this document.", "SecurityError");
    };
    for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: refuse });
    window.BroadcastChannel = class {
      constructor() {
        refuse();
      }
    };
  });
  return visitor;
};

test("with storage blocked somebody signs up, types the code, logs in and out", async () => {
  const { server, browser } = world;
  const visitor = await visitBlocked(browser);
  const { page } = visitor;
  const address = newAddress();
  await signUp(page, server, address);
  await activateByCode(page, server, address);
  await logIn(page, address);
  await sessionsBecome(page, 1);
  await pressLogOut(page);
  await heading(page, "Log in");
  assertQuiet(visitor);
});

test("with storage blocked the link of the mail activates", async () => {
  const { server, browser } = world;
  const visitor = await visitBlocked(browser);
  const { page } = visitor;
  const address = newAddress();
  await signUp(page, server, address);
  const { link } = await server.mail(address);
  await page.goto(link);
  await page.locator("#press").click();
  await heading(page, "Your account is active");
  assertQuiet(visitor);
});

test("with storage blocked somebody comes by a provider's popup", async () => {
  const { server, browser } = world;
  const visitor = await visitBlocked(browser);
  const { page } = visitor;
  await openLogIn(page, server);
  await inOwnWindow(page);
  const popup = await popupOf(page, () => pressSignIn(page));
  const closed = popup.waitForEvent("close");
  await sayWhoAndAllow(popup, newAddress("grace"));
  await closed;
  await heading(page, "You are logged in");
  assertQuiet(visitor);
});
