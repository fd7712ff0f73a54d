/**
 * A client at a server that lies where it is told to, and what must hold whatever the lie.
 */

import assert from "node:assert/strict";

import { TacitClient, TacitError } from "../../dist/node.js";
import { MemoryStorage, PASSWORD, PERSON, registered } from "./client.mjs";

export const SIGN_UP = "/api/auth/srp/sign-up";
export const ACTIVATE = "/api/auth/srp/sign-up/activate";
export const EMAIL = "/api/auth/srp/login/email";
export const PROOF = "/api/auth/srp/login/proof";

/** A lie that is the honest answer but for some members. */
export const change = (changes) => (honest, request) => {
  const { body, ...answer } = honest();
  return { ...answer, body: { ...body, ...changes(body, request) } };
};

/** A registered person whose client meets lies. */
export const liedTo = async (t, options = {}) => {
  const storage = new MemoryStorage();
  const phases = [];
  const { server, client } = await registered(t, { storage, onPhase: (phase) => phases.push(phase), ...options });
  const wires = [];
  const changes = [];
  client.onWire((event) => wires.push(event));
  client.onChange((event) => changes.push(event));
  const password = new RegExp(PASSWORD.normalize("NFKC").slice(0, 6));

  const forget = () => {
    for (const list of [server.requests, wires, changes, phases]) list.length = 0;
  };

  return {
    server,
    client,

    /** Logs in at this lie; nothing may be taken from it, and the password's text is nowhere. */
    async refused(path, lie) {
      forget();
      const stored = storage.text;
      server.lies[path] = lie;
      const outcome = await client.login({ authId: PERSON, password: PASSWORD }).then(
        (result) => ({ result }),
        (error) => ({ error }),
      );
      delete server.lies[path];
      assert.ok(outcome.error ? outcome.error instanceof TacitError : !outcome.result.ok, JSON.stringify(outcome));
      assert.equal(client.user, null);
      const requests = [...server.requests];
      assert.equal((await client.getAccessToken()).code, "signed_out");
      assert.equal((await client.restore()).code, "signed_out");
      assert.equal(server.requests.length, requests.length, "nothing more is sent");
      assert.equal(storage.text, stored);
      assert.deepEqual(changes, []);
      for (const { text, headers } of requests) assert.doesNotMatch(text + JSON.stringify(headers), password);
      return { ...outcome, requests, paths: server.paths(), wires: [...wires], phases: [...phases] };
    },

    /** The same client logs in and out again, the lies forgotten; the answer to its proof. */
    async honestLogin() {
      forget();
      const login = await client.login({ authId: PERSON, password: PASSWORD });
      assert.equal(login.ok, true, JSON.stringify(login));
      assert.equal((await client.me()).ok, true);
      const { responseBody: body } = wires.find(({ path }) => path === PROOF);
      assert.equal((await client.logout()).ok, true);
      return { body };
    },

    /** Somebody else signs up; their credential. */
    async signUp(authId, secret) {
      const other = new TacitClient({ baseUrl: server.url });
      await other.signUp({ authId, password: secret });
      await other.activate({ token: authId });
      return server.accounts.get(authId).credential;
    },

    /** Somebody else logs in; the answer to their proof. */
    async loginOf(authId, secret) {
      await this.signUp(authId, secret);
      const other = new TacitClient({ baseUrl: server.url });
      const bodies = [];
      other.onWire(({ path, responseBody }) => path === PROOF && bodies.push(responseBody));
      assert.equal((await other.login({ authId, password: secret })).ok, true);
      return bodies[0];
    },
  };
};
