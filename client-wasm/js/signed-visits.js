/**
 * Visits to a provider by somebody who is signed in: each belongs to the session that it was begun in.
 */

import { isCount, isText } from "./answers.js";
import { expected, signedOut } from "./errors.js";

const PATH = "/v1/identities";

export class SignedVisits {
  #visits;
  #signed;

  /**
   * @param {import("./visits.js").Visits} visits
   * @param {import("./signed.js").Signed} signed
   */
  constructor(visits, signed) {
    this.#visits = visits;
    this.#signed = signed;
  }

  /**
   * @param {"link" | "step_up"} purpose
   * @param {string} provider
   * @param {import("./providers.js").How} how
   * @param {(request: import("./wire.js").WireRequest) => ReturnType<import("./signed.js").Signed["send"]>} send
   */
  async go(purpose, provider, how, send) {
    const sessionId = await this.#signed.sessionId();
    if (sessionId === undefined) return signedOut();
    return this.#visits.go({ purpose, provider, sessionId }, how, async (start) => {
      const body = { provider, purpose, ...start };
      const answer = await send({ method: "POST", path: `${PATH}/visits`, body, asks: true });
      if (!answer.ok) return answer;
      const url = answer.body?.url;
      expected(isText(url), "address");
      return { ok: true, url };
    });
  }

  /**
   * Hands a visit's code in, in the session that began it and no other.
   *
   * @param {string} path
   * @param {import("./visits.js").Visit} visit
   * @param {string} code
   */
  async finish(path, { sessionId, verifier }, code) {
    if ((await this.#signed.sessionId()) !== sessionId) return signedOut();
    return this.#signed.send({ method: "POST", path: PATH + path, body: { code, code_verifier: verifier } });
  }

  /**
   * @param {string} provider
   * @param {import("./providers.js").How} how
   * @returns {Promise<import("./index.js").StepUpWithResult>}
   */
  async stepUp(provider, how) {
    const came = await this.go("step_up", provider, how, (request) => this.#signed.send(request));
    return "code" in came && came.ok ? this.shown(came.visit, came.code) : came;
  }

  /**
   * @param {import("./visits.js").Visit} visit
   * @param {string} code
   * @returns {Promise<import("./index.js").SteppedUp | import("./index.js").Failure>}
   */
  async shown(visit, code) {
    const answer = await this.finish("/step-up", visit, code);
    if (!answer.ok) return answer;
    const expiresIn = answer.body?.expires_in;
    expected(isCount(expiresIn), "time");
    return { ok: true, status: "stepped_up", expiresIn };
  }
}
