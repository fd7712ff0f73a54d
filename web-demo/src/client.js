/** The one client of this page, and the actions that the wire panel groups its requests by. */

import { TacitClient, TacitError } from "/client/index.js";
import { askPassword, askProvider } from "./parts/step-up.js";
import { startCheck } from "./wire/check.js";
import { panel } from "./wire/panel.js";

let phaseListener = () => {};
let running = null;

export const client = new TacitClient({
  baseUrl: location.origin,
  onPhase: (phase) => phaseListener(phase),
  onStepUp: async ({ failed }) => {
    const ways = await client.identities.list();
    if (ways.ok && !ways.hasPassword) return askProvider(ways.identities, failed);
    const password = await askPassword(client.user?.email ?? "", failed);
    if (password !== null) running?.check.watch(password);
    return password;
  },
});

/** Hears the phases of whatever is being done; one listener, the view on screen. */
export const hearPhases = (listener) => {
  phaseListener = listener;
};

client.onWire((event) => {
  running?.check.add(event);
  (running?.group ?? panel.group("In the background", { quiet: true })).add(event);
});

/** Whether an action is under way; background looks wait for it. */
export const busy = () => running !== null;

/**
 * Does `work` and shows its requests as one group. Everything that crossed the wire is searched for the `passwords` that
 * were typed for it before this returns; they are kept no longer than that. What the client throws is thrown on with a password,
 * where it means that something dishonest was stopped, and is a failure like the others without.
 */
export const act = async (title, work, { passwords = [], quiet = false } = {}) => {
  while (running) await running.done;
  let finished;
  const done = new Promise((resolve) => {
    finished = resolve;
  });
  running = { group: panel.group(title, { quiet }), check: startCheck(...passwords), done };
  try {
    return await work(client);
  } catch (error) {
    if (running.check.isWatching || !(error instanceof TacitError)) throw error;
    return { ok: false, code: error.code, detail: error.message };
  } finally {
    if (running.check.isWatching) running.group.verdict(running.check.finish());
    running.group.end();
    running = null;
    finished();
  }
};
