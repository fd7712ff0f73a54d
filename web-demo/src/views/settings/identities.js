/** Accounts elsewhere that one can log in with, and a first password for those who have none. */

import { act, client } from "../../client.js";
import { announce, element, isDisabled, notice, setDisabled } from "../../parts/dom.js";
import { clearErrors, empty, explained, hidePasswords, onSubmit, showErrors, showMessage } from "../../parts/form.js";
import { showProgress } from "../../parts/progress.js";
import { drawButtons, providers } from "../../parts/providers.js";
import { serveStrength, weakness } from "../../parts/strength.js";
import { DOUBTS, passwordWords, wordsFor } from "../../parts/words.js";

const identityItem = (identity, unlink) => {
  const button = element("button", { type: "button", className: "button quiet small" }, "Unlink");
  const name = identity.email ? `${identity.label}, ${identity.email}` : identity.label;
  button.setAttribute("aria-label", `Unlink ${name}`);
  button.addEventListener("click", () => unlink(identity, button));
  const text = element(
    "div",
    { className: "session-text" },
    element("p", { className: "session-name" }, identity.label),
    element("p", { className: "small soft" }, identity.email ?? "No address is known."),
  );
  return element("li", { className: "session" }, text, button);
};

/** A first password; the form is there only where there is none. */
const serveFirstPassword = (fold, look) => {
  const form = fold.querySelector("form");
  const field = form.elements.namedItem("first-password");
  form.elements.namedItem("username").value = client.user.email;
  serveStrength(field, form.querySelector(".strength"), () => client.user?.email ?? "");
  onSubmit(form, async () => {
    clearErrors(form);
    hidePasswords(form);
    const password = field.value;
    const weak = await weakness(password, client.user?.email);
    if (weak) return showErrors(form, [["first-password", weak]]);
    const done = showProgress(form.querySelector(".progress-place"));
    try {
      const result = await act("Set a password", (tacit) => tacit.setPassword({ password }), { passwords: [password] });
      if (!result.ok) {
        const words = passwordWords(result.fields?.[0]?.code);
        if (words) return showErrors(form, [["first-password", words]]);
        const { title, text } = wordsFor(result, DOUBTS.firstPassword);
        return showMessage(form, notice("warn", title, text));
      }
      empty(field);
      await look();
      return document.getElementById("settings-title").focus();
    } finally {
      done();
    }
  });
};

/** The promise returned is kept when it is known what there is to see. */
export const serveIdentities = (root, { note }) => {
  const fold = root.querySelector("#identities-fold");
  const place = root.querySelector("#settings-note");
  const list = fold.querySelector("#identities");
  const say = (box) => {
    place.replaceChildren(box);
    announce(box.innerText);
  };
  const trouble = (failure) => {
    const { title, text } = wordsFor(failure, DOUBTS.identities);
    say(notice("warn", title, text));
  };

  /** What there is to see depends on how the person can log in. */
  const draw = ({ identities, hasPassword }, offered) => {
    root.querySelector("#password-fold").hidden = !hasPassword;
    root.querySelector("#first-password-fold").hidden = hasPassword;
    fold.hidden = offered.length === 0 && identities.length === 0;
    list.replaceChildren(...identities.map((identity) => identityItem(identity, unlink)));
    fold.querySelector("#no-identities").hidden = identities.length > 0;
  };

  const look = async () => {
    const offered = await providers();
    if (!root.isConnected) return;
    if (offered.length === 0) return;
    const result = await act("Look at the accounts elsewhere", (tacit) => tacit.identities.list(), { quiet: true });
    if (!root.isConnected) return;
    if (result.ok) draw(result, offered);
    else if (result.code !== "signed_out") trouble(result);
  };

  /** After another press whose answer was lost, or by another tab. A step-up with the wrong account has the same code. */
  const isGone = async ({ id }) => {
    const left = await act("Look at the accounts elsewhere", (tacit) => tacit.identities.list(), { quiet: true });
    return left.ok && left.identities.every((identity) => identity.id !== id);
  };

  const unlink = async (identity, button) => {
    if (isDisabled(button)) return;
    setDisabled(button, true);
    const unlinking = (tacit) => tacit.identities.unlink({ id: identity.id });
    const result = await explained(() => act("Unlink an account elsewhere", unlinking), say);
    setDisabled(button, false);
    if (!result) return undefined;
    if (!result.ok && !(result.code === "identity_unknown" && (await isGone(identity)))) return trouble(result);
    await look();
    say(notice("good", "Unlinked", `${identity.label} does not open your account any more. Sessions that it opened are ended.`));
    return fold.querySelector("summary").focus();
  };

  const link = async ({ name, label }, display) => {
    const result = await act("Link an account elsewhere", (tacit) => tacit.identities.link(name, { display }));
    if (!result.ok) return trouble(result);
    if (result.status !== "linked") return undefined;
    await look();
    return say(notice("good", "Linked", `From now on you can log in with ${label} too.`));
  };

  if (note) {
    say(note);
    fold.open = true;
    requestAnimationFrame(() => place.scrollIntoView({ block: "center" }));
  }
  serveFirstPassword(root.querySelector("#first-password-fold"), async () => {
    await look();
    say(notice("good", "Your password is set", "You can log in with it from now on. It never left this browser."));
  });
  return providers().then((offered) => drawButtons(fold, offered, "Link", link, say)).then(look);
};
