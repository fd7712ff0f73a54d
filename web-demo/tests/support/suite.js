/** One server and one browser for the tests of a file, and a provider to sign in with, if it wants one. */

import { after, afterEach, before } from "node:test";
import { startProvider } from "../../provider/provider.js";
import { openBrowser } from "./browser.js";
import { freePort, Server } from "./server.js";

/** Starts them before the first test of the file; the object is filled by then. */
export const suite = ({ provider = false, settings = {}, ...options } = {}) => {
  const world = {};
  before(async () => {
    const port = await freePort();
    if (provider) world.provider = await startProvider({ application: `http://localhost:${port}` });
    world.server = await Server.start({ ...options, port, settings: { ...world.provider?.settings, ...settings } });
    world.browser = await openBrowser();
  });
  // A test that failed while the server was stopped must not take the next ones along.
  afterEach(async () => {
    if (!world.server.isRunning) await world.server.resume();
  });
  after(async () => {
    await world.browser?.close();
    await world.server?.stop();
    await world.provider?.stop();
  });
  return world;
};
