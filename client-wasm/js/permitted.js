/**
 * Things of the browser that it may not let a page have: where storage is blocked, the very asking throws.
 */

/**
 * @template T
 * @param {() => T} ask
 * @returns {T | undefined} nothing where the browser forbids it, or has no such thing
 */
export const permitted = (ask) => {
  try {
    return ask();
  } catch {
    return undefined;
  }
};
