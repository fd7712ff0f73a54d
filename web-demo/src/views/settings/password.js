/** Another password: the current one is proved, and the new verifier travels sealed under that proof. */

import { act, client } from "../../client.js";
import { announce, notice } from "../../parts/dom.js";
import { clearErrors, empty, hidePasswords, onSubmit, showErrors, showMessage } from "../../parts/form.js";
import { showProgress } from "../../parts/progress.js";
import { serveStrength, weakness } from "../../parts/strength.js";
import { DOUBTS, passwordWords, wordsFor } from "../../parts/words.js";

const FIELDS = { currentPassword: "current-password", newPassword: "new-password" };

/** Thrown where nobody knows whether the password was changed. */
const DOUBTFUL = new Set(["server_not_proved", "response_invalid"]);

const errorsIn = async (current, next) => {
  const errors = [];
  if (!current) errors.push(["current-password", "Please type your current password."]);
  const weak = await weakness(next, client.user?.email);
  if (weak) errors.push(["new-password", weak]);
  return errors;
};

/** `unsure`: whether the answer to an earlier press was lost. */
const explain = (form, failure, unsure) => {
  const [field] = failure.fields ?? [];
  const words = passwordWords(field?.code);
  if (words && FIELDS[field.name]) return showErrors(form, [[FIELDS[field.name], words]]);
  if (failure.code === "proof_rejected") {
    const rejected = unsure ? "This is not your current password any more, if the change of a moment ago was made: then the new one holds already." : "This is not your current password. Nothing was changed.";
    return showErrors(form, [["current-password", rejected]]);
  }
  const { title, text } = wordsFor(failure, DOUBTS.change);
  return showMessage(form, notice("warn", title, text));
};

export const servePassword = (root, look) => {
  const form = root.querySelector("#password-form");
  const fields = Object.values(FIELDS).map((name) => form.elements.namedItem(name));
  const [current, next] = fields;
  let unsure = false;
  serveStrength(next, form.querySelector("#strength"), () => client.user?.email ?? "");

  onSubmit(form, async () => {
    clearErrors(form);
    hidePasswords(form);
    const passwords = fields.map((field) => field.value);
    const errors = await errorsIn(...passwords);
    if (errors.length > 0) return showErrors(form, errors);
    const done = showProgress(form.querySelector(".progress-place"));
    try {
      const keepOtherSessions = form.elements.namedItem("keep").checked;
      const [currentPassword, newPassword] = passwords;
      const change = (tacit) => tacit.changePassword({ currentPassword, newPassword, keepOtherSessions });
      const result = await act("Change the password", change, { passwords }).catch((error) => {
        unsure ||= DOUBTFUL.has(error.code);
        throw error;
      });
      unsure = !result.ok && (unsure || Boolean(result.mayBeDone));
      if (!result.ok) return explain(form, result, unsure);
      [current, next].forEach(empty);
      done();
      announce("Your password is changed.");
      const others = keepOtherSessions ? "Your other devices stay logged in." : "Your other devices are logged out.";
      showMessage(form, notice("good", "Your password is changed", `The server proved itself: M2 verified. ${others}`));
      return await look();
    } finally {
      done();
    }
  });
};
