/** Small tools for the page's elements. */

export const element = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};

/** A fresh copy of a view's template. */
export const fromTemplate = (id) => document.getElementById(id).content.cloneNode(true).firstElementChild;

/** Tells what happened to those who cannot see it. */
export const announce = (words) => {
  const live = document.getElementById("live");
  live.textContent = "";
  requestAnimationFrame(() => {
    live.textContent = words;
  });
};

/** A message box; `tone` is empty, `good`, `warn` or `bad`. */
export const notice = (tone, title, ...rest) => element(
  "div",
  { className: `notice ${tone}`.trim() },
  ...(title ? [element("h2", {}, title)] : []),
  ...rest.map((part) => (typeof part === "string" ? element("p", {}, part) : part)),
);

/** `aria-disabled` keeps the focus and the name where `disabled` would lose them. */
export const setDisabled = (button, disabled) => button.setAttribute("aria-disabled", String(disabled));
export const isDisabled = (button) => button.getAttribute("aria-disabled") === "true";
