/**
 * A forgotten password. The mail's link brings its secret in the fragment, or the address and the mail's code are typed here;
 * the client library turns the new password into a credential in a worker. Whether the secret is good is asked first, which
 * spends nothing: only the last button does.
 */

import { demoIsThere, notice, once, takeSecret, tell, wordsFor } from "./pages.js";
import { formFrom, inDoubt, isLongEnough, PASSWORD_INVALID, withClient, working, wrong } from "./password.js";

const CODE = /^[0-9A-Z]{10}$/;

const text = document.getElementById("text");
const place = document.getElementById("form-place");
const status = document.getElementById("status");

/** What may be done although the answer did not come, and how to find out. */
const DOUBT = {
  mail: "A mail may or may not be on its way: please look into your mailbox, or press the button again in a moment.",
  reset: "Your password may or may not be reset. Please press the button again in a moment: if the link or code no longer works then, log in with the new password.",
};

const show = (title, words, form, options) => {
  place.replaceChildren(...(form ? [form] : []));
  tell(title, words, options);
};

const say = (tone, words) => status.replaceChildren(notice(tone, words));

const wait = (count) => `${count} ${count === 1 ? "second" : "seconds"}`;

/** What is left to say of a failure that no field is to blame for. */
const trouble = (result, doubt) => say("warn", wordsFor(result, { kept: "what you typed is still here", doubt }));

const thrown = (error) => say("warn", `Your browser could not do that (${error.code ?? error.name}). Please try again in a moment.`);

/** Runs a form's work, once at a time, and explains what is thrown. */
const attempt = (form, work) => once(form.querySelector("[type=submit]"), () => work().catch(thrown));

const hasAddress = (field) => {
  const looksRight = /^[^\s@]+@[^\s@]+$/.test(field.value.trim());
  wrong(field, looksRight ? "" : "Please type your e-mail address.");
  return looksRight;
};

const askForMail = (options) => {
  const form = formFrom("ask", () => attempt(form, async () => {
    const field = form.elements.namedItem("email");
    if (!hasAddress(field)) return;
    const authId = field.value.trim();
    const result = await withClient((client) => client.requestReset({ authId }));
    if (result.ok) {
      typeCode(authId);
      say("good", "If an account has this address, a mail is on its way. Open its link, or type its code here.");
    } else if (result.code === "resend_too_soon") {
      say("warn", `A mail was asked for a moment ago. Another one can be sent in ${wait(result.retryAfter ?? 60)}; the code of the one before works too.`);
    } else if (result.code === "invalid_request") {
      wrong(field, "The server does not take this address. Please check it once more.");
    } else trouble(result, DOUBT.mail);
  }));
  form.querySelector("#have-code").addEventListener("click", () => typeCode(form.elements.namedItem("email").value.trim()));
  show("Reset your password", "Tell us your address, and a mail brings you a link and a code.", form, options);
};

const typeCode = (authId) => {
  const form = formFrom("type", () => attempt(form, async () => {
    const [email, code] = [form.elements.namedItem("email"), form.elements.namedItem("code")];
    if (!hasAddress(email)) return;
    const whole = CODE.test(code.value.toUpperCase().replace(/[\s-]/g, ""));
    wrong(code, whole ? "" : "The code has ten letters and digits. Please type it as it stands in the mail.");
    if (!whole) return;
    const secret = { authId: email.value.trim(), code: code.value };
    const result = await withClient((client) => client.validateReset(secret));
    if (result.ok) choose(secret, result.authId);
    else if (result.code === "reset_invalid" || result.code === "invalid_request") {
      wrong(code, "This code does not fit. Please use the newest mail, and mind that a code works for half an hour.");
    } else trouble(result);
  }));
  form.elements.namedItem("email").value = authId;
  form.querySelector("#another-mail").addEventListener("click", () => askForMail());
  show("Type the code from the mail", "The link in the same mail works too.", form);
};

const choose = (secret, authId, options) => {
  let unsure = false;
  const form = formFrom("form", () => attempt(form, async () => {
    const field = form.elements.namedItem("password");
    if (!isLongEnough(field)) return;
    status.replaceChildren(working());
    const result = await withClient((client) => client.completeReset({ ...secret, password: field.value }).catch(inDoubt));
    status.replaceChildren();
    unsure ||= Boolean(result.mayBeDone);
    if (result.ok) await completed(result.authId);
    else if (result.code === "reset_invalid") refused({ unsure });
    else if (result.code.startsWith("password_")) wrong(field, PASSWORD_INVALID);
    else trouble(result, DOUBT.reset);
  }));
  form.elements.namedItem("username").value = authId;
  show("Choose a new password", "It stays in this browser; the server only learns how to check it. You are signed out everywhere then.", form, options);
};

const completed = async (authId) => {
  show("Your password is reset", `${authId} can log in with the new password now.`);
  document.getElementById("next").hidden = !(await demoIsThere());
};

/** `unsure`: whether it may have been used right here, by a press whose answer was lost. */
const refused = ({ unsure = false, ...options } = {}) => {
  askForMail(options);
  const mine = unsure ? " Maybe it was you, a moment ago: please try to log in with the new password first." : "";
  say("warn", `This link or code no longer works: it was used already, or it has expired.${mine} You can ask for another mail here.`);
};

/** The link's secret is nowhere any more but here, so a page that could not look at it yet must be able to look again. */
const offerAgain = (token) => {
  text.textContent = "Your link could not be looked at yet.";
  if (place.querySelector("#again")) return;
  place.replaceChildren(document.getElementById("look-again").content.cloneNode(true));
  const button = place.querySelector("#again");
  button.addEventListener("click", () => once(button, () => openLink(token)));
};

const openLink = async (token, options) => {
  text.textContent = "Looking at your link…";
  status.replaceChildren();
  try {
    const result = await withClient((client) => client.validateReset({ token }));
    if (result.ok) return choose({ token }, result.authId, options);
    if (result.code === "reset_invalid") return refused(options);
    say("warn", wordsFor(result, { kept: "your link still works" }));
  } catch (error) {
    thrown(error);
  }
  return offerAgain(token);
};

const token = takeSecret();
if (token) await openLink(token, { opening: true });
else askForMail({ opening: true });
