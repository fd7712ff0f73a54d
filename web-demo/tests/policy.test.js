/** What pages may load and run, as the server says it and as the browser takes it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertQuiet, visit } from "./support/browser.js";
import { suite } from "./support/suite.js";

const world = suite();

const PAGES = ["/", "/activate", "/confirm-email", "/reset", "/undo-email", "/welcome", "/demo/", "/demo/mailbox"];

test("every page carries the strict policy, and no inline script or style", async () => {
  for (const path of PAGES) {
    const response = await fetch(world.server.url + path);
    assert.equal(response.status, 200, path);
    const policy = response.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'/, path);
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'(;|$)/, path);
    assert.match(policy, /style-src 'self'(;|$)/, path);
    assert.doesNotMatch(policy, /'unsafe-inline'|'unsafe-eval'|https?:|\*/, path);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(response.headers.get("referrer-policy"), "no-referrer", path);
    const html = await response.text();
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|"javascript:/i, path);
    for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
      assert.match(attributes, /src="\//, path);
      assert.equal(body, "", path);
    }
  }
});

test("the policy is in force: a page cannot be talked into foreign code", async () => {
  const visitor = await visit(world.browser);
  const { page, complaints } = visitor;
  await page.goto(`${world.server.url}/demo/`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  assertQuiet(visitor);
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
    return window.ran === true;
  });
  assert.equal(ran, false);
  await page.waitForFunction(() => true);
  assert.ok(complaints.some((text) => /Content Security Policy|Policy violation/.test(text)), "this test's own watch for violations works");
});

test("what is named after its content is kept for ever, all else is asked for again", async () => {
  const ask = (path, headers) => fetch(world.server.url + path, { headers });
  const page = await ask("/demo/");
  assert.equal(page.headers.get("cache-control"), "no-cache");
  const again = await ask("/demo/", { "if-none-match": page.headers.get("etag") });
  assert.equal(again.status, 304);
  const [, name] = (await (await ask("/demo/vendor/strength.js")).text()).match(/"\.\/(zxcvbn\.[0-9a-f]{16}\.js)"/);
  const library = await ask(`/demo/vendor/${name}`);
  assert.match(library.headers.get("cache-control"), /max-age=31536000, immutable/);
  assert.match(library.headers.get("content-type"), /^text\/javascript/);
  await library.body.cancel();
});

test("without the page's script there is no form that could send a password", async () => {
  const { context } = await visit(world.browser, { javaScriptEnabled: false });
  const page = await context.newPage();
  for (const path of ["/demo/", "/reset", "/welcome"]) {
    await page.goto(world.server.url + path);
    assert.equal(await page.locator("form").count(), 0, path);
    assert.equal(await page.locator("noscript").count(), 1, path);
  }
});

test("a mail's text is never taken for HTML", async () => {
  const visitor = await visit(world.browser);
  const { page } = visitor;
  const text = "<img src=x onerror=alert(1)> see https://example.com/a#b.";
  await page.route("**/demo/mailbox/mails*", (route) => route.fulfill({
    json: { mails: [{ id: "1", to: "ada@example.com", subject: "<b>hello</b>", text, created_at: new Date().toISOString() }] },
  }));
  await page.goto(`${world.server.url}/demo/mailbox`);
  await page.getByRole("heading", { name: "<b>hello</b>" }).waitFor();
  assert.equal(await page.locator(".mail img, .mail b").count(), 0);
  assert.equal(await page.locator(".mail a").getAttribute("href"), "https://example.com/a#b");
  assertQuiet(visitor);
});
