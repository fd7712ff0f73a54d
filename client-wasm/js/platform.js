/**
 * What the client needs of the place it runs in. There are two: `index.js` for browsers, `node.js` for Node.
 *
 * @typedef {object} Platform
 * @property {import("./index.js").RefreshDelivery} delivery the default; `"body"` also means that there are no cookies
 * @property {import("./index.js").TacitStorage | undefined} storage where to remember things unless told otherwise
 * @property {() => WorkerPort} startWorker
 * @property {LockManagerLike | undefined} locks taken by name, across tabs
 * @property {((name: string) => ChannelLike | undefined) | undefined} openChannel messages between tabs
 * @property {PagePort} [page] what can go to a provider and come back; only browsers have one
 */

/**
 * The page that the client runs in.
 *
 * @typedef {object} PagePort
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined} storage kept for this tab, across redirects
 * @property {() => string} address without its fragment
 * @property {() => unknown} takeAnswer takes out of the address what a way back has put there; nothing is left of it
 * @property {(url: string) => void} leave
 * @property {(url: string) => PopupPort | null} openPopup nothing where the browser does not allow it
 * @property {() => boolean} hasFocus
 */

/**
 * A window that was opened.
 *
 * @typedef {object} PopupPort
 * @property {() => boolean} isClosed also where a policy of its page put it out of reach
 * @property {() => void} close
 * @property {(hear: (heard: Heard) => void) => () => void} listen the function returned stops that
 */

/**
 * What a window said.
 *
 * @typedef {object} Heard
 * @property {string} origin
 * @property {boolean} isDirect whether it came from the very window, not over a channel that all windows of the origin share
 * @property {unknown} data
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
