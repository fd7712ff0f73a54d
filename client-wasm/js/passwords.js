/**
 * Another password for the account, or the same one with the stretching of today.
 */

import { readPassword } from "./arguments.js";
import { TacitError, failure, required } from "./errors.js";

export class Passwords {
  #proofs;

  /** @param {import("./proofs.js").Proofs} proofs */
  constructor(proofs) {
    this.#proofs = proofs;
  }

  /**
   * @param {{ currentPassword: string, newPassword: string, keepOtherSessions?: boolean }} input
   * @returns {Promise<import("./index.js").ChangePasswordResult>}
   */
  async change({ currentPassword, newPassword, keepOtherSessions = false }) {
    required(typeof keepOtherSessions === "boolean", "keepOtherSessions must be true or false.");
    const current = readPassword(currentPassword, "currentPassword");
    if (!current.ok) return current;
    const next = readPassword(newPassword, "newPassword");
    if (!next.ok) return next;
    const changed = await this.#proofs.authorise({
      purpose: "change",
      password: current.bytes,
      newPassword: next.bytes,
      keepOtherSessions,
    });
    return changed.ok ? { ok: true, serverProved: true } : changed;
  }

  /**
   * Puts a credential with today's stretching in the place of an outdated one. Nobody asked for it, so whatever goes
   * wrong is a value: the next login tries again.
   *
   * @param {() => import("./prover.js").PasswordBytes} password
   * @param {string} sessionId the session of the login
   * @returns {Promise<import("./index.js").UpgradeResult>}
   */
  async upgrade(password, sessionId) {
    try {
      const renewed = await this.#proofs.authorise({ purpose: "upgrade", password, newPassword: password, sessionId });
      return renewed.ok ? { ok: true } : renewed;
    } catch (error) {
      if (error instanceof TacitError) return failure(error.code, error.message);
      return failure("internal", "The credential could not be renewed.");
    }
  }
}
