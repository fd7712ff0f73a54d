/**
 * A change of address, confirmed or taken back by link. The secret is taken out of the address bar at once, and spent only
 * when the person presses the button, since mail scanners follow links.
 */

import { demoIsThere, notice, once, takeSecret } from "./pages.js";

const WORDS = {
  confirm: {
    working: "Confirming…",
    title: "Your address is confirmed",
    text: (email) => `Your account's address is ${email} from now on: log in with it.`,
    refused: "It was used already, a newer change has replaced it, it has expired, or the address cannot be had any more. You can ask for the change again in your account.",
  },
  undo: {
    working: "Taking it back…",
    title: "The change is taken back",
    text: (email) => `Your account has the address ${email} again, and everybody is signed out. If somebody else changed it, reset the password now.`,
    refused: "It was used already, or its seven days are over.",
  },
};

const heading = document.getElementById("heading");
const button = document.getElementById("press");
const status = document.getElementById("status");
const next = document.getElementById("next");
const { operation } = document.querySelector("main").dataset;
const words = WORDS[operation];

const secret = takeSecret();

const finish = (title, text) => {
  heading.textContent = title;
  document.getElementById("text").textContent = text;
  document.getElementById("actions").hidden = true;
  document.getElementById("why").hidden = true;
  status.replaceChildren();
  document.title = `${title} · Tacit`;
  heading.focus();
};

/** After an undo the way leads to a reset, which every server has; after a confirmation to the demo, if there is one. */
const offerNext = async () => {
  next.hidden = operation === "confirm" && !(await demoIsThere());
};

const answered = async (response) => {
  if (response.ok) {
    const { email } = await response.json();
    finish(words.title, words.text(email));
    await offerNext();
    return;
  }
  if (response.status === 401) {
    finish("This link no longer works", words.refused);
    return;
  }
  const wait = Number(response.headers.get("retry-after"));
  status.replaceChildren(notice("warn", wait > 0
    ? `The server asks to wait ${wait} ${wait === 1 ? "second" : "seconds"}. Then press the button again.`
    : "The server could not do that just now. Nothing is lost: please press the button again in a moment."));
};

const press = () => once(button, async () => {
  status.replaceChildren(notice("", words.working));
  try {
    await answered(await fetch(`/api/auth/users/email/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: secret }),
    }));
  } catch {
    status.replaceChildren(notice("warn", "The server cannot be reached right now. The link still works: please press the button again in a moment."));
  }
});

if (secret) button.addEventListener("click", press);
else finish("This link is not complete", "Please open the link from the mail once more, in full: some mail programs cut long links.");
