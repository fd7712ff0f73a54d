/**
 * The worker in browsers.
 */

import load from "./tacit.js";
import { worker } from "./worker-core.js";

// Spelt so that bundlers find the wasm.
const ready = load({ module_or_path: new URL("./tacit_bg.wasm", import.meta.url) });

const handle = worker(ready, (message) => postMessage(message));
onmessage = ({ data }) => void handle(data);
