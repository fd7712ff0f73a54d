/**
 * Proofs of a person who is signed in: each seals what it authorises, and the server has to prove itself in turn.
 */

import { isText, readChallenge } from "./answers.js";
import { notProved, signedOut } from "./errors.js";
import { patiently, twice } from "./patience.js";
import { Prover, asFailure, ofPassword } from "./prover.js";

const CHANGE = "/api/auth/srp/password/change";
const STEP_UP = "/api/auth/srp/step-up";

/**
 * What each purpose sends, is called in phases, and what is to be said where the server did not prove itself, or its answer
 * was lost.
 *
 * @satisfies {Record<string, { path: string, begin?: Record<string, unknown>,
 *   operation: import("./index.js").PhasedOperation, doubt: string }>}
 */
const PURPOSES = {
  change: {
    path: CHANGE,
    begin: {},
    operation: "changePassword",
    doubt: "whether the password was changed",
  },
  upgrade: {
    path: CHANGE,
    begin: { purpose: "upgrade" },
    operation: "upgrade",
    doubt: "whether the credential was renewed; the password is the same",
  },
  step_up: { path: STEP_UP, operation: "stepUp", doubt: "whether it took note of the password" },
};

/**
 * @typedef {object} Authorised what is to be done, and with which passwords
 * @property {keyof typeof PURPOSES} purpose
 * @property {() => import("./prover.js").PasswordBytes} password makes the bytes of the current one anew
 * @property {() => import("./prover.js").PasswordBytes} [newPassword] that of a credential to be sealed
 * @property {boolean} [keepOtherSessions]
 * @property {string} [sessionId] the session it is for, where it need not be the one there is by then
 */

export class Proofs {
  #options;
  #platform;
  #signed;
  /** Proofs are made one at a time: each may replace the credential that the next one is about. */
  #last = Promise.resolve();

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./platform.js").Platform} platform
   * @param {import("./signed.js").Signed} signed
   */
  constructor(options, platform, signed) {
    this.#options = options;
    this.#platform = platform;
    this.#signed = signed;
  }

  /**
   * @param {Authorised} authorised
   * @returns {Promise<import("./wire.js").WireAnswer | import("./index.js").Failure>}
   */
  authorise(authorised) {
    const run = this.#last.then(() => this.#authorise(authorised));
    this.#last = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }

  /** @param {Authorised} authorised */
  async #authorise(authorised) {
    const sessionId = await this.#signed.sessionId();
    if (sessionId === undefined || (authorised.sessionId ?? sessionId) !== sessionId) return signedOut();
    const { operation } = PURPOSES[authorised.purpose];
    const prover = new Prover(this.#platform, (phase) => this.#options.onPhase(phase, operation));
    try {
      await this.#prepare(prover, authorised);
      return await twice(() => this.#handshake(prover, authorised, sessionId));
    } catch (error) {
      return asFailure(error);
    } finally {
      prover.end();
    }
  }

  /**
   * The new credential is made and tried, both sides of it, before anything is sent.
   *
   * @param {Prover} prover
   * @param {Authorised} authorised
   */
  async #prepare(prover, { newPassword }) {
    if (!newPassword) return;
    const { realm, host } = this.#options;
    await ofPassword("newPassword", prover.prepare({ password: newPassword(), realm, host }));
  }

  /**
   * @param {Prover} prover
   * @param {Authorised} authorised
   * @param {string} sessionId
   */
  async #handshake(prover, { purpose, password, keepOtherSessions = false }, sessionId) {
    // Another session may have taken the place of the one that this was asked for.
    if ((await this.#signed.sessionId()) !== sessionId) return signedOut();
    // While the server is asked; the memory of the credential before is free again.
    prover.begin();
    const { path, begin, doubt } = { begin: undefined, ...PURPOSES[purpose] };
    const begun = await this.#send(purpose, {
      method: "POST",
      path: `${path}/initiate`,
      asks: true,
      ...(begin === undefined ? {} : { body: begin }),
    });
    if (!begun.ok) return begun;
    const { handshake, challenge } = readChallenge(begun.body);
    const { realm, host } = this.#options;
    const proof = await ofPassword(
      purpose === "change" ? "currentPassword" : "password",
      prover.authorise({ purpose, sessionId, keepOtherSessions, password: password(), realm, host, challenge }),
    );
    const done = await this.#send(purpose, {
      method: "POST",
      path: `${path}/confirm`,
      body: { handshake, ...proof },
      doubt,
      hold: true,
    });
    if (!done.ok) return done;
    // An answer without a body has the server's proof in a header.
    const M2 = done.M2 ?? done.body?.M2;
    if (!isText(M2) || !(await prover.verifyServer({ M2 }))) {
      done.discard();
      throw notProved(undefined, `so nobody knows ${doubt}`);
    }
    done.accept();
    return done;
  }

  /**
   * @param {keyof typeof PURPOSES} purpose
   * @param {import("./wire.js").WireRequest} request
   */
  #send(purpose, request) {
    this.#options.onPhase("sending", PURPOSES[purpose].operation);
    return patiently(() => this.#signed.send(request));
  }
}
