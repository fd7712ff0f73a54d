/**
 * From the server's JSON, in its own spelling, to what callers get; nothing passes that has not the right shape.
 */

import { expected } from "./errors.js";

/**
 * @param {any} body
 * @returns {import("./index.js").User}
 */
export const readUser = (body) => {
  const { id, email, display_name, language, role, is_email_verified, created_at } = body ?? {};
  expected(isText(id) && isText(email) && isText(language) && isText(role) && isText(created_at), "user");
  return {
    id,
    email,
    ...given("displayName", display_name),
    language,
    role,
    isEmailVerified: is_email_verified === true,
    createdAt: created_at,
  };
};

/**
 * @param {any} body
 * @returns {import("./index.js").Session}
 */
export const readSession = (body) => {
  const { id, current, created_at, last_seen_at, expires_at, user_agent, ip_address, device_name, amr, provider } = body ?? {};
  expected(isText(id) && isText(created_at) && isText(last_seen_at) && isText(expires_at), "session");
  return {
    id,
    current: current === true,
    createdAt: created_at,
    lastSeenAt: last_seen_at,
    expiresAt: expires_at,
    ...given("userAgent", user_agent),
    ...given("ipAddress", ip_address),
    ...given("deviceName", device_name),
    amr: Array.isArray(amr) ? amr.map(String) : [],
    ...given("provider", provider),
  };
};

/**
 * @param {any} body
 * @returns {import("./index.js").Identity}
 */
export const readIdentity = (body) => {
  const { id, provider, label, email, created_at, last_used_at } = body ?? {};
  expected(isText(id) && isText(provider) && isText(label), "identity");
  expected(isText(created_at) && isText(last_used_at), "identity");
  return { id, provider, label, ...given("email", email), createdAt: created_at, lastUsedAt: last_used_at };
};

/**
 * @param {any} body
 * @returns {import("./index.js").Settings}
 */
export const readSettings = (body) => {
  const { realm, registration_enabled, mfa_available, password_bridge } = body ?? {};
  expected(isText(realm), "realm");
  return {
    realm,
    registrationEnabled: registration_enabled === true,
    mfaAvailable: mfa_available === true,
    passwordBridge: password_bridge === true,
  };
};

/**
 * The challenge of a login, as far as its shape goes; the wasm judges its values.
 *
 * @param {any} body
 */
export const readChallenge = (body) => {
  const { handshake, identity, salt, preset, B } = body ?? {};
  expected(isText(handshake) && isText(identity) && isText(salt) && isText(B), "challenge");
  expected(isCount(preset), "preset");
  return { handshake, challenge: { identity, salt, preset, B } };
};

/** @param {unknown} value @returns {value is string} */
export const isText = (value) => typeof value === "string" && value !== "";

/** @param {unknown} value @returns {value is number} a number that the wasm takes as it is */
export const isCount = (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff_ffff;

/**
 * @template {string} Name
 * @param {Name} name
 * @param {unknown} value
 * @returns {{ [name in Name]?: string }}
 */
const given = (name, value) => /** @type {any} */ (isText(value) ? { [name]: value } : {});

/** @typedef {{ accessToken: string, refreshToken?: string, tokenType: "Bearer", expiresIn: number }} Tokens */

/**
 * @param {any} tokens as they came
 * @param {import("./index.js").RefreshDelivery} delivery
 * @returns {Tokens}
 */
export const readTokens = (tokens, delivery) => {
  const {
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: tokenType,
    expires_in: expiresIn,
  } = tokens ?? {};
  expected(typeof accessToken === "string" && accessToken !== "", "access token");
  expected(tokenType === "Bearer", "token type");
  expected(Number.isInteger(expiresIn) && expiresIn > 0 && expiresIn <= 0xffff_ffff, "lifetime");
  expected(delivery === "body" ? typeof refreshToken === "string" : true, "refresh token");
  expected(refreshToken === undefined || typeof refreshToken === "string", "refresh token");
  return { accessToken, refreshToken, tokenType, expiresIn };
};
