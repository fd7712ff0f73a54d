/**
 * What programs hand in.
 */

import { failure, required } from "./errors.js";

/**
 * A password as the protocol reads it: in UTF-8, as typed and in the platform's NFKC, never trimmed. Half a character
 * is refused here, since UTF-8 has no way to say it.
 *
 * @param {string} password
 * @param {string} [name] of the argument
 */
export const readPassword = (password, name = "password") => {
  required(typeof password === "string", `${name} must be a string.`);
  if (/\p{Surrogate}/u.test(password)) {
    const detail = "The password has half of a character.";
    return failure("password_invalid", detail, { fields: [{ name, code: "password_unassigned", detail }] });
  }
  const utf8 = new TextEncoder();
  const bytes = () => ({ typed: utf8.encode(password), normalised: utf8.encode(password.normalize("NFKC")) });
  return { ok: /** @type {const} */ (true), bytes };
};

/**
 * The values that are there.
 *
 * @param {Record<string, unknown>} values
 */
export const named = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** @param {unknown} value @param {string} name */
export const needText = (value, name) => required(typeof value === "string", `${name} must be a string.`);

/** @param {unknown} value @param {string} name */
export const mayBeText = (value, name) =>
  required(value === undefined || typeof value === "string", `${name} must be a string.`);

/**
 * The mailed secret: that of the link, or the address and the typed code.
 *
 * @param {{ token?: string, authId?: string, code?: string }} input
 * @param {string} operation
 */
export const readSecret = ({ token, authId, code }, operation) => {
  const byLink = token !== undefined && authId === undefined && code === undefined;
  const byCode = token === undefined && authId !== undefined && code !== undefined;
  required(byLink || byCode, `${operation} takes a token, or authId and code.`);
  [token, authId, code].forEach((value) => mayBeText(value, "Each of token, authId and code"));
  return named({ token, auth_id: authId, code });
};
