/** How it looks: on a phone, in the dark, and to axe-core; nothing wider than the screen, nothing hard to read. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { seriousViolations } from "./support/axe.js";
import { assertQuiet, visit } from "./support/browser.js";
import { everyView } from "./support/views.js";
import { suite } from "./support/suite.js";

const world = suite();

const PHONE = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };

/** Opens whatever is folded or shortened, so that the widest is measured. */
const unfold = (page) => page.evaluate(() => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  for (const long of document.querySelectorAll('.json-long[aria-expanded="false"]')) long.click();
});

test("no view is wider than a phone, opened values included", async () => {
  const visitor = await visit(world.browser, PHONE);
  await everyView(visitor.page, world.server, async (name, page) => {
    await unfold(page);
    const { wide, screen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, screen: innerWidth }));
    assert.ok(wide <= 320 && screen <= 320, `${name} is ${wide} wide on a screen of ${screen}`);
  });
  assertQuiet(visitor);
});

for (const colorScheme of ["light", "dark"]) {
  test(`no view has a serious accessibility violation, ${colorScheme}`, async () => {
    const visitor = await visit(world.browser, { colorScheme, reducedMotion: "reduce" });
    const paper = [];
    await everyView(visitor.page, world.server, async (name, page) => {
      assert.deepEqual(await seriousViolations(page), [], name);
      paper.push(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor));
    });
    const lightness = Math.max(...paper.flatMap((color) => color.match(/\d+/g).slice(0, 3).map(Number)));
    assert.equal(lightness > 128, colorScheme === "light", `the paper is ${paper[0]}`);
    assertQuiet(visitor);
  });
}
