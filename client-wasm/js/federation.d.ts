/**
 * Signing in with accounts elsewhere: what there is, how one goes there, and what comes of it.
 */

import type { Failure } from "./failures.js";
import type { TacitClient } from "./index.js";
import type { SessionUser } from "./results.js";

/** Somebody else's accounts that people may sign in with. */
export interface Provider {
  /** For {@link TacitClient.signInWith}. */
  name: string;
  /** For people. */
  label: string;
  /** Whether it can be asked to prove anew who somebody is. */
  stepUp: boolean;
}

/** The person's account at a provider, linked to theirs here; times are RFC 3339 in UTC. */
export interface Identity {
  id: string;
  provider: string;
  /** The provider's name for people. */
  label: string;
  /** The address that the provider named last. */
  email?: string;
  createdAt: string;
  lastUsedAt: string;
}

/** How to go to a provider, and where to come back to. */
export interface VisitOptions {
  /** `"page"` unless given: the page itself goes there. A popup needs a click, and leaves the page where it is. */
  display?: "page" | "popup";
  /** Where to come back to: the page's own address unless given. Its origin must be one that the server allows. */
  returnTo?: string | URL;
}

/** The browser is about to leave the page; when it comes back, call {@link TacitClient.completeRedirect}. */
export interface Leaving {
  ok: true;
  status: "leaving";
}

/** A session that a provider's word opened. There is no proof of the server in it: nobody has a secret in common. */
export interface SignedInWith {
  ok: true;
  status: "signed_in";
  user: SessionUser;
  session: { id: string };
  provider: string;
  /** Whether the account was made just now. */
  created: boolean;
}

export interface Linked {
  ok: true;
  status: "linked";
  identity: Identity;
}

/** `expiresIn`: the seconds for which the session may do what asks for it. */
export interface SteppedUp {
  ok: true;
  status: "stepped_up";
  expiresIn: number;
}

export type ProvidersResult = { ok: true; providers: Provider[] } | Failure;
export type SignInWithResult = SignedInWith | Leaving | Failure;
export type LinkResult = Linked | Leaving | Failure;
export type StepUpWithResult = SteppedUp | Leaving | Failure;
/** What the page was left for, done; with a failure, what that was, if this tab knows. */
export type RedirectResult =
  | SignedInWith
  | Linked
  | SteppedUp
  | (Failure & { purpose?: "sign_in" | "link" | "step_up"; provider?: string });
export type IdentityListResult = { ok: true; identities: Identity[]; hasPassword: boolean } | Failure;
export type UnlinkResult = { ok: true } | Failure;
