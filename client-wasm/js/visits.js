/**
 * Visits to a provider: the browser leaves with a PKCE challenge and comes back with a one-time code (RFC 7636). The
 * verifier stays here, so that a code that somebody else slipped in, or overheard, is worth nothing.
 */

import { isText } from "./answers.js";
import { mayBeText, needText } from "./arguments.js";
import { expected, failure, required } from "./errors.js";
import { parseUrl } from "./options.js";

/** How long the server waits for a browser that is at a provider, in milliseconds. */
const LIFE = 10 * 60 * 1000;

/** How often a popup is looked after, and how long after its end its last words may arrive, in milliseconds. */
const LOOK = 100;
const LAST_WORDS = 600;

/** Codes of the server and lengths of what it hands over; whatever else comes along is none of its. */
const ERROR = /^[a-z_]{1,64}$/;
const LONGEST_CODE = 4096;

/**
 * @typedef {object} Wish what somebody goes to a provider for
 * @property {"sign_in" | "link" | "step_up"} purpose
 * @property {string} provider
 * @property {string} [deviceName] for a session
 * @property {string} [sessionId] the session that it is for
 */

/** @typedef {Wish & { verifier: string }} Visit */
/** @typedef {{ code: string } | { error: string }} Answer */
/** @typedef {{ code_challenge: string, return_to: string, display: "page" | "popup" }} Start */

/** Whoever came back could not go on: better not to leave. */
const unremembered = () =>
  failure("storage_unavailable", "The browser does not let this page remember that it went to the provider.");

export class Visits {
  #page;
  #base;
  #key;
  /** @type {Answer | null} */
  #answer = null;
  /** Ends the wait for a popup that another one takes the place of. */
  #supersede = () => {};

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./platform.js").PagePort | undefined} page
   */
  constructor(options, page) {
    this.#page = page;
    this.#base = options.baseUrl;
    this.#key = `tacit:${options.baseUrl}:visit`;
    // At once: nobody who looks at the address bar, copies it or goes back finds a code there.
    if (page) this.#answer = readAnswer(page.takeAnswer());
  }

  /**
   * Sends the browser to a provider. With a popup it waits for the code; with the page there is nothing to wait for.
   *
   * @param {Wish} wish
   * @param {{ display?: "page" | "popup", returnTo?: string | URL }} how
   * @param {(start: Start) => Promise<{ ok: true, url: string } | import("./index.js").Failure>} ask for the address to go to
   * @returns {Promise<{ ok: true, visit: Visit, code: string } | import("./index.js").Leaving | import("./index.js").Failure>}
   */
  async go(wish, { display = "page", returnTo }, ask) {
    needText(wish.provider, "provider");
    mayBeText(wish.deviceName, "deviceName");
    required(display === "page" || display === "popup", 'display must be "page" or "popup".');
    const page = this.#page;
    required(page, "Only a page in a browser can go to a provider.");
    if (display === "page" && !page.storage) return unremembered();
    const { verifier, challenge } = await makeVerifier();
    const visit = { ...wish, verifier };
    const asked = await ask({ code_challenge: challenge, return_to: address(returnTo ?? page.address()), display });
    if (!asked.ok) return asked;
    const url = this.#own(asked.url);
    if (display === "popup") return this.#byPopup(page, url, visit);
    try {
      page.storage?.setItem(this.#key, JSON.stringify({ ...visit, begunAt: Date.now() }));
    } catch {
      return unremembered();
    }
    page.leave(url);
    return { ok: true, status: "leaving" };
  }

  /**
   * What the page was opened with, once: the code and the visit it belongs to, or nothing where the page was not come back to.
   *
   * @returns {{ ok: true, visit: Visit, code: string } | (import("./index.js").Failure & { purpose?: Wish["purpose"], provider?: string }) | null}
   */
  comeBack() {
    const answer = this.#answer;
    if (!answer) return null;
    this.#answer = null;
    const visit = this.#takeVisit();
    if (!visit) return failure("oauth_not_begun", "This tab did not begin the sign-in, or too long ago. Begin again.");
    const { purpose, provider } = visit;
    return "code" in answer ? { ok: true, visit, code: answer.code } : { ...failed(answer), purpose, provider };
  }

  /** @returns {Visit | null} the visit that this tab left for; a second call finds none */
  #takeVisit() {
    try {
      const text = this.#page?.storage?.getItem(this.#key);
      this.#page?.storage?.removeItem(this.#key);
      const { begunAt, ...visit } = JSON.parse(text ?? "null") ?? {};
      const isFresh = begunAt <= Date.now() && Date.now() - begunAt < LIFE;
      return isFresh && isText(visit.provider) && isText(visit.verifier) && isText(visit.purpose) ? visit : null;
    } catch {
      return null;
    }
  }

