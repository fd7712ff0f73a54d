/**
 * The client: each operation is a request, a check of its answer, and nothing that the password could leak through.
 */

import { Account } from "./account.js";
import { isCount, isText, readSession, readUser } from "./answers.js";
import { mayBeText, named, needText, readPassword } from "./arguments.js";
import { ByAddress } from "./by-address.js";
import { fetchWithToken } from "./bearer.js";
import { Credentials } from "./credentials.js";
import { Devices } from "./devices.js";
import { expected, required, signedOut } from "./errors.js";
import { Login, refused } from "./login.js";
import { readOptions } from "./options.js";
import { Passwords } from "./passwords.js";
import { Proofs } from "./proofs.js";
import { Reset } from "./reset.js";
import { SessionKeeper, isOver } from "./session.js";
import { Signed } from "./signed.js";
import { StepUp } from "./step-up.js";
import { Wire } from "./wire.js";

export class Client {
  #options;
  #wire;
  #keeper;
  #signed;
  #tickets;
  #devices;
  #credentials;
  #login;
  #passwords;
  #stepUp;
  #reset;
  #account;

  /**
   * @param {import("./index.js").TacitClientOptions} given
   * @param {import("./platform.js").Platform} platform
   */
  constructor(given, platform) {
    const options = readOptions(given, platform);
    this.#options = options;
    this.#wire = new Wire(options.baseUrl, options.timeout);
    this.#keeper = new SessionKeeper(options, platform, this.#wire);
    this.#signed = new Signed(this.#keeper, this.#wire);
    const storage = options.storage ?? platform.storage;
    // A ticket tells the server that this device knows of the sign-up: without it, a login for an address that is not
    // activated looks like one for an address nobody has.
    this.#tickets = new ByAddress(options.baseUrl, "tickets", storage);
    // The token of an earlier login keeps those who guess at the address from shutting this device out.
    this.#devices = new Devices(options.baseUrl, storage);
    this.#credentials = new Credentials(options, platform);
    this.#login = new Login(options, platform, this.#wire);
    const proofs = new Proofs(options, platform, this.#signed);
    this.#passwords = new Passwords(proofs);
    this.#stepUp = new StepUp(proofs, this.#signed, options.onStepUp);
    this.#reset = new Reset(options, this.#wire, this.#credentials);
    this.#account = new Account(options, this.#wire, this.#signed, this.#stepUp);
    this.sessions = Object.freeze({
      list: (/** @type {{ limit?: number, offset?: number }} */ page = {}) => this.#listSessions(page),
      revoke: (/** @type {{ id: string }} */ session) => this.#revokeSession(session),
    });
  }

  get baseUrl() {
    return this.#options.baseUrl;
  }

  get realm() {
    return this.#options.realm;
  }

  get user() {
    return this.#keeper.current?.user ?? null;
  }

  /** @returns {Promise<import("./index.js").SettingsResult>} */
  async settings() {
    const answer = await this.#wire.send({ method: "GET", path: "/v1/auth/settings" });
    if (!answer.ok) return answer;
    const { realm, registration_enabled, mfa_available, password_bridge } = answer.body ?? {};
    expected(isText(realm), "realm");
    const settings = {
      realm,
      registrationEnabled: registration_enabled === true,
      mfaAvailable: mfa_available === true,
      passwordBridge: password_bridge === true,
    };
    return { ok: true, settings };
  }

  /**
   * @param {{ authId: string }} input
   * @returns {Promise<import("./index.js").SignUpCheckResult>}
   */
  async checkSignUp({ authId }) {
    needText(authId, "authId");
    const answer = await this.#post("/api/auth/srp/sign-up/check", { auth_id: authId });
    if (!answer.ok) return answer;
    const availability = answer.body?.availability;
    expected(availability === "undisclosed" || availability === "available", "availability");
    return { ok: true, availability };
  }

  /**
   * @param {{ authId: string, password: string, displayName?: string, language?: string }} input
   * @returns {Promise<import("./index.js").SignUpResult>}
   */
  async signUp({ authId, password, displayName, language }) {
    needText(authId, "authId");
    mayBeText(displayName, "displayName");
    mayBeText(language, "language");
    const made = await this.#credentials.make(password, "signUp");
    if (!made.ok) return made;
    this.#phase("sending", "signUp");
    const body = { auth_id: authId, credential: made.credential, ...named({ display_name: displayName, language }) };
    const answer = await this.#post("/api/auth/srp/sign-up", body);
    if (!answer.ok) return answer;
    const { ticket, expires_in: expiresIn, resend_after: resendAfter } = answer.body ?? {};
    expected(isText(ticket) && isCount(expiresIn) && isCount(resendAfter), "ticket");
    await this.#tickets.keep(authId, ticket, expiresIn);
    return { ok: true, ticket, expiresIn, resendAfter };
  }

  /**
   * @param {{ token?: string, authId?: string, code?: string, password?: string }} input
   * @returns {Promise<import("./index.js").ActivateResult>}
   */
  async activate({ token, authId, code, password }) {
    const byLink = token !== undefined && authId === undefined && code === undefined;
    const byCode = token === undefined && authId !== undefined && code !== undefined;
    required(byLink || byCode, "activate takes a token, or authId and code.");
    [token, authId, code].forEach((value) => mayBeText(value, "Each of token, authId and code"));
    /** @type {Record<string, unknown>} */
    const body = named({ token, auth_id: authId, code });
    if (password !== undefined) {
      const made = await this.#credentials.make(password, "activate");
      if (!made.ok) return made;
      body["credential"] = made.credential;
    }
    this.#phase("sending", "activate");
    const answer = await this.#post("/api/auth/srp/sign-up/activate", body);
    if (!answer.ok) return answer;
    const activated = answer.body?.auth_id;
    expected(isText(activated), "address");
    await this.#tickets.drop(activated);
    return { ok: true, authId: activated };
  }

  /**
   * @param {{ authId: string, ticket?: string }} input
   * @returns {Promise<import("./index.js").ResendActivationResult>}
   */
  async resendActivation({ authId, ticket }) {
    needText(authId, "authId");
    mayBeText(ticket, "ticket");
    const shown = ticket ?? (await this.#tickets.find(authId));
    const answer = await this.#post("/api/auth/srp/sign-up/verification", {
      auth_id: authId,
      ...named({ ticket: shown }),
    });
    if (!answer.ok) return answer;
    const resendAfter = answer.body?.resend_after;
    expected(isCount(resendAfter), "waiting time");
    return { ok: true, resendAfter };
  }

