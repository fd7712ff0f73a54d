/**
 * Activation by link. The secret stands in the fragment, which browsers do not send; it is taken out of the address bar
 * at once, and spent only when the person presses the button, since mail scanners follow links.
 */

import { demoIsThere, notice, takeSecret, tellPages } from "./pages.js";

const heading = document.getElementById("heading");
const text = document.getElementById("text");
const button = document.getElementById("activate");
const status = document.getElementById("status");
const parts = (name) => document.getElementById(name);

const secret = takeSecret();

const finish = (title, words) => {
  heading.textContent = title;
  text.textContent = words;
  parts("actions").hidden = true;
  parts("why").hidden = true;
  status.replaceChildren();
  document.title = `${title} · Tacit`;
  heading.focus();
};

const incomplete = () => finish(
  "This link is not complete",
  "Please open the link from the mail once more, in full: some mail programs cut long links. The code in the same mail works too.",
);

const offerDemo = async () => {
  parts("next").hidden = !(await demoIsThere());
};

const activated = async (address) => {
  finish("Your account is active", address ? `${address} can log in now.` : "You can log in now.");
  // A demo waiting in another tab moves on by itself.
  tellPages("tacit-activation", { auth_id: address });
  await offerDemo();
};

const refused = async (response) => {
  if (response.status === 401) {
    finish(
      "This link no longer works",
      "It was used already, a newer mail has replaced it, or it has expired. If the account is active you can simply log in; otherwise ask for a new mail where you signed up.",
    );
    await offerDemo();
    return;
  }
  const wait = Number(response.headers.get("retry-after"));
  status.replaceChildren(notice("warn", wait > 0
    ? `The server asks to wait ${wait} ${wait === 1 ? "second" : "seconds"}. Then press the button again.`
    : "The server could not do that just now. Nothing is lost: please press the button again in a moment."));
};

const activate = async () => {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  status.replaceChildren(notice("", "Activating…"));
  try {
    const response = await fetch("/api/auth/srp/sign-up/activate", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: secret }),
    });
    if (response.ok) await activated((await response.json()).auth_id);
    else await refused(response);
  } catch {
    status.replaceChildren(notice("warn", "The server cannot be reached right now. The link still works: please press the button again in a moment."));
  } finally {
    button.setAttribute("aria-disabled", "false");
  }
};

if (secret) button.addEventListener("click", activate);
else incomplete();
