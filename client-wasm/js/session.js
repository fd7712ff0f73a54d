/**
 * The session: its access token in memory, its record on the shelf, one renewal at a time.
 */

import { TacitError, expected, signedOut } from "./errors.js";
import { Listeners } from "./listeners.js";
import { Shelf } from "./shelf.js";
import { Tabs } from "./tabs.js";
import { AccessToken } from "./token.js";

/**
 * @typedef {object} SessionRecord what outlives a page
 * @property {import("./index.js").SessionUser} user
 * @property {string} sessionId
 * @property {number} turn counts the renewals, so that a tab sees that another one was faster
 * @property {string} [refreshToken] only with delivery in bodies
 */

/** @typedef {{ accessToken: string, refreshToken?: string, tokenType: "Bearer", expiresIn: number }} Tokens */

/** The answer to a renewal may have been lost on its way: the same token again, soon, gets the same successor. */
const AGAIN = 250;

export class SessionKeeper {
  #wire;
  #delivery;
  /** @type {Shelf<SessionRecord>} */
  #shelf;
  /** @type {Tabs | undefined} */
  #tabs;
  /** @type {Listeners<import("./index.js").ChangeEvent>} */
  #listeners = new Listeners();
  /** @type {AccessToken | null} */
  #token = null;
  /** @type {{ user: import("./index.js").SessionUser, session: { id: string } } | null} */
  #current = null;
  /** @type {SessionRecord | null} the record as this tab knows it, which with bodies is worth something only with its refresh token */
  #known = null;
  /** @type {Promise<import("./index.js").RefreshResult> | null} */
  #renewing = null;
  /** Counts sessions opened and left, so that a renewal that outlives its session is not taken for the next one's. */
  #age = 0;
  /** The token that the server refused last. */
  #refused = "";

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./platform.js").Platform} platform
   * @param {import("./wire.js").Wire} wire
   */
  constructor(options, platform, wire) {
    const { baseUrl, delivery, storage, timeout } = options;
    this.#wire = wire;
    this.#delivery = delivery;
    // A refresh token is only put where the program said that it may be.
    const store = storage ?? (delivery === "cookie" ? platform.storage : undefined);
    this.#shelf = new Shelf(baseUrl, "session", store);
    const shared = delivery === "cookie" || (store !== undefined && store === platform.storage);
    if (shared) this.#tabs = new Tabs(baseUrl, platform, timeout, (news) => this.#hear(news));
  }

  /** Whose session this is and which, as far as this tab knows. */
  get current() {
    return this.#current;
  }

  /** @param {(event: import("./index.js").ChangeEvent) => void} listener */
  listen(listener) {
    return this.#listeners.add(listener);
  }

  close() {
    this.#tabs?.close();
  }

  /** @returns {Promise<SessionRecord | null>} */
  async record() {
    const record = await this.#shelf.read();
    return typeof record?.user?.id === "string" && typeof record.sessionId === "string" ? record : null;
  }

  /**
   * Takes over a session whose server has proved itself.
   *
   * @param {import("./index.js").SessionUser} user
   * @param {string} sessionId
   * @param {Tokens} tokens
   */
  async open(user, sessionId, tokens) {
    this.#age += 1;
    this.#renewing = null;
    await this.#take({ user, sessionId, turn: 0 }, tokens, "signed_in");
  }

