/**
 * An invited account chooses its password. The client library turns it into a credential in a worker; what is sent is the
 * link's secret and that credential.
 */

import { demoIsThere, notice, once, takeSecret, tell, wordsFor } from "./pages.js";
import { formFrom, inDoubt, isLongEnough, PASSWORD_INVALID, withClient, working, wrong } from "./password.js";

const place = document.getElementById("form-place");
const status = document.getElementById("status");

const DOUBT = "Your account may or may not be ready. Please press the button again in a moment: if the link no longer works then, log in with the password you chose.";

const secret = takeSecret();

/** Whether an answer was lost, so that the link may have been used right here. */
let unsure = false;

const finish = (title, words) => {
  place.replaceChildren();
  tell(title, words);
};

const answer = async (result, field) => {
  if (result.ok) {
    finish("Your account is ready", "You can log in with your new password now.");
    document.getElementById("next").hidden = !(await demoIsThere());
    return;
  }
  unsure ||= Boolean(result.mayBeDone);
  if (result.code === "activation_invalid") {
    const mine = unsure ? "Maybe it was you, a moment ago: please try to log in first. If that does not work, ask" : "Please ask";
    finish("This link no longer works", `It was used already, or it has expired. ${mine} whoever invited you for a new one.`);
    return;
  }
  if (result.code.startsWith("password_")) {
    wrong(field, PASSWORD_INVALID);
    return;
  }
  status.replaceChildren(notice("warn", wordsFor(result, { kept: "your password is still in the field", doubt: DOUBT })));
};

const submit = (form) => once(form.querySelector("[type=submit]"), async () => {
  const field = form.elements.namedItem("password");
  if (!isLongEnough(field)) return;
  status.replaceChildren(working());
  try {
    const result = await withClient((client) => client.activate({ token: secret, password: field.value }).catch(inDoubt));
    status.replaceChildren();
    await answer(result, field);
  } catch (error) {
    status.replaceChildren(notice("warn", `Your browser could not work on the password (${error.code ?? error.name}). Your password is still in the field; please try again in a moment.`));
  }
});

if (secret) {
  place.replaceChildren(formFrom("form", submit));
} else {
  finish("This link is not complete", "Please open the link you were given once more, in full: some programs cut long links.");
}
