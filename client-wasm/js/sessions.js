/**
 * The person's sessions, as they see and end them.
 */

import { isCount, readSession } from "./answers.js";
import { named, needText } from "./arguments.js";
import { expected, required } from "./errors.js";

/**
 * @param {import("./session.js").SessionKeeper} keeper
 * @param {import("./signed.js").Signed} signed
 */
export const sessionsOf = (keeper, signed) =>
  Object.freeze({
    list: (/** @type {{ limit?: number, offset?: number }} */ page = {}) => list(signed, page),
    revoke: (/** @type {{ id: string }} */ session) => revoke(keeper, signed, session),
  });

/**
 * @param {import("./signed.js").Signed} signed
 * @param {{ limit?: number, offset?: number }} page
 * @returns {Promise<import("./index.js").SessionListResult>}
 */
const list = async (signed, { limit, offset }) => {
  required(limit === undefined || isCount(limit), "limit must be a count.");
  required(offset === undefined || isCount(offset), "offset must be a count.");
  const query = Object.entries(named({ limit, offset })).map(([name, value]) => `${name}=${value}`);
  const path = query.length > 0 ? `/v1/sessions?${query.join("&")}` : "/v1/sessions";
  const answer = await signed.send({ method: "GET", path });
  if (!answer.ok) return answer;
  const { sessions, count } = answer.body ?? {};
  expected(Array.isArray(sessions) && isCount(count), "list of sessions");
  return { ok: true, sessions: sessions.map(readSession), count };
};

/**
 * @param {import("./session.js").SessionKeeper} keeper
 * @param {import("./signed.js").Signed} signed
 * @param {{ id: string }} session
 * @returns {Promise<import("./index.js").RevokeResult>}
 */
const revoke = async (keeper, signed, { id }) => {
  needText(id, "id");
  const own = keeper.current?.session.id === id;
  const answer = await signed.send({ method: "DELETE", path: `/v1/sessions/${encodeURIComponent(id)}` });
  if (!answer.ok) return answer;
  if (own) await keeper.leave("signed_out");
  return { ok: true };
};
