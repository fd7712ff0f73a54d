/** Opens the page: picks up an earlier session, then shows one view at a time, named by the address's fragment. */

import { act, client } from "./client.js";
import { comeBack } from "./parts/back.js";
import { element, fromTemplate, notice } from "./parts/dom.js";
import * as memory from "./parts/memory.js";
import * as account from "./views/account.js";
import * as away from "./views/away.js";
import * as checkMail from "./views/check-mail.js";
import * as forgot from "./views/forgot.js";
import * as logIn from "./views/log-in.js";
import * as reset from "./views/reset.js";
import * as signUp from "./views/sign-up.js";

const VIEWS = { "sign-up": signUp, "check-mail": checkMail, "log-in": logIn, forgot, reset, account, away };

const place = document.getElementById("view");
const steps = [...document.querySelectorAll("#way [data-step]")];

let current = null;
let close = () => {};
/** Whom the view on screen was drawn for. */
let shownTo;

const markStep = (name) => {
  const at = steps.findIndex((step) => step.dataset.step === name);
  steps.forEach((step, index) => {
    if (index === at) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
    step.dataset.passed = String(index < at);
  });
};

/** Shows a view. The focus goes to its heading, but not when the page opens: that is the reader's own place. */
const show = (name, details = {}, { opening = false } = {}) => {
  const view = VIEWS[name];
  close();
  // A question to whom the view before was about has nobody to answer it.
  for (const dialog of document.querySelectorAll("dialog")) dialog.dispatchEvent(new Event("cancel"));
  current = name;
  shownTo = client.user?.id;
  const root = fromTemplate(view.template);
  root.dataset.view = name;
  // The listeners are there before the form is: nothing can be submitted past them.
  close = view.open(root, { ...details, go }) ?? (() => {});
  place.replaceChildren(root);
  markStep(name);
  document.title = `${view.title} · Tacit demo`;
  if (opening) return;
  root.querySelector("h1").focus({ preventScroll: true });
  scrollTo(0, 0);
};

const allowed = (name) => {
  if (!Object.hasOwn(VIEWS, name) || name === "away") return client.user ? "account" : "sign-up";
  if (client.user && name !== "account") return "account";
  return VIEWS[name].needs?.() ?? name;
};

function go(name, details) {
  if (location.hash !== `#${name}`) history.pushState(null, "", `#${name}`);
  show(name, details);
}

window.addEventListener("popstate", () => {
  const asked = location.hash.slice(1);
  if (asked === "main") return;
  const name = allowed(asked);
  if (name !== asked) history.replaceState(null, "", `#${name}`);
  if (name !== current) show(name);
});

document.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});

client.onChange((event) => {
  if (event.type === "session_ended" && current === "account") {
    go("log-in", { note: notice("warn", "Your session has ended", "It was ended from another browser, or it expired. Log in again to go on.") });
  }
  if (event.type === "signed_out" && current === "account") {
    go("log-in", { note: notice("", "You are logged out", "This was done in another tab of this browser.") });
  }
  // With the account in view it was another tab, maybe for somebody else: what is shown must be of whom this tab acts for.
  // Of the same person it shows the same, and what was typed there stays.
  const isShown = current === "account" && client.user?.id === shownTo;
  if (event.type === "signed_in" && current && current !== "log-in" && !isShown) go("account");
});

const firstView = (restored, back) => {
  if (restored.ok) return "account";
  if (restored.code === "network" || (restored.httpStatus ?? 0) >= 500) return "away";
  if (back) return "log-in";
  const asked = location.hash.slice(1);
  if (asked) return allowed(asked);
  if (memory.waiting()) return "check-mail";
  return memory.address() ? "log-in" : "sign-up";
};

const opening = element("p", { className: "soft" }, "Looking for your session…");
const slow = setTimeout(() => place.replaceChildren(opening), 300);
const back = await comeBack();
const restored = await act("Pick up the session", (tacit) => tacit.restore());
clearTimeout(slow);
const first = firstView(restored, back);
if (first !== "away") history.replaceState(null, "", `#${first}`);
show(first, back ?? {}, { opening: true });
