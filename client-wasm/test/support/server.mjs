/**
 * A server in a few lines that speaks the protocol, and lies where a test tells it to.
 */

import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { Desk } from "./desk.mjs";
import { Federation } from "./federation.mjs";
import { challenge, confirmation, verify } from "./srp.mjs";

const token = (prefix) => prefix + randomBytes(32).toString("base64url");
const problem = (status, code, more = {}) => ({
  status,
  body: { type: `urn:tacit:problem:${code}`, title: code, status, code, detail: code, ...more },
});

export class FakeServer {
  /** Every request, in order: `{ method, path, body, headers }`. */
  requests = [];
  accounts = new Map();
  /** By path, what is answered there; each lie may ask for the honest answer. */
  lies = {};
  expiresIn = 300;
  /** How much of an answer without end was heard. */
  said = 0;
  /** Tokens that are good. */
  access = new Map();
  refresh = new Map();
  /** Proofs of people who are signed in, resets, accounts. */
  desk = new Desk(this, problem);
  /** Signing in with a provider. */
  federation = new Federation(this, problem);
  #handshakes = new Map();
  #held = null;
  #http = createServer((request, response) => void this.#answer(request, response));

  static async start() {
    const server = new FakeServer();
    await new Promise((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    server.port = server.#http.address().port;
    server.url = `http://localhost:${server.port}`;
    return server;
  }

  async stop() {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Goes away, with its connections. */
  async goAway() {
    await this.stop();
  }

  /** Comes back at the same port. */
  async comeBack() {
    await new Promise((resolve) => this.#http.listen(this.port, "127.0.0.1", resolve));
  }

  /** Lets requests pile up until the function returned is called. */
  hold() {
    let release;
    this.#held = new Promise((resolve) => (release = resolve));
    return () => {
      this.#held = null;
      release();
    };
  }

  paths() {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** The honest challenge of a login. */
  begin(auth_id) {
    return this.#begin({ auth_id }).body;
  }

  async #answer(request, response) {
    let text = "";
    for await (const chunk of request) text += chunk;
    const path = request.url;
    const body = text === "" ? undefined : JSON.parse(text);
    this.requests.push({ method: request.method, path, body, text, headers: request.headers });
    await this.#held;
    const honest = () => this.#route(request.method, path, body, request.headers);
    const lie = this.lies[path];
    const { status, body: out, headers = {}, raw, endless, after, drop } = lie ? lie(honest, body) : honest();
    await after;
    if (drop) return response.destroy();
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    if (endless) return this.#talk(response, endless);
    response.end(raw ?? (out === undefined ? undefined : JSON.stringify(out)));
  }

  /** Says the same on and on, for as long as somebody listens, and a quarter of a gigabyte at most. */
  #talk(response, words) {
    const more = () => {
      this.said += words.length;
      if (this.said > 1 << 28) response.end();
      // One piece at a time, so that others have their turn too.
      else if (response.write(words)) setImmediate(more);
    };
    response.on("drain", more).on("error", () => {});
    more();
  }

  #route(method, path, body, headers) {
    const bearer = headers.authorization?.replace("Bearer ", "");
    switch (`${method} ${path}`) {
      case "POST /api/auth/srp/sign-up":
        return this.#signUp(body);
      case "POST /api/auth/srp/sign-up/activate":
        return this.#activate(body);
      case "POST /api/auth/srp/sign-up/verification":
        return { status: 200, body: { resend_after: 60 } };
      case "POST /api/auth/srp/login/email":
        return this.#begin(body);
      case "POST /api/auth/srp/login/proof":
        return this.#prove(body);
      case "POST /v1/auth/refresh":
        return this.#renew(body, headers);
      default:
        return this.#open(method, path, body) ?? this.#ifSigned(method, path, body, this.access.get(bearer));
    }
  }

  #open(method, path, body) {
    return this.desk.open(method, path, body) ?? this.federation.open(method, path, body);
  }

  #ifSigned(method, path, body, session) {
    if (!session) return problem(401, "unauthenticated");
    const { desk, federation } = this;
    const answer = desk.signed(method, path, body, session) ?? federation.signed(method, path, body, session);
    return answer ?? this.#signed(method, path, session);
  }

