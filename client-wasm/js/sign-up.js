/**
 * Signing up, and the activation that a mail brings.
 */

import { isCount, isText } from "./answers.js";
import { mayBeText, named, needText, readSecret } from "./arguments.js";
import { expected } from "./errors.js";

export class SignUp {
  #options;
  #wire;
  #credentials;
  #tickets;

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./wire.js").Wire} wire
   * @param {import("./credentials.js").Credentials} credentials
   * @param {import("./by-address.js").ByAddress} tickets
   */
  constructor(options, wire, credentials, tickets) {
    this.#options = options;
    this.#wire = wire;
    this.#credentials = credentials;
    this.#tickets = tickets;
  }

  /**
   * @param {{ authId: string }} input
   * @returns {Promise<import("./index.js").SignUpCheckResult>}
   */
  async check({ authId }) {
    needText(authId, "authId");
    const answer = await this.#post("/api/auth/srp/sign-up/check", { auth_id: authId }, { asks: true });
    if (!answer.ok) return answer;
    const availability = answer.body?.availability;
    expected(availability === "undisclosed" || availability === "available", "availability");
    return { ok: true, availability };
  }

  /**
   * @param {{ authId: string, password: string, displayName?: string, language?: string }} input
   * @returns {Promise<import("./index.js").SignUpResult>}
   */
  async run({ authId, password, displayName, language }) {
    needText(authId, "authId");
    mayBeText(displayName, "displayName");
    mayBeText(language, "language");
    const made = await this.#credentials.make(password, "signUp");
    if (!made.ok) return made;
    this.#options.onPhase("sending", "signUp");
    const body = { auth_id: authId, credential: made.credential, ...named({ display_name: displayName, language }) };
    const answer = await this.#post("/api/auth/srp/sign-up", body, { doubt: "whether the sign-up was taken" });
    if (!answer.ok) return answer;
    const { ticket, expires_in: expiresIn, resend_after: resendAfter } = answer.body ?? {};
    expected(isText(ticket) && isCount(expiresIn) && isCount(resendAfter), "ticket");
    await this.#tickets.keep(authId, ticket, expiresIn);
    return { ok: true, ticket, expiresIn, resendAfter };
  }

  /**
   * @param {{ token?: string, authId?: string, code?: string, password?: string }} input
   * @returns {Promise<import("./index.js").ActivateResult>}
   */
  async activate({ password, ...input }) {
    /** @type {Record<string, unknown>} */
    const body = readSecret(input, "activate");
    if (password !== undefined) {
      const made = await this.#credentials.make(password, "activate");
      if (!made.ok) return made;
      body["credential"] = made.credential;
    }
    this.#options.onPhase("sending", "activate");
    const answer = await this.#post("/api/auth/srp/sign-up/activate", body, {
      doubt: "whether the account was activated",
    });
    if (!answer.ok) return answer;
    const activated = answer.body?.auth_id;
    expected(isText(activated), "address");
    await this.#tickets.drop(activated);
    return { ok: true, authId: activated };
  }

  /**
   * @param {{ authId: string, ticket?: string }} input
   * @returns {Promise<import("./index.js").ResendActivationResult>}
   */
  async resend({ authId, ticket }) {
    needText(authId, "authId");
    mayBeText(ticket, "ticket");
    const shown = ticket ?? (await this.#tickets.find(authId));
    const body = { auth_id: authId, ...named({ ticket: shown }) };
    const answer = await this.#post("/api/auth/srp/sign-up/verification", body, { doubt: "whether a mail is sent" });
    if (!answer.ok) return answer;
    const resendAfter = answer.body?.resend_after;
    expected(isCount(resendAfter), "waiting time");
    return { ok: true, resendAfter };
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} body
   * @param {Pick<import("./wire.js").WireRequest, "asks" | "doubt">} lost
   */
  #post(path, body, lost) {
    return this.#wire.send({ method: "POST", path, body, ...lost });
  }
}
