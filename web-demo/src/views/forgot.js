/** Forgot the password: a mail with a link and a code. */

import { act } from "../client.js";
import { notice } from "../parts/dom.js";
import { clearErrors, looksLikeAddress, onSubmit, showErrors, showMessage } from "../parts/form.js";
import * as memory from "../parts/memory.js";
import { DOUBTS, wordsFor } from "../parts/words.js";

export const title = "Forgot your password?";
export const template = "view-forgot";

export const open = (root, { go }) => {
  const form = root.querySelector("form");
  const email = form.elements.namedItem("email");
  email.value = memory.address();

  onSubmit(form, async () => {
    clearErrors(form);
    const authId = email.value.trim();
    if (!looksLikeAddress(authId)) return showErrors(form, [["email", "Please type your e-mail address."]]);
    const result = await act("Ask for a reset", (client) => client.requestReset({ authId }));
    if (result.ok) {
      memory.rememberAddress(authId);
      memory.rememberResetting(authId);
      return go("reset");
    }
    if (result.code === "invalid_request") return showErrors(form, [["email", "The server does not take this address. Please check it once more."]]);
    const { title: heading, text } = wordsFor(result, DOUBTS.mail);
    return showMessage(form, notice("warn", heading, text));
  });
};
