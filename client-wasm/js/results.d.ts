/**
 * What operations come to: people, sessions and settings, and the results that carry them.
 */

import type { Failure } from "./failures.js";

/**
 * The person signed in, as far as the client remembers without asking. An address that was changed elsewhere shows once
 * `me` was asked.
 */
export interface SessionUser {
  id: string;
  email: string;
}

/** The account as the server describes it. */
export interface User extends SessionUser {
  displayName?: string;
  language: string;
  role: "user" | "admin" | (string & {});
  isEmailVerified: boolean;
  createdAt: string;
}

/** One of the person's sessions; times are RFC 3339 in UTC. */
export interface Session {
  id: string;
  /** Whether it is the one asking. */
  current: boolean;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
  userAgent?: string;
  ipAddress?: string;
  deviceName?: string;
  /** How the person proved who they are, after RFC 8176. */
  amr: string[];
  /** The provider whose word opened it. */
  provider?: string;
}

export type SetPasswordResult = { ok: true } | Failure;

export type SignUpCheckResult = { ok: true; availability: "undisclosed" | "available" } | Failure;

export type SignUpResult =
  | {
      ok: true;
      /** Proof that this device signed up; the client keeps it and shows it where it matters. */
      ticket: string;
      /** Seconds until the activation in the mail is void. */
      expiresIn: number;
      /** Seconds until `resendActivation` may be called. */
      resendAfter: number;
    }
  | Failure;

export type ActivateResult = { ok: true; authId: string } | Failure;
export type ResendActivationResult = { ok: true; resendAfter: number } | Failure;

/** Why a login did not open a session. */
export type LoginRefusal =
  /** The password is wrong, or there is no such account: nobody is told which. */
  | "rejected"
  /** The password is right, but the link or the code in the mail was not used yet. */
  | "not_activated"
  /** The password is right, and the account was disabled. */
  | "disabled"
  /** Too many attempts: see `retryAfter`. */
  | "throttled"
  /** Too many attempts in a row: only a device that logged in before can still log in. */
  | "locked"
  /** The server is busy: see `retryAfter`. */
  | "busy"
  /** No answer, and so no session here: the same call may be made again. */
  | "network"
  /** The address or the password cannot be one: see `code` and `fields`. */
  | "invalid"
  /** Anything else: see `code`. */
  | "failed";

export type LoginResult =
  | {
      ok: true;
      status: "signed_in";
      user: SessionUser;
      session: { id: string };
      /** Always true: the server showed that it holds the verifier, and that nobody swapped the session. */
      serverProved: true;
      /**
       * Only where the credential was made with less stretching than is the default now: the client renews it, after
       * the login. It never rejects, and nothing depends on it; the next login tries again.
       */
      upgrade?: Promise<UpgradeResult>;
    }
  | (Failure & { status: LoginRefusal });

export type UpgradeResult = { ok: true } | Failure;

/** The server showed that it holds the verifier before it was believed. */
export type ChangePasswordResult = { ok: true; serverProved: true } | Failure;
/** `expiresIn`: the seconds for which the session may do what asks for it. */
export type StepUpResult = { ok: true; expiresIn: number; serverProved: true } | Failure;
/** The seconds for which the mailed secret is good, and until another mail can be asked for. */
export type RequestResetResult = { ok: true; expiresIn: number; resendAfter: number } | Failure;
export type ValidateResetResult = { ok: true; authId: string; expiresIn: number } | Failure;
export type CompleteResetResult = { ok: true; authId: string } | Failure;
export type UpdateProfileResult = { ok: true } | Failure;
/** `email`: the address that counts now. */
export type EmailChangeResult = { ok: true; email: string } | Failure;
/** All that the server stores about the person: as an object, and as text for a file. */
export type ExportDataResult = { ok: true; data: Record<string, unknown>; text: string } | Failure;
export type DeleteAccountResult = { ok: true } | Failure;

export type RestoreResult = { ok: true; user: SessionUser; session: { id: string } } | Failure;
export type AccessTokenResult = { ok: true; accessToken: string } | Failure;
export type RefreshResult = { ok: true } | Failure;
/** `stillSignedInAt`: the provider that opened the session. It is not logged out there; say so to the person. */
export type LogoutResult = { ok: true; stillSignedInAt?: string } | Failure;
export type LogoutOthersResult = { ok: true; ended: number } | Failure;
export type MeResult = { ok: true; user: User; session: Session } | Failure;
export type SessionListResult = { ok: true; sessions: Session[]; count: number } | Failure;
export type RevokeResult = { ok: true } | Failure;

export interface Settings {
  /** For comparison with the configured one; the client never takes its own from here. */
  realm: string;
  registrationEnabled: boolean;
  mfaAvailable: boolean;
  passwordBridge: boolean;
}

export type SettingsResult = { ok: true; settings: Settings } | Failure;
