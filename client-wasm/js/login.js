/**
 * The handshake: the password is proved to the server, then the server has to prove itself.
 */

import { isText, readChallenge } from "./answers.js";
import { named } from "./arguments.js";
import { TacitError } from "./errors.js";
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

/** The handshake is gone: it took too long, or its server was started anew. A new one is worth a try. */
const LOST = new Set(["handshake_expired", "handshake_invalid", "handshake_spent"]);

/** How often a step is sent again while the server has no room for it. */
const BUSY_TURNS = 3;

/** Longer waits, in seconds, are for the program to decide. */
const BUSY_PATIENCE = 3;

/**
 * @typedef {object} LoginInput
 * @property {string} authId
 * @property {() => import("./prover.js").PasswordBytes} password makes the bytes anew; each worker erases its own
 * @property {string} [deviceName]
 * @property {string} [ticket]
 * @property {string} [deviceToken] from an earlier login here
 */

/**
 * @typedef {object} Proved
 * @property {true} ok
 * @property {string} userId
 * @property {string} sessionId
 * @property {import("./session.js").Tokens} tokens
 * @property {string} [deviceToken] for the next login
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
   * besides, with another password, so it is tried once more without.
   *
   * @param {LoginInput} input
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async run(input) {
    const first = await this.#patient(input);
    if (first.ok || first.code !== "proof_rejected" || input.ticket === undefined) return first;
    return this.#patient({ ...input, ticket: undefined });
  }

  /** @param {LoginInput} input */
  async #patient(input) {
    const first = await this.#once(input);
    return !first.ok && LOST.has(first.code) ? this.#once(input) : first;
  }

  /**
   * @param {LoginInput} input
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async #once(input) {
    // Started first: its wasm loads while the server answers.
    const prover = new Prover(this.#platform, this.#onPhase);
    try {
      return await this.#handshake(prover, input);
    } catch (error) {
      return asFailure(error);
    } finally {
      prover.end();
    }
  }

  /**
   * @param {Prover} prover
   * @param {LoginInput} input
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async #handshake(prover, { authId, password, deviceName, ticket, deviceToken }) {
    this.#onPhase("sending");
    const begun = await this.#send({
      method: "POST",
      path: "/api/auth/srp/login/email",
      body: { auth_id: authId, ...(ticket === undefined ? {} : { ticket }) },
    });
    if (!begun.ok) return begun;
    const { handshake, challenge } = readChallenge(begun.body);
    const { realm, host, delivery } = this.#options;
    const { A, M1 } = await prover.prove({ password: password(), realm, host, challenge });

    this.#onPhase("sending");
    const device = named({ device_name: deviceName, device_token: deviceToken, remember_device: true });
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
      return opened;
    } catch (error) {
      proved.discard();
      throw error;
    }
  }

  /**
   * Sends a step, again where the server had no room for it: that spends nothing.
   *
   * @param {import("./wire.js").WireRequest} request
   */
  async #send(request) {
    let answer = await this.#wire.send(request);
    for (let turn = 0; turn < BUSY_TURNS && !answer.ok && answer.code === "srp_busy"; turn += 1) {
      const { retryAfter = 1 } = answer;
      if (retryAfter > BUSY_PATIENCE) break;
      // Spread out, or all who were turned away together would come again together.
      await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000 * (0.5 + Math.random())));
      answer = await this.#wire.send(request);
    }
    return answer;
  }

  /**
   * What the server answered to the proof, if the server proved itself too; nothing of it is used otherwise.
   *
   * @param {Prover} prover
   * @param {any} body
   * @returns {Promise<Proved>}
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

/** @param {unknown} [cause] */
const notProved = (cause) =>
  new TacitError("server_not_proved", "The server did not prove itself, so its answer was thrown away.", { cause });
