/**
 * What can go wrong: values for what a careful program meets, exceptions for what it never should.
 */

/** Thrown for misuse and for servers that break the protocol; `code` is stable. */
export class TacitError extends Error {
  /**
   * @param {import("./index.js").TacitErrorCode} code
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = /** @type {const} */ ("TacitError");
    this.code = code;
  }
}

/**
 * An expected failure.
 *
 * @param {string} code
 * @param {string} detail
 * @param {{ httpStatus?: number, retryAfter?: number, fields?: import("./index.js").FieldProblem[], mayBeDone?: true }} [more]
 * @returns {import("./index.js").Failure}
 */
export const failure = (code, detail, more) => ({ ok: false, code, detail, ...more });

/** @returns {import("./index.js").Failure} */
export const signedOut = () => failure("signed_out", "There is no session.");

/**
 * Throws unless `holds`; for arguments a program gave.
 *
 * @param {unknown} holds
 * @param {string} message
 * @returns {asserts holds}
 */
export function required(holds, message) {
  if (!holds) throw new TacitError("invalid_argument", message);
}

/**
 * Throws unless `holds`; for what a server answered with success.
 *
 * @param {unknown} holds
 * @param {string} what
 * @returns {asserts holds}
 */
export function expected(holds, what) {
  if (!holds) throw new TacitError("response_invalid", `The server's answer has no valid ${what}.`);
}

/**
 * For an answer of somebody who did not show that they hold the verifier.
 *
 * @param {unknown} [cause]
 * @param {string} [what] became of it
 */
export const notProved = (cause, what = "so its answer was thrown away") =>
  new TacitError("server_not_proved", `The server did not prove itself, ${what}.`, { cause });
