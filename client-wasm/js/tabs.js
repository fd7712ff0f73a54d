/**
 * What the tabs of one browser tell each other, so that they hold one session and renew it once.
 *
 * Locks and channels make that better, not possible: without them each tab renews for itself, which the server allows.
 */

/** How long a tab waits for the token another one is known to have fetched, in milliseconds. */
const NEWS = 250;

/**
 * @typedef {object} SharedTokens
 * @property {string} accessToken
 * @property {number} expiresIn in seconds
 */

/**
 * @typedef {{ type: "signed_in" | "refreshed", user: import("./index.js").SessionUser, sessionId: string,
 *     tokens: SharedTokens }
 *   | { type: "signed_out" | "session_ended" }} News
 */

export class Tabs {
  #name;
  #locks;
  #patience;
  /** @type {import("./platform.js").ChannelLike | undefined} */
  #channel;
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /**
   * @param {string} baseUrl
   * @param {import("./platform.js").Platform} platform
   * @param {number} patience how long another tab may take to renew, in milliseconds
   * @param {(news: News) => void} onNews
   */
  constructor(baseUrl, platform, patience, onNews) {
    this.#name = `tacit:${baseUrl}`;
    this.#locks = platform.locks;
    this.#patience = patience;
    this.#channel = platform.openChannel?.(this.#name);
    if (!this.#channel) return;
    this.#channel.onmessage = ({ data }) => {
      onNews(data);
      for (const wake of [...this.#waiting]) wake();
    };
  }

  /** @param {News} news */
  tell(news) {
    this.#channel?.postMessage(news);
  }

  /**
   * Runs `act` while no other tab does the same; at once where there are no locks, or one is held for too long.
   *
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  async alone(act) {
    if (!this.#locks) return act();
    let begun = false;
    const once = () => {
      begun = true;
      return act();
    };
    try {
      return await this.#locks.request(this.#name, { signal: AbortSignal.timeout(this.#patience) }, once);
    } catch (error) {
      if (begun) throw error;
      return act();
    }
  }

  /**
   * Waits until `holds`, or until the news that would make it so is overdue.
   *
   * @param {() => boolean} holds
   */
  async settled(holds) {
    const deadline = Date.now() + NEWS;
    while (!holds()) {
      const left = deadline - Date.now();
      if (left <= 0 || !this.#channel) return;
      await new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve(undefined);
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }

  close() {
    this.#channel?.close();
    this.#channel = undefined;
  }
}
