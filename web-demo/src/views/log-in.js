/** Log in: prove the password, and learn that the server proved itself. */

import { act } from "../client.js";
import { countdown, seconds } from "../parts/countdown.js";
import { deviceName } from "../parts/device.js";
import { announce, element, notice, setDisabled } from "../parts/dom.js";
import { clearErrors, hidePasswords, looksLikeAddress, onSubmit, serveReveal, showErrors, showMessage } from "../parts/form.js";
import * as memory from "../parts/memory.js";
import { showProgress } from "../parts/progress.js";
import { serveProviders } from "../parts/providers.js";
import { DOUBTS, passwordWords, wordsFor } from "../parts/words.js";

export const title = "Log in";
export const template = "view-log-in";

/** The button waits as long as the server asked to, and says how long that is. */
const hold = (form, count, headline, text) => {
  const button = form.querySelector("[type=submit]");
  const left = element("span", { ariaHidden: "true" });
  showMessage(form, notice("warn", headline, element("p", {}, `${text} `, left)));
  announce(`${headline}. ${text} ${seconds(count)}.`);
  button.dataset.held = "true";
  setDisabled(button, true);
  return countdown(Date.now() + count * 1000, (remaining) => {
    left.textContent = remaining > 0 ? `${seconds(remaining)}.` : "now.";
    if (remaining > 0) return;
    delete button.dataset.held;
    setDisabled(button, false);
    announce("You can try again now.");
  });
};

const offerMail = (form, authId, go) => {
  const again = element("button", { type: "button", className: "link-button" }, "Send the mail again");
  again.addEventListener("click", async () => {
    const result = await act("Send the mail again", (client) => client.resendActivation({ authId }));
    if (!result.ok && (result.mayBeDone || !result.retryAfter)) {
      const { title: heading, text } = wordsFor(result, DOUBTS.mail);
      showMessage(form, notice("warn", heading, text));
      return;
    }
    memory.rememberWaiting({ address: authId, resendAt: Date.now() + (result.resendAfter ?? result.retryAfter) * 1000 });
    go("check-mail");
  });
  const code = element("button", { type: "button", className: "link-button" }, "I have the mail");
  code.addEventListener("click", () => {
    memory.rememberWaiting({ address: authId, resendAt: memory.waiting()?.resendAt ?? 0 });
    go("check-mail");
  });
  showMessage(form, notice(
    "warn",
    "Your password is right; the account is not active yet",
    "The link or the code in the mail activates it.",
    element("p", { className: "actions" }, again, code),
  ));
};

const explain = (form, result, authId, go) => {
  const password = form.elements.namedItem("password");
  switch (result.status) {
    case "rejected":
      showMessage(form, notice("bad", "Address and password do not fit together", "A typing slip is the usual reason: “Show” lets you see what you typed. An account that was not activated yet counts as none."));
      password.focus();
      password.select();
      return undefined;
    case "not_activated":
      return offerMail(form, authId, go);
    case "throttled":
      return hold(form, result.retryAfter ?? 60, "Many attempts in a short time", "To protect the account, the next one is possible in");
    case "locked":
      return showMessage(form, notice("bad", "Logging in is locked", "Too many attempts have failed. A device that has logged in to this account before can still log in. A new password by mail unlocks it for all others, and so can an administrator."));
    case "busy":
      return hold(form, result.retryAfter ?? 5, "The server is busy", "Nothing is lost; the next try is possible in");
    case "invalid": {
      const words = passwordWords(result.fields?.[0]?.code);
      showErrors(form, [words ? ["password", words] : ["email", "Please check the address once more."]]);
      return undefined;
    }
    default: {
      const { title: heading, text } = wordsFor(result);
      return showMessage(form, notice(result.status === "network" ? "warn" : "bad", heading, text));
    }
  }
};

const errorsIn = (authId, password) => {
  const errors = [];
  if (!looksLikeAddress(authId)) errors.push(["email", "Please type your e-mail address."]);
  if (!password) errors.push(["password", "Please type your password."]);
  return errors;
};

export const open = (root, { go, note }) => {
  const form = root.querySelector("form");
  const email = form.elements.namedItem("email");
  const password = form.elements.namedItem("password");
  let stopHolding = () => {};
  serveReveal(root);
  void serveProviders(root, { go });
  email.value = memory.address();
  if (note) root.querySelector("#log-in-note").replaceChildren(note);
  root.querySelector("#forgot").addEventListener("click", () => {
    memory.rememberAddress(email.value.trim());
    go("forgot");
  });

  onSubmit(form, async () => {
    clearErrors(form);
    hidePasswords(form);
    const authId = email.value.trim();
    const typed = password.value;
    const errors = errorsIn(authId, typed);
    if (errors.length > 0) return showErrors(form, errors);

    const done = showProgress(form.querySelector(".progress-place"));
    try {
      const rememberDevice = !form.elements.namedItem("shared").checked;
      const given = { authId, password: typed, deviceName: deviceName(), rememberDevice };
      const result = await act("Log in", (client) => client.login(given), { passwords: [typed] });
      memory.rememberAddress(authId);
      if (result.ok) {
        password.value = "";
        memory.rememberWaiting(null);
        go("account", { proved: result.serverProved });
        // The client renews a weak credential by itself; here it is only shown.
        if (result.upgrade) void act("Renew the credential: more stretching", () => result.upgrade, { passwords: [typed] });
        return undefined;
      }
      root.querySelector("#log-in-note").replaceChildren();
      const stop = explain(form, result, authId, go);
      if (typeof stop === "function") stopHolding = stop;
      return undefined;
    } finally {
      done();
    }
  });
  return () => stopHolding();
};
