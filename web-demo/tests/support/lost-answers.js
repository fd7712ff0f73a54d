/** Answers lost on their way, and what must not be said then. */

import assert from "node:assert/strict";

/** The server does what it is asked for below `url`, but its success is lost on its way; until the function returned is called. */
export const loseAnswers = async (page, url) => {
  await page.route(url, async (route) => {
    const response = await route.fetch();
    if (response.ok()) await route.abort("connectionreset");
    else await route.fulfill({ response });
  });
  return () => page.unroute(url);
};

export const nothingIsCalledLost = async (place) => assert.doesNotMatch(await place.innerText(), /[Nn]othing (is lost|was changed)|still works/);
