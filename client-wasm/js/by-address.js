/**
 * Remembers something for each of a few addresses: the tickets of sign-ups, the tokens that make this device known.
 */

import { Shelf } from "./shelf.js";

/** Addresses remembered at once; the oldest goes first. */
const LIMIT = 8;

/** @typedef {{ authId: string, value: string, expiresAt: number }} AddressRecord */

export class ByAddress {
  /** @type {Shelf<AddressRecord[]>} */
  #shelf;

  /**
   * @param {string} baseUrl
   * @param {string} name
   * @param {import("./index.js").TacitStorage | undefined} storage
   */
  constructor(baseUrl, name, storage) {
    this.#shelf = new Shelf(baseUrl, name, storage);
  }

  /**
   * @param {string} authId
   * @returns {Promise<string | undefined>}
   */
  async find(authId) {
    return (await this.#list()).find((record) => same(record.authId, authId))?.value;
  }

  /**
   * @param {string} authId
   * @param {string} value
   * @param {number} expiresIn in seconds
   */
  async keep(authId, value, expiresIn) {
    const others = (await this.#list()).filter((record) => !same(record.authId, authId));
    const expiresAt = Date.now() + expiresIn * 1000;
    await this.#shelf.write([...others, { authId, value, expiresAt }].slice(-LIMIT));
  }

  /**
   * Remembers for another address what it remembered for one.
   *
   * @param {string} from
   * @param {string} to
   */
  async move(from, to) {
    const all = await this.#list();
    const others = all.filter((record) => !same(record.authId, to) && !same(record.authId, from));
    const moved = all.filter((record) => same(record.authId, from)).map((record) => ({ ...record, authId: to }));
    if (moved.length > 0) await this.#shelf.write([...others, ...moved]);
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
    return Array.isArray(records) ? records.filter(isWhole) : [];
  }
}

/** @param {any} record */
const isWhole = (record) =>
  record?.expiresAt > Date.now() && typeof record.authId === "string" && typeof record.value === "string";

/**
 * Whether two spellings are one address, near enough to find a record: what counts is the server's rule.
 *
 * @param {string} left
 * @param {string} right
 */
const same = (left, right) => left.trim().toLowerCase() === right.trim().toLowerCase();
