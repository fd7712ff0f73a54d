/** What people change about their account, take along, or delete: one fold each. */

import { act, client } from "../../client.js";
import { announce, isDisabled, notice, setDisabled } from "../../parts/dom.js";
import { clearErrors, onSubmit, serveReveal, showErrors, showMessage } from "../../parts/form.js";
import * as memory from "../../parts/memory.js";
import { showProgress } from "../../parts/progress.js";
import { DOUBTS, wordsFor } from "../../parts/words.js";
import { serveIdentities } from "./identities.js";
import { servePassword } from "./password.js";
import { serveProfile } from "./profile.js";

const FILE = "tacit-account.json";

const download = (text) => {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: FILE });
  link.click();
  URL.revokeObjectURL(url);
};

const serveExport = (root, say) => {
  const button = root.querySelector("#export");
  button.addEventListener("click", async () => {
    if (isDisabled(button)) return;
    setDisabled(button, true);
    const result = await act("Export everything stored", (tacit) => tacit.exportData());
    setDisabled(button, false);
    if (!result.ok) return say(result);
    download(result.text);
    return announce(`Your data is in the file ${FILE}.`);
  });
};

const serveDeletion = (root, go) => {
  const form = root.querySelector("#delete-form");
  const field = form.elements.namedItem("delete-address");
  onSubmit(form, async () => {
    clearErrors(form);
    if (field.value.trim().toLowerCase() !== root.querySelector("[data-address]").textContent.toLowerCase()) {
      return showErrors(form, [["delete-address", "Please type your address as it stands above."]]);
    }
    const done = showProgress(form.querySelector(".progress-place"));
    try {
      const result = await act("Delete the account", (tacit) => tacit.deleteAccount());
      if (result.ok) {
        memory.rememberAddress("");
        return go("log-in", { note: notice("good", "Your account is deleted", "Nothing about you is left here but the farewell mail.") });
      }
      const { title: heading, text } = wordsFor(result, DOUBTS.deletion);
      return showMessage(form, notice("warn", heading, text));
    } finally {
      done();
    }
  });
};

/** The promise returned is kept when all folds there are are shown. */
export const serveSettings = (root, { go, look, note }) => {
  const say = (failure) => {
    const { title: heading, text } = wordsFor(failure);
    root.querySelector("#settings-note").replaceChildren(notice("warn", heading, text));
  };
  for (const field of root.querySelectorAll("[name=username]")) field.value = client.user.email;
  serveReveal(root.querySelector(".settings"));
  serveProfile(root);
  servePassword(root, look);
  serveExport(root, say);
  serveDeletion(root, go);
  return serveIdentities(root, { note });
};
