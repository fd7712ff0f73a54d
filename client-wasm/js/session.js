/**
 * The session: its access token in memory, its record on the shelf, one renewal at a time.
 */

import { readTokens } from "./answers.js";
import { TacitError, failure, signedOut } from "./errors.js";
import { Listeners } from "./listeners.js";
import { Shelf } from "./shelf.js";
import { Tabs } from "./tabs.js";
import { AccessToken, sessionOf } from "./token.js";

/**
 * @typedef {object} SessionRecord what outlives a page
 * @property {import("./index.js").SessionUser} user
 * @property {string} sessionId
 * @property {number} turn counts the renewals, so that a tab sees that another one was faster
 * @property {string} [refreshToken] only with delivery in bodies
 */

/** @typedef {import("./answers.js").Tokens} Tokens */

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
  /**
   * The record as this tab knows it, with bodies maybe without its refresh token. It outlives what is lost here, since the server
   * may be asked by it to end the session.
   *
   * @type {SessionRecord | null}
   */
  #known = null;
  /**
   * While a session is ended whose record is not on the shelf: what its renewal goes by instead, if anything is left.
   *
   * @type {SessionRecord | null | undefined}
   */
  #recalled = undefined;
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
      this.#known = { ...record, user };
      await this.#shelf.write(this.#known);
      const tokens = { accessToken: token.value, expiresIn: token.left };
      this.#tabs?.tell({ type: "refreshed", user, sessionId: record.sessionId, tokens });
      this.#hold(user, record.sessionId, token, "refreshed");
    };
    await (this.#tabs ? this.#tabs.alone(act) : act());
  }

  /**
   * Lets go of the session, if there is one: in this tab, or on a shelf that may have been emptied under it. The record of another
   * session is not touched.
   *
   * @param {"signed_out" | "session_ended"} type
   * @param {string} [sessionId] which
   */
  async leave(type, sessionId = this.#known?.sessionId) {
    // A renewal whose answer is here already must not write the record after it is cleared.
    this.#age += 1;
    const record = await this.record();
    const had = this.#current !== null || record !== null;
    if (!had && !this.#known) return;
    if (!record || sessionId === undefined || record.sessionId === sessionId) await this.#shelf.clear();
    this.#tabs?.tell({ type });
    this.#known = null;
    this.#forget();
    if (had) this.#listeners.emit({ type });
  }

  /**
   * Has the server end the session, also where its record is gone from the shelf: the renewal that this may need goes by what the
   * tab knows, and writes nothing, since whoever removed the record is not overruled. Where another tab left, its news is on the way.
   *
   * @param {() => Promise<import("./wire.js").WireAnswer | import("./index.js").Failure>} send asks the server
   * @returns {Promise<{ ok: true, body?: any } | import("./index.js").Failure>} `signed_out` where nobody knows whether it goes on there
   */
  async end(send) {
    if (this.#current && !(await this.record())) {
      await this.#tabs?.settled(() => this.#current === null);
      // One under way may be losing the session: whoever joined it would have nothing sent.
      await this.#renewing?.catch(() => {});
    }
    const record = await this.record();
    this.#known ??= record;
    const known = this.#known;
    if (!known) return { ok: true };
    const isShelved = record?.sessionId === known.sessionId;
    const hasToken = known.refreshToken !== undefined;
    if (!isShelved) this.#recalled = hasToken || this.#delivery === "cookie" ? known : null;
    try {
      const answer = await send();
      // A session that the server ended before is as good as logged out. Of a cookie that may be gone, its answer says nothing.
      const isEnded = answer.ok || (isOver(answer) && (isShelved || hasToken));
      if (!isEnded && answer.code !== "signed_out" && !isOver(answer)) return answer;
      // Meanwhile somebody may have logged in.
      if (isEnded && this.#known?.sessionId === known.sessionId) await this.leave("signed_out", known.sessionId);
      if (isEnded || !this.#known) return answer.ok ? answer : { ok: true };
      if (this.#known.sessionId === known.sessionId) this.#finish();
      return failure("signed_out", "The session is over here; the server could not be asked to end it.");
    } finally {
      this.#recalled = undefined;
      // What was told to be over does not come back by a token that was for this only.
      if (!this.#current) this.#token = null;
    }
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

  /** What a renewal goes by. */
  async #renewable() {
    return this.#recalled === undefined ? this.record() : this.#recalled;
  }

  /** @returns {Promise<import("./index.js").RefreshResult>} */
  async #renewOnce() {
    const before = await this.#renewable();
    if (!before) return this.#lose();
    const old = this.#token;
    const act = async () => {
      const record = await this.#renewable();
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
    if (!serves && !record) this.#finish();
    return signedOut();
  }

  /** The session is over in this tab, and maybe not at the server. */
  #finish() {
    const had = this.#current !== null;
    this.#forget();
    if (had) this.#listeners.emit({ type: "session_ended" });
  }

  /**
   * @param {SessionRecord} record
   * @returns {Promise<import("./index.js").RefreshResult>}
   */
  async #request(record) {
    const age = this.#age;
    const isRecalled = record === this.#recalled;
    let answer = await this.#send(record);
    if (!answer.ok && answer.code === "network") {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      answer = await this.#send(record);
    }
    if (age !== this.#age) return this.#token ? { ok: true } : signedOut();
    if (!answer.ok) {
      // Without the record the cookie may be gone, too: then the server knows of no session, which ends none, and what is left of the
      // token still serves.
      const saysNothing = isRecalled && record.refreshToken === undefined;
      if (isOver(answer) && !saysNothing) await this.leave("session_ended", record.sessionId);
      return answer;
    }
    const tokens = readTokens(answer.body?.tokens, this.#delivery);
    // A cookie that somebody in between has swapped renews another session than the one that was proved.
    if (sessionOf(tokens.accessToken) !== record.sessionId) {
      // Where the record is gone, another tab may have logged out, and somebody logged in there since.
      if (isRecalled) return signedOut();
      await this.leave("session_ended", record.sessionId);
      throw new TacitError("server_not_proved", "The renewed tokens are of another session, so they were thrown away.");
    }
    if (isRecalled) {
      this.#known = this.#recalled = this.#knowing(record, tokens);
      this.#token = new AccessToken(tokens.accessToken, tokens.expiresIn);
      return { ok: true };
    }
    // Who emptied the shelf meanwhile, or put another session there, is not overruled.
    const now = await this.record();
    if (age !== this.#age) return this.#token ? { ok: true } : signedOut();
    // By the one before it a session cannot be ended any more.
    if (!now) this.#known = this.#knowing(record, tokens);
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
  async #take(record, tokens, type) {
    const { user, sessionId } = record;
    const { accessToken, expiresIn } = tokens;
    this.#known = this.#knowing(record, tokens);
    await this.#shelf.write(this.#known);
    this.#tabs?.tell({ type, user, sessionId, tokens: { accessToken, expiresIn } });
    this.#hold(user, sessionId, new AccessToken(accessToken, expiresIn), type);
  }

  /**
   * @param {SessionRecord} record
   * @param {Tokens} tokens
   * @returns {SessionRecord}
   */
  #knowing(record, { refreshToken }) {
    return this.#delivery === "body" ? { ...record, refreshToken } : record;
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
    this.#renewing = null;
  }

  /** @param {import("./tabs.js").News} news */
  #hear(news) {
    if (news.type === "signed_in" || news.type === "refreshed") {
      if (news.type === "signed_in") this.#age += 1;
      const { user, sessionId } = news;
      // The news has no refresh token. With the same access token it tells of a name only, and the one that is known stays good.
      const isRenamed = this.#known?.sessionId === sessionId && this.#token?.value === news.tokens.accessToken;
      this.#known = { user, sessionId, turn: 0, ...(isRenamed ? { refreshToken: this.#known?.refreshToken } : {}) };
      this.#hold(news.user, news.sessionId, new AccessToken(news.tokens.accessToken, news.tokens.expiresIn), news.type);
      return;
    }
    const had = this.#current !== null;
    this.#known = null;
    this.#forget();
    if (had) this.#listeners.emit({ type: news.type });
  }
}

/**
 * Whether the server said that the session is over. A 401 of somebody in between says nothing.
 *
 * @param {import("./index.js").Failure} failed
 */
export const isOver = (failed) => failed.httpStatus === 401 && failed.code !== "unavailable";
