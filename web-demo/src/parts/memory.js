/** What this page remembers: the address last used, and when a mail may be asked for again. Never a password. */

const ADDRESS = "tacit-demo.address";
const WAITING = "tacit-demo.waiting";
const RESETTING = "tacit-demo.resetting";

const read = (store, key) => {
  try {
    return JSON.parse(store.getItem(key) ?? "null");
  } catch {
    return null;
  }
};

const write = (store, key, value) => {
  try {
    if (value === null) store.removeItem(key);
    else store.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is off or full: the page works, it only forgets.
  }
};

export const address = () => read(localStorage, ADDRESS) ?? "";
export const rememberAddress = (value) => write(localStorage, ADDRESS, value);

/** The sign-up waiting for its activation: `{ address, resendAt }`, or `null`. */
export const waiting = () => read(localStorage, WAITING);
export const rememberWaiting = (value) => write(localStorage, WAITING, value);

/** The address whose password is being reset, or `null`. */
export const resetting = () => read(localStorage, RESETTING);
export const rememberResetting = (value) => write(localStorage, RESETTING, value);
