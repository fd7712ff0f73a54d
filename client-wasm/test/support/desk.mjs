/**
 * What the scripted server does for people who are signed in, or forgot their password: proofs for every purpose, the
 * reset, the account.
 */

import { randomBytes } from "node:crypto";

import { opened } from "./sealed.mjs";
import { challenge, verify } from "./srp.mjs";

const CHANGE = "POST /api/auth/srp/password/change";
const STEP_UP = "POST /api/auth/srp/step-up";
const RESET = "POST /api/auth/srp/password/reset";
const USERS = "/api/auth/users/";

/** Ranks of the presets; 2 is the default's. */
const RANKS = { 1: 2, 2: 3, 3: 1 };

export class Desk {
  /** Sessions that showed their password. */
  steppedUp = new Set();
  /** What was sealed and opened, in order. */
  unsealed = [];
  #handshakes = new Map();
  #problem;
  #server;

  constructor(server, problem) {
    this.#server = server;
    this.#problem = problem;
  }

  /** The answer to somebody who is signed in; nothing where this is no operation of the desk. */
  signed(method, path, body, session) {
    switch (`${method} ${path}`) {
      case `${CHANGE}/initiate`:
        return this.#begin(body.purpose ?? "change", session);
      case `${CHANGE}/confirm`:
        return this.#change(body, session);
      case `${STEP_UP}/initiate`:
        return this.#begin("step_up", session);
      case `${STEP_UP}/confirm`:
        return this.#stepUp(body, session);
      case `PUT ${USERS}`:
        return this.#update(body, session);
      case `DELETE ${USERS}`:
        return this.#delete(session);
      case `GET ${USERS}export`:
        return { status: 200, body: { account: { id: session.user }, sessions: [{ id: session.id }] } };
      default:
        return undefined;
    }
  }

  /** The answer to anybody. The secret of every link is the address. */
  open(method, path, body) {
    switch (`${method} ${path}`) {
      case RESET:
        return { status: 200, body: { expires_in: 1800, resend_after: 60 } };
      case `${RESET}/validate`:
        return this.#found(body, 401, (auth_id) => ({ auth_id, expires_in: 1740 }));
      case `${RESET}/complete`:
        return this.#found(body, 400, (auth_id, account) => {
          account.credential = body.credential;
          return { auth_id };
        });
      case `POST ${USERS}email/confirm`:
        return this.#settle(body.token, (account) => account.wanted);
      case `POST ${USERS}email/undo`:
        return this.#settle(body.token, (account) => account.former, (account) => this.#server.endSessionsOf(account.id));
      default:
        return undefined;
    }
  }

  /** Where nobody has asked, it was somebody whom this server knows nothing else of. */
  #settle(token, secretOf, act = () => {}) {
    if (!token.includes("@")) return this.#problem(401, "email_change_invalid");
    const { accounts } = this.#server;
    for (const [address, account] of accounts) {
      if (secretOf(account) !== token) continue;
      accounts.delete(address);
      accounts.set(token, { ...account, wanted: undefined, former: address });
      act(account);
      break;
    }
    return { status: 200, body: { email: token } };
  }

  #found({ token, auth_id = token }, status, act) {
    const account = this.#server.accounts.get(auth_id);
    return account?.credential ? { status: 200, body: act(auth_id, account) } : this.#problem(status, "reset_invalid");
  }

  #accountOf(session) {
    return [...this.#server.accounts.values()].find(({ id }) => id === session.user);
  }

  #begin(purpose, session) {
    const { credential } = this.#accountOf(session);
    if (!credential) return this.#problem(409, "password_missing");
    if (purpose === "upgrade" && RANKS[credential.preset] >= 2) return this.#problem(400, "upgrade_refused");
    const handshake = randomBytes(64).toString("base64url");
    const { b, B } = challenge(credential);
    this.#handshakes.set(handshake, { purpose, session, credential, b, B });
    const { identity, salt, preset } = credential;
    return { status: 200, body: { handshake, identity, salt, preset, B } };
  }

  /** The proof's verdict and what it authorises, or the problem with it. */
  #proved({ handshake, A, M1, sealed }, session, purposes) {
    const state = this.#handshakes.get(handshake);
    this.#handshakes.delete(handshake);
    if (!state || state.session.id !== session.id || !purposes.includes(state.purpose)) {
      return { problem: this.#problem(401, "handshake_invalid") };
    }
    const { accepted, key, M2 } = verify(state.credential, state, { A, M1 });
    if (!accepted) return { problem: this.#problem(401, "proof_rejected") };
    const content = opened(key, state.purpose, session.id, sealed);
    if (content === undefined) return { problem: this.#problem(400, "sealed_invalid") };
    this.unsealed.push({ purpose: state.purpose, content });
    return { M2, content };
  }

  #change(body, session) {
    const { problem, M2, content } = this.#proved(body, session, ["change", "upgrade"]);
    if (problem) return problem;
    this.#accountOf(session).credential = JSON.parse(content).credential;
    return { status: 204, headers: { M2 } };
  }

  #stepUp(body, session) {
    const { problem, M2 } = this.#proved(body, session, ["step_up"]);
    if (problem) return problem;
    this.steppedUp.add(session.id);
    return { status: 200, body: { M2, expires_in: 600 } };
  }

  #update({ email }, session) {
    if (email !== undefined && !this.steppedUp.has(session.id)) return this.#problem(403, "step_up_required");
    this.#accountOf(session).wanted = email;
    return { status: 205 };
  }

  #delete(session) {
    if (!this.steppedUp.has(session.id)) return this.#problem(403, "step_up_required");
    for (const [authId, { id }] of this.#server.accounts) if (id === session.user) this.#server.accounts.delete(authId);
    this.#server.endSession(session.id);
    return { status: 204 };
  }
}
