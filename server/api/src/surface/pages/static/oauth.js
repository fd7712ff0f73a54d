/**
 * The way back from a provider. Hands the outcome, a one-time code or the code of a problem, to the application that began:
 * to the window that opened this one, or in the fragment of the address to return to, which browsers do not send. The
 * server has made sure that the address is one of an allowed origin; the code is worth nothing without the verifier that
 * the application kept.
 */

import { tellPages } from "./pages.js";

const outcome = document.getElementById("outcome");
const { code, error, returnTo, display } = outcome.dataset;

/** Nothing of it stays in the address bar or the history. */
history.replaceState(null, "", location.pathname);
delete outcome.dataset.code;

const message = code ? { type: "tacit-oauth", code } : { type: "tacit-oauth", error };

/** What the opener's policy cut off is reached by the channel, where it is a page of this very origin. */
const toOpener = (origin) => {
  window.opener?.postMessage(message, origin);
  if (origin === location.origin) tellPages("tacit-oauth", message);
  window.close();
};

const toPage = (address) => {
  const name = code ? "tacit_code" : "tacit_error";
  address.hash = new URLSearchParams({ [name]: code || error }).toString();
  location.replace(address.href);
};

const offerTheWayBack = (address) => {
  const link = document.getElementById("link");
  link.href = address.href;
  document.getElementById("back").hidden = false;
};

if (returnTo) {
  const address = new URL(returnTo);
  if (display === "popup") {
    toOpener(address.origin);
    // Where the window does not close: a person opened it.
    offerTheWayBack(address);
  } else {
    toPage(address);
  }
} else {
  document.getElementById("heading").focus();
}
