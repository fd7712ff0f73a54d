/**
 * The handshake: the password is proved to the server, then the server has to prove itself.
 */

import { isText, readChallenge, readTokens } from "./answers.js";
import { named } from "./arguments.js";
import { isSame } from "./devices.js";
import { notProved } from "./errors.js";
import { patiently, twice } from "./patience.js";
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
 * @property {import("./devices.js").Device} [device] from an earlier login here
 * @property {boolean} rememberDevice whether to ask for a token
 */

/**
 * @callback Seen looks at a credential by its salt, which no two have in common
 * @param {string} salt
 * @returns {import("./index.js").Failure | undefined | void} the answer, where it is known already
 */

/**
 * @typedef {object} Proved
 * @property {true} ok
 * @property {string} userId
 * @property {string} sessionId
 * @property {import("./answers.js").Tokens} tokens
 * @property {string} [deviceToken] for the next login
 * @property {import("./devices.js").Credential} credential what the password was stretched for
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
   * @param {Seen} seen
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async #once(input, seen) {
    /** @type {Prover[]} */
    const provers = [];
    const start = () => {
      const prover = new Prover(this.#platform, this.#onPhase);
      provers.push(prover);
      return prover;
    };
    try {
      return await this.#handshake(start, input, seen);
    } catch (error) {
      return asFailure(error);
    } finally {
      provers.forEach((prover) => prover.end());
    }
  }

  /**
   * @param {() => Prover} start
   * @param {LoginInput} input
   * @param {Seen} seen
   * @returns {Promise<Proved | import("./index.js").Failure>}
   */
  async #handshake(start, { authId, password, deviceName, ticket, device, rememberDevice }, seen) {
    const { realm, host, delivery } = this.#options;
    const known = device?.credential;
    // Started first: its wasm loads, and it does all that needs no answer, while the server is asked.
    let prover = start();
    prover.begin(known && { password: password(), realm, host, known });
    this.#onPhase("sending");
    const begun = await this.#send({
      method: "POST",
      path: "/api/auth/srp/login/email",
      body: { auth_id: authId, ...(ticket === undefined ? {} : { ticket }) },
      asks: true,
    });
    if (!begun.ok) return begun;
    const { handshake, challenge } = readChallenge(begun.body);
    const { identity, salt, preset } = challenge;
    const answered = seen(salt);
    if (answered) return answered;
    if (known && !isSame(known, challenge)) {
      // It is busy with the wrong credential, for longer than another one takes to start.
      prover.end();
      prover = start();
    }
    const { A, M1, isOutdated } = await prover.prove({ password: password(), realm, host, challenge });

    this.#onPhase("sending");
    const about = named({
      device_name: deviceName,
      device_token: device?.token,
      remember_device: rememberDevice || undefined,
    });
    const proved = await this.#send({
      method: "POST",
      path: "/api/auth/srp/login/proof",
      body: { handshake, A, M1, refresh_delivery: delivery, ...about },
      cookie: delivery === "cookie",
      asks: true,
      hold: true,
    });
    if (!proved.ok) return proved;
    try {
      const opened = await this.#verified(prover, proved.body);
      proved.accept();
      return { ...opened, credential: { identity, salt, preset }, isOutdated };
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
   * @returns {Promise<Omit<Proved, "credential" | "isOutdated">>}
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
