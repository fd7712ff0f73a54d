/** How it looks: on a phone, in the dark, and to axe-core; nothing wider than the screen, nothing hard to read. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { seriousViolations } from "./support/axe.js";
import { assertQuiet, visit } from "./support/browser.js";
import { everyView, everyViewElsewhere } from "./support/views.js";
import { suite } from "./support/suite.js";

const world = suite({ provider: true });

const PHONE = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };

/** A folder that keeps the pictures, for somebody to look at. */
const KEEP = process.env.TACIT_TEST_PICTURES;

/** How bright a picture is on average, 0 to 255, as the browser itself reads it. */
const brightness = async (browser, picture) => {
  const page = await browser.newPage();
  try {
    return await page.evaluate(async (source) => {
      const image = await createImageBitmap(await (await fetch(source)).blob());
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      let sum = 0;
      for (let at = 0; at < data.length; at += 4) sum += data[at] + data[at + 1] + data[at + 2];
      return Math.round(sum / (data.length / 4) / 3);
    }, `data:image/png;base64,${picture.toString("base64")}`);
  } finally {
    await page.close();
  }
};

/** Opens whatever is folded or shortened, so that the widest is measured. */
const unfold = (page) => page.evaluate(() => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  for (const long of document.querySelectorAll('.json-long[aria-expanded="false"]')) long.click();
});

/** Looks at every view of people with a password, then at those of people who come by a provider. */
const everywhere = async (options, look) => {
  for (const walk of [everyView, everyViewElsewhere]) {
    const visitor = await visit(world.browser, options);
    await walk(visitor.page, world.server, look);
    assertQuiet(visitor);
  }
};

test("no view is wider than a phone, opened values included", async () => {
  await everywhere(PHONE, async (name, page) => {
    await unfold(page);
    const { wide, screen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, screen: innerWidth }));
    assert.ok(wide <= 320 && screen <= 320, `${name} is ${wide} wide on a screen of ${screen}`);
  });
});

for (const colorScheme of ["light", "dark"]) {
  test(`no view has a serious accessibility violation, ${colorScheme}`, async () => {
    await everywhere({ colorScheme, reducedMotion: "reduce" }, async (name, page) => {
      assert.deepEqual(await seriousViolations(page), [], name);
      const picture = await page.screenshot({ animations: "disabled" });
      if (KEEP) writeFileSync(join(KEEP, `${colorScheme}-${name}.png`), picture);
      const bright = await brightness(world.browser, picture);
      assert.equal(bright > 128, colorScheme === "light", `${name}: ${bright} of 255 bright`);
    });
  });
}
