/**
 * JSON under one name in the store that was configured, or in memory.
 *
 * A store that fails (full, forbidden, private browsing) costs only what it was for: the client goes on from memory.
 *
 * @template Value
 */
export class Shelf {
  #key;
  #storage;
  /** @type {string | null} */
  #memory = null;

  /**
   * @param {string} baseUrl keeps two servers apart
   * @param {string} name
   * @param {import("./index.js").TacitStorage | undefined} storage
   */
  constructor(baseUrl, name, storage) {
    this.#key = `tacit:${baseUrl}:${name}`;
    this.#storage = storage;
  }

  /** @returns {Promise<Value | null>} `null` where there is nothing, or nothing legible */
  async read() {
    try {
      const text = this.#storage ? await this.#storage.getItem(this.#key) : this.#memory;
      return text ? JSON.parse(text) : null;
    } catch {
      return this.#memory ? JSON.parse(this.#memory) : null;
    }
  }

  /** @param {Value} value */
  async write(value) {
    const text = JSON.stringify(value);
    this.#memory = text;
    try {
      await this.#storage?.setItem(this.#key, text);
    } catch {
      this.#storage = undefined;
    }
  }

  async clear() {
    this.#memory = null;
    try {
      await this.#storage?.removeItem(this.#key);
    } catch {
      this.#storage = undefined;
    }
  }
}
