/** What to say when something did not work. None of it blames anybody, and all of it says what to do next. */

import { seconds } from "./countdown.js";

/** For whatever a second try makes good. */
export const UNREACHABLE = {
  title: "The server cannot be reached",
  text: "Nothing is lost: what you typed is still here. Please try again in a moment.",
};

const KNOWN = {
  network: UNREACHABLE,
  unavailable: { title: "The server needs a moment", text: "Nothing is lost. Please try again shortly." },
  srp_busy: { title: "The server is busy", text: "Many people are logging in right now. Please try again shortly." },
  internal: { title: "The server had a problem", text: "It has been noted there. Nothing is lost; please try again." },
  registration_disabled: { title: "Sign-up is closed", text: "This server does not take new accounts at the moment." },
  account_exists: { title: "There is an account for this address", text: "You can log in with it." },
  signed_out: { title: "Nothing was changed", text: "The session this was begun in is over. Please begin again." },
  step_up_required: { title: "Nothing was changed", text: "This needs you to show once more who you are, and you would rather not." },
  proof_rejected: { title: "This is not your password", text: "Nothing was changed. Please try again." },
  credential_replaced: { title: "The password was changed elsewhere", text: "Another browser was faster. Nothing was changed here; please log in again." },
  too_many_attempts: { title: "Many attempts in a short time", text: "To protect the account, the next one has to wait." },
  too_many_requests: { title: "Many requests in a short time", text: "Nothing was changed. Please try again later." },
  login_locked: { title: "Too many attempts have failed", text: "To protect the account it is locked. A new password by mail opens it, and so can an administrator." },
  account_disabled: { title: "This account is switched off", text: "Your password is right, but the account was disabled. Whoever runs this server can switch it on again." },
  popup_blocked: { title: "The browser did not open a window", text: "Please press the button once more, or let this page open windows." },
  popup_closed: { title: "The window was closed", text: "The provider had not answered yet. Nothing was changed." },
  oauth_not_begun: { title: "This sign-in was not begun here", text: "It belongs to another tab, or took longer than ten minutes. Nothing was changed; please begin again." },
  oauth_refused: { title: "The provider did not let you in", text: "You said no there, or it did. Nothing was changed." },
  oauth_state_mismatch: { title: "This sign-in was begun elsewhere", text: "This browser has begun another one since. Please begin again." },
  oauth_state_invalid: { title: "This sign-in is over", text: "It took too long, or was used before. Please begin again." },
  oauth_code_invalid: { title: "This sign-in is over", text: "Its one-time code had been used, or belongs to another tab. Please begin again." },
  provider_unavailable: { title: "The provider does not answer", text: "Nothing was changed. Please try again later, or log in another way." },
  email_unverified: { title: "The provider does not vouch for your address", text: "Create an account with a password, or log in to yours and link the provider there." },
  link_required: { title: "There is an account with this address", text: "Log in to it with its password, then link the provider." },
  identity_taken: { title: "Linked already", text: "This account elsewhere opens an account here already. Nothing was changed." },
  identity_unknown: { title: "This was somebody else", text: "The provider named an account that is not linked to yours. Nothing was changed." },
  last_way_in: { title: "This is your last way in", text: "Without it nobody could log in to your account any more. Set a password first, or link another account elsewhere." },
  step_up_unavailable: { title: "This provider cannot be asked again", text: "It has no way to prove anew who you are. Nothing was changed." },
  out_of_memory: { title: "This device ran short of memory", text: "Working on the password needs about 50 MB. Closing a few tabs usually helps; then please try again." },
};

const LOST = "The server's answer was lost on its way.";

/** Words for a lost answer to a change: what may be done, and how to find out. None of them says that nothing has happened. */
export const DOUBTS = {
  any: { title: "This may or may not be done", text: `${LOST} Please look whether it was done before you try again.` },
  signUp: { title: UNREACHABLE.title, text: "Maybe your sign-up arrived all the same: then a mail comes. What you typed is still here; please try again in a moment." },
  activation: { title: "Your account may or may not be active", text: `${LOST} Please try again in a moment: if the code does not fit any more, log in.` },
  mail: { title: "A mail may or may not be on its way", text: `${LOST} Please look into your mailbox, or try again in a moment.` },
  change: { title: "Your password may or may not be changed", text: `${LOST} Please try the new password when you log in next; if it does not fit, the one before is still yours.` },
  reset: { title: "Your password may or may not be reset", text: `${LOST} Please try again in a moment: if the code does not fit any more, log in with the new password.` },
  firstPassword: { title: "Your password may or may not be set", text: `${LOST} Please reload this page: if it offers a change of the password, yours is set.` },
  profile: { title: "This may or may not be saved", text: `${LOST} Please save once more in a moment.` },
  deletion: { title: "Your account may or may not be deleted", text: `${LOST} Please try again in a moment: if you are logged out by then, and cannot log in any more, it is deleted.` },
  logOut: { title: "You may or may not be logged out", text: `${LOST} Please try again in a moment.` },
  others: { title: "The other sessions may or may not be ended", text: `${LOST} Please look again in a moment: the list shows what goes on.` },
  sessions: { title: "This session may or may not be ended", text: `${LOST} Please look again in a moment: the list shows what goes on.` },
  identities: { title: "This may or may not be done", text: `${LOST} Please reload this page: it shows what is linked.` },
};

/** Words for a failure: `{ title, text }`; `doubt`, of {@link DOUBTS}, where it may be done all the same. */
export const wordsFor = (failure, doubt = DOUBTS.any) => {
  if (failure.mayBeDone) return doubt;
  const known = KNOWN[failure.code] ?? { title: "That did not work", text: failure.detail || "Please try again." };
  if (!failure.retryAfter) return known;
  return { ...known, text: `${known.text} The server asks to wait ${seconds(failure.retryAfter)}.` };
};

/** Words for a password that cannot be one, or `null`. */
export const passwordWords = (code) => ({
  password_empty: "Please type your password.",
  password_too_long: "This password is longer than can be used (1,024 bytes). A shorter one will do.",
  password_unassigned: "One of the characters cannot be used in a password, since not all devices know it yet.",
})[code] ?? null;

/** Words for what was thrown: an honest server that can be reached would not have caused it. */
export const wordsForThrown = async (error, client) => {
  if (error?.code === "worker_failed") {
    // The worker's own files come from the server too; whether it is there tells the two cases apart.
    const there = await client.settings();
    if (!there.ok && there.code === "network") return UNREACHABLE;
  }
  if (error?.code === "server_not_proved") {
    return { title: "The server did not prove itself", text: "It could not show that it knows your account, so its answer was thrown away: nothing of it counts, and what you asked for may or may not be done. Your password was not sent." };
  }
  if (error?.code === "worker_failed") {
    return { title: "The browser could not start the work", text: "Working on the password needs WebAssembly and a worker. A current browser without restrictions for this page will do." };
  }
  if (error?.code === "response_invalid") {
    return { title: DOUBTS.any.title, text: "The server answered what this page does not understand. Please look whether it was done before you try again." };
  }
  return { title: "Something unexpected happened", text: `For safety it was stopped here; nothing was sent that gives your password away. (${error?.code ?? "unknown"})` };
};
