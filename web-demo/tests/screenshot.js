/** Takes the picture of the demo that the README shows: `npm run screenshot` writes docs/demo.png. */

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openBrowser, visit } from "./support/browser.js";
import { Server } from "./support/server.js";
import { activateByCode, logIn, PASSWORD, sessionItems, signUp } from "./support/story.js";

const PICTURE = fileURLToPath(new URL("../../docs/demo.png", import.meta.url));
const LARGEST = 300_000;

const server = await Server.start();
const browser = await openBrowser();
try {
  const address = "ada@example.com";
  const { page } = await visit(browser, { viewport: { width: 1280, height: 1220 } });
  await signUp(page, server, address);
  await activateByCode(page, server, address);
  const phone = await visit(browser, { userAgent: "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0" });
  await phone.page.goto(`${server.url}/demo/#log-in`);
  await logIn(phone.page, address, PASSWORD);
  await logIn(page, address, PASSWORD);
  await sessionItems(page).nth(1).waitFor();
  await page.evaluate(() => {
    document.activeElement.blur();
    document.querySelectorAll(".wire-group")[0].open = true;
    scrollTo(0, 0);
  });
  await page.screenshot({ path: PICTURE, animations: "disabled" });
  const { size } = statSync(PICTURE);
  console.log(`docs/demo.png: ${size} bytes`);
  if (size > LARGEST) throw new Error(`the picture is larger than ${LARGEST} bytes`);
} finally {
  await browser.close();
  await server.stop();
}
