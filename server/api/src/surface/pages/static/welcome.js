/**
 * An invited account chooses its password. The client library turns it into a credential in a worker; what is sent is the
 * link's secret and that credential.
 */

import { TacitClient } from "/client/index.js";
import { demoIsThere, notice, takeSecret } from "./pages.js";

const SHORTEST = 10;

const heading = document.getElementById("heading");
const text = document.getElementById("text");
const place = document.getElementById("form-place");
const status = document.getElementById("status");

const secret = takeSecret();

const finish = (title, words) => {
  heading.textContent = title;
  text.textContent = words;
  place.replaceChildren();
  status.replaceChildren();
  document.title = `${title} · Tacit`;
  heading.focus();
};

const working = () => {
  const box = document.createElement("div");
  box.className = "progress";
  const words = document.createElement("p");
  words.textContent = "Working on your password, here in your browser. This takes a moment on purpose.";
  const track = document.createElement("div");
  track.className = "track";
  box.append(words, track);
  return box;
};

const answer = async (result, field) => {
  if (result.ok) {
    finish("Your account is ready", "You can log in with your new password now.");
    document.getElementById("next").hidden = !(await demoIsThere());
    return;
  }
  if (result.code === "activation_invalid") {
    finish("This link no longer works", "It was used already, or it has expired. Please ask whoever invited you for a new one.");
    return;
  }
  if (result.code.startsWith("password_")) {
    wrong(field, "This password is too long, or has a character that not all devices know. Please try another one.");
    return;
  }
  status.replaceChildren(notice("warn", result.retryAfter
    ? `The server asks to wait ${result.retryAfter} seconds. Then press the button again; your password is still in the field.`
    : "The server cannot be reached right now. Nothing is lost: your password is still in the field, please try again in a moment."));
};

const wrong = (field, words) => {
  const line = document.getElementById("password-wrong");
  line.textContent = words;
  line.hidden = !words;
  field.setAttribute("aria-invalid", String(Boolean(words)));
  if (words) field.focus();
};

/**
 * A client of the server's own realm, which may be a parent of this page's host. Applications name their realm themselves;
 * this page comes from the server, so it may ask it, and the client holds the answer against the host.
 */
const connect = async () => {
  const settings = await (await fetch("/v1/auth/settings")).json();
  return new TacitClient({ baseUrl: location.origin, realm: settings.realm });
};

const submit = async (form) => {
  const field = form.elements.namedItem("password");
  const button = form.querySelector("[type=submit]");
  if (button.getAttribute("aria-disabled") === "true") return;
  if ([...field.value].length < SHORTEST) {
    wrong(field, `Please choose at least ${SHORTEST} characters.`);
    return;
  }
  wrong(field, "");
  button.setAttribute("aria-disabled", "true");
  status.replaceChildren(working());
  try {
    const client = await connect();
    const result = await client.activate({ token: secret, password: field.value });
    status.replaceChildren();
    await answer(result, field);
  } catch (error) {
    status.replaceChildren(notice("warn", `Your browser could not work on the password (${error.code ?? error.name}). Your password is still in the field; please try again in a moment.`));
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
};

const start = () => {
  const form = document.getElementById("form").content.cloneNode(true).querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(form);
  });
  const reveal = form.querySelector(".reveal");
  reveal.addEventListener("click", () => {
    const shown = reveal.getAttribute("aria-pressed") !== "true";
    reveal.setAttribute("aria-pressed", String(shown));
    form.elements.namedItem("password").type = shown ? "text" : "password";
  });
  place.replaceChildren(form);
};

if (secret) {
  start();
} else {
  finish("This link is not complete", "Please open the link you were given once more, in full: some programs cut long links.");
}
