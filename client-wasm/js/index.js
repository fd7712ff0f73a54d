/**
 * `@tacit/client` in browsers.
 */

import { Client } from "./client.js";
import { pagePort } from "./page.js";
import { permitted } from "./permitted.js";

export { TacitError } from "./errors.js";

/** @returns {import("./platform.js").WorkerPort} */
const startWorker = () => {
  // Spelt so that bundlers find the worker.
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (onMessage, onFailure) => {
      worker.onmessage = ({ data }) => onMessage(data);
      worker.onerror = (event) => {
        event.preventDefault();
        onFailure(event.message ?? "the worker's script did not load");
      };
    },
    terminate: () => worker.terminate(),
  };
};

export class TacitClient extends Client {
  /** @param {import("./index.js").TacitClientOptions} options */
  constructor(options) {
    super(options, {
      delivery: "cookie",
      storage: permitted(() => globalThis.localStorage),
      startWorker,
      locks: /** @type {any} */ (globalThis.navigator?.locks),
      openChannel: (name) => permitted(() => new BroadcastChannel(name)),
      page: pagePort(),
    });
  }
}
