/**
 * Clients for tests: Node's own, and some that believe they are tabs of one browser.
 */

import { Worker } from "node:worker_threads";

import { Client } from "../../dist/client.js";
import { TacitClient } from "../../dist/node.js";
import { FakeServer } from "./server.mjs";

export const PASSWORD = "canary Pässwörd 🔑";
export const PERSON = "person@example.com";

/** A store like `localStorage`. */
export class MemoryStorage {
  entries = new Map();
  getItem(key) {
    return this.entries.get(key) ?? null;
  }
  setItem(key, value) {
    this.entries.set(key, value);
  }
  removeItem(key) {
    this.entries.delete(key);
  }
  get text() {
    return [...this.entries.values()].join("\n");
  }
}

/** Starts a server that is stopped with the test. */
export const serve = async (t) => {
  const server = await FakeServer.start();
  t.after(() => server.stop());
  return server;
};

/** A server with one activated account, and a client that has not logged in. */
export const registered = async (t, options = {}) => {
  const server = await serve(t);
  const client = new TacitClient({ baseUrl: server.url, ...options });
  await client.signUp({ authId: PERSON, password: PASSWORD });
  await client.activate({ token: PERSON });
  server.requests.length = 0;
  return { server, client };
};

/** The same, logged in. */
export const signedIn = async (t, options = {}) => {
  const { server, client } = await registered(t, options);
  const login = await client.login({ authId: PERSON, password: PASSWORD });
  if (!login.ok) throw new Error(`the login failed: ${login.code}`);
  server.requests.length = 0;
  return { server, client, login };
};

const startWorker = () => {
  const worker = new Worker(new URL("../../dist/worker-node.js", import.meta.url));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (onMessage, onFailure) => {
      worker.on("message", onMessage);
      worker.on("error", onFailure);
    },
    terminate: () => void worker.terminate(),
  };
};

/** Web locks, as far as the client uses them. */
class Locks {
  #last = new Map();
  request(name, { signal }, hold) {
    const before = this.#last.get(name) ?? Promise.resolve();
    const gaveUp = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const run = Promise.race([before, gaveUp]).then(hold);
    this.#last.set(name, Promise.allSettled([before, run]));
    return run;
  }
}

/** One browser, whose tabs share a store, cookies, locks and channels. */
export class Browser {
  storage = new MemoryStorage();
  #tabs = [];

  /** @param {{ locks?: object, channels?: boolean, startWorker?: () => object }} powers */
  constructor(t, { locks = new Locks(), channels = true, worker = startWorker } = {}) {
    this.locks = locks;
    this.channels = channels;
    this.worker = worker;
    t.after(() => this.#tabs.forEach((tab) => tab.close()));
  }

  tab(options, page) {
    const openChannel = (name) => {
      const channel = new BroadcastChannel(name);
      channel.unref();
      return channel;
    };
    const tab = new Client(options, {
      delivery: "cookie",
      storage: this.storage,
      startWorker: this.worker,
      locks: this.locks,
      openChannel: this.channels ? openChannel : undefined,
      page,
    });
    this.#tabs.push(tab);
    return tab;
  }
}

/** The next event of a client. */
export const nextChange = (client) =>
  new Promise((resolve) => {
    const stop = client.onChange((event) => {
      stop();
      resolve(event);
    });
  });