  /**
   * An address of the server itself. It becomes the page's own address, so it must be no script either.
   *
   * @param {string} url
   */
  #own(url) {
    expected(originOf(url) === originOf(this.#base), "address");
    return url;
  }

  /**
   * @param {import("./platform.js").PagePort} page
   * @param {string} url
   * @param {Visit} visit
   * @returns {Promise<{ ok: true, visit: Visit, code: string } | import("./index.js").Failure>}
   */
  async #byPopup(page, url, visit) {
    this.#supersede();
    const popup = page.openPopup(url);
    if (!popup) return failure("popup_blocked", "The browser did not open a window for the provider.");
    const superseded = new Promise((resolve) => {
      this.#supersede = () => resolve(null);
    });
    const answer = await answerOf(page, popup, originOf(this.#base), superseded);
    if (!answer) return failure("popup_closed", "The window was closed before the provider had answered.");
    return "code" in answer ? { ok: true, visit, code: answer.code } : failed(answer);
  }
}

/**
 * What a popup says in the end; nothing where it goes without a word.
 *
 * A policy of the provider's pages may cut the popup off. It looks closed then, though it is not, and speaks to pages of
 * the server's own origin over a channel, which tells all tabs: that counts only where the popup itself is out of reach.
 * Whether it is really gone is seen by this page having the focus again.
 *
 * @param {import("./platform.js").PagePort} page
 * @param {import("./platform.js").PopupPort} popup
 * @param {string | undefined} origin of the server: nobody else is listened to
 * @param {Promise<unknown>} superseded
 * @returns {Promise<Answer | null>}
 */
const answerOf = (page, popup, origin, superseded) =>
  new Promise((resolve) => {
    const deadline = Date.now() + LIFE;
    let left = LAST_WORDS;
    /** @param {Answer | null} answer */
    const settle = (answer) => {
      clearInterval(look);
      stop();
      popup.close();
      resolve(answer);
    };
    const stop = popup.listen((heard) => {
      if (heard.origin !== origin || !(heard.isDirect || popup.isClosed())) return;
      const said = /** @type {any} */ (heard.data);
      const answer = said?.type === "tacit-oauth" ? readAnswer(said) : null;
      if (answer) settle(answer);
    });
    const look = setInterval(() => {
      left = popup.isClosed() && page.hasFocus() ? left - LOOK : LAST_WORDS;
      if (left <= 0 || Date.now() > deadline) settle(null);
    }, LOOK);
    void superseded.then(() => settle(null));
  });

/**
 * @param {any} said
 * @returns {Answer | null}
 */
const readAnswer = (said) => {
  const { code, error } = said ?? {};
  if (isText(code) && code.length <= LONGEST_CODE) return { code };
  return isText(error) ? { error: ERROR.test(error) ? error : "oauth_refused" } : null;
};

/** @param {{ error: string }} answer */
const failed = ({ error }) => failure(error, "The provider, or the server, did not let the person in.");

/** @param {string | URL} given where to come back to; the answer is put into its fragment */
const address = (given) => {
  const url = parseUrl(given, "returnTo");
  required(url.hash === "", "returnTo must have no fragment: the answer is put there.");
  return url.href;
};

/** @param {string} url @returns {string | undefined} nothing where it is no address */
const originOf = (url) => {
  try {
    return new URL(url).origin;
  } catch {
    return undefined;
  }
};

/** 256 random bits, and their challenge (RFC 7636 §4.2, S256). */
const makeVerifier = async () => {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return { verifier, challenge: base64url(new Uint8Array(digest)) };
};

/** @param {Uint8Array} bytes */
const base64url = (bytes) => {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};
