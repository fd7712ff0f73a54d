/**
 * A set of functions to call.
 *
 * @template Event
 */
export class Listeners {
  /** @type {Set<(event: Event) => void>} */
  #all = new Set();

  /**
   * @param {(event: Event) => void} listener
   * @returns {() => void} removes it again
   */
  add(listener) {
    // Wrapped, so that a function added twice is called twice and removed once.
    const entry = (/** @type {Event} */ event) => listener(event);
    this.#all.add(entry);
    return () => void this.#all.delete(entry);
  }

  /**
   * Calls every listener.
   *
   * @param {Event} event
   */
  emit(event) {
    for (const listener of [...this.#all]) isolated(() => listener(event));
  }
}

/**
 * Calls a function of the program; what it throws surfaces as uncaught, and stops nothing here.
 *
 * @param {() => void} call
 */
export const isolated = (call) => {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
};
