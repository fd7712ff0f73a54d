/** Buttons that lead to the providers the server lists; without any there is nothing to see. */

import { act } from "../client.js";
import { deviceName } from "./device.js";
import { element, fromTemplate, isDisabled, notice, setDisabled } from "./dom.js";
import { explained } from "./form.js";
import { DOUBTS, wordsFor } from "./words.js";

let known = null;

/** The providers, asked for once; none where the server does not say. */
export const providers = async () => {
  known ??= act("Ask for the providers", (client) => client.providers(), { quiet: true });
  const result = await known;
  if (result.ok) return result.providers;
  known = null;
  return [];
};

/** What people call a provider. */
export const labelOf = async (name) => (await providers()).find((provider) => provider.name === name)?.label ?? name;

/** One button a provider; `press(provider, display)` is what it does, once at a time. What it throws `say` shows in words. */
export const drawButtons = (root, list, verb, press, say) => {
  const byPopup = root.querySelector("[data-popup]");
  const buttons = list.map((provider) => {
    const button = element("button", { type: "button", className: "button quiet" }, `${verb} ${provider.label}`);
    button.addEventListener("click", async () => {
      if (isDisabled(button)) return;
      buttons.forEach((each) => setDisabled(each, true));
      root.setAttribute("aria-busy", "true");
      await explained(() => press(provider, byPopup.checked ? "popup" : "page"), say);
      root.removeAttribute("aria-busy");
      buttons.forEach((each) => setDisabled(each, false));
    });
    return button;
  });
  root.querySelector("[data-buttons]").replaceChildren(...buttons);
};

/** What came of a sign-in, where it did not come to a session: words, and the view they belong to. */
export const noticeFor = async (failure, name) => {
  const { title, text } = wordsFor(failure, DOUBTS.identities);
  if (failure.code !== "link_required") return notice("warn", title, text);
  const label = name ? await labelOf(name) : "the provider";
  return notice("warn", title, `Log in to it with its password. Then you can link ${label} below “Accounts elsewhere”.`);
};

/** Puts the buttons below the form of a view, as soon as it is known which there are. */
export const serveProviders = async (root, { go }) => {
  const list = await providers();
  if (list.length === 0 || !root.isConnected) return;
  const section = fromTemplate("providers");
  const summary = section.querySelector(".summary");
  drawButtons(section, list, "Sign in with", async ({ name }, display) => {
    summary.replaceChildren();
    const visit = (client) => client.signInWith(name, { display, deviceName: deviceName() });
    const result = await act("Sign in with a provider", visit, { byWindow: display === "popup" });
    if (result.ok && result.status === "signed_in") go("account", { provider: name, created: result.created });
    else if (!result.ok) summary.replaceChildren(await noticeFor(result, name));
  }, (box) => summary.replaceChildren(box));
  root.append(section);
};
