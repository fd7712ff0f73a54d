/** What this page remembers: the address last used, and when a mail may be asked for again. Never a password. */

const ADDRESS = "tacit-demo.address";
const WAITING = "tacit-demo.waiting";
const RESETTING = "tacit-demo.resetting";

/** What storage that is off or full did not take: the page works with it, and forgets it when it goes. */
const here = new Map();

// Where storage is blocked, already naming it throws.
const read = (key) => {
  if (here.has(key)) return here.get(key);
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
};

const write = (key, value) => {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    here.delete(key);
  } catch {
    here.set(key, value);
  }
};

export const address = () => read(ADDRESS) ?? "";
export const rememberAddress = (value) => write(ADDRESS, value);

/** The sign-up waiting for its activation: `{ address, resendAt }`, or `null`. */
export const waiting = () => read(WAITING);
export const rememberWaiting = (value) => write(WAITING, value);

/** The address whose password is being reset, or `null`. */
export const resetting = () => read(RESETTING);
export const rememberResetting = (value) => write(RESETTING, value);
