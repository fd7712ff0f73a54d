/**
 * The client: each operation is a request, a check of its answer, and nothing that the password could leak through.
 */

import { Account } from "./account.js";
import { isCount, isText, readSession, readSettings, readUser } from "./answers.js";
import { mayBeText, named, needText, readPassword } from "./arguments.js";
import { ByAddress } from "./by-address.js";
import { fetchWithToken } from "./bearer.js";
import { Credentials } from "./credentials.js";
import { Devices } from "./devices.js";
import { expected, required, signedOut } from "./errors.js";
import { identitiesOf, setPassword } from "./identities.js";
import { Login, refused } from "./login.js";
import { readOptions } from "./options.js";
import { Passwords } from "./passwords.js";
import { Proofs } from "./proofs.js";
import { Providers } from "./providers.js";
import { Reset } from "./reset.js";
import { SessionKeeper } from "./session.js";
import { sessionsOf } from "./sessions.js";
import { Signed } from "./signed.js";
import { SignedVisits } from "./signed-visits.js";
import { SignUp } from "./sign-up.js";
import { StepUp } from "./step-up.js";
import { Visits } from "./visits.js";
import { Wire } from "./wire.js";

export class Client {
  #options;
  #wire;
  #keeper;
  #signed;
  #tickets;
  #devices;
  #credentials;
  #signUp;
  #login;
  #passwords;
  #stepUp;
  #signedVisits;
  #providers;
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
    this.#signUp = new SignUp(options, this.#wire, this.#credentials, this.#tickets);
    this.#login = new Login(options, platform, this.#wire);
    const proofs = new Proofs(options, platform, this.#signed);
    this.#passwords = new Passwords(proofs);
    const visits = new Visits(options, platform.page);
    this.#signedVisits = new SignedVisits(visits, this.#signed);
    this.#stepUp = new StepUp(proofs, this.#signed, this.#signedVisits, options.onStepUp);
    this.#providers = new Providers(options, this.#wire, this.#keeper, this.#stepUp, visits, this.#signedVisits);
    this.identities = identitiesOf(this.#signed, this.#stepUp, this.#providers);
    this.#reset = new Reset(options, this.#wire, this.#credentials);
    this.#account = new Account(options, this.#wire, this.#signed, this.#stepUp);
    this.sessions = sessionsOf(this.#keeper, this.#signed);
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
    return answer.ok ? { ok: true, settings: readSettings(answer.body) } : answer;
  }

  /**
   * @param {{ authId: string }} input
   * @returns {Promise<import("./index.js").SignUpCheckResult>}
   */
  checkSignUp(input) {
    return this.#signUp.check(input);
  }

  /**
   * @param {{ authId: string, password: string, displayName?: string, language?: string }} input
   * @returns {Promise<import("./index.js").SignUpResult>}
   */
  signUp(input) {
    return this.#signUp.run(input);
  }

  /**
   * @param {{ token?: string, authId?: string, code?: string, password?: string }} input
   * @returns {Promise<import("./index.js").ActivateResult>}
   */
  activate(input) {
    return this.#signUp.activate(input);
  }

  /**
   * @param {{ authId: string, ticket?: string }} input
   * @returns {Promise<import("./index.js").ResendActivationResult>}
   */
  resendActivation(input) {
    return this.#signUp.resend(input);
  }

  /**
   * @param {{ authId: string, password: string, deviceName?: string, rememberDevice?: boolean }} input
   * @returns {Promise<import("./index.js").LoginResult>}
   */
  async login({ authId, password, deviceName, rememberDevice = true }) {
    needText(authId, "authId");
    mayBeText(deviceName, "deviceName");
    required(typeof rememberDevice === "boolean", "rememberDevice must be a boolean.");
    const text = readPassword(password);
    if (!text.ok) return refused(text);
    const [ticket, device] = [await this.#tickets.find(authId), await this.#devices.find(authId)];
    const given = { authId, password: text.bytes, deviceName, ticket, device, rememberDevice };
    const proved = await this.#login.run(given);
    if (!proved.ok) return refused(proved);
    const user = { id: proved.userId, email: authId.trim() };
    await this.#keeper.open(user, proved.sessionId, proved.tokens);
    await this.#tickets.drop(authId);
    const { deviceToken: token = device?.token, credential, isOutdated } = proved;
    // A credential that is renewed right away is not worth remembering.
    if (!rememberDevice) await this.#devices.drop(authId);
    else if (token !== undefined) await this.#devices.keep(authId, isOutdated ? { token } : { token, credential });
    // After the login, which it need not delay: two more stretchings. The bytes of the password are erased with them.
    const upgrade = isOutdated ? { upgrade: this.#passwords.upgrade(text.bytes, proved.sessionId) } : {};
    return { ok: true, status: "signed_in", user, session: { id: proved.sessionId }, serverProved: true, ...upgrade };
  }

  /** @returns {Promise<import("./index.js").ProvidersResult>} */
  providers() {
    return this.#providers.list();
  }

  /**
   * @param {string} provider
   * @param {{ display?: "page" | "popup", returnTo?: string | URL, deviceName?: string }} [options]
   * @returns {Promise<import("./index.js").SignInWithResult>}
   */
  signInWith(provider, options = {}) {
    return this.#providers.signIn(provider, options);
  }

  /** @returns {Promise<import("./index.js").RedirectResult | null>} */
  completeRedirect() {
    return this.#providers.complete();
  }

  /** @returns {Promise<import("./index.js").RestoreResult>} */
  async restore() {
    if (!this.#keeper.current && !(await this.#keeper.record())) return signedOut();
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
    const doubt = "whether the session was ended";
    const request = /** @type {const} */ ({ method: "POST", path: "/api/auth/sessions/logout", cookie, doubt });
    const ended = await this.#keeper.end(() => this.#signed.send(request));
    if (!ended.ok) return ended;
    const provider = ended.body?.still_signed_in_at;
    return { ok: true, ...(isText(provider) ? { stillSignedInAt: provider } : {}) };
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
   * @param {string} provider
   * @param {{ display?: "page" | "popup", returnTo?: string | URL }} [options]
   * @returns {Promise<import("./index.js").StepUpWithResult>}
   */
  stepUpWith(provider, options = {}) {
    return this.#signedVisits.stepUp(provider, options);
  }

  /**
   * @param {{ password: string }} input
   * @returns {Promise<import("./index.js").SetPasswordResult>}
   */
  setPassword({ password }) {
    return setPassword(this.#credentials, this.#stepUp, password);
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
    return this.#settleEmail("confirm", input);
  }

  /**
   * @param {{ token: string }} input
   * @returns {Promise<import("./index.js").EmailChangeResult>}
   */
  undoEmail(input) {
    return this.#settleEmail("undo", input);
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
    await this.#keeper.leave("signed_out");
    return { ok: true };
  }

  /** @returns {Promise<import("./index.js").MeResult>} */
  async me() {
    const answer = await this.#signed.send({ method: "GET", path: "/v1/auth/me" });
    if (!answer.ok) return answer;
    const [user, session] = [readUser(answer.body?.user), readSession(answer.body?.session)];
    await this.#keepAddress(user);
    return { ok: true, user, session };
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
   * @param {"confirm" | "undo"} what
   * @param {{ token: string }} input
   * @returns {Promise<import("./index.js").EmailChangeResult>}
   */
  async #settleEmail(what, input) {
    const settled = await this.#account.settleEmail(what, input);
    const record = settled.ok && (await this.#keeper.record());
    // Whose address it is the answer does not say. What becomes of the question changes nothing about what is settled.
    if (record && record.user.email !== settled.email) await this.me().catch(() => {});
    return settled;
  }

  /**
   * Remembers the address that the server says the account has: it may have been changed elsewhere.
   *
   * @param {import("./index.js").User} user
   */
  async #keepAddress({ id, email }) {
    const known = this.user;
    if (known?.id !== id || known.email === email) return;
    await this.#devices.move(known.email, email);
    await this.#keeper.rename({ id, email });
  }
}
