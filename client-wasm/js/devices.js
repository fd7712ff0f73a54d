/**
 * What a device remembers of those who logged in on it: the token that makes it known to the server, and what their password
 * was stretched for, so that it can be stretched again before the server has said so.
 *
 * Both are given to whoever asks for the address (identity, salt, preset) or are of use with the password only (the token).
 * They are kept together and go together.
 */

import { isText } from "./answers.js";
import { ByAddress } from "./by-address.js";

/** How long the server knows a device that does not log in, in seconds. */
const LIFE = 365 * 24 * 60 * 60;

/**
 * What a password is stretched for.
 *
 * @typedef {{ identity: string, salt: string, preset: number }} Credential
 */

/** @typedef {{ token: string, credential?: Credential | undefined }} Device */

/**
 * @param {Credential | null | undefined} one
 * @param {Credential} other
 */
export const isSame = (one, other) =>
  one?.identity === other.identity && one.salt === other.salt && one.preset === other.preset;

export class Devices {
  #records;

  /**
   * @param {string} baseUrl
   * @param {import("./index.js").TacitStorage | undefined} storage
   */
  constructor(baseUrl, storage) {
    this.#records = new ByAddress(baseUrl, "devices", storage);
  }

  /**
   * @param {string} authId
   * @returns {Promise<Device | undefined>}
   */
  async find(authId) {
    const text = await this.#records.find(authId);
    try {
      const { token, credential } = JSON.parse(text ?? "{}");
      return isText(token) ? { token, credential } : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * @param {string} authId
   * @param {Device} device
   */
  keep(authId, device) {
    return this.#records.keep(authId, JSON.stringify(device), LIFE);
  }

  /**
   * @param {string} from
   * @param {string} to
   */
  move(from, to) {
    return this.#records.move(from, to);
  }

  /** @param {string} authId */
  drop(authId) {
    return this.#records.drop(authId);
  }
}
