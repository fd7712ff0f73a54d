/** The account: what the server proved, and the person's sessions on all their browsers. */

import { act, busy, client } from "../client.js";
import { deviceName } from "../parts/device.js";
import { announce, element, isDisabled, notice, setDisabled } from "../parts/dom.js";
import { labelOf } from "../parts/providers.js";
import { DOUBTS, wordsFor } from "../parts/words.js";
import { serveSettings } from "./settings/settings.js";

export const title = "You are logged in";
export const template = "view-account";
export const needs = () => (client.user ? null : "log-in");

const LOOK_EVERY = 8000;

const moment = (time) => {
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  const shape = { ...(today ? {} : { day: "numeric", month: "short", year: "numeric" }), hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return element("time", { dateTime: time }, new Intl.DateTimeFormat("en-GB", shape).format(date));
};

const nameOf = (session) => session.deviceName ?? session.userAgent ?? "A browser";

const sessionItem = (session, end) => {
  const facts = element(
    "p",
    { className: "small soft" },
    "Since ",
    moment(session.createdAt),
    " · last seen ",
    moment(session.lastSeenAt),
    ...(session.ipAddress ? [` · ${session.ipAddress}`] : []),
  );
  const text = element("div", { className: "session-text" }, element("p", { className: "session-name" }, nameOf(session)), facts);
  if (session.current) {
    text.firstElementChild.append(" ", element("span", { className: "badge" }, "this browser"));
    return element("li", { className: "session" }, text);
  }
  const button = element("button", { type: "button", className: "button quiet small" }, "End");
  button.setAttribute("aria-label", `End the session of ${nameOf(session)}`);
  button.addEventListener("click", () => end(session, button));
  const item = element("li", { className: "session" }, text, button);
  item.dataset.session = session.id;
  return item;
};

/** Room for this browser's session, as it mostly is, until it comes: what is below should not move while somebody presses it. */
const comingItem = () => {
  const now = new Date().toISOString();
  const item = sessionItem({ deviceName: deviceName(), createdAt: now, lastSeenAt: now, ipAddress: "127.0.0.1", current: true });
  item.classList.add("coming");
  return item;
};

const showProof = (root, proved) => {
  root.querySelector("[data-proof]").dataset.proved = String(Boolean(proved));
  root.querySelector("[data-proof-title]").textContent = proved ? "The server proved itself: M2 verified" : "Your session was picked up again";
  root.querySelector("[data-proof-words]").textContent = proved
    ? "Its answer M2 is the one this browser had worked out. Only a server that holds your verifier can make it, so this is the server you signed up with."
    : "A cookie that scripts cannot read renewed it. The proofs were exchanged when you logged in; a renewal needs no password.";
};

/** A session by a provider's word has no proof in it: nobody has a secret in common. */
const showProvider = async (root, provider, created) => {
  const label = await labelOf(provider);
  root.querySelector("[data-proof-title]").textContent = created ? `${label} said who you are; your account is new` : `${label} said who you are`;
  root.querySelector("[data-proof-words]").textContent
    = `There is no password in this, and no proof by the server: it takes ${label}’s signed word. The one-time code served once, for the secret this tab had kept.`;
};

/** What goes on elsewhere, whoever comes next should know: at the provider, or at a server that could not be asked any more. */
const farewell = async ({ ok, stillSignedInAt }) => {
  if (!ok) {
    return notice("warn", "You are logged out here only", "This browser's data was removed, so the server could not be asked to end the session. Log in and end it in the list of your sessions, or let it expire.");
  }
  const words = ["You are logged out", "The session is ended on the server too."];
  if (!stillSignedInAt) return notice("good", ...words);
  const label = await labelOf(stillSignedInAt);
  return notice("good", ...words, `You are still signed in at ${label}: whoever uses this browser next can come back by it. Log out there too if others use it.`);
};

export const open = (root, { go, proved, provider, created, note: said }) => {
  const list = root.querySelector("#sessions");
  const note = root.querySelector("#account-note");
  const others = root.querySelector("#log-out-others");
  let closed = false;
  let timer;
  let drawn = "";

  /** Whether the note is about a look, which the next one makes good; what is said of anything else stays. */
  let isOfLook = true;

  /** What came of a press: the words stay until the next one. */
  const trouble = (failure, doubt) => {
    if (closed) return;
    const { title: heading, text } = wordsFor(failure, doubt);
    isOfLook = false;
    const isUnsent = failure.code === "network" && !failure.mayBeDone;
    note.replaceChildren(notice("warn", heading, isUnsent ? "You stay logged in. Please try again in a moment." : text));
    announce(note.innerText);
  };

  const lookFailed = (failure) => {
    if (!isOfLook) return;
    const { title: heading, text } = wordsFor(failure);
    const words = failure.code === "network" ? "You stay logged in. This page tries again by itself." : text;
    note.replaceChildren(notice("warn", heading, words));
  };

  const pressed = () => {
    isOfLook = true;
    note.replaceChildren();
  };

  /** Draws only what changed, so that a button keeps the focus while the page looks again by itself. */
  const draw = (sessions) => {
    if (isOfLook) note.replaceChildren();
    const facts = JSON.stringify(sessions);
    if (facts === drawn) return;
    drawn = facts;
    const focused = document.activeElement?.closest?.("[data-session]")?.dataset.session;
    const own = sessions.find(({ current }) => current);
    if (own?.provider && !created) void showProvider(root, own.provider, false);
    const ordered = [...sessions].sort((one, other) => Number(other.current) - Number(one.current));
    list.replaceChildren(...ordered.map((session) => sessionItem(session, end)));
    setDisabled(others, sessions.length < 2);
    if (focused) (list.querySelector(`[data-session="${focused}"] button`) ?? root.querySelector("h1")).focus();
  };

  const look = async (quiet) => {
    const result = await act("Look at the sessions", (tacit) => tacit.sessions.list({ limit: 100 }), { quiet });
    if (closed) return false;
    if (result.ok) draw(result.sessions);
    else if (result.code !== "signed_out") lookFailed(result);
    return result.ok;
  };

  const end = async (session, button) => {
    if (isDisabled(button)) return;
    setDisabled(button, true);
    pressed();
    const result = await act("End a session", (tacit) => tacit.sessions.revoke({ id: session.id }));
    if (!result.ok && result.code !== "session_unknown") {
      setDisabled(button, false);
      trouble(result, DOUBTS.sessions);
      return;
    }
    await look(true);
    announce(`The session of ${nameOf(session)} is ended.`);
    root.querySelector("#sessions-title").focus();
  };

  const keepLooking = () => {
    timer = setTimeout(async () => {
      if (document.visibilityState === "visible" && !busy()) await look(true);
      if (!closed) keepLooking();
    }, LOOK_EVERY);
  };

  const onVisible = () => {
    if (document.visibilityState === "visible" && !busy()) void look(true);
  };

  root.querySelector("[data-address]").textContent = client.user.email;
  showProof(root, proved);
  if (provider) void showProvider(root, provider, created);
  const folds = serveSettings(root, { go, look: () => look(true), note: said });
  setDisabled(others, true);
  list.append(comingItem());
  root.querySelector("#look-again").addEventListener("click", async () => {
    pressed();
    const seen = await look(false);
    if (!seen) announce(note.innerText);
    else announce(`${list.children.length} ${list.children.length === 1 ? "session" : "sessions"}.`);
  });
  others.addEventListener("click", async () => {
    if (isDisabled(others)) return;
    pressed();
    const result = await act("Log out all others", (tacit) => tacit.logoutOthers());
    if (!result.ok) return trouble(result, DOUBTS.others);
    await look(true);
    announce(result.ended === 1 ? "One other session is ended." : `${result.ended} other sessions are ended.`);
    return undefined;
  });
  root.querySelector("#log-out").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    if (isDisabled(button)) return;
    setDisabled(button, true);
    pressed();
    const result = await act("Log out", (tacit) => tacit.logout());
    setDisabled(button, false);
    if (result.ok || result.code === "signed_out") go("log-in", { note: await farewell(result) });
    else trouble(result, DOUBTS.logOut);
  });
  document.addEventListener("visibilitychange", onVisible);
  // Until it is gone, what is below may still move.
  root.dataset.coming = "";
  void Promise.all([look(true), folds]).finally(() => delete root.dataset.coming);
  keepLooking();

  return () => {
    closed = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onVisible);
  };
};
