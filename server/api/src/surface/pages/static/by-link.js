/**
 * What a mail's link is for, by one press: an activation, or a change of address, confirmed or taken back. The secret stands in
 * the fragment, which browsers do not send; it is taken out of the address bar at once, and spent only when the person presses
 * the button, since mail scanners follow links.
 */

import { TacitClient } from "/client/index.js";

import { demoIsThere, notice, once, takeSecret, tell, tellPages, wordsFor } from "./pages.js";

const OPERATIONS = {
  activate: {
    working: "Activating…",
    send: (client, token) => client.activate({ token }),
    title: "Your account is active",
    text: ({ authId }) => `${authId} can log in now.`,
    refused: "It was used already, a newer mail has replaced it, or it has expired. If the account is active you can simply log in; otherwise ask for a new mail where you signed up.",
    doubt: "Your account may or may not be active. Please press the button again in a moment: if the link no longer works then, try to log in.",
    incomplete: "The code in the same mail works too.",
    // A demo waiting in another tab moves on by itself.
    then: ({ authId }) => tellPages("tacit-activation", { auth_id: authId }),
  },
  confirm: {
    working: "Confirming…",
    send: (client, token) => client.confirmEmail({ token }),
    title: "Your address is confirmed",
    text: ({ email }) => `Your account's address is ${email} from now on: log in with it.`,
    refused: "It was used already, a newer change has replaced it, it has expired, or the address cannot be had any more. Your account shows which address it has; you can ask for the change again there.",
    mine: "Maybe it was you, a moment ago: please try to log in with the new address first.",
    doubt: "Your address may or may not be confirmed. Please press the button again in a moment: if the link no longer works then, try to log in with it.",
  },
  undo: {
    working: "Taking it back…",
    send: (client, token) => client.undoEmail({ token }),
    title: "The change is taken back",
    text: ({ email }) => `Your account has the address ${email} again, and everybody is signed out. If somebody else changed it, reset the password now.`,
    refused: "It was used already, or its seven days are over.",
    mine: "Maybe it was you, a moment ago: then the account has this address again, and everybody is signed out. If somebody else changed it, reset the password now.",
    doubt: "The change may or may not be taken back. Please press the button again in a moment: if the link no longer works then, it was used.",
  },
};

const client = new TacitClient({ baseUrl: location.origin });

/** Whether an answer was lost, so that the link may have been used right here. */
let unsure = false;

/** What the server calls a secret that is good for nothing. */
const REFUSED = ["activation_invalid", "email_change_invalid"];

const button = document.getElementById("press");
const status = document.getElementById("status");
const next = document.getElementById("next");
const name = document.querySelector("main").dataset.operation;
const operation = OPERATIONS[name];

const secret = takeSecret();

const finish = (title, words) => {
  document.getElementById("actions").hidden = true;
  document.getElementById("why").hidden = true;
  tell(title, words);
};

/** After an undo the way leads to a reset, which every server has; otherwise to the demo, if there is one. */
const offerNext = async () => {
  next.hidden = name !== "undo" && !(await demoIsThere());
};

const answered = async (result) => {
  unsure ||= Boolean(result.mayBeDone);
  if (result.ok) {
    finish(operation.title, operation.text(result));
    operation.then?.(result);
  } else if (REFUSED.includes(result.code)) {
    finish("This link no longer works", [operation.refused, unsure && operation.mine].filter(Boolean).join(" "));
    if (name !== "activate" && !unsure) return;
  } else {
    status.replaceChildren(notice("warn", wordsFor(result, { kept: "the link still works", doubt: operation.doubt })));
    return;
  }
  await offerNext();
};

const press = () => once(button, async () => {
  status.replaceChildren(notice("", operation.working));
  try {
    await answered(await operation.send(client, secret));
  } catch (error) {
    unsure ||= error.code === "response_invalid";
    status.replaceChildren(notice("warn", `The server answered what this page does not understand (${error.code ?? error.name}). ${operation.doubt}`));
  }
});

if (secret) button.addEventListener("click", press);
else finish("This link is not complete", ["Please open the link from the mail once more, in full: some mail programs cut long links.", operation.incomplete].filter(Boolean).join(" "));
