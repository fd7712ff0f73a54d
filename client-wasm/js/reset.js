/**
 * A forgotten password: a mailed secret stands in for it once.
 */

import { isCount, isText } from "./answers.js";
import { needText, readSecret } from "./arguments.js";
import { expected } from "./errors.js";

const PATH = "/api/auth/srp/password/reset";

export class Reset {
  #wire;
  #credentials;
  #options;

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./wire.js").Wire} wire
   * @param {import("./credentials.js").Credentials} credentials
   */
  constructor(options, wire, credentials) {
    this.#options = options;
    this.#wire = wire;
    this.#credentials = credentials;
  }

  /**
   * @param {{ authId: string }} input
   * @returns {Promise<import("./index.js").RequestResetResult>}
   */
  async request({ authId }) {
    needText(authId, "authId");
    const answer = await this.#post(PATH, { auth_id: authId }, { doubt: "whether a mail is sent" });
    if (!answer.ok) return answer;
    const { expires_in: expiresIn, resend_after: resendAfter } = answer.body ?? {};
    expected(isCount(expiresIn) && isCount(resendAfter), "waiting time");
    return { ok: true, expiresIn, resendAfter };
  }

  /**
   * @param {{ token?: string, authId?: string, code?: string }} input
   * @returns {Promise<import("./index.js").ValidateResetResult>}
   */
  async validate(input) {
    const answer = await this.#post(`${PATH}/validate`, readSecret(input, "validateReset"), { asks: true });
    if (!answer.ok) return answer;
    const { auth_id: authId, expires_in: expiresIn } = answer.body ?? {};
    expected(isText(authId) && isCount(expiresIn), "address");
    return { ok: true, authId, expiresIn };
  }

  /**
   * @param {{ token?: string, authId?: string, code?: string, password: string }} input
   * @returns {Promise<import("./index.js").CompleteResetResult>}
   */
  async complete({ password, ...input }) {
    const secret = readSecret(input, "completeReset");
    const made = await this.#credentials.make(password, "completeReset");
    if (!made.ok) return made;
    this.#options.onPhase("sending", "completeReset");
    const body = { ...secret, credential: made.credential };
    const answer = await this.#post(`${PATH}/complete`, body, { doubt: "whether the password was reset" });
    if (!answer.ok) return answer;
    const authId = answer.body?.auth_id;
    expected(isText(authId), "address");
    return { ok: true, authId };
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
