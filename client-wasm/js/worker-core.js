/**
 * What the worker does, wherever it runs. It ends with the operation it was started for.
 */

import { LoginAttempt, NewCredential } from "./tacit.js";

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
      default:
        throw new TypeError("unknown operation");
    }
  }

  /** @param {any} message */
  #create({ password, realm, host }) {
    this.#enter("deriving");
    const made = erasing(password, (typed, normalised) => NewCredential.derive(typed, normalised, realm, host));
    this.#enter("checking");
    made.check();
    const { identity, salt, preset, verifier } = made;
    made.free();
    return { identity, salt, preset, verifier };
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
    return { A: attempt.A, M1: attempt.M1 };
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
