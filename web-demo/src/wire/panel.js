/** The panel beside each step: one group an action, newest first, each exchange with both its bodies. */

import { announce, element } from "../parts/dom.js";
import { drawJson } from "./json.js";
import { stepName } from "./labels.js";

const place = document.getElementById("wire-groups");
const empty = document.getElementById("wire-empty");
const KEPT = 12;

const body = (title, value, none) => element(
  "div",
  { className: "wire-body" },
  element("h4", {}, title),
  value === undefined ? element("p", { className: "soft small" }, none) : drawJson(value),
);

const statusWords = (event) => (event.status === 0 ? "no answer" : String(event.status));

const exchange = (event) => {
  const path = event.path ?? new URL(event.url).pathname;
  const status = element("span", { className: "wire-status" }, statusWords(event));
  status.dataset.kind = event.status >= 200 && event.status < 400 ? "good" : "other";
  const silence = event.status === 0 ? "No answer came." : "Empty.";
  return element(
    "article",
    { className: "wire-exchange" },
    element("h3", {}, stepName(event.method, path)),
    element("p", { className: "wire-line mono" }, `${event.method} ${path} `, status),
    ...(event.requestBody === undefined ? [] : [body("Sent", event.requestBody, "")]),
    ...(event.responseHeaders ? [body("Answered, in a header", event.responseHeaders, "")] : []),
    body("Answered", event.responseBody, event.discarded ? "Thrown away unseen: the server did not prove itself." : silence),
  );
};

const verdictLine = ({ messages, form }) => {
  const clean = form === null;
  const words = clean
    ? "Your password was not in any of it."
    : `What you typed as the password occurs here (${form}). Very short passwords can do so by chance.`;
  const line = element(
    "p",
    { className: `verdict ${clean ? "clean" : "found"}` },
    element("strong", {}, words),
    element("span", { className: "small" }, ` Searched ${messages} ${messages === 1 ? "message" : "messages"}, addresses and bodies, for it: as typed, normalised, and encoded.`),
  );
  line.dataset.verdict = clean ? "clean" : "found";
  return line;
};

/** Groups of quiet actions (looks the page makes by itself) replace the one before instead of piling up. */
const startGroup = (title, { quiet = false } = {}) => {
  const verdict = element("div", { className: "wire-verdict" });
  const exchanges = element("div", { className: "wire-exchanges" });
  const count = element("span", { className: "soft small" });
  const details = element("details", { className: "wire-group" }, element("summary", {}, element("span", { className: "wire-title" }, title), " ", count), verdict, exchanges);
  let requests = 0;
  let shown = false;

  const show = () => {
    if (shown) return;
    shown = true;
    empty.hidden = true;
    if (quiet) {
      const before = [...place.children].find((other) => other.dataset.quiet === title);
      details.dataset.quiet = title;
      details.open = before?.open ?? false;
      if (before) before.replaceWith(details);
      else place.append(details);
      return;
    }
    for (const other of place.children) other.open = false;
    details.open = true;
    place.prepend(details);
    const loud = [...place.children].filter((other) => !other.dataset.quiet);
    for (const old of loud.slice(KEPT)) old.remove();
  };

  return {
    add(event) {
      requests += 1;
      count.textContent = `${requests} ${requests === 1 ? "request" : "requests"}`;
      exchanges.append(exchange(event));
      show();
    },
    verdict(result) {
      if (requests === 0) return;
      verdict.replaceChildren(verdictLine(result));
      if (result.form === null) announce(`${requests} ${requests === 1 ? "request" : "requests"} sent; your password was not in any of them.`);
    },
    end() {
      details.dataset.done = "true";
    },
  };
};

export const panel = { group: startGroup };
