/** A line and a bar for work that takes a moment. */

import { hearPhases } from "../client.js";
import { announce, element } from "./dom.js";

const WORDS = {
  sending: "Talking to the server…",
  deriving: "Stretching your password, here in the browser. This is slow on purpose: it makes guessing slow too.",
  proving: "Working out the proof…",
  checking: "Trying the new credential on both sides, before it is sent…",
  verifying: "Checking the server's own proof…",
};

/** Shows the phases in `place` until the function returned is called. */
export const showProgress = (place) => {
  const words = element("p", { className: "small soft" }, WORDS.sending);
  place.replaceChildren(element("div", { className: "progress" }, words, element("div", { className: "track" })));
  hearPhases((phase) => {
    words.textContent = WORDS[phase] ?? WORDS.sending;
    words.dataset.phase = phase;
    if (phase === "deriving") announce(WORDS.deriving);
  });
  return () => {
    hearPhases(() => {});
    place.replaceChildren();
  };
};
