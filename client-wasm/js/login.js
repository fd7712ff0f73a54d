/**
 * The handshake: the password is proved to the server, then the server has to prove itself.
 */

import { isText, readChallenge } from "./answers.js";
import { named } from "./arguments.js";
import { notProved } from "./errors.js";
import { patiently, twice } from "./patience.js";
import { readTokens } from "./session.js";
import { Prover, asFailure } from "./prover.js";

/**
 * A map, since codes come from the other side: an object knows a `constructor` too.
 *
 * @type {Map<string, import("./index.js").LoginRefusal>}
 */
const REFUSALS = new Map([
  ["proof_rejected", "rejected"],
  ["account_unknown", "rejected"],
  ["account_not_activated", "not_activated"],
  ["account_disabled", "disabled"],
  ["too_many_attempts", "throttled"],
  ["too_many_requests", "throttled"],
  ["login_locked", "locked"],
  ["srp_busy", "busy"],
  ["unavailable", "busy"],
  ["network", "network"],
  ["invalid_request", "invalid"],
  ["password_invalid", "invalid"],
]);

/**
 * @typedef {object} LoginInput
 * @property {string} authId
 * @property {() => import("./prover.js").PasswordBytes} password makes the bytes anew; each worker erases its own
 * @property {string} [deviceName]
 * @property {string} [ticket]
 * @property {string} [deviceToken] from an earlier login here
 * @property {boolean} rememberDevice whether to ask for one
 */

/**
 * @callback Known looks at a credential by its salt, which no two have in common
 * @param {string} salt
 * @returns {import("./index.js").Failure | undefined | void} the answer, where it is known already
 */

/**
 * @typedef {object} Proved
 * @property {true} ok
 * @property {string} userId
 * @property {string} sessionId
 * @property {import("./session.js").Tokens} tokens
 * @property {string} [deviceToken] for the next login
 * @property {boolean} isOutdated whether the credential was made with less stretching than is the default now
 */

/**
 * @param {import("./index.js").Failure} failed
 * @returns {import("./index.js").Failure & { status: import("./index.js").LoginRefusal }}
 */
export const refused = (failed) => ({ ...failed, status: REFUSALS.get(failed.code) ?? "failed" });

export class Login {
  #options;
  #platform;
  #wire;
  #onPhase;

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./platform.js").Platform} platform
   * @param {import("./wire.js").Wire} wire
   */
  constructor(options, platform, wire) {
    this.#options = options;
    this.#platform = platform;
    this.#wire = wire;
    this.#onPhase = (/** @type {import("./index.js").Phase} */ phase) => options.onPhase(phase, "login");
  }

  /**
   * With a ticket the login is for the sign-up it stands for. Where that is refused the address may have an account
   * besides, with another password, so it is tried once more without; not where the server answers both with the same
   * credential, since the sign-up is over: a second proof would be wrong too, and count as a second failure.
   *
   * @param {LoginInput} input
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async run(input) {
    /** @type {string | undefined} */
    let tried;
    const first = await twice(() => this.#once(input, (salt) => void (tried = salt)));
    if (first.ok || first.code !== "proof_rejected" || input.ticket === undefined) return first;
    return twice(() => this.#once({ ...input, ticket: undefined }, (salt) => (salt === tried ? first : undefined)));
  }

  /**
   * @param {LoginInput} input
   * @param {Known} known
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async #once(input, known) {
    // Started first: its wasm loads while the server answers.
    const prover = new Prover(this.#platform, this.#onPhase);
    try {
      return await this.#handshake(prover, input, known);
    } catch (error) {
      return asFailure(error);
    } finally {
      prover.end();
    }
  }

  /**
   * @param {Prover} prover
   * @param {LoginInput} input
   * @param {Known} known
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async #handshake(prover, { authId, password, deviceName, ticket, deviceToken, rememberDevice }, known) {
    this.#onPhase("sending");
    const begun = await this.#send({
      method: "POST",
      path: "/api/auth/srp/login/email",
      body: { auth_id: authId, ...(ticket === undefined ? {} : { ticket }) },
    });
    if (!begun.ok) return begun;
    const { handshake, challenge } = readChallenge(begun.body);
    const answered = known(challenge.salt);
    if (answered) return answered;
    const { realm, host, delivery } = this.#options;
    const { A, M1, isOutdated } = await prover.prove({ password: password(), realm, host, challenge });

    this.#onPhase("sending");
    const device = named({ device_name: deviceName, device_token: deviceToken, remember_device: rememberDevice || undefined });
    const proved = await this.#send({
      method: "POST",
      path: "/api/auth/srp/login/proof",
      body: { handshake, A, M1, refresh_delivery: delivery, ...device },
      cookie: delivery === "cookie",
      hold: true,
    });
    if (!proved.ok) return proved;
    try {
      const opened = await this.#verified(prover, proved.body);
      proved.accept();
      return { ...opened, isOutdated };
    } catch (error) {
      proved.discard();
      throw error;
    }
  }

  /** @param {import("./wire.js").WireRequest} request */
  #send(request) {
    return patiently(() => this.#wire.send(request));
  }

  /**
   * What the server answered to the proof, if the server proved itself too; nothing of it is used otherwise.
   *
   * @param {Prover} prover
   * @param {any} body
   * @returns {Promise<Omit<Proved, "isOutdated">>}
   */
  async #verified(prover, body) {
    const { M2, confirm, user_id: userId, session_id: sessionId } = body ?? {};
    if (!isText(M2) || !isText(confirm) || !isText(userId) || !isText(sessionId)) throw notProved();
    let tokens;
    try {
      tokens = readTokens(body.tokens, this.#options.delivery);
    } catch (cause) {
      throw notProved(cause);
    }
    const deviceToken = body.device_token;
    if (deviceToken !== undefined && !isText(deviceToken)) throw notProved();
    if (!(await prover.verify({ M2, confirm, userId, sessionId, ...tokens, deviceToken }))) throw notProved();
    return { ok: true, userId, sessionId, tokens, deviceToken };
  }
}
