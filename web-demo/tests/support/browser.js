/** Debian's Chromium, and pages whose console and policy violations are part of every test. */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.TACIT_TEST_CHROMIUM || "/usr/bin/chromium";

const ARGS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const openBrowser = () => chromium.launch({ executablePath: EXECUTABLE, args: ARGS });

/** What a page may write to the console when the server's answer is an expected failure or there is none. */
const EXPECTED = [/Failed to load resource: the server responded with a status of 4\d\d/, /Failed to load resource: net::ERR_/];

/**
 * A visitor: a browser context of their own with one page. `complaints` collects what no page may do: break the content
 * policy, throw, or write an error.
 */
export const visit = async (browser, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  const complaints = [];
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`Policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`);
    });
  });
  context.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !EXPECTED.some((known) => known.test(text))) complaints.push(text);
  });
  context.on("weberror", (error) => complaints.push(String(error.error().stack ?? error.error())));
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return { context, page, complaints };
};

/** Fails when any visitor's pages complained. */
export const assertQuiet = (...visitors) => {
  assert.deepEqual(visitors.flatMap(({ complaints }) => complaints), []);
};

/** Holds back what the page asks for below `urls`, until the function returned is called. */
export const holdBack = async (page, urls) => {
  let letThrough;
  const wanted = new Promise((resolve) => {
    letThrough = resolve;
  });
  await page.route(urls, (route) => wanted.then(() => route.continue()));
  return letThrough;
};
