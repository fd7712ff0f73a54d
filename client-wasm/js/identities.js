/**
 * The person's identities at providers, and the first password of an account that such an identity made.
 */

import { readIdentity } from "./answers.js";
import { needText } from "./arguments.js";
import { expected } from "./errors.js";

const PATH = "/v1/identities";

/**
 * @param {import("./signed.js").Signed} signed
 * @param {import("./step-up.js").StepUp} stepUp
 * @param {import("./providers.js").Providers} providers
 */
export const identitiesOf = (signed, stepUp, providers) =>
  Object.freeze({
    list: () => list(signed),
    link: (/** @type {string} */ provider, /** @type {import("./providers.js").How} */ how = {}) =>
      providers.link(provider, how),
    unlink: (/** @type {{ id: string }} */ identity) => unlink(stepUp, identity),
  });

/**
 * @param {import("./signed.js").Signed} signed
 * @returns {Promise<import("./index.js").IdentityListResult>}
 */
const list = async (signed) => {
  const answer = await signed.send({ method: "GET", path: PATH });
  if (!answer.ok) return answer;
  const { identities, has_password } = answer.body ?? {};
  expected(Array.isArray(identities) && typeof has_password === "boolean", "list of identities");
  return { ok: true, identities: identities.map(readIdentity), hasPassword: has_password };
};

/**
 * @param {import("./step-up.js").StepUp} stepUp
 * @param {{ id: string }} identity
 * @returns {Promise<import("./index.js").UnlinkResult>}
 */
const unlink = async (stepUp, { id }) => {
  needText(id, "id");
  const answer = await stepUp.send({ method: "DELETE", path: `${PATH}/${encodeURIComponent(id)}` });
  return answer.ok ? { ok: true } : answer;
};

/**
 * @param {import("./credentials.js").Credentials} credentials
 * @param {import("./step-up.js").StepUp} stepUp
 * @param {string} password
 * @returns {Promise<import("./index.js").SetPasswordResult>}
 */
export const setPassword = async (credentials, stepUp, password) => {
  const made = await credentials.make(password, "setPassword");
  if (!made.ok) return made;
  const body = { credential: made.credential };
  const doubt = "whether the password was set";
  const answer = await stepUp.send({ method: "POST", path: "/api/auth/srp/password/set", body, doubt });
  return answer.ok ? { ok: true } : answer;
};
