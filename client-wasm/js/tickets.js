/**
 * Remembers the tickets of sign-ups that were not activated yet.
 *
 * A ticket tells the server that this device knows of the sign-up; without it, a login for an address that is not
 * activated looks like one for an address nobody has.
 */

import { Shelf } from "./shelf.js";

/** Sign-ups remembered at once; the oldest goes first. */
const LIMIT = 8;

/** @typedef {{ authId: string, ticket: string, expiresAt: number }} TicketRecord */

export class Tickets {
  /** @type {Shelf<TicketRecord[]>} */
  #shelf;

  /**
   * @param {string} baseUrl
   * @param {import("./index.js").TacitStorage | undefined} storage
   */
  constructor(baseUrl, storage) {
    this.#shelf = new Shelf(baseUrl, "tickets", storage);
  }

  /**
   * @param {string} authId
   * @returns {Promise<string | undefined>}
   */
  async find(authId) {
    return (await this.#list()).find((record) => same(record.authId, authId))?.ticket;
  }

  /**
   * @param {string} authId
   * @param {string} ticket
   * @param {number} expiresIn in seconds
   */
  async keep(authId, ticket, expiresIn) {
    const others = (await this.#list()).filter((record) => !same(record.authId, authId));
    const expiresAt = Date.now() + expiresIn * 1000;
    await this.#shelf.write([...others, { authId, ticket, expiresAt }].slice(-LIMIT));
  }

  /** @param {string} authId */
  async drop(authId) {
    const all = await this.#list();
    const others = all.filter((record) => !same(record.authId, authId));
    if (others.length === all.length) return;
    await (others.length > 0 ? this.#shelf.write(others) : this.#shelf.clear());
  }

  async #list() {
    const records = await this.#shelf.read();
    return Array.isArray(records) ? records.filter((record) => record?.expiresAt > Date.now()) : [];
  }
}

/**
 * Whether two spellings are one address, near enough to find a ticket: what counts is the server's rule.
 *
 * @param {string} left
 * @param {string} right
 */
const same = (left, right) => left.trim().toLowerCase() === right.trim().toLowerCase();