  /**
   * @param {{ authId: string, password: string, deviceName?: string }} input
   * @returns {Promise<import("./index.js").LoginResult>}
   */
  async login({ authId, password, deviceName }) {
    needText(authId, "authId");
    mayBeText(deviceName, "deviceName");
    const text = readPassword(password);
    if (!text.ok) return refused(text);
    const [ticket, device] = [await this.#tickets.find(authId), await this.#devices.find(authId)];
    const proved = await this.#login.run({ authId, password: text.bytes, deviceName, ticket, device });
    if (!proved.ok) return refused(proved);
    const user = { id: proved.userId, email: authId.trim() };
    await this.#keeper.open(user, proved.sessionId, proved.tokens);
    await this.#tickets.drop(authId);
    const { deviceToken: token = device?.token, credential, isOutdated } = proved;
    // A credential that is renewed right away is not worth remembering.
    if (token !== undefined) await this.#devices.keep(authId, isOutdated ? { token } : { token, credential });
    // After the login, which it need not delay: two more stretchings. The bytes of the password are erased with them.
    const upgrade = isOutdated ? { upgrade: this.#passwords.upgrade(text.bytes, proved.sessionId) } : {};
    return { ok: true, status: "signed_in", user, session: { id: proved.sessionId }, serverProved: true, ...upgrade };
  }

  /** @returns {Promise<import("./index.js").RestoreResult>} */
  async restore() {
    if (!(await this.#keeper.record())) return signedOut();
    const token = await this.#keeper.accessToken();
    if (!token.ok) return token;
    const current = this.#keeper.current;
    return current ? { ok: true, ...current } : signedOut();
  }

  /** @returns {Promise<import("./index.js").RefreshResult>} */
  refresh() {
    return this.#keeper.renew();
  }

  /** @returns {Promise<import("./index.js").AccessTokenResult>} */
  getAccessToken() {
    return this.#keeper.accessToken();
  }

  /** @returns {Promise<import("./index.js").LogoutResult>} */
  async logout() {
    const cookie = this.#options.delivery === "cookie";
    const answer = await this.#signed.send({ method: "POST", path: "/api/auth/sessions/logout", cookie });
    if (!answer.ok && answer.code === "signed_out") return { ok: true };
    // A session that the server ended before is as good as logged out.
    if (!answer.ok && !isOver(answer)) return answer;
    if (await this.#keeper.record()) await this.#keeper.leave("signed_out");
    return { ok: true };
  }

  /** @returns {Promise<import("./index.js").LogoutOthersResult>} */
  async logoutOthers() {
    const answer = await this.#signed.send({ method: "POST", path: "/api/auth/sessions/logout-all" });
    if (!answer.ok) return answer;
    const ended = answer.body?.ended;
    expected(isCount(ended), "count");
    return { ok: true, ended };
  }

  /**
   * @param {{ currentPassword: string, newPassword: string, keepOtherSessions?: boolean }} input
   * @returns {Promise<import("./index.js").ChangePasswordResult>}
   */
  async changePassword(input) {
    const changed = await this.#passwords.change(input);
    // Devices count as new from now on.
    if (changed.ok && this.user) await this.#devices.drop(this.user.email);
    return changed;
  }

  /**
   * @param {{ password: string }} input
   * @returns {Promise<import("./index.js").StepUpResult>}
   */
  stepUp(input) {
    return this.#stepUp.run(input);
  }

  /**
   * @param {{ authId: string }} input
   * @returns {Promise<import("./index.js").RequestResetResult>}
   */
  requestReset(input) {
    return this.#reset.request(input);
  }

  /**
   * @param {{ token?: string, authId?: string, code?: string }} input
   * @returns {Promise<import("./index.js").ValidateResetResult>}
   */
  validateReset(input) {
    return this.#reset.validate(input);
  }

  /**
   * @param {{ token?: string, authId?: string, code?: string, password: string }} input
   * @returns {Promise<import("./index.js").CompleteResetResult>}
   */
  async completeReset(input) {
    const completed = await this.#reset.complete(input);
    if (completed.ok) await this.#devices.drop(completed.authId);
    return completed;
  }

  /**
   * @param {{ displayName?: string, language?: string, email?: string }} input
   * @returns {Promise<import("./index.js").UpdateProfileResult>}
   */
  updateProfile(input) {
    return this.#account.update(input);
  }

  /**
   * @param {{ token: string }} input
   * @returns {Promise<import("./index.js").EmailChangeResult>}
   */
  confirmEmail(input) {
    return this.#account.settleEmail("confirm", input);
  }

  /**
   * @param {{ token: string }} input
   * @returns {Promise<import("./index.js").EmailChangeResult>}
   */
  undoEmail(input) {
    return this.#account.settleEmail("undo", input);
  }

  /** @returns {Promise<import("./index.js").ExportDataResult>} */
  exportData() {
    return this.#account.export();
  }

  /** @returns {Promise<import("./index.js").DeleteAccountResult>} */
  async deleteAccount() {
    const user = this.user;
    const deleted = await this.#account.delete();
    if (!deleted.ok) return deleted;
    if (user) await this.#devices.drop(user.email);
    if (await this.#keeper.record()) await this.#keeper.leave("signed_out");
    return { ok: true };
  }

  /** @returns {Promise<import("./index.js").MeResult>} */
  async me() {
    const answer = await this.#signed.send({ method: "GET", path: "/v1/auth/me" });
    if (!answer.ok) return answer;
    return { ok: true, user: readUser(answer.body?.user), session: readSession(answer.body?.session) };
  }

  /**
   * @param {string | URL | Request} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  async fetch(input, init) {
    const target = input instanceof Request ? input : new URL(input, `${this.baseUrl}/`);
    return fetchWithToken(this.#keeper, this.#options.tokenOrigins, new Request(target, init));
  }

  /** @param {(event: import("./index.js").ChangeEvent) => void} listener */
  onChange(listener) {
    required(typeof listener === "function", "onChange takes a function.");
    return this.#keeper.listen(listener);
  }

  /** @param {(event: import("./index.js").WireEvent) => void} listener */
  onWire(listener) {
    required(typeof listener === "function", "onWire takes a function.");
    return this.#wire.listen(listener);
  }

  close() {
    this.#keeper.close();
  }

  /**
   * @param {{ limit?: number, offset?: number }} page
   * @returns {Promise<import("./index.js").SessionListResult>}
   */
  async #listSessions({ limit, offset }) {
    required(limit === undefined || isCount(limit), "limit must be a count.");
    required(offset === undefined || isCount(offset), "offset must be a count.");
    const query = Object.entries(named({ limit, offset })).map(([name, value]) => `${name}=${value}`);
    const path = query.length > 0 ? `/v1/sessions?${query.join("&")}` : "/v1/sessions";
    const answer = await this.#signed.send({ method: "GET", path });
    if (!answer.ok) return answer;
    const { sessions, count } = answer.body ?? {};
    expected(Array.isArray(sessions) && isCount(count), "list of sessions");
    return { ok: true, sessions: sessions.map(readSession), count };
  }

  /**
   * @param {{ id: string }} session
   * @returns {Promise<import("./index.js").RevokeResult>}
   */
  async #revokeSession({ id }) {
    needText(id, "id");
    const own = this.#keeper.current?.session.id === id;
    const answer = await this.#signed.send({ method: "DELETE", path: `/v1/sessions/${encodeURIComponent(id)}` });
    if (!answer.ok) return answer;
    if (own) await this.#keeper.leave("signed_out");
    return { ok: true };
  }

  /**
   * @param {import("./index.js").Phase} phase
   * @param {import("./index.js").PhasedOperation} operation
   */
  #phase(phase, operation) {
    this.#options.onPhase(phase, operation);
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} body
   */
  #post(path, body) {
    return this.#wire.send({ method: "POST", path, body });
  }
}
