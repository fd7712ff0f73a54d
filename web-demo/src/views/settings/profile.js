/** Name, language and address. Another address counts once the mail to it was answered. */

import { act } from "../../client.js";
import { announce, notice } from "../../parts/dom.js";
import { clearErrors, looksLikeAddress, onSubmit, showErrors, showMessage } from "../../parts/form.js";
import { showProgress } from "../../parts/progress.js";
import { DOUBTS, wordsFor } from "../../parts/words.js";

/** What differs from the account as the server has it. */
const changesIn = (form, user) => {
  const typed = {
    displayName: form.elements.namedItem("display-name").value.trim(),
    language: form.elements.namedItem("language").value,
    email: form.elements.namedItem("new-email").value.trim(),
  };
  return Object.fromEntries(Object.entries(typed).filter(([name, value]) => value !== (user[name] ?? "")));
};

const explain = (form, failure) => {
  if (failure.code === "invalid_request") {
    return showErrors(form, [["new-email", "The server does not take this. Please check the address and the name once more."]]);
  }
  const { title, text } = wordsFor(failure, DOUBTS.profile);
  return showMessage(form, notice("warn", title, text));
};

export const serveProfile = (root) => {
  const form = root.querySelector("#profile-form");
  let user = {};

  const fill = async () => {
    const result = await act("Ask who is logged in", (client) => client.me(), { quiet: true });
    if (!result.ok) return;
    ({ user } = result);
    form.elements.namedItem("display-name").value = user.displayName ?? "";
    form.elements.namedItem("language").value = user.language.startsWith("de") ? "de" : "en";
    form.elements.namedItem("new-email").value = user.email;
    root.querySelector("[data-address]").textContent = user.email;
  };

  form.closest("details").addEventListener("toggle", (event) => {
    if (event.currentTarget.open) void fill();
  });

  onSubmit(form, async () => {
    clearErrors(form);
    const changes = changesIn(form, user);
    if ("email" in changes && !looksLikeAddress(changes.email)) {
      return showErrors(form, [["new-email", "Please type an e-mail address, such as ada@example.com."]]);
    }
    if (Object.keys(changes).length === 0) return showMessage(form, notice("", "Nothing differs", "There is nothing to save."));
    const done = showProgress(form.querySelector(".progress-place"));
    try {
      const result = await act("Change the account", (client) => client.updateProfile(changes));
      if (!result.ok) return explain(form, result);
      user = { ...user, ...changes, email: user.email };
      announce("Saved.");
      return showMessage(form, "email" in changes
        ? notice("good", "Saved; now look into your mail", `A mail is on its way to ${changes.email}. Your address changes once its link was opened.`)
        : notice("good", "Saved"));
    } finally {
      done();
    }
  });
};
