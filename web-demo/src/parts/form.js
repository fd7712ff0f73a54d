/** What all forms here do alike: real submits, field errors, a summary, and buttons that wait. */

import { act } from "../client.js";
import { element, isDisabled, notice, setDisabled } from "./dom.js";
import { wordsForThrown } from "./words.js";

/** Runs `work`; what it throws is put in words, for `say` to show. */
export const explained = async (work, say) => {
  try {
    return await work();
  } catch (error) {
    const { title, text } = await act("Ask how the server is", (client) => wordsForThrown(error, client), { quiet: true });
    return say(notice("warn", title, text));
  }
};

/** Runs `work` on submit, once at a time, with the button marked as waiting; what it throws is explained. */
export const onSubmit = (form, work) => {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    if (isDisabled(button)) return;
    setDisabled(button, true);
    form.setAttribute("aria-busy", "true");
    try {
      await explained(work, (box) => showMessage(form, box));
    } finally {
      form.removeAttribute("aria-busy");
      if (!button.dataset.held) setDisabled(button, false);
    }
  });
};

export const summaryOf = (form) => form.querySelector(".summary");

const markField = (form, id, words) => {
  const field = form.querySelector(`#${id}`);
  const line = form.querySelector(`#${id}-wrong`);
  line.textContent = words;
  line.hidden = !words;
  if (words) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
};

export const clearErrors = (form) => {
  summaryOf(form).replaceChildren();
  for (const line of form.querySelectorAll(".wrong")) markField(form, line.id.replace(/-wrong$/, ""), "");
};

/** Shows `errors`, `[[field id, words], …]`, beside the fields and in the summary, and moves there. */
export const showErrors = (form, errors) => {
  const links = errors.map(([id, words]) => {
    markField(form, id, words);
    const link = element("a", { href: `#${id}` }, words);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      form.querySelector(`#${id}`).focus();
    });
    return element("li", {}, link);
  });
  const title = errors.length === 1 ? "One field needs a look" : `${errors.length} fields need a look`;
  summaryOf(form).replaceChildren(notice("bad", title, element("ul", { className: "plain" }, ...links)));
  summaryOf(form).focus();
};

/** Shows a message above the fields; it is read out, and the focus stays. */
export const showMessage = (form, box) => summaryOf(form).replaceChildren(box);

/** The button inside a password field that shows what is typed. */
export const serveReveal = (root) => {
  for (const button of root.querySelectorAll(".reveal")) {
    const field = root.querySelector(`#${button.getAttribute("aria-controls")}`);
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      field.type = shown ? "text" : "password";
    });
  }
};

/** Hides the password again before it is submitted, as password managers and on-lookers expect. */
export const hidePasswords = (root) => {
  for (const button of root.querySelectorAll('.reveal[aria-pressed="true"]')) button.click();
};

/** Empties a field, and tells whoever draws what is typed in it. */
export const empty = (field) => {
  field.value = "";
  field.dispatchEvent(new Event("input"));
};

/** The shape of an address, no more: whether it exists, only a mail can tell. */
export const looksLikeAddress = (text) => /^[^\s@]+@[^\s@]+$/.test(text);