  /**
   * Goes on with the same session, whose person has another address now.
   *
   * @param {import("./index.js").SessionUser} user
   */
  async rename(user) {
    // Not while another tab writes the record with what it knew.
    const act = async () => {
      const record = await this.record();
      const token = this.#token;
      if (!token || record?.sessionId !== this.#current?.session.id || record?.user.id !== user.id) return;
      await this.#shelf.write({ ...record, user });
      const tokens = { accessToken: token.value, expiresIn: token.left };
      this.#tabs?.tell({ type: "refreshed", user, sessionId: record.sessionId, tokens });
      this.#hold(user, record.sessionId, token, "refreshed");
    };
    await (this.#tabs ? this.#tabs.alone(act) : act());
  }

  /**
   * Lets go of the session, if there is one: in this tab, or on a shelf that may have been emptied under it.
   *
   * @param {"signed_out" | "session_ended"} type
   */
  async leave(type) {
    if (!this.#current && !(await this.record())) return;
    await this.#shelf.clear();
    this.#tabs?.tell({ type });
    this.#forget();
    this.#listeners.emit({ type });
  }

  /**
   * Puts the record back, where somebody has emptied the shelf, so that the server can be asked to end the session although its
   * token may have to be renewed for that. Where another tab left, its news is on the way.
   *
   * @returns {Promise<boolean>} whether a session that the server does not know by what it is shown is over there: with the
   *   record the cookie may be gone, too
   */
  async recall() {
    if (this.#current && !(await this.record())) await this.#tabs?.settled(() => this.#current === null);
    if (!this.#current || (await this.record())) return true;
    if (this.#known) await this.#shelf.write(this.#known);
    return this.#known?.refreshToken !== undefined;
  }

  /**
   * A token that is good for some seconds at least; renewed first where needed.
   *
   * @returns {Promise<import("./index.js").AccessTokenResult>}
   */
  async accessToken() {
    if (this.#token && !this.#token.isStale) return { ok: true, accessToken: this.#token.value };
    const renewed = await this.renew();
    // While the server is out of reach, what is left of the old one serves.
    if (!renewed.ok && !(this.#token && !this.#token.isExpired)) return renewed;
    return this.#token ? { ok: true, accessToken: this.#token.value } : signedOut();
  }

  /**
   * A token other than the one that was just refused.
   *
   * @param {string} refused
   * @returns {Promise<import("./index.js").AccessTokenResult>}
   */
  async replace(refused) {
    this.#refused = refused;
    if (!this.#token || this.#token.value === refused) {
      const renewed = await this.renew();
      if (!renewed.ok) return renewed;
    }
    return this.#token ? { ok: true, accessToken: this.#token.value } : signedOut();
  }

  /**
   * Renews the access token; calls at the same time are one request.
   *
   * @returns {Promise<import("./index.js").RefreshResult>}
   */
  renew() {
    if (this.#renewing) return this.#renewing;
    const renewing = this.#renewOnce().finally(() => {
      if (this.#renewing === renewing) this.#renewing = null;
    });
    this.#renewing = renewing;
    return renewing;
  }

  /** @returns {Promise<import("./index.js").RefreshResult>} */
  async #renewOnce() {
    const before = await this.record();
    if (!before) return this.#lose();
    const old = this.#token;
    const act = async () => {
      const record = await this.record();
      if (!record) return this.#lose();
      if (record.turn !== before.turn || record.sessionId !== before.sessionId) {
        await this.#tabs?.settled(() => this.#token !== old);
      }
      return this.#token && this.#token !== old ? /** @type {const} */ ({ ok: true }) : this.#request(record);
    };
    return this.#tabs ? this.#tabs.alone(act) : act();
  }

  /**
   * Without its record nothing can be renewed: whoever emptied the shelf ended the session here, once its token is of no use any
   * more. Where another tab left, or goes on with the session, its news is on the way.
   *
   * @returns {Promise<import("./index.js").RefreshResult>}
   */
  async #lose() {
    const age = this.#age;
    const token = this.#token;
    const isSame = () => age === this.#age && token === this.#token;
    if (this.#current) await this.#tabs?.settled(() => !isSame());
    const record = await this.record();
    if (!isSame()) return this.#token ? { ok: true } : signedOut();
    const serves = token && !token.isExpired && token.value !== this.#refused;
    if (this.#current && !serves && !record) {
      this.#forget();
      this.#listeners.emit({ type: "session_ended" });
    }
    return signedOut();
  }

  /**
   * @param {SessionRecord} record
   * @returns {Promise<import("./index.js").RefreshResult>}
   */
  async #request(record) {
    const age = this.#age;
    let answer = await this.#send(record);
    if (!answer.ok && answer.code === "network") {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      answer = await this.#send(record);
    }
    if (age !== this.#age) return this.#token ? { ok: true } : signedOut();
    if (!answer.ok) {
      if (isOver(answer)) await this.leave("session_ended");
      return answer;
    }
    const tokens = readTokens(answer.body?.tokens, this.#delivery);
    // A cookie that somebody in between has swapped renews another session than the one that was proved.
    if (sessionOf(tokens.accessToken) !== record.sessionId) {
      await this.leave("session_ended");
      throw new TacitError("server_not_proved", "The renewed tokens are of another session, so they were thrown away.");
    }
    // Who emptied the shelf meanwhile, or put another session there, is not overruled.
    const now = await this.record();
    if (now?.sessionId !== record.sessionId) return this.#lose();
    await this.#take({ ...now, turn: record.turn + 1 }, tokens, "refreshed");
    return { ok: true };
  }

  /** @param {SessionRecord} record */
  #send({ refreshToken }) {
    const cookie = this.#delivery === "cookie";
    const body = cookie ? {} : { refresh_token: refreshToken };
    return this.#wire.send({ method: "POST", path: "/v1/auth/refresh", body, cookie, keepalive: cookie, asks: true });
  }

  /**
   * @param {SessionRecord} record
   * @param {Tokens} tokens
   * @param {"signed_in" | "refreshed"} type
   */
  async #take(record, { accessToken, refreshToken, expiresIn }, type) {
    const { user, sessionId } = record;
    this.#known = this.#delivery === "body" ? { ...record, refreshToken } : record;
    await this.#shelf.write(this.#known);
    this.#tabs?.tell({ type, user, sessionId, tokens: { accessToken, expiresIn } });
    this.#hold(user, sessionId, new AccessToken(accessToken, expiresIn), type);
  }

  /**
   * @param {import("./index.js").SessionUser} user
   * @param {string} id
   * @param {AccessToken} token
   * @param {"signed_in" | "refreshed"} type
   */
  #hold(user, id, token, type) {
    this.#token = token;
    this.#current = { user, session: { id } };
    this.#listeners.emit({ type, ...this.#current });
  }

  #forget() {
    this.#age += 1;
    this.#token = null;
    this.#current = null;
    this.#known = null;
    this.#renewing = null;
  }

  /** @param {import("./tabs.js").News} news */
  #hear(news) {
    if (news.type === "signed_in" || news.type === "refreshed") {
      if (news.type === "signed_in") this.#age += 1;
      const { user, sessionId } = news;
      // The news has no refresh token; the cookie is every tab's.
      this.#known = this.#delivery === "cookie" ? { user, sessionId, turn: 0 } : null;
      this.#hold(news.user, news.sessionId, new AccessToken(news.tokens.accessToken, news.tokens.expiresIn), news.type);
      return;
    }
    const had = this.#current !== null;
    this.#forget();
    if (had) this.#listeners.emit({ type: news.type });
  }
}

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

/**
 * Whether the server said that the session is over. A 401 of somebody in between says nothing.
 *
 * @param {import("./index.js").Failure} failed
 */
export const isOver = (failed) => failed.httpStatus === 401 && failed.code !== "unavailable";

/**
 * @param {any} tokens as they came
 * @param {import("./index.js").RefreshDelivery} delivery
 * @returns {Tokens}
 */
export const readTokens = (tokens, delivery) => {
  const {
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: tokenType,
    expires_in: expiresIn,
  } = tokens ?? {};
  expected(typeof accessToken === "string" && accessToken !== "", "access token");
  expected(tokenType === "Bearer", "token type");
  expected(Number.isInteger(expiresIn) && expiresIn > 0 && expiresIn <= 0xffff_ffff, "lifetime");
  expected(delivery === "body" ? typeof refreshToken === "string" : true, "refresh token");
  expected(refreshToken === undefined || typeof refreshToken === "string", "refresh token");
  return { accessToken, refreshToken, tokenType, expiresIn };
};
