/** Asks for the password once more, in a dialog, because what the person does next needs it. */

import { fromTemplate, notice } from "./dom.js";

/** The password, or `null` for somebody who would rather not; `failed` is why the one before did not do. */
export const askPassword = (address, failed) => new Promise((resolve) => {
  const before = document.activeElement;
  const dialog = fromTemplate("step-up");
  const form = dialog.querySelector("form");
  const field = form.elements.namedItem("step-up-password");
  const wrong = dialog.querySelector("#step-up-password-wrong");
  form.elements.namedItem("username").value = address;
  if (failed) dialog.querySelector(".summary").replaceChildren(notice("bad", "This is not your password", "Please try once more."));

  const close = (answer) => {
    dialog.close();
    dialog.remove();
    before?.focus?.();
    resolve(answer);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value) return close(field.value);
    wrong.textContent = "Please type your password.";
    wrong.hidden = false;
    field.setAttribute("aria-invalid", "true");
    return field.focus();
  });
  dialog.querySelector("#step-up-cancel").addEventListener("click", () => close(null));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close(null);
  });
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
});
