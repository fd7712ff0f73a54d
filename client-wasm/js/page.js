/**
 * The page in a browser, as far as going to a provider and coming back needs it.
 */

import { permitted } from "./permitted.js";

const CHANNEL = "tacit-oauth";
const SIZE = "popup,width=520,height=680";

/**
 * @param {Window} window
 * @returns {import("./platform.js").PopupPort}
 */
const popupPort = (window) => ({
  isClosed: () => window.closed,
  close: () => window.close(),
  listen: (hear) => {
    const onMessage = (/** @type {MessageEvent} */ { origin, source, data }) => {
      if (source === window) hear({ origin, isDirect: true, data });
    };
    globalThis.addEventListener("message", onMessage);
    const channel = permitted(() => new BroadcastChannel(CHANNEL));
    if (channel) channel.onmessage = ({ origin, data }) => hear({ origin, isDirect: false, data });
    return () => {
      globalThis.removeEventListener("message", onMessage);
      channel?.close();
    };
  },
});

/** @returns {import("./platform.js").PagePort | undefined} nothing in a worker */
export const pagePort = () => {
  if (!globalThis.document) return undefined;
  return {
    storage: permitted(() => globalThis.sessionStorage),
    address: () => location.href.replace(/#.*$/, ""),
    takeAnswer: () => {
      const said = new URLSearchParams(location.hash.slice(1));
      const [code, error] = [said.get("tacit_code"), said.get("tacit_error")];
      if (code === null && error === null) return null;
      history.replaceState(history.state, "", location.pathname + location.search);
      return { code, error };
    },
    leave: (url) => location.assign(url),
    openPopup: (url) => {
      const window = open(url, "tacit-oauth", SIZE);
      return window ? popupPort(window) : null;
    },
    hasFocus: () => document.hasFocus(),
  };
};
