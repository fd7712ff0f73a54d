/** After sign-up: the link in the mail, or its code typed here, activates the account. */

import { act } from "../client.js";
import { countdown, seconds } from "../parts/countdown.js";
import { announce, isDisabled, notice, setDisabled } from "../parts/dom.js";
import { clearErrors, onSubmit, showErrors, showMessage } from "../parts/form.js";
import * as memory from "../parts/memory.js";
import { DOUBTS, wordsFor } from "../parts/words.js";

export const title = "Check your mail";
export const template = "view-check-mail";
export const needs = () => (memory.waiting() ? null : "sign-up");

const CODE = /^[0-9A-Z]{10}$/;

const activated = (go) => {
  memory.rememberWaiting(null);
  go("log-in", { note: notice("good", "Your account is active", "Now log in with the password you chose.") });
};

const serveCode = (root, go, authId) => {
  const form = root.querySelector("form");
  const field = form.elements.namedItem("code");
  onSubmit(form, async () => {
    clearErrors(form);
    if (!CODE.test(field.value.toUpperCase().replace(/[\s-]/g, ""))) {
      return showErrors(form, [["code", "The code has ten letters and digits. Please type it as it stands in the mail."]]);
    }
    const result = await act("Activate", (client) => client.activate({ authId, code: field.value }));
    if (result.ok) return activated(go);
    if (result.code === "activation_invalid" || result.code === "invalid_request") {
      showErrors(form, [["code", "This code does not fit. Please use the newest mail: each new one replaces the one before."]]);
      return undefined;
    }
    const { title: heading, text } = wordsFor(result, DOUBTS.activation);
    return showMessage(form, notice("warn", heading, text));
  });
};

const serveResend = (root, authId) => {
  const form = root.querySelector("form");
  const button = root.querySelector("#resend");
  const wait = root.querySelector("#resend-wait");
  let stop = () => {};

  const holdUntil = (until) => {
    stop();
    stop = countdown(until, (left) => {
      setDisabled(button, left > 0);
      wait.textContent = left > 0 ? `in ${seconds(left)}` : "";
    });
  };

  const holdFor = (count) => {
    const resendAt = Date.now() + count * 1000;
    memory.rememberWaiting({ address: authId, resendAt });
    holdUntil(resendAt);
  };

  button.addEventListener("click", async () => {
    if (isDisabled(button)) return;
    setDisabled(button, true);
    const result = await act("Send the mail again", (client) => client.resendActivation({ authId }));
    if (result.ok) {
      holdFor(result.resendAfter);
      announce("Another mail is on its way.");
      showMessage(form, notice("good", "Another mail is on its way", "Please use the newest one: it replaces the one before."));
      return;
    }
    if (result.retryAfter && !result.mayBeDone) {
      holdFor(result.retryAfter);
      announce(`A mail may be sent again in ${seconds(result.retryAfter)}.`);
      return;
    }
    setDisabled(button, false);
    const { title: heading, text } = wordsFor(result, DOUBTS.mail);
    showMessage(form, notice("warn", heading, text));
  });

  holdUntil(memory.waiting().resendAt ?? 0);
  return () => stop();
};

/** The activation page tells, so that this tab moves on when the link was used in another one. */
const listen = (go, authId) => {
  let channel;
  try {
    channel = new BroadcastChannel("tacit-activation");
  } catch {
    // The browser forbids it, as with storage that is blocked: the person goes on by hand.
    return () => {};
  }
  channel.addEventListener("message", ({ data }) => {
    if (String(data?.auth_id).toLowerCase() === authId.toLowerCase()) activated(go);
  });
  return () => channel.close();
};

export const open = (root, { go }) => {
  const authId = memory.waiting().address;
  root.querySelector("[data-address]").textContent = authId;
  serveCode(root, go, authId);
  const cleanups = [serveResend(root, authId), listen(go, authId)];
  return () => cleanups.forEach((cleanup) => cleanup());
};
