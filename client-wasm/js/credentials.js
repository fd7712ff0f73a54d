/**
 * Credentials made from a password, for bodies that carry them openly: to a server that knows nothing of the person yet.
 */

import { readPassword } from "./arguments.js";
import { Prover, asFailure } from "./prover.js";

export class Credentials {
  #options;
  #platform;

  /**
   * @param {ReturnType<typeof import("./options.js").readOptions>} options
   * @param {import("./platform.js").Platform} platform
   */
  constructor(options, platform) {
    this.#options = options;
    this.#platform = platform;
  }

  /**
   * @param {string} password
   * @param {import("./index.js").PhasedOperation} operation
   */
  async make(password, operation) {
    const text = readPassword(password);
    if (!text.ok) return text;
    const { realm, host, onPhase } = this.#options;
    const prover = new Prover(this.#platform, (phase) => onPhase(phase, operation));
    try {
      const credential = await prover.create({ password: text.bytes(), realm, host });
      return { ok: /** @type {const} */ (true), credential };
    } catch (error) {
      return asFailure(error);
    } finally {
      prover.end();
    }
  }
}
