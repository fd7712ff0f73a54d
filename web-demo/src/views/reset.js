/** After a mail was asked for: its code and a new password, turned into a verifier here. */

import { act } from "../client.js";
import { notice } from "../parts/dom.js";
import { clearErrors, hidePasswords, onSubmit, serveReveal, showErrors, showMessage } from "../parts/form.js";
import * as memory from "../parts/memory.js";
import { showProgress } from "../parts/progress.js";
import { serveStrength, weakness } from "../parts/strength.js";
import { DOUBTS, passwordWords, wordsFor } from "../parts/words.js";

export const title = "Choose a new password";
export const template = "view-reset";
export const needs = () => (memory.resetting() ? null : "forgot");

const CODE = /^[0-9A-Z]{10}$/;

const errorsIn = async (authId, code, password) => {
  const errors = [];
  if (!CODE.test(code.toUpperCase().replace(/[\s-]/g, ""))) {
    errors.push(["code", "The code has ten letters and digits. Please type it as it stands in the mail."]);
  }
  const weak = await weakness(password, authId);
  if (weak) errors.push(["new-password", weak]);
  return errors;
};

const explain = (form, failure) => {
  const words = passwordWords(failure.fields?.[0]?.code);
  if (words) return showErrors(form, [["new-password", words]]);
  if (failure.code === "reset_invalid" || failure.code === "invalid_request") {
    return showErrors(form, [["code", "This code does not fit. Please use the newest mail, and mind that it works for half an hour."]]);
  }
  const { title: heading, text } = wordsFor(failure, DOUBTS.reset);
  return showMessage(form, notice("warn", heading, text));
};

export const open = (root, { go }) => {
  const authId = memory.resetting();
  const form = root.querySelector("form");
  const [code, password] = [form.elements.namedItem("code"), form.elements.namedItem("new-password")];
  root.querySelector("[data-address]").textContent = authId;
  form.elements.namedItem("username").value = authId;
  serveReveal(root);
  serveStrength(password, root.querySelector("#strength"), () => authId);

  onSubmit(form, async () => {
    clearErrors(form);
    hidePasswords(form);
    const typed = password.value;
    const errors = await errorsIn(authId, code.value, typed);
    if (errors.length > 0) return showErrors(form, errors);
    const done = showProgress(form.querySelector(".progress-place"));
    try {
      const input = { authId, code: code.value, password: typed };
      const result = await act("Reset the password", (client) => client.completeReset(input), { passwords: [typed] });
      if (!result.ok) return explain(form, result);
      password.value = "";
      memory.rememberResetting(null);
      return go("log-in", { note: notice("good", "Your password is reset", "Now log in with the new one.") });
    } finally {
      done();
    }
  });
};
