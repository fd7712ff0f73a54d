/**
 * A tab that goes to providers and comes back, without a browser.
 */

import { Browser, MemoryStorage, PASSWORD, PERSON, serve } from "./client.mjs";

/** A window that was opened: what happens in it is up to the test. */
class Popup {
  closed = false;
  hear = () => {};
  constructor(url) {
    this.url = url;
  }
  say(origin, data, isDirect = true) {
    this.hear({ origin, data, isDirect });
  }
  port() {
    return {
      isClosed: () => this.closed,
      close: () => void (this.closed = true),
      listen: (hear) => {
        this.hear = hear;
        return () => void (this.hear = () => {});
      },
    };
  }
}

/** A tab that can go places. Its store outlives its pages, of which `open` makes the next. */
export class Tab {
  address = "https://app.example.com/account?tab=1";
  fragment = "";
  blocksPopups = false;
  focused = true;
  storage = new MemoryStorage();
  left = [];
  popups = [];
  #onPopup = () => {};

  constructor(t, server, options = {}) {
    this.server = server;
    this.browser = new Browser(t);
    this.options = options;
  }

  /** Loads the page anew: another client, the same tab. */
  open() {
    this.client = this.browser.tab({ baseUrl: this.server.url, ...this.options }, this.#page());
    return this.client;
  }

  /** Goes where the page was sent to, and comes back with this in the fragment. */
  comeBack(name = "tacit_code", value = this.server.federation.follow(this.left.at(-1))) {
    this.fragment = new URLSearchParams({ [name]: value }).toString();
    return this.open();
  }

  /** The popup that comes next. */
  popup() {
    return new Promise((resolve) => {
      this.#onPopup = resolve;
    });
  }

  #page() {
    return {
      storage: this.storage,
      address: () => this.address,
      takeAnswer: () => {
        const said = new URLSearchParams(this.fragment);
        const [code, error] = [said.get("tacit_code"), said.get("tacit_error")];
        if (code !== null || error !== null) this.fragment = "";
        return { code, error };
      },
      leave: (url) => this.left.push(url),
      openPopup: (url) => {
        if (this.blocksPopups) return null;
        const popup = new Popup(url);
        this.popups.push(popup);
        this.#onPopup(popup);
        return popup.port();
      },
      hasFocus: () => this.focused,
    };
  }
}

/** A tab at a server, its page open. */
export const tabAt = async (t, options) => {
  const server = await serve(t);
  const tab = new Tab(t, server, options);
  return { server, tab, client: tab.open() };
};

/** The same, its person signed in with a password. */
export const signedInTab = async (t, options) => {
  const { server, tab, client } = await tabAt(t, options);
  await client.signUp({ authId: PERSON, password: PASSWORD });
  await client.activate({ token: PERSON });
  const login = await client.login({ authId: PERSON, password: PASSWORD });
  if (!login.ok) throw new Error(`the login failed: ${login.code}`);
  server.requests.length = 0;
  return { server, tab, client };
};

/** What the way back says to the window that opened it. */
export const say = (server, popup, said) => popup.say(server.url, { type: "tacit-oauth", ...said });
