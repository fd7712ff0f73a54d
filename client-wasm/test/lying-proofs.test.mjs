/** Servers that lie while a signed-in person proves their password: nothing is believed, and nothing more is sent. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, PERSON, signedIn } from "./support/client.mjs";
import { change } from "./support/liar.mjs";
import { group, wire } from "./support/srp.mjs";

const NEXT = "another Pässwörd, quite ﬁne";

const operations = {
  "a change of password": {
    path: "/api/auth/srp/password/change",
    run: (client) => client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT }),
    doubt: /nobody knows whether the password was changed/,
  },
  "a step-up": {
    path: "/api/auth/srp/step-up",
    run: (client) => client.stepUp({ password: PASSWORD }),
    doubt: /did not prove itself/,
  },
};

const challenges = {
  "B = 0": [() => ({ B: wire(0n, 1) }), "challenge_invalid"],
  "B = N": [() => ({ B: wire(group(1).N, 1) }), "challenge_invalid"],
  "B of another group": [() => ({ B: wire(group(2).N - 5n, 2) }), "challenge_invalid"],
  "a preset nobody knows": [() => ({ preset: 9 }), "preset_unknown"],
  "a preset that wraps to a known one": [() => ({ preset: 65_537 }), "preset_unknown"],
  "a short salt": [({ salt }) => ({ salt: salt.slice(2) }), "challenge_invalid"],
  "an identity of its own making": [() => ({ identity: PERSON }), "challenge_invalid"],
  "no handshake": [() => ({ handshake: undefined }), "response_invalid"],
};

/** What the honest server refuses then, since the proof fits nothing. */
const mixed = {
  "another salt": () => ({ salt: "ab".repeat(32) }),
  "another identity": () => ({ identity: "0".repeat(31) + "1" }),
  "the weakest preset": () => ({ preset: 3, B: wire(12345678901234567890n, 3) }),
  "a larger group": () => ({ preset: 2, B: wire(12345678901234567890n, 2) }),
  "another B": () => ({ B: wire(12345678901234567890n, 1) }),
};

const proofs = {
  "another M2": () => "0".repeat(64),
  "its own M1 for M2": (_, { M1 }) => M1,
  "a short M2": (M2) => M2.slice(2),
  "no M2": () => undefined,
  "no text for M2": () => "é?",
};

for (const [what, { path, run, doubt }] of Object.entries(operations)) {
  test(`${what}: a challenge that breaks the protocol is refused before anything is proved`, async (t) => {
    const phases = [];
    const { server, client } = await signedIn(t, { onPhase: (phase) => phases.push(phase) });
    for (const [name, [lie, code]] of Object.entries(challenges)) {
      await t.test(`with ${name}`, async () => {
        server.requests.length = phases.length = 0;
        server.lies = { [`${path}/initiate`]: change(lie) };
        await assert.rejects(run(client), { name: "TacitError", code });
        assert.deepEqual(server.paths(), [`POST ${path}/initiate`]);
        assert.ok(!phases.includes("proving"), `${phases}`);
      });
    }
  });

  test(`${what}: a challenge of other making gets a proof that fits nothing, and no second one`, async (t) => {
    const { server, client } = await signedIn(t);
    const { credential } = server.accounts.get(PERSON);
    for (const [name, lie] of Object.entries(mixed)) {
      await t.test(`with ${name}`, async () => {
        server.requests.length = 0;
        server.lies = { [`${path}/initiate`]: change(lie) };
        assert.equal((await run(client)).code, "proof_rejected");
        assert.deepEqual(server.paths(), [`POST ${path}/initiate`, `POST ${path}/confirm`]);
        assert.equal(server.accounts.get(PERSON).credential, credential);
        assert.deepEqual(server.desk.unsealed, []);
      });
    }
  });

  test(`${what}: a server that does not prove itself is not believed`, async (t) => {
    const { server, client } = await signedIn(t);
    const { credential } = server.accounts.get(PERSON);
    const wires = [];
    client.onWire((event) => wires.push(event));
    for (const [name, forge] of Object.entries(proofs)) {
      await t.test(`with ${name}`, async () => {
        server.accounts.get(PERSON).credential = credential;
        server.requests.length = wires.length = 0;
        server.lies = {
          [`${path}/confirm`]: (honest, request) => {
            const { status, headers = {}, body } = honest();
            const M2 = forge(headers.M2 ?? body.M2, request);
            const proof = M2 === undefined || /[^\x20-\x7e]/.test(M2) ? {} : { M2 };
            return body
              ? { status, body: { ...body, M2 } }
              : { status, headers: Object.keys(headers).length ? proof : {} };
          },
        };
        await assert.rejects(run(client), (error) => error.code === "server_not_proved" && doubt.test(error.message));
        assert.deepEqual(server.paths(), [`POST ${path}/initiate`, `POST ${path}/confirm`]);
        const last = wires.at(-1);
        assert.deepEqual([last.discarded, last.responseBody, last.responseHeaders], [true, undefined, undefined]);
      });
    }
  });

  test(`${what}: what a liar was sent has no trace of a password`, async (t) => {
    const { server, client } = await signedIn(t);
    server.lies = { [`${path}/initiate`]: change(() => ({ salt: "ab".repeat(32) })) };
    await run(client);
    const all = server.requests.map(({ text, headers }) => text + JSON.stringify(headers)).join();
    for (const secret of [PASSWORD, NEXT]) assert.ok(!all.includes(secret.normalize("NFKC").slice(0, 8)));
    assert.deepEqual(Object.keys(server.requests[1].body), ["handshake", "A", "M1", "sealed"]);
  });
}
