/** The one client of this page, and the actions that the wire panel groups its requests by. */

import { TacitClient, TacitError } from "/client/index.js";
import { askPassword, askProvider } from "./parts/step-up.js";
import { startCheck } from "./wire/check.js";
import { panel } from "./wire/panel.js";

let phaseListener = () => {};

/** What is under way, the newest last; all but that one wait for a provider's window. */
const actions = [];
const newest = () => actions.at(-1);

export const client = new TacitClient({
  baseUrl: location.origin,
  onPhase: (phase) => phaseListener(phase),
  onStepUp: async ({ failed }) => {
    const ways = await client.identities.list();
    if (ways.ok && !ways.hasPassword) return askProvider(ways.identities, failed);
    const password = await askPassword(client.user?.email ?? "", failed);
    if (password !== null) newest()?.check.watch(password);
    return password;
  },
});

/** Hears the phases of whatever is being done; one listener, the view on screen. */
export const hearPhases = (listener) => {
  phaseListener = listener;
};

client.onWire((event) => {
  const action = newest();
  action?.check.add(event);
  (action?.group ?? panel.group("In the background", { quiet: true })).add(event);
  // Now a window opens, which may stay open for minutes; what else people do here need not wait for that.
  const opens = event.requestBody?.display === "popup" && event.status >= 200 && event.status < 300;
  // What asks for a step-up beside another action shares that one's question, and its window.
  const shares = event.responseBody?.code === "step_up_required" && actions.length > 1;
  if (opens || shares) action?.giveWay();
});

/** Whether an action is under way that others wait for. */
export const busy = () => actions.some(({ hasGivenWay }) => !hasGivenWay);

/** An action in its place; others wait until it is `free`, at its end or before. */
const begin = (group, check) => {
  let letOthers;
  const free = new Promise((resolve) => {
    letOthers = resolve;
  });
  const giveWay = () => {
    action.hasGivenWay = true;
    letOthers();
  };
  const action = { group, check, free, hasGivenWay: false, giveWay };
  actions.push(action);
  return action;
};

/**
 * Does `work` and shows its requests as one group. Everything that crossed the wire is searched for the `passwords` that
 * were typed for it before this returns; they are kept no longer than that. What the client throws is thrown on with a password,
 * where it means that something dishonest was stopped, and is a failure like the others without. What opens a provider's window right
 * away says so with `byWindow`.
 */
export const act = async (title, work, { passwords = [], quiet = false, byWindow = false } = {}) => {
  while (busy()) await newest().free;
  const action = begin(panel.group(title, { quiet }), startCheck(...passwords));
  const { group, check } = action;
  if (byWindow) action.giveWay();
  try {
    return await work(client);
  } catch (error) {
    if (check.isWatching || !(error instanceof TacitError)) throw error;
    return { ok: false, code: error.code, detail: error.message };
  } finally {
    if (check.isWatching) group.verdict(check.finish());
    group.end();
    actions.splice(actions.indexOf(action), 1);
    action.giveWay();
  }
};
