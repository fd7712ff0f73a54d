/**
 * What people change about their own account.
 */

import { isText } from "./answers.js";
import { mayBeText, named, needText } from "./arguments.js";
import { expected, required } from "./errors.js";

/** With its slash, as the server has it. */
const PATH = "/api/auth/users/";

/** All that is stored about a person may be longer than other answers, in bytes. */
const LONGEST_EXPORT = 1 << 25;

export class Account {
  #options;
  #wire;
  #signed;
  #stepUp;

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./wire.js").Wire} wire
   * @param {import("./signed.js").Signed} signed
   * @param {import("./step-up.js").StepUp} stepUp
   */
  constructor(options, wire, signed, stepUp) {
    this.#options = options;
    this.#wire = wire;
    this.#signed = signed;
    this.#stepUp = stepUp;
  }

  /**
   * @param {{ displayName?: string, language?: string, email?: string }} input
   * @returns {Promise<import("./index.js").UpdateProfileResult>}
   */
  async update({ displayName, language, email }) {
    mayBeText(displayName, "displayName");
    mayBeText(language, "language");
    mayBeText(email, "email");
    const body = named({ display_name: displayName, language, email });
    required(Object.keys(body).length > 0, "updateProfile takes a displayName, a language or an email.");
    const answer = await this.#stepUp.send({ method: "PUT", path: PATH, body });
    return answer.ok ? { ok: true } : answer;
  }

  /** @returns {Promise<import("./index.js").DeleteAccountResult>} */
  async delete() {
    // With the cookie, so that the server can take it away.
    const cookie = this.#options.delivery === "cookie";
    const answer = await this.#stepUp.send({ method: "DELETE", path: PATH, cookie, doubt: "whether the account was deleted" });
    return answer.ok ? { ok: true } : answer;
  }

  /** @returns {Promise<import("./index.js").ExportDataResult>} */
  async export() {
    const answer = await this.#signed.send({ method: "GET", path: `${PATH}export`, longest: LONGEST_EXPORT });
    if (!answer.ok) return answer;
    const data = answer.body;
    expected(typeof data === "object" && data !== null, "export");
    return { ok: true, data, text: JSON.stringify(data, null, 2) };
  }

  /**
   * @param {"confirm" | "undo"} what
   * @param {{ token: string }} input
   * @returns {Promise<import("./index.js").EmailChangeResult>}
   */
  async settleEmail(what, { token }) {
    needText(token, "token");
    const answer = await this.#wire.send({ method: "POST", path: `${PATH}email/${what}`, body: { token } });
    if (!answer.ok) return answer;
    const email = answer.body?.email;
    expected(isText(email), "address");
    return { ok: true, email };
  }
}
