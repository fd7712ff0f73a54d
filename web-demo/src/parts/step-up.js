/** Asks for the password once more, in a dialog, because what the person does next needs it; or for a provider's word. */

import { element, fromTemplate, notice } from "./dom.js";
import { wordsFor } from "./words.js";

/** Shows a dialog until `serve` has its answer; `null` for somebody who would rather not. */
const ask = (template, serve) => new Promise((resolve) => {
  const before = document.activeElement;
  const dialog = fromTemplate(template);
  const close = (answer) => {
    dialog.close();
    dialog.remove();
    before?.focus?.();
    resolve(answer);
  };
  dialog.querySelector("[data-cancel]").addEventListener("click", () => close(null));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close(null);
  });
  const first = serve(dialog, close);
  document.body.append(dialog);
  dialog.showModal();
  first.focus();
});

/** The password; `failed` is why the one before did not do. */
export const askPassword = (address, failed) => ask("step-up", (dialog, close) => {
  const form = dialog.querySelector("form");
  const field = form.elements.namedItem("step-up-password");
  const wrong = dialog.querySelector("#step-up-password-wrong");
  form.elements.namedItem("username").value = address;
  if (failed) dialog.querySelector(".summary").replaceChildren(notice("bad", "This is not your password", "Please try once more."));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value) return close(field.value);
    wrong.textContent = "Please type your password.";
    wrong.hidden = false;
    field.setAttribute("aria-invalid", "true");
    return field.focus();
  });
  return field;
});

/** One of the person's providers, which opens in a window of its own. */
export const askProvider = (identities, failed) => ask("step-up-provider", (dialog, close) => {
  if (failed) {
    const { title, text } = wordsFor(failed);
    dialog.querySelector(".summary").replaceChildren(notice("warn", title, text));
  }
  const labels = new Map(identities.map(({ provider, label }) => [provider, label]));
  const buttons = [...labels].map(([provider, label]) => {
    const button = element("button", { type: "button", className: "button" }, `Ask ${label}`);
    button.addEventListener("click", () => close({ provider }));
    return button;
  });
  dialog.querySelector("[data-buttons]").replaceChildren(...buttons);
  return buttons[0] ?? dialog.querySelector("[data-cancel]");
});
