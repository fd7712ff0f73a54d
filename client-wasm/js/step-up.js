/**
 * The password, shown again before something dangerous: by the program, or by itself where an operation asks for it. Where
 * there is none, a provider's word anew.
 */

import { isCount } from "./answers.js";
import { readPassword } from "./arguments.js";
import { expected, required, signedOut } from "./errors.js";

/** How often a person may mistype the password that an operation asked for. */
const TRIES = 3;

/** What another try may mend. */
const AGAIN = new Set(["proof_rejected", "popup_blocked", "popup_closed", "oauth_refused", "identity_unknown"]);

/**
 * What came in the way of an operation that the server had put off. Whatever is in doubt of the showing, that was not done.
 *
 * @param {import("./index.js").Failure} failed
 * @returns {import("./index.js").Failure}
 */
const undone = ({ mayBeDone: _, ...failed }) => ({ ...failed, detail: failed.detail.replace(/, so nobody knows .*$/, ".") });

export class StepUp {
  #proofs;
  #signed;
  #visits;
  #ask;
  /** @type {Promise<{ ok: true } | import("./index.js").Failure | null> | null} */
  #asking = null;

  /**
   * @param {import("./proofs.js").Proofs} proofs
   * @param {import("./signed.js").Signed} signed
   * @param {import("./signed-visits.js").SignedVisits} visits
   * @param {import("./index.js").TacitClientOptions["onStepUp"]} ask
   */
  constructor(proofs, signed, visits, ask) {
    this.#proofs = proofs;
    this.#signed = signed;
    this.#visits = visits;
    this.#ask = ask;
  }

  /**
   * @param {{ password: string }} input
   * @returns {Promise<import("./index.js").StepUpResult>}
   */
  async run({ password }) {
    const text = readPassword(password);
    if (!text.ok) return text;
    const done = await this.#proofs.authorise({ purpose: "step_up", password: text.bytes });
    if (!done.ok) return done;
    const expiresIn = done.body?.expires_in;
    expected(isCount(expiresIn), "time");
    return { ok: true, expiresIn, serverProved: true };
  }

  /**
   * Sends a request with the access token, and once more after the password was shown, if that is what it needs.
   *
   * @param {import("./wire.js").WireRequest} request
   */
  async send(request) {
    const session = await this.#signed.sessionId();
    const answer = await this.#signed.send(request);
    if (answer.ok || answer.code !== "step_up_required" || !this.#ask) return answer;
    // Operations at the same time ask once.
    this.#asking ??= this.#asked(this.#ask).finally(() => {
      this.#asking = null;
    });
    const shown = await this.#asking;
    if (shown === null) return answer;
    if (!shown.ok) return undone(shown);
    // While the person typed, another tab may have signed in as somebody else.
    return (await this.#signed.sessionId()) === session ? this.#signed.send(request) : signedOut();
  }

  /**
   * Asks until the password is right, or the provider's word was had, or the person gives up, or it failed too often.
   *
   * @param {NonNullable<import("./index.js").TacitClientOptions["onStepUp"]>} ask
   * @returns {Promise<{ ok: true } | import("./index.js").Failure | null>} `null` where the person would rather not
   */
  async #asked(ask) {
    /** @type {import("./index.js").Failure | undefined} */
    let failed;
    for (let turn = 0; turn < TRIES; turn += 1) {
      const answered = await ask(failed ? { failed } : {});
      if (answered === null) return null;
      const shown = await this.#show(answered);
      if (shown.ok || !AGAIN.has(shown.code)) return shown;
      failed = shown;
    }
    return failed ?? null;
  }

  /** @param {string | { provider: string }} answered */
  #show(answered) {
    if (typeof answered === "string") return this.run({ password: answered });
    required(typeof answered?.provider === "string", "onStepUp must answer a password, a provider or null.");
    // The page must stay: the operation waits in it.
    return this.#visits.stepUp(answered.provider, { display: "popup" });
  }
}
