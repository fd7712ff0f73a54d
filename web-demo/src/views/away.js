/** At opening, the server did not answer: the session is kept and the page goes on once it does. */

import { act } from "../client.js";
import { isDisabled, setDisabled } from "../parts/dom.js";

export const title = "The server cannot be reached";
export const template = "view-away";

const AGAIN_EVERY = 3000;

export const open = (root, { go }) => {
  const button = root.querySelector("#try-again");
  let closed = false;
  let timer;
  const attempt = async () => {
    if (closed || isDisabled(button)) return;
    clearTimeout(timer);
    setDisabled(button, true);
    const result = await act("Pick up the session", (client) => client.restore());
    setDisabled(button, false);
    if (closed) return;
    if (result.ok) go("account");
    else if (result.code === "signed_out" || result.httpStatus === 401) go("log-in");
    else timer = setTimeout(attempt, AGAIN_EVERY);
  };
  button.addEventListener("click", attempt);
  timer = setTimeout(attempt, AGAIN_EVERY);
  return () => {
    closed = true;
    clearTimeout(timer);
  };
};
