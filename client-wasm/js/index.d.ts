/**
 * `@tacit/client`: signs people up and in with a password that never leaves their device.
 *
 * Two rules hold for every operation:
 *
 * - What can happen to a careful program (a wrong password, a busy server, no network) is a *value*:
 *   `{ ok: true, … }` or `{ ok: false, code, … }`. The same call may be made again; where the server's answer to a change was
 *   lost, the failure has `mayBeDone`, since it may have been made.
 * - What cannot happen between a correct program and an honest server (a bad option, a realm that does not match, a
 *   server that fails to prove itself) is *thrown*, as a {@link TacitError} with a stable `code`.
 */

import type { Failure } from "./failures.js";
import type {
  IdentityListResult,
  LinkResult,
  ProvidersResult,
  RedirectResult,
  SignInWithResult,
  StepUpWithResult,
  UnlinkResult,
  VisitOptions,
} from "./federation.js";
import type {
  AccessTokenResult,
  ActivateResult,
  ChangePasswordResult,
  CompleteResetResult,
  DeleteAccountResult,
  EmailChangeResult,
  ExportDataResult,
  LoginResult,
  LogoutOthersResult,
  LogoutResult,
  MeResult,
  RefreshResult,
  RequestResetResult,
  ResendActivationResult,
  RestoreResult,
  RevokeResult,
  SessionListResult,
  SessionUser,
  SetPasswordResult,
  SettingsResult,
  SignUpCheckResult,
  SignUpResult,
  StepUpResult,
  UpdateProfileResult,
  ValidateResetResult,
} from "./results.js";

export * from "./failures.js";
export * from "./federation.js";
export * from "./results.js";

/** How the refresh token travels: in an `HttpOnly` cookie (browsers), or in bodies, kept in `storage` (elsewhere). */
export type RefreshDelivery = "cookie" | "body";

/** What the client needs of a store; `localStorage` is one. Its functions may answer promises. */
export interface TacitStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

/** What the client is doing at the moment; meant for a progress line. */
export type Phase =
  /** Waiting for the server. */
  | "sending"
  /** The slow part, on purpose: the password is being stretched, in a worker. */
  | "deriving"
  /** The proof of the password is being computed. */
  | "proving"
  /** A new credential is being tried, both sides of it, before it is sent. */
  | "checking"
  /** The server's own proof, and that the answer was not swapped, is being verified. */
  | "verifying";

/** The operation a phase belongs to. */
export type PhasedOperation =
  | "signUp"
  | "activate"
  | "login"
  | "changePassword"
  | "stepUp"
  | "completeReset"
  | "setPassword"
  /** By itself, after a login with a credential that was made with less stretching than is the default now. */
  | "upgrade";

export interface TacitClientOptions {
  /** Where the server is, for instance `https://auth.example.com`. A path in front of its routes may be part of it. */
  baseUrl: string | URL;
  /**
   * The DNS name that passwords are bound to; the host of `baseUrl` unless given. The host must equal it or be below
   * it. It must never change: a password stretched for one realm proves nothing in another.
   */
  realm?: string;
  /**
   * Where to remember that there is a session, and sign-ups not yet activated. `localStorage` in browsers, memory
   * elsewhere. With `refreshDelivery: "body"` a store given here also keeps the refresh token, which is a secret.
   */
  storage?: TacitStorage;
  /** `"cookie"` in browsers, `"body"` elsewhere. */
  refreshDelivery?: RefreshDelivery;
  /** Further origins that `fetch` may show the access token to, beside that of `baseUrl`. */
  tokenOrigins?: readonly (string | URL)[];
  /** How long to wait for an answer, in milliseconds: 30,000 unless given. */
  timeout?: number;
  /** Called as an operation enters each phase. */
  onPhase?: (phase: Phase, operation: PhasedOperation) => void;
  /**
   * Asks the person for their password, because an operation needs it to be shown again (`step_up_required`); then the
   * operation goes on by itself. `{ provider }` has a provider say anew who they are instead, in a popup: answer so from
   * a click of theirs, or browsers block it. `null` leaves the operation undone. Asked again, with what `failed`, where
   * the password was wrong or the popup closed: three times at most. Without this option such an operation fails with the
   * code `step_up_required`, for the program to call {@link TacitClient.stepUp} or {@link TacitClient.stepUpWith} and
   * the operation again.
   */
  onStepUp?: (why: { failed?: Failure }) => Promise<string | { provider: string } | null>;
}

