/**
 * The scripted server's part of signing in with a provider. Provider and browser are here too: `follow` is all that happens
 * between the address that the browser is sent to and the code that it comes back with.
 */

import { createHash, randomBytes, randomUUID } from "node:crypto";

export const PROVIDER = "local";
const IDENTITIES = "/v1/identities";

const challengeOf = (verifier) => createHash("sha256").update(verifier).digest("base64url");

export class Federation {
  /** Whoever stands at the provider's counter. */
  email = "person@example.com";
  /** Linked identities: `{ id, provider, email, user }`. */
  identities = [];
  /** Every address that a browser was sent to. */
  visited = [];
  #codes = new Map();
  #tickets = new Map();
  #problem;
  #server;

  constructor(server, problem) {
    this.#server = server;
    this.#problem = problem;
  }

  /** Follows an address as the browser, the provider and the callback do together: the code, ready to be handed over. */
  follow(address) {
    this.visited.push(address);
    const url = new URL(address);
    const ticket = this.#tickets.get(url.searchParams.get("visit"));
    const visit = ticket ?? { purpose: "sign_in", challenge: url.searchParams.get("code_challenge") };
    const code = randomBytes(48).toString("base64url");
    this.#codes.set(code, { ...visit, provider: url.pathname.split("/")[3], email: this.email });
    return code;
  }

  open(method, path, body) {
    if (`${method} ${path}` === "GET /v1/oauth/providers") {
      return { status: 200, body: { providers: [{ name: PROVIDER, label: "Local", step_up: true }] } };
    }
    if (`${method} ${path}` === "POST /v1/oauth/exchange") return this.#exchange(body);
    return undefined;
  }

  signed(method, path, body, session) {
    const mine = this.identities.filter(({ user }) => user === session.user);
    switch (`${method} ${path}`) {
      case `GET ${IDENTITIES}`:
        return { status: 200, body: { identities: mine.map(show), has_password: this.#hasPassword(session) } };
      case `POST ${IDENTITIES}/visits`:
        return this.#begin(body, session);
      case `POST ${IDENTITIES}`:
        return this.#link(body, session);
      case `POST ${IDENTITIES}/step-up`:
        if (!this.#take(body, "step_up", session)) return this.#problem(401, "oauth_code_invalid");
        this.#server.desk.steppedUp.add(session.id);
        return { status: 200, body: { expires_in: 600 } };
      case "POST /api/auth/srp/password/set":
        return this.#setPassword(body, session);
      default:
        return path.startsWith(`${IDENTITIES}/`) && method === "DELETE" ? this.#unlink(path, mine, session) : undefined;
    }
  }

  #hasPassword({ user }) {
    return [...this.#server.accounts.values()].some(({ id, credential }) => id === user && credential);
  }

  /** A code serves once, and only with its verifier. */
  #take({ code, code_verifier: verifier }, purpose, session) {
    const granted = this.#codes.get(code);
    if (granted?.challenge !== challengeOf(verifier) || granted.purpose !== purpose) return undefined;
    if (granted.session !== session?.id) return undefined;
    this.#codes.delete(code);
    return granted;
  }

  #exchange(body) {
    const granted = this.#take(body, "sign_in");
    if (!granted) return this.#problem(401, "oauth_code_invalid");
    const linked = this.identities.find(({ email }) => email === granted.email);
    if (!linked && this.#server.accounts.has(granted.email)) return this.#problem(409, "link_required");
    const user = linked?.user ?? randomUUID();
    if (!linked) {
      this.#server.accounts.set(granted.email, { id: user });
      this.identities.push({ id: randomUUID(), provider: granted.provider, email: granted.email, user });
    }
    const session = { id: randomUUID(), user, provider: granted.provider };
    const tokens = this.#server.issue(session, body.refresh_delivery);
    const { provider } = granted;
    return { status: 200, body: { user_id: user, session_id: session.id, tokens, provider, created: !linked } };
  }

  #begin({ provider, purpose, code_challenge: challenge }, session) {
    if (purpose === "link" && !this.#server.desk.steppedUp.has(session.id)) return this.#problem(403, "step_up_required");
    const ticket = randomBytes(24).toString("base64url");
    this.#tickets.set(ticket, { purpose, challenge, session: session.id });
    return { status: 201, body: { url: `${this.#server.url}/v1/oauth/${provider}/authorize?visit=${ticket}` } };
  }

  #link(body, session) {
    const granted = this.#take(body, "link", session);
    if (!granted) return this.#problem(401, "oauth_code_invalid");
    if (this.identities.some(({ email }) => email === granted.email)) return this.#problem(409, "identity_taken");
    const identity = { id: randomUUID(), provider: granted.provider, email: granted.email, user: session.user };
    this.identities.push(identity);
    return { status: 201, body: show(identity) };
  }

  #unlink(path, mine, session) {
    if (!this.#server.desk.steppedUp.has(session.id)) return this.#problem(403, "step_up_required");
    const found = mine.find(({ id }) => path.endsWith(`/${id}`));
    if (!found) return this.#problem(404, "identity_unknown");
    if (mine.length === 1 && !this.#hasPassword(session)) return this.#problem(409, "last_way_in");
    this.identities.splice(this.identities.indexOf(found), 1);
    return { status: 204 };
  }

  #setPassword({ credential }, session) {
    if (!this.#server.desk.steppedUp.has(session.id)) return this.#problem(403, "step_up_required");
    if (this.#hasPassword(session)) return this.#problem(409, "password_exists");
    for (const account of this.#server.accounts.values()) if (account.id === session.user) account.credential = credential;
    return { status: 204 };
  }
}

const TIME = "2026-01-01T00:00:00.000Z";
const show = ({ id, provider, email }) => ({
  id,
  provider,
  label: "Local",
  email,
  created_at: TIME,
  last_used_at: TIME,
});
