/** Sign up: an address and a new password, turned into a verifier here. */

import { act } from "../client.js";
import { notice } from "../parts/dom.js";
import { clearErrors, hidePasswords, looksLikeAddress, onSubmit, serveReveal, showErrors, showMessage } from "../parts/form.js";
import * as memory from "../parts/memory.js";
import { showProgress } from "../parts/progress.js";
import { serveProviders } from "../parts/providers.js";
import { serveStrength, weakness } from "../parts/strength.js";
import { DOUBTS, passwordWords, wordsFor } from "../parts/words.js";

export const title = "Create an account";
export const template = "view-sign-up";

const errorsIn = async (authId, password) => {
  const errors = [];
  if (!looksLikeAddress(authId)) errors.push(["email", "Please type an e-mail address, such as ada@example.com."]);
  const weak = await weakness(password, authId);
  if (weak) errors.push(["new-password", weak]);
  return errors;
};

const explain = (form, failure) => {
  const words = passwordWords(failure.fields?.[0]?.code);
  if (words) return showErrors(form, [["new-password", words]]);
  if (failure.code === "invalid_request") return showErrors(form, [["email", "The server does not take this address. Please check it once more."]]);
  const { title: heading, text } = wordsFor(failure, DOUBTS.signUp);
  return showMessage(form, notice(failure.code === "network" ? "warn" : "bad", heading, text));
};

export const open = (root, { go }) => {
  const form = root.querySelector("form");
  const email = form.elements.namedItem("email");
  const password = form.elements.namedItem("new-password");
  serveReveal(root);
  void serveProviders(root, { go });
  serveStrength(password, root.querySelector("#strength"), () => email.value.trim());

  onSubmit(form, async () => {
    clearErrors(form);
    hidePasswords(form);
    const authId = email.value.trim();
    const typed = password.value;
    const errors = await errorsIn(authId, typed);
    if (errors.length > 0) return showErrors(form, errors);

    const done = showProgress(form.querySelector(".progress-place"));
    try {
      const result = await act("Sign up", (client) => client.signUp({ authId, password: typed }), { passwords: [typed] });
      if (!result.ok) return explain(form, result);
      password.value = "";
      memory.rememberAddress(authId);
      memory.rememberWaiting({ address: authId, resendAt: Date.now() + result.resendAfter * 1000 });
      return go("check-mail");
    } finally {
      done();
    }
  });
};