/** What happened to the session, in this tab or in another one. */
export type ChangeEvent =
  | { type: "signed_in"; user: SessionUser; session: { id: string } }
  /** There is a fresh access token, or the person has another address now. */
  | { type: "refreshed"; user: SessionUser; session: { id: string } }
  /** Somebody logged out here. */
  | { type: "signed_out" }
  /** The server says that the session is over: it expired, or was ended elsewhere. */
  | { type: "session_ended" };

/** One request and its answer, as they crossed the network. */
export interface WireEvent {
  method: string;
  url: string;
  /** The path below `baseUrl`, as the server's documentation has it. */
  path: string;
  /** The JSON that was sent; `undefined` without a body. */
  requestBody?: unknown;
  /** `0` when there was no answer. */
  status: number;
  /** The JSON that came; `undefined` without one, or when it was thrown away. */
  responseBody?: unknown;
  /** The server's proof, where it came as a header since the answer has no body. */
  responseHeaders?: { M2: string };
  /** True when the server failed to prove itself, so its answer was thrown away unseen. */
  discarded?: true;
}

export declare class TacitClient {
  constructor(options: TacitClientOptions);

  readonly baseUrl: string;
  readonly realm: string;
  /** The person signed in, from memory; `null` before {@link restore} and without a session. */
  readonly user: SessionUser | null;

  /** What the server offers. */
  settings(): Promise<SettingsResult>;
  /** Whether the address could be signed up; most servers do not say. */
  checkSignUp(input: { authId: string }): Promise<SignUpCheckResult>;
  /** Makes a credential from the password and sends that. The answer is the same for every address. */
  signUp(input: { authId: string; password: string; displayName?: string; language?: string }): Promise<SignUpResult>;
  /**
   * Uses the link's secret or the typed code of an activation mail. A `password` is only for accounts that an
   * administrator made, which have none yet.
   */
  activate(
    input: { token: string; password?: string } | { authId: string; code: string; password?: string },
  ): Promise<ActivateResult>;
  /** Sends the activation mail again; the ticket is remembered from `signUp` unless given. */
  resendActivation(input: { authId: string; ticket?: string }): Promise<ResendActivationResult>;
  /**
   * Proves the password without sending it, and answers only once the server has proved itself too. The device is
   * remembered, so that nobody who guesses at the account can shut it out, unless `rememberDevice` is `false`: on a
   * computer that others use, nothing of the person stays but the session, which ends with `logout`.
   */
  login(input: {
    authId: string;
    password: string;
    deviceName?: string;
    rememberDevice?: boolean;
  }): Promise<LoginResult>;

  /**
   * Another password. It is made into a credential and tried, both sides of it, before anything is sent, and travels
   * sealed under the proof of the current one. The person's other sessions end unless `keepOtherSessions`. Where the
   * server does not prove itself this throws `server_not_proved`: whether the password was changed is then unknown, as it
   * is where its answer was lost, which the failure says with `mayBeDone`.
   */
  changePassword(input: {
    currentPassword: string;
    newPassword: string;
    keepOtherSessions?: boolean;
  }): Promise<ChangePasswordResult>;
  /** Shows the password again, which what is dangerous asks for; see also the option `onStepUp`. */
  stepUp(input: { password: string }): Promise<StepUpResult>;

  /** Has a linked provider say anew who the person is, in the place of a password. */
  stepUpWith(provider: string, options?: VisitOptions): Promise<StepUpWithResult>;
  /** A first password, for an account that has none because a provider's word made it. Asks for a step-up. */
  setPassword(input: { password: string }): Promise<SetPasswordResult>;

  /** The providers people may sign in with, in the operator's order. */
  providers(): Promise<ProvidersResult>;
  /**
   * Signs in, or up, with an account elsewhere. By page the browser leaves, and `completeRedirect` finishes it. Where the
   * address has an account already that the provider cannot speak for, it fails with `link_required`: log in with the
   * password, then link.
   */
  signInWith(provider: string, options?: VisitOptions & { deviceName?: string }): Promise<SignInWithResult>;
  /**
   * Finishes what the page was left for; `null` where it was not come back to from a provider. To be called whenever a
   * page opens that people come back to, before `restore`.
   */
  completeRedirect(): Promise<RedirectResult | null>;
  readonly identities: {
    /** The person's accounts elsewhere, and whether there is a password: how they can log in. */
    list(): Promise<IdentityListResult>;
    /** Links an account elsewhere. Asks for a step-up first. */
    link(provider: string, options?: VisitOptions): Promise<LinkResult>;
    /** Unlinks one, after a step-up; `last_way_in` where nobody could log in any more. */
    unlink(input: { id: string }): Promise<UnlinkResult>;
  };

