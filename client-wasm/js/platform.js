/**
 * What the client needs of the place it runs in. There are two: `index.js` for browsers, `node.js` for Node.
 *
 * @typedef {object} Platform
 * @property {import("./index.js").RefreshDelivery} delivery the default; `"body"` also means that there are no cookies
 * @property {import("./index.js").TacitStorage | undefined} storage where to remember things unless told otherwise
 * @property {() => WorkerPort} startWorker
 * @property {LockManagerLike | undefined} locks taken by name, across tabs
 * @property {((name: string) => ChannelLike) | undefined} openChannel messages between tabs
 */

/**
 * A started worker.
 *
 * @typedef {object} WorkerPort
 * @property {(message: object, transfer: ArrayBuffer[]) => void} post
 * @property {(onMessage: (message: any) => void, onFailure: (cause: unknown) => void) => void} listen
 * @property {() => void} terminate
 */

/**
 * @typedef {object} LockManagerLike
 * @property {<T>(name: string, options: { signal: AbortSignal }, hold: () => Promise<T>) => Promise<T>} request
 */

/**
 * @typedef {object} ChannelLike
 * @property {(message: unknown) => void} postMessage
 * @property {((event: any) => void) | null} onmessage
 * @property {() => void} close
 */

export {};