  #signUp({ auth_id, credential }) {
    const ticket = token("tk_");
    const account = { ...this.accounts.get(auth_id) };
    account.pending = { credential, ticket };
    account.id ??= randomUUID();
    this.accounts.set(auth_id, account);
    return { status: 201, body: { ticket, expires_in: 86_400, resend_after: 60 } };
  }

  /** The secret of every link is the address. */
  #activate({ token: secret, auth_id = secret }) {
    const account = this.accounts.get(auth_id);
    if (!account?.pending) return problem(401, "activation_invalid");
    account.credential = account.pending.credential;
    account.pending = undefined;
    return { status: 200, body: { auth_id } };
  }

  #begin({ auth_id, ticket }) {
    const account = this.accounts.get(auth_id);
    const pending = account?.pending && account.pending.ticket === ticket ? account.pending.credential : undefined;
    const credential = pending ?? account?.credential ?? this.decoy;
    if (!credential) return problem(500, "internal");
    const handshake = randomBytes(64).toString("base64url");
    const { b, B } = challenge(credential);
    this.#handshakes.set(handshake, { account, credential, b, B, pending: pending !== undefined });
    const { identity, salt, preset } = credential;
    return { status: 200, body: { handshake, identity, salt, preset, B } };
  }

  #prove({ handshake, A, M1, refresh_delivery, remember_device, device_token: shown }) {
    const state = this.#handshakes.get(handshake);
    this.#handshakes.delete(handshake);
    if (!state) return problem(401, "handshake_invalid");
    const { accepted, key, M2 } = verify(state.credential, state, { A, M1 });
    if (!accepted) return problem(401, "proof_rejected");
    if (state.pending) return problem(403, "account_not_activated");
    const session = { id: randomUUID(), user: state.account.id };
    const tokens = this.issue(session, refresh_delivery);
    const device = remember_device && !shown ? { device_token: token("dt_") } : {};
    const confirm = confirmation(key, session.user, session.id, tokens, device.device_token);
    this.lastKey = key;
    return { status: 200, body: { M2, confirm, user_id: session.user, session_id: session.id, tokens, ...device } };
  }

  issue(session, delivery) {
    const claims = { sub: session.user, sid: session.id, jti: randomUUID() };
    const access_token = `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${token("")}`;
    const refresh_token = token("rt_");
    this.access.set(access_token, session);
    this.refresh.set(refresh_token, { session, delivery });
    this.cookie = delivery === "cookie" ? refresh_token : undefined;
    return {
      access_token,
      ...(delivery === "cookie" ? {} : { refresh_token }),
      token_type: "Bearer",
      expires_in: this.expiresIn,
    };
  }

  /** From now on renewals give tokens of a stranger's session. */
  swapSessions() {
    for (const found of this.refresh.values()) found.session = { id: randomUUID(), user: randomUUID() };
  }

  #renew({ refresh_token }, headers) {
    if (refresh_token === undefined && headers["x-tacit-client"] === undefined) return problem(403, "csrf_rejected");
    const found = this.refresh.get(refresh_token ?? this.cookie);
    if (!found) return problem(401, "refresh_invalid");
    this.refresh.delete(refresh_token ?? this.cookie);
    return { status: 200, body: { tokens: this.issue(found.session, found.delivery) } };
  }

  #signed(method, path, session) {
    const times = {
      created_at: "2026-01-01T00:00:00.000Z",
      last_seen_at: "2026-01-01T00:00:00.000Z",
      expires_at: "2026-04-01T00:00:00.000Z",
    };
    const own = { id: session.id, current: true, ...times, amr: [session.provider ? "fed" : "pwd"] };
    if (path === "/v1/auth/me") {
      const user = {
        id: session.user,
        email: this.#addressOf(session),
        language: "en",
        role: "user",
        is_email_verified: true,
        created_at: times.created_at,
      };
      return { status: 200, body: { user, session: own } };
    }
    if (path.startsWith("/v1/sessions") && method === "GET")
      return { status: 200, body: { sessions: [own], limit: 50, offset: 0, count: 1 } };
    if (path === "/api/auth/sessions/logout-all") return { status: 200, body: { ended: 2 } };
    if (path === "/api/auth/sessions/logout" || path === `/v1/sessions/${session.id}`) {
      this.endSession(session.id);
      const still = session.provider ? { still_signed_in_at: session.provider } : {};
      return path === "/api/auth/sessions/logout" ? { status: 200, body: { ended: 1, ...still } } : { status: 204 };
    }
    return problem(404, "session_unknown");
  }

  endSessionsOf(user) {
    for (const session of [...this.access.values()]) if (session.user === user) this.endSession(session.id);
  }

  #addressOf({ user }) {
    return [...this.accounts].find(([, { id }]) => id === user)?.[0] ?? "person@example.com";
  }

  endSession(id) {
    for (const tokens of [this.access, this.refresh]) {
      for (const [value, entry] of tokens) if ((entry.session ?? entry).id === id) tokens.delete(value);
    }
  }
}
