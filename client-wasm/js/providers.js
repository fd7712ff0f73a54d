/**
 * Signing in with somebody else's account: a provider says who the person is, and the server opens a session for them.
 */

import { isText, readIdentity, readTokens, readUser } from "./answers.js";
import { named } from "./arguments.js";
import { expected } from "./errors.js";
import { sessionOf } from "./token.js";

/** The answer may have been lost on its way to us; the question who is signed in is asked once more then. */
const AGAIN = 250;

/** @typedef {{ display?: "page" | "popup", returnTo?: string | URL }} How */

export class Providers {
  #options;
  #wire;
  #keeper;
  #stepUp;
  #visits;
  #signedVisits;

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./wire.js").Wire} wire
   * @param {import("./session.js").SessionKeeper} keeper
   * @param {import("./step-up.js").StepUp} stepUp
   * @param {import("./visits.js").Visits} visits
   * @param {import("./signed-visits.js").SignedVisits} signedVisits
   */
  constructor(options, wire, keeper, stepUp, visits, signedVisits) {
    this.#options = options;
    this.#wire = wire;
    this.#keeper = keeper;
    this.#stepUp = stepUp;
    this.#visits = visits;
    this.#signedVisits = signedVisits;
  }

  /** @returns {Promise<import("./index.js").ProvidersResult>} */
  async list() {
    const answer = await this.#wire.send({ method: "GET", path: "/v1/oauth/providers" });
    if (!answer.ok) return answer;
    const { providers } = answer.body ?? {};
    expected(Array.isArray(providers), "list of providers");
    return { ok: true, providers: providers.map(readProvider) };
  }

  /**
   * @param {string} provider
   * @param {How & { deviceName?: string }} how
   * @returns {Promise<import("./index.js").SignInWithResult>}
   */
  async signIn(provider, { deviceName, ...how }) {
    const ask = async (/** @type {import("./visits.js").Start} */ start) => {
      const path = `/v1/oauth/${encodeURIComponent(provider)}/authorize?${new URLSearchParams(start)}`;
      return { ok: /** @type {const} */ (true), url: this.#options.baseUrl + path };
    };
    const came = await this.#visits.go({ purpose: "sign_in", provider, ...named({ deviceName }) }, how, ask);
    return "code" in came && came.ok ? this.#exchange(came.visit, came.code) : came;
  }

  /**
   * @param {string} provider
   * @param {How} how
   * @returns {Promise<import("./index.js").LinkResult>}
   */
  async link(provider, how) {
    const send = (/** @type {import("./wire.js").WireRequest} */ request) => this.#stepUp.send(request);
    const came = await this.#signedVisits.go("link", provider, how, send);
    return "code" in came && came.ok ? this.#linked(came.visit, came.code) : came;
  }

  /** @returns {Promise<import("./index.js").RedirectResult | null>} */
  async complete() {
    const came = this.#visits.comeBack();
    if (!came?.ok) return came;
    const { visit, code } = came;
    const { purpose, provider } = visit;
    const done = await this.#finish(visit, code);
    return done.ok ? done : { ...done, purpose, provider };
  }

  /**
   * @param {import("./visits.js").Visit} visit
   * @param {string} code
   */
  #finish(visit, code) {
    switch (visit.purpose) {
      case "link":
        return this.#linked(visit, code);
      case "step_up":
        return this.#signedVisits.shown(visit, code);
      default:
        return this.#exchange(visit, code);
    }
  }

  /**
   * @param {import("./visits.js").Visit} visit
   * @param {string} code
   * @returns {Promise<import("./index.js").Linked | import("./index.js").Failure>}
   */
  async #linked(visit, code) {
    const answer = await this.#signedVisits.finish("", visit, code);
    if (!answer.ok) return answer;
    const identity = readIdentity(answer.body);
    expected(identity.provider === visit.provider, "provider");
    return { ok: true, status: "linked", identity };
  }

  /**
   * The code for a session. It is taken over once it is found to be of one piece: of the provider that was asked, its token
   * of the session it came with, and the person the one whom the server knows by that token.
   *
   * @param {import("./visits.js").Visit} visit
   * @param {string} code
   * @returns {Promise<import("./index.js").SignedInWith | import("./index.js").Failure>}
   */
  async #exchange({ provider, verifier, deviceName }, code) {
    const { delivery } = this.#options;
    const answer = await this.#wire.send({
      method: "POST",
      path: "/v1/oauth/exchange",
      body: { code, code_verifier: verifier, refresh_delivery: delivery, ...named({ device_name: deviceName }) },
      cookie: delivery === "cookie",
      asks: true,
      hold: true,
    });
    if (!answer.ok) return answer;
    const opened = await this.#checked(answer, provider);
    if (!opened.ok) return opened;
    const { user, sessionId, tokens, created } = opened;
    await this.#keeper.open(user, sessionId, tokens);
    return { ok: true, status: "signed_in", user, session: { id: sessionId }, provider, created };
  }

  /**
   * @param {import("./wire.js").WireAnswer} answer
   * @param {string} provider
   */
  async #checked(answer, provider) {
    try {
      const { userId, sessionId, ...opened } = readSignedIn(answer.body, provider, this.#options.delivery);
      const known = await this.#known(userId, sessionId, opened.tokens.accessToken);
      if (!known.ok) {
        answer.discard();
        return known;
      }
      answer.accept();
      known.accept();
      return { ok: /** @type {const} */ (true), user: known.user, ...opened, sessionId };
    } catch (error) {
      answer.discard();
      throw error;
    }
  }

  /**
   * Who the server says this is. A session that nobody could be told of is ended.
   *
   * @param {string} userId
   * @param {string} sessionId
   * @param {string} bearer
   * @returns {Promise<{ ok: true, user: import("./index.js").SessionUser, accept: () => void } | import("./index.js").Failure>}
   */
  async #known(userId, sessionId, bearer) {
    const ask = () => this.#wire.send({ method: "GET", path: "/v1/auth/me", bearer, hold: true });
    let answer = await ask();
    if (!answer.ok) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      answer = await ask();
    }
    if (!answer.ok) {
      const cookie = this.#options.delivery === "cookie";
      await this.#wire.send({ method: "POST", path: "/api/auth/sessions/logout", bearer, cookie });
      return answer;
    }
    try {
      const { id, email } = readUser(answer.body?.user);
      expected(id === userId && answer.body?.session?.id === sessionId, "person");
      return { ok: true, user: { id, email }, accept: answer.accept };
    } catch (error) {
      answer.discard();
      throw error;
    }
  }
}

/**
 * @param {any} body
 * @param {string} wanted the provider that was asked
 * @param {import("./index.js").RefreshDelivery} delivery
 */
const readSignedIn = (body, wanted, delivery) => {
  const { user_id: userId, session_id: sessionId, provider, created } = body ?? {};
  expected(isText(userId) && isText(sessionId), "session");
  expected(provider === wanted, "provider");
  const tokens = readTokens(body.tokens, delivery);
  expected(sessionOf(tokens.accessToken) === sessionId, "access token");
  return { userId, sessionId, tokens, created: created === true };
};

/**
 * @param {any} body
 * @returns {import("./index.js").Provider}
 */
const readProvider = (body) => {
  const { name, label, step_up } = body ?? {};
  expected(isText(name) && isText(label), "provider");
  return { name, label, stepUp: step_up === true };
};
