/**
 * An access token and how long it is still good for.
 */

/** Renewed this long before it expires, in seconds; for short-lived ones, at half their life. */
const MARGIN = 30;

export class AccessToken {
  #received = now();

  /**
   * @param {string} value
   * @param {number} lifetime in seconds from its receipt: no clock but the own is compared with anything
   */
  constructor(value, lifetime) {
    this.value = value;
    this.lifetime = lifetime;
  }

  /** Whether it is time for the next one. */
  get isStale() {
    return this.left <= Math.min(MARGIN, this.lifetime / 2);
  }

  get isExpired() {
    return this.left <= 0;
  }

  /** For how many seconds. Of the two clocks one stops while the device sleeps and the other can be set: the larger difference counts. */
  get left() {
    const { steady, wall } = now();
    const elapsed = Math.max(steady - this.#received.steady, wall - this.#received.wall);
    return this.lifetime - elapsed / 1000;
  }
}

const now = () => ({ steady: performance.now(), wall: Date.now() });

/**
 * The session that an access token says it is of; nothing when it is no JWT (RFC 7519 §3).
 *
 * @param {string} accessToken
 * @returns {unknown}
 */
export const sessionOf = (accessToken) => {
  try {
    const claims = (accessToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(claims)).sid;
  } catch {
    return undefined;
  }
};
