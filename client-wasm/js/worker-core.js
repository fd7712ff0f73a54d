/**
 * What the worker does, wherever it runs. It ends with the operation it was started for.
 */

import { Authorisation, LoginAttempt, NewCredential } from "./tacit.js";

/**
 * @param {Promise<unknown>} ready settles once the wasm is loaded
 * @param {(message: object) => void} post
 * @returns {(message: any) => Promise<void>}
 */
export const worker = (ready, post) => {
  // Reported with the first answer; until then it must not count as unhandled.
  ready.catch(() => {});
  const operations = new Operations((phase) => post({ phase }));
  return async (message) => {
    try {
      await ready;
    } catch (error) {
      post({ error: { code: "worker_failed", cause: String(error) } });
      return;
    }
    try {
      post({ result: operations.run(message) });
    } catch (error) {
      // The wasm throws its codes as strings; anything else is a trap.
      post({ error: typeof error === "string" ? { code: error } : { code: "internal", cause: String(error) } });
    }
  };
};

class Operations {
  #enter;
  /** @type {LoginAttempt | null} */
  #attempt = null;
  /** @type {NewCredential | null} */
  #credential = null;
  /** @type {Authorisation | null} */
  #authorisation = null;

  /** @param {(phase: string) => void} enter */
  constructor(enter) {
    this.#enter = enter;
  }

  /** @param {any} message */
  run(message) {
    switch (message.op) {
      case "create":
        return this.#create(message);
      case "prove":
        return this.#prove(message);
      case "verify":
        return this.#verify(message);
      case "prepare":
        return this.#prepare(message);
      case "authorise":
        return this.#authorise(message);
      case "verifyServer":
        return this.#verifyServer(message);
      default:
        throw new TypeError("unknown operation");
    }
  }

  /** @param {any} message */
  #create(message) {
    const made = this.#make(message);
    const { identity, salt, preset, verifier } = made;
    made.free();
    return { identity, salt, preset, verifier };
  }

  /** @param {any} message */
  #prepare(message) {
    this.#credential = this.#make(message);
  }

  /** @param {any} message */
  #make({ password, realm, host }) {
    this.#enter("deriving");
    const made = erasing(password, (typed, normalised) => NewCredential.derive(typed, normalised, realm, host));
    this.#enter("checking");
    made.check();
    return made;
  }

  /** @param {any} message */
  #prove({ password, realm, host, challenge: { identity, salt, preset, B } }) {
    this.#enter("deriving");
    const attempt = erasing(password, (typed, normalised) =>
      LoginAttempt.derive(typed, normalised, realm, host, identity, salt, preset, B),
    );
    this.#enter("proving");
    attempt.prove();
    this.#attempt = attempt;
    return { A: attempt.A, M1: attempt.M1, isOutdated: attempt.isOutdated };
  }

  /** @param {any} message */
  #verify({ M2, confirm, userId, sessionId, accessToken, refreshToken, tokenType, expiresIn, deviceToken }) {
    this.#enter("verifying");
    const attempt = this.#attempt;
    this.#attempt = null;
    if (!attempt) throw new TypeError("nothing was proved");
    return attempt.verify(
      M2,
      confirm,
      userId,
      sessionId,
      accessToken,
      refreshToken,
      tokenType,
      expiresIn,
      deviceToken,
    );
  }

  /** @param {any} message */
  #authorise({ purpose, sessionId, keepOtherSessions, password, realm, host, challenge: { identity, salt, preset, B } }) {
    this.#enter("deriving");
    const authorisation = erasing(password, (typed, normalised) =>
      Authorisation.derive(typed, normalised, realm, host, identity, salt, preset, B),
    );
    this.#enter("proving");
    authorisation.prove();
    this.#authorisation?.free();
    this.#authorisation = authorisation;
    const sealed = this.#seal(authorisation, purpose, sessionId, keepOtherSessions);
    return { A: authorisation.A, M1: authorisation.M1, sealed };
  }

  /**
   * @param {Authorisation} authorisation
   * @param {string} purpose
   * @param {string} sessionId
   * @param {boolean} keepOtherSessions
   */
  #seal(authorisation, purpose, sessionId, keepOtherSessions) {
    if (purpose === "step_up") return authorisation.sealStepUp(sessionId);
    if (!this.#credential) throw new TypeError("nothing was prepared");
    if (purpose === "upgrade") return authorisation.sealUpgrade(sessionId, this.#credential);
    return authorisation.sealChange(sessionId, this.#credential, keepOtherSessions);
  }

  /** @param {any} message */
  #verifyServer({ M2 }) {
    this.#enter("verifying");
    const authorisation = this.#authorisation;
    this.#authorisation = null;
    if (!authorisation) throw new TypeError("nothing was authorised");
    return authorisation.verify(M2);
  }
}

/**
 * Hands the password to the wasm, which erases its own copy, and then erases the one that crossed threads.
 *
 * @template Made
 * @param {import("./prover.js").PasswordBytes} password
 * @param {(typed: Uint8Array, normalised: Uint8Array) => Made} use
 * @returns {Made}
 */
const erasing = ({ typed, normalised }, use) => {
  try {
    return use(typed, normalised);
  } finally {
    typed.fill(0);
    normalised.fill(0);
  }
};
