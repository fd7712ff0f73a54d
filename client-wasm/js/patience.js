/**
 * What is worth a second try, and how long to wait for it.
 */

/** The handshake is gone: it took too long, or its server was started anew. A new one is worth a try. */
const LOST = new Set(["handshake_expired", "handshake_invalid", "handshake_spent"]);

/** How often a step is sent again while the server has no room for it. */
const BUSY_TURNS = 3;

/** Longer waits, in seconds, are for the program to decide. */
const BUSY_PATIENCE = 3;

/**
 * Goes through a handshake, once more where it was lost.
 *
 * @template {{ ok: true }} Success
 * @param {() => Promise<Success | import("./index.js").Failure>} handshake
 */
export const twice = async (handshake) => {
  const first = await handshake();
  return !first.ok && LOST.has(first.code) ? handshake() : first;
};

/**
 * Sends a step, again where the server had no room for it: that spends nothing.
 *
 * @template {{ ok: true }} Answer
 * @param {() => Promise<Answer | import("./index.js").Failure>} send
 */
export const patiently = async (send) => {
  let answer = await send();
  for (let turn = 0; turn < BUSY_TURNS && !answer.ok && answer.code === "srp_busy"; turn += 1) {
    const { retryAfter = 1 } = answer;
    if (retryAfter > BUSY_PATIENCE) break;
    // Spread out, or all who were turned away together would come again together.
    await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000 * (0.5 + Math.random())));
    answer = await send();
  }
  return answer;
};
