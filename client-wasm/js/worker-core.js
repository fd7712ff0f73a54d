/**
 * What the worker does, wherever it runs. It ends with the operation it was started for.
 */

import { isSame } from "./devices.js";
import { Attempt, NewCredential, wipeStack } from "./tacit.js";

/** @typedef {import("./devices.js").Credential} Credential */

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
    if (operations.runAhead(message)) return;
    try {
      post({ result: operations.run(message) });
      operations.tidy();
    } catch (error) {
      // The wasm throws its codes as strings; anything else is a trap.
      post({ error: typeof error === "string" ? { code: error } : { code: "internal", cause: String(error) } });
    }
  };
};

class Operations {
  #enter;
  /** @type {Attempt | null} */
  #attempt = null;
  /** @type {Credential | null} what the attempt's password was stretched for */
  #stretched = null;
  /** @type {NewCredential | null} */
  #credential = null;

  /** @param {(phase: string) => void} enter */
  constructor(enter) {
    this.#enter = enter;
  }

  /**
   * What is done while the server is asked, and not answered. What fails here is done again when it is needed.
   *
   * @param {any} message
   * @returns {boolean} whether it was such a message
   */
  runAhead(message) {
    if (message.op !== "begin") return false;
    try {
      this.#begin(message);
    } catch {
      this.#stretched = null;
    }
    return true;
  }

  /** Wipes what is not needed any more, when nobody waits for it. */
  tidy() {
    this.#attempt?.wipe();
    this.#stretched = null;
    wipeStack();
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
  #begin({ password, realm, host, known }) {
    this.#attempt?.free();
    this.#attempt = new Attempt();
    this.#stretched = null;
    this.#attempt.prepare();
    if (known) this.#stretch(this.#attempt, password, realm, host, known);
  }

  /**
   * @param {Attempt} attempt
   * @param {import("./prover.js").PasswordBytes} password
   * @param {string} realm
   * @param {string} host
   * @param {Credential} credential
   */
  #stretch(attempt, password, realm, host, { identity, salt, preset }) {
    this.#enter("deriving");
    erasing(password, (typed, normalised) => attempt.derive(typed, normalised, realm, host, identity, salt, preset));
    this.#stretched = { identity, salt, preset };
  }

  /**
   * The proof for a challenge, from what was done before it came where that fits.
   *
   * @param {any} message
   */
  #answer({ password, realm, host, challenge }) {
    const attempt = this.#attempt ?? new Attempt();
    this.#attempt = attempt;
    // Before the phase that says so: an answer that breaks the protocol is not worth a stretching.
    attempt.check(challenge.preset, challenge.B);
    if (isSame(this.#stretched, challenge)) erasing(password, () => undefined);
    else this.#stretch(attempt, password, realm, host, challenge);
    this.#enter("proving");
    attempt.prove(challenge.B);
    return attempt;
  }

  /** @param {any} message */
  #prove(message) {
    const attempt = this.#answer(message);
    return { A: attempt.A, M1: attempt.M1, isOutdated: attempt.isOutdated };
  }

  /** @param {any} message */
  #verify({ M2, confirm, userId, sessionId, accessToken, refreshToken, tokenType, expiresIn, deviceToken }) {
    return this.#last().verify(
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
  #authorise(message) {
    const attempt = this.#answer(message);
    const sealed = this.#seal(attempt, message.purpose, message.sessionId, message.keepOtherSessions);
    return { A: attempt.A, M1: attempt.M1, sealed };
  }

  /**
   * @param {Attempt} attempt
   * @param {string} purpose
   * @param {string} sessionId
   * @param {boolean} keepOtherSessions
   */
  #seal(attempt, purpose, sessionId, keepOtherSessions) {
    if (purpose === "step_up") return attempt.sealStepUp(sessionId);
    if (!this.#credential) throw new TypeError("nothing was prepared");
    if (purpose === "upgrade") return attempt.sealUpgrade(sessionId, this.#credential);
    return attempt.sealChange(sessionId, this.#credential, keepOtherSessions);
  }

  /** @param {any} message */
  #verifyServer({ M2 }) {
    return this.#last().verifyServer(M2);
  }

  /** The attempt, which the server has one try to answer. */
  #last() {
    this.#enter("verifying");
    const attempt = this.#attempt;
    this.#attempt = null;
    if (!attempt) throw new TypeError("nothing was proved");
    return attempt;
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
