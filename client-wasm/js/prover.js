/**
 * The side of the worker that the page sees: one worker for one operation, ended with it.
 */

import { TacitError, failure } from "./errors.js";

/** What the worker says of a password that cannot be one. */
const PASSWORD_CODES = new Map([
  ["password_empty", "The password is empty."],
  ["password_too_long", "The password is too long."],
  ["password_unassigned", "The password has a character that cannot be used."],
]);

/** @type {Record<string, string>} */
const MESSAGES = {
  realm_mismatch: "The server's host is neither the realm nor below it.",
  preset_unknown: "The server named parameters this client does not know.",
  challenge_invalid: "The server's challenge breaks the protocol.",
  self_check_failed: "The new credential did not verify here, so it was not sent.",
  worker_failed: "The worker could not load its wasm.",
};

/**
 * A password in UTF-8, as it was typed and in normal form NFKC. The bytes move to the worker, which erases them.
 *
 * @typedef {{ typed: Uint8Array<ArrayBuffer>, normalised: Uint8Array<ArrayBuffer> }} PasswordBytes
 */

/**
 * Thrown inside the client for failures that its caller gets as a value.
 */
export class Expected extends Error {
  /** @param {import("./index.js").Failure} value */
  constructor(value) {
    super(value.detail);
    this.value = value;
  }
}

/**
 * Waits for what is made of one of several passwords, and names it where it cannot be one.
 *
 * @template Made
 * @param {string} name
 * @param {Promise<Made>} made
 * @returns {Promise<Made>}
 */
export const ofPassword = async (name, made) => {
  try {
    return await made;
  } catch (error) {
    if (!(error instanceof Expected) || !error.value.fields) throw error;
    throw new Expected({ ...error.value, fields: error.value.fields.map((field) => ({ ...field, name })) });
  }
};

/**
 * The failure that `error` stands for; anything else is thrown on.
 *
 * @param {unknown} error
 */
export const asFailure = (error) => {
  if (error instanceof Expected) return error.value;
  throw error;
};

export class Prover {
  #port;
  #onPhase;
  /** @type {unknown} */
  #broken = null;
  /** @type {{ resolve: (result: any) => void, reject: (error: unknown) => void } | null} */
  #waiting = null;

  /**
   * @param {import("./platform.js").Platform} platform
   * @param {(phase: import("./index.js").Phase) => void} onPhase
   */
  constructor(platform, onPhase) {
    this.#onPhase = onPhase;
    this.#port = start(platform);
    this.#port.listen(
      (message) => this.#hear(message),
      (cause) => this.#fail(new TacitError("worker_failed", "The worker could not be started.", { cause })),
    );
  }

  /**
   * Makes a credential and tries both sides of it.
   *
   * @param {{ password: PasswordBytes, realm: string, host: string }} input
   * @returns {Promise<{ identity: string, salt: string, preset: number, verifier: string }>}
   */
  create(input) {
    return this.#call({ op: "create", ...input }, buffers(input.password));
  }

  /**
   * Has the worker do what it can before there is a challenge: draw `A`, take the memory, and with a credential that is
   * known stretch the password for it. What fails is done again when the challenge is there.
   *
   * @param {{ password: PasswordBytes, realm: string, host: string, known: import("./devices.js").Credential }} [input]
   */
  begin(input) {
    if (!this.#broken) this.#port.post({ op: "begin", ...input }, input ? buffers(input.password) : []);
  }

  /**
   * Answers a challenge. Nothing of it has left the worker but `A` and `M1`.
   *
   * @param {{ password: PasswordBytes, realm: string, host: string,
   *   challenge: { identity: string, salt: string, preset: number, B: string } }} input
   * @returns {Promise<{ A: string, M1: string, isOutdated: boolean }>}
   */
  prove(input) {
    return this.#call({ op: "prove", ...input }, buffers(input.password));
  }

  /**
   * Whether the server proved itself for the challenge answered before, and the session is the one it meant.
   *
   * @param {{ M2: string, confirm: string, userId: string, sessionId: string, accessToken: string,
   *   refreshToken?: string, tokenType: string, expiresIn: number, deviceToken?: string | undefined }} input
   * @returns {Promise<boolean>}
   */
  verify(input) {
    return this.#call({ op: "verify", ...input }, []);
  }

  /**
   * Makes a credential and tries both sides of it, as {@link Prover.create}; it stays in the worker, to be sealed.
   *
   * @param {{ password: PasswordBytes, realm: string, host: string }} input
   * @returns {Promise<void>}
   */
  prepare(input) {
    return this.#call({ op: "prepare", ...input }, buffers(input.password));
  }

  /**
   * Answers a challenge, and seals what that authorises: the credential prepared before, or nothing.
   *
   * @param {{ purpose: "change" | "upgrade" | "step_up", sessionId: string, keepOtherSessions: boolean,
   *   password: PasswordBytes, realm: string, host: string,
   *   challenge: { identity: string, salt: string, preset: number, B: string } }} input
   * @returns {Promise<{ A: string, M1: string, sealed: string }>}
   */
  authorise(input) {
    return this.#call({ op: "authorise", ...input }, buffers(input.password));
  }

  /**
   * Whether the server proved itself for what was authorised before.
   *
   * @param {{ M2: string }} input
   * @returns {Promise<boolean>}
   */
  verifyServer(input) {
    return this.#call({ op: "verifyServer", ...input }, []);
  }

  /** Ends the worker, and with it all it knew. */
  end() {
    this.#port.terminate();
  }

  /**
   * @param {object} message
   * @param {ArrayBuffer[]} transfer
   * @returns {Promise<any>}
   */
  #call(message, transfer) {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#port.post(message, transfer);
    });
  }

  /** @param {any} message */
  #hear(message) {
    if (message.phase) {
      this.#onPhase(message.phase);
    } else if (message.error) {
      this.#waiting?.reject(translate(message.error));
    } else {
      this.#waiting?.resolve(message.result);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#broken ??= error;
    this.#waiting?.reject(error);
  }
}

/** @param {PasswordBytes} password */
const buffers = ({ typed, normalised }) => [typed.buffer, normalised.buffer];

/** @param {import("./platform.js").Platform} platform */
const start = (platform) => {
  try {
    return platform.startWorker();
  } catch (cause) {
    throw new TacitError("worker_failed", "The worker could not be started.", { cause });
  }
};

/** @param {{ code: string, cause?: string }} error */
const translate = ({ code, cause }) => {
  const password = PASSWORD_CODES.get(code);
  if (password) {
    const fields = [{ name: "password", code, detail: password }];
    return new Expected(failure("password_invalid", password, { fields }));
  }
  if (code === "out_of_memory")
    return new Expected(failure(code, "There is too little memory to stretch the password."));
  const message = MESSAGES[code];
  if (message) return new TacitError(/** @type {any} */ (code), message, { cause });
  return new TacitError("internal", "The worker failed.", { cause: cause ?? code });
};
