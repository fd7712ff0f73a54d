/**
 * The worker in Node.
 */

import { readFile } from "node:fs/promises";
import { parentPort } from "node:worker_threads";

import { initSync } from "./tacit.js";
import { worker } from "./worker-core.js";

const ready = readFile(new URL("./tacit_bg.wasm", import.meta.url)).then((module) => initSync({ module }));

const handle = worker(ready, (message) => parentPort?.postMessage(message));
parentPort?.on("message", (message) => void handle(message));
