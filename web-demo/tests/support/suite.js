/** One server and one browser for the tests of a file. */

import { after, afterEach, before } from "node:test";
import { openBrowser } from "./browser.js";
import { Server } from "./server.js";

/** Starts both before the first test of the file; the object is filled by then. */
export const suite = (options = {}) => {
  const world = {};
  before(async () => {
    world.server = await Server.start(options);
    world.browser = await openBrowser();
  });
  // A test that failed while the server was stopped must not take the next ones along.
  afterEach(async () => {
    if (!world.server.isRunning) await world.server.resume();
  });
  after(async () => {
    await world.browser?.close();
    await world.server?.stop();
  });
  return world;
};
