/**
 * What went wrong, as a value: its code, and what a program may do about it.
 */

/** One field of a request that the server did not accept. */
export interface FieldProblem {
  name: string;
  code: string;
  detail: string;
}

/** Codes the client itself gives; all others are the server's, as its documentation lists them. */
export type ClientFailureCode =
  /**
   * No answer: offline, the server is down, or it took too long. What was asked for may have been done all the same, which
   * {@link Failure.mayBeDone} says. A page of another origin also gets none unless the server names that origin in
   * `TACIT_ALLOWED_ORIGINS`.
   */
  | "network"
  /** There is no session, so the operation was not tried. */
  | "signed_out"
  /**
   * The password cannot be one; `fields` says which (`password`, `currentPassword`, `newPassword`) and why:
   * `password_empty`, `password_too_long` (over 1,024 bytes of UTF-8), or `password_unassigned` (a character that the protocol's Unicode version does not assign, or half of one).
   */
  | "password_invalid"
  /** The device has too little memory to stretch the password. */
  | "out_of_memory"
  /** The browser did not open a window: call it from a click, or go by page. */
  | "popup_blocked"
  /** The window was closed before the provider had answered. */
  | "popup_closed"
  /** The page was come back to from a provider, but this tab had not gone there, or over ten minutes ago. */
  | "oauth_not_begun"
  /** The browser keeps nothing for this page, so it cannot go to a provider by page; a popup works. */
  | "storage_unavailable";

/** Codes of the server that a caller may want to tell apart. */
export type ServerFailureCode =
  | "proof_rejected"
  | "account_not_activated"
  | "account_disabled"
  | "account_unknown"
  | "account_exists"
  | "activation_invalid"
  | "reset_invalid"
  | "email_change_invalid"
  | "step_up_required"
  | "credential_replaced"
  | "upgrade_refused"
  | "sealed_invalid"
  | "login_locked"
  | "resend_too_soon"
  | "too_many_requests"
  | "too_many_attempts"
  | "registration_disabled"
  | "oauth_refused"
  | "oauth_state_mismatch"
  | "oauth_state_invalid"
  | "oauth_code_invalid"
  | "provider_unknown"
  | "provider_refused"
  | "provider_unavailable"
  | "provider_token_invalid"
  | "provider_user_info_invalid"
  | "email_unverified"
  | "link_required"
  | "identity_taken"
  | "identity_unknown"
  | "last_way_in"
  | "step_up_unavailable"
  | "password_exists"
  | "password_missing"
  | "refresh_invalid"
  | "refresh_reused"
  | "session_unknown"
  | "csrf_rejected"
  | "invalid_request"
  | "srp_busy"
  | "unavailable"
  | "internal";

/** An expected failure. */
export interface Failure {
  ok: false;
  /** Stable; for programs. */
  code: ClientFailureCode | ServerFailureCode | (string & {});
  /** A sentence in English; for logs and for want of a better one. */
  detail: string;
  /** The status of the server's answer; absent when there was none. */
  httpStatus?: number;
  /** Seconds to wait before trying again, when the server said so. */
  retryAfter?: number;
  /** What was wrong with which field of the request. */
  fields?: FieldProblem[];
  /**
   * What was asked for may have been done all the same: the request that does it may have been sent, and the server's own answer did not
   * come (`network`, `unavailable`). Every operation that changes something says so; then ask the server what holds, or
   * have the person look. After `changePassword` and `completeReset` either password may be the right one; a mailed secret
   * may be used up. A change that fails without it was not made. Not said of what only asks, nor where a session is asked for
   * (`login`, `signInWith`, `restore`): the server may have opened one, but without the answer nobody has it, so the person tries again.
   */
  mayBeDone?: true;
}
