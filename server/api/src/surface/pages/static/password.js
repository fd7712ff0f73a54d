/** What the pages share on which a new password is chosen. */

import { TacitClient } from "/client/index.js";

const SHORTEST = 10;

/**
 * Does `work` with a client of the server's own realm, which may be a parent of this page's host. Applications name their
 * realm themselves; these pages come from the server, so they may ask it, and the client holds the answer against the host.
 * Where the server does not say, that failure is the result: a password made for a guessed realm would lock its person out.
 */
export const withClient = async (work) => {
  const answer = await new TacitClient({ baseUrl: location.origin }).settings();
  if (!answer.ok) return answer;
  return work(new TacitClient({ baseUrl: location.origin, realm: answer.settings.realm }));
};

/** An answer that the client does not understand is as good as lost: what it answers to may be done. */
export const inDoubt = (error) => {
  if (error.code !== "response_invalid") throw error;
  return { ok: false, code: error.code, mayBeDone: true };
};

/** A fresh form out of its template, with a button that shows the password where it has one. */
export const formFrom = (id, submit) => {
  const form = document.getElementById(id).content.cloneNode(true).querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(form);
  });
  const reveal = form.querySelector(".reveal");
  reveal?.addEventListener("click", () => {
    const shown = reveal.getAttribute("aria-pressed") !== "true";
    reveal.setAttribute("aria-pressed", String(shown));
    form.elements.namedItem("password").type = shown ? "text" : "password";
  });
  return form;
};

/** Says below a field what is wrong with it, and moves there; nothing takes the words away. */
export const wrong = (field, words) => {
  const line = document.getElementById(`${field.id}-wrong`);
  line.textContent = words;
  line.hidden = !words;
  field.setAttribute("aria-invalid", String(Boolean(words)));
  if (words) field.focus();
};

/** Whether a password can be worked on; if not, the field says why. */
export const isLongEnough = (field) => {
  const enough = [...field.value].length >= SHORTEST;
  wrong(field, enough ? "" : `Please choose at least ${SHORTEST} characters.`);
  return enough;
};

export const PASSWORD_INVALID = "This password is too long, or has a character that not all devices know. Please try another one.";

/** A bar for the moment that stretching takes. */
export const working = () => {
  const box = document.createElement("div");
  box.className = "progress";
  const words = document.createElement("p");
  words.textContent = "Working on your password, here in your browser. This takes a moment on purpose.";
  const track = document.createElement("div");
  track.className = "track";
  box.append(words, track);
  return box;
};
