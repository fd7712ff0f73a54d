/**
 * `@tacit/client` in Node.
 */

import { Worker } from "node:worker_threads";

import { Client } from "./client.js";

export { TacitError } from "./errors.js";

/** @returns {import("./platform.js").WorkerPort} */
const startWorker = () => {
  const worker = new Worker(new URL("./worker-node.js", import.meta.url));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (onMessage, onFailure) => {
      worker.on("message", onMessage);
      worker.on("error", onFailure);
    },
    terminate: () => void worker.terminate(),
  };
};

export class TacitClient extends Client {
  /** @param {import("./index.js").TacitClientOptions} options */
  constructor(options) {
    super(options, { delivery: "body", storage: undefined, startWorker, locks: undefined, openChannel: undefined });
  }
}
