/** What the built-in pages share. */

/** The secret from the link's fragment, or `null`; the address bar and the history keep none of it. */
export const takeSecret = () => {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return /^[A-Za-z0-9_-]{43}$/.test(secret) ? secret : null;
};

/** A short message box; `tone` is empty, `good`, `warn` or `bad`. */
export const notice = (tone, words) => {
  const box = document.createElement("p");
  box.className = `notice ${tone}`.trim();
  box.textContent = words;
  return box;
};

/** Says how it went, or what comes next, in the place of what the page said before; the focus goes there. */
export const tell = (title, words, { opening = false } = {}) => {
  const heading = document.getElementById("heading");
  heading.textContent = title;
  document.getElementById("text").textContent = words;
  document.getElementById("status").replaceChildren();
  document.title = `${title} · Tacit`;
  if (!opening) heading.focus();
};

/**
 * Why the client's operation did not work and no field is to blame. `kept` says what is not lost by it; where the answer was lost,
 * `doubt` says what may be done and how to find out.
 */
export const wordsFor = ({ code, retryAfter: count, mayBeDone }, { kept, doubt }) => {
  if (mayBeDone) return `The server's answer did not come. ${doubt}`;
  if (count) return `The server asks to wait ${count} ${count === 1 ? "second" : "seconds"}. Then press the button again; ${kept}.`;
  if (code === "network") return `The server cannot be reached right now. Nothing is lost: ${kept}, please try again in a moment.`;
  if (code === "too_many_requests") return `The server asks to wait. Please press the button again in a while; ${kept}.`;
  return `The server could not do that just now. Nothing is lost: ${kept}, please try again in a moment.`;
};

/** Whether this server carries the demo. */
export const demoIsThere = async () => {
  try {
    const response = await fetch("/demo/");
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
};

/** Tells this origin's other pages. Where the browser forbids that, as with storage that is blocked, they are not told. */
export const tellPages = (name, message) => {
  try {
    const channel = new BroadcastChannel(name);
    channel.postMessage(message);
    channel.close();
  } catch {
    // What was done is done; another page only learns of it later.
  }
};

/** Does what a button is for, once at a time; `aria-disabled` keeps the focus where `disabled` would lose it. */
export const once = async (button, work) => {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
};
