/** Draws a JSON value: indented, long values shortened to a button that shows them whole, known names explained. */

import { element } from "../parts/dom.js";
import { fieldNote } from "./labels.js";

const LONG = 24;
const HEX = /^[0-9a-f]+$/i;

const describe = (text) => {
  if (HEX.test(text)) return `${text.length / 2} bytes`;
  return `${text.length} characters`;
};

const long = (name, text) => {
  const short = `${text.slice(0, 8)}…${text.slice(-4)}`;
  const size = describe(text);
  const value = element("span", { className: "json-string" }, `"${short}"`);
  const button = element("button", { type: "button", className: "json-long" }, value, element("span", { className: "json-size" }, ` ${size}`));
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-label", `${name ? `${name}, ` : ""}${short} ${size}, whole value`);
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    value.textContent = `"${open ? text : short}"`;
  });
  return button;
};

const scalar = (name, value) => {
  if (typeof value === "string" && value.length > LONG && !/[\s@]/.test(value)) return long(name, value);
  const kind = typeof value === "string" ? "json-string" : "json-other";
  return element("span", { className: kind }, JSON.stringify(value));
};

const DEEPEST = 4;

const line = (depth, pieces, note) => element(
  "span",
  { className: "json-line" },
  element("span", { className: `json-code depth-${Math.min(depth, DEEPEST)}` }, ...pieces),
  ...(note ? [element("span", { className: "json-note" }, note)] : []),
  "\n",
);

const lines = (value, depth, head, tail, name, parent) => {
  const note = name ? fieldNote(name, parent) : null;
  if (value === null || typeof value !== "object") return [line(depth, [...head, element("span", { className: "json-value" }, scalar(name, value), tail)], note)];
  const list = Array.isArray(value);
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  const entries = Object.entries(value);
  if (entries.length === 0) return [line(depth, [...head, open + close + tail], note)];
  const inner = entries.flatMap(([key, item], index) => {
    const start = list ? [] : [element("span", { className: "json-name" }, JSON.stringify(key)), ": "];
    return lines(item, depth + 1, start, index < entries.length - 1 ? "," : "", list ? "" : key, value);
  });
  return [line(depth, [...head, open], note), ...inner, line(depth, [close + tail])];
};

export const drawJson = (value) => {
  const block = element("pre", { className: "json" }, ...lines(value, 0, [], "", "", null));
  return block;
};