  /** Asks for the mail that resets a forgotten password. The answer is the same for every address. */
  requestReset(input: { authId: string }): Promise<RequestResetResult>;
  /** Whether the secret of the mail is good; asking does not use it up. */
  validateReset(input: { token: string } | { authId: string; code: string }): Promise<ValidateResetResult>;
  /**
   * Sets a new password with the secret of the mail. Every session ends, and nobody is signed in by it. Where its answer was
   * lost (`mayBeDone`), either password may be the right one, and the secret may be used up.
   */
  completeReset(
    input: { token: string; password: string } | { authId: string; code: string; password: string },
  ): Promise<CompleteResetResult>;

  /**
   * Changes what is given. An empty `displayName` takes the name away. Another `email` asks for a step-up, and counts
   * once the link in the mail to it was answered.
   */
  updateProfile(input: { displayName?: string; language?: string; email?: string }): Promise<UpdateProfileResult>;
  /** Uses the link in the mail to a new address. */
  confirmEmail(input: { token: string }): Promise<EmailChangeResult>;
  /** Uses the link in the mail to the old address: it is the account's again, and every session ends. */
  undoEmail(input: { token: string }): Promise<EmailChangeResult>;
  /** All that the server stores about the person. */
  exportData(): Promise<ExportDataResult>;
  /**
   * Deletes the account for good, after a step-up; the session is over, in all tabs. Where its answer was lost (`mayBeDone`) the
   * session stays here until the server is asked for something again, and says whether there is one.
   */
  deleteAccount(): Promise<DeleteAccountResult>;

  /**
   * Picks up the session of an earlier visit, if there was one. Makes no request otherwise. Where the store was emptied since, the
   * session goes on in this page as long as its token serves; a record that is removed meanwhile stays removed.
   */
  restore(): Promise<RestoreResult>;
  /** Renews the access token now. Calls at the same time, in other tabs too, become one request. */
  refresh(): Promise<RefreshResult>;
  /** A token that is good for at least some seconds; renewed first where needed. */
  getAccessToken(): Promise<AccessTokenResult>;
  /**
   * Ends this session, here and at the server, also where the store was emptied under it, or it was found lost here before; what is left
   * of it in memory, and the cookie, do for that, and nothing is put back into the store. Fails with `signed_out` where nothing was left
   * that the server would know the session by, as a cookie that is another session's: then it is over here, and may go on there until it
   * expires. Whoever has no session to end is told that it is done.
   */
  logout(): Promise<LogoutResult>;
  /** Ends all other sessions of the person. */
  logoutOthers(): Promise<LogoutOthersResult>;
  me(): Promise<MeResult>;
  readonly sessions: {
    list(input?: { limit?: number; offset?: number }): Promise<SessionListResult>;
    revoke(input: { id: string }): Promise<RevokeResult>;
  };

  /**
   * Like the platform's `fetch`, with the access token for `baseUrl`'s origin and `tokenOrigins` only, renewed and
   * tried once more after a 401. Relative addresses are below `baseUrl`. Rejects where `fetch` would; without a
   * session it sends the request as it is.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

  /** Calls `listener` on each change of the session; the function returned stops that. */
  onChange(listener: (event: ChangeEvent) => void): () => void;
  /** Calls `listener` with each request of this client and its answer, tokens included; for demonstrations. */
  onWire(listener: (event: WireEvent) => void): () => void;
  /** Stops listening to other tabs. The session stays. */
  close(): void;
}

/** Stable codes of what is thrown. */
export type TacitErrorCode =
  /** An option or argument is missing, of the wrong type, or of no use here. */
  | "invalid_argument"
  /** The host of `baseUrl` is not the realm, and not below it. */
  | "realm_mismatch"
  /** The server named parameters this client does not know; nothing was derived or sent. */
  | "preset_unknown"
  /** The server's challenge breaks the protocol; nothing derived from the password was sent. */
  | "challenge_invalid"
  /**
   * The server did not prove that it holds the verifier, or somebody swapped its answer. Nothing of the answer was taken;
   * where it was about a change of the password, whether that was done is unknown.
   */
  | "server_not_proved"
  /** The server's answer has not the shape the protocol gives it. What it answered to, a change too, may be done. */
  | "response_invalid"
  /** A new credential did not verify on this device, so it was not sent. */
  | "self_check_failed"
  /**
   * The worker could not be started: see `cause`. Usually the content policy lacks `worker-src` or
   * `'wasm-unsafe-eval'`.
   */
  | "worker_failed"
  /** A failure inside the worker that nothing explains: see `cause`. */
  | "internal";

export declare class TacitError extends Error {
  constructor(code: TacitErrorCode, message: string, options?: { cause?: unknown });
  readonly name: "TacitError";
  readonly code: TacitErrorCode;
}
