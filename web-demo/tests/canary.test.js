/**
 * The canary: a password typed in a real browser, searched for, with all that is derived from it, in everything that
 * left the browser, in the server's log at its most talkative, and in every page of its database.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertQuiet, openBrowser, visit } from "./support/browser.js";
import { derive } from "./support/derive.js";
import { freePort, Server } from "./support/server.js";
import { activateByCode, fillLogIn, heading, logIn, newAddress, pressLogIn, sessionsBecome, signUp } from "./support/story.js";
import { findTraces, formsOf } from "./support/traces.js";
import { recordRequests, startRelay } from "./support/wiretap.js";

// With characters that NFKC changes, that JSON escapes and that URLs encode.
const HEART = randomBytes(9).toString("hex");
const CANARY = `Canary ﬁ²"\\ ${HEART}`;

let server;
let relay;
let browser;

before(async () => {
  const publicPort = await freePort();
  server = await Server.start({ publicPort, settings: { TACIT_LOG__FILTER: "trace" } });
  relay = await startRelay(publicPort, () => server.port);
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  relay?.close();
  await server?.stop();
});

const folderFiles = (folder) => Object.fromEntries(readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => [entry.name, readFileSync(join(entry.parentPath ?? entry.path, entry.name))]));

const storageOf = async (context) => Buffer.from(JSON.stringify(await context.storageState({ indexedDB: true })), "utf8");

/** The whole story with the canary: sign-up, a login before activation, a wrong one, the right one, a reload. */
const live = async (page, address) => {
  await signUp(page, server, address, CANARY);
  await page.getByRole("link", { name: "Log in", exact: true }).click();
  await fillLogIn(page, address, CANARY);
  await pressLogIn(page);
  await page.getByRole("heading", { name: /account is not active yet/ }).waitFor();
  await page.getByRole("button", { name: "I have the mail" }).click();
  await activateByCode(page, server, address);
  await fillLogIn(page, address, `${CANARY}x`);
  await pressLogIn(page);
  await page.getByRole("heading", { name: "Address and password do not fit together" }).waitFor();
  await logIn(page, address, CANARY);
  await sessionsBecome(page, 1);
  await page.reload();
  await heading(page, "You are logged in");
  await sessionsBecome(page, 1);
};

const bodies = (requests) => requests.filter(({ body }) => body.startsWith("{")).map(({ url, body }) => ({ path: new URL(url).pathname, body: JSON.parse(body) }));

const signUpBody = (requests) => bodies(requests).find(({ path }) => path === "/api/auth/srp/sign-up").body;

/** What crosses the wire and is worth something to whoever reads it later, each value with its name. */
const passing = (requests, received) => {
  const sent = bodies(requests).flatMap(({ body }) => Object.entries(body)).filter(([name]) => ["handshake", "A", "M1", "ticket", "code"].includes(name));
  const text = received.toString("latin1");
  const got = [...text.matchAll(/"(handshake|B|M2|confirm|access_token|ticket)":"([^"]+)"/g)].map(([, name, value]) => [name, value]);
  const cookies = [...text.matchAll(/^set-cookie: [^=]+=(rt_[\w-]{43})/gim)].map(([, value]) => ["refresh token", value]);
  return [...sent, ...got, ...cookies];
};

test("the canary and what is derived from it are found nowhere", async (context) => {
  const address = newAddress("canary");
  const visitor = await visit(browser);
  const record = await recordRequests(visitor.page);
  await live(visitor.page, address);
  await record.settled();
  const stored = await storageOf(visitor.context);

  // While it runs, so that the write-ahead log is there, and again once it has written everything to the database.
  const running = folderFiles(server.folder);
  await server.pause();
  const stopped = folderFiles(server.folder);

  const { credential } = signUpBody(record.requests);
  const { secrets, verifier } = await derive({ password: CANARY, ...credential, realm: "localhost" });
  const wanted = {
    "the canary": Buffer.from(CANARY, "utf8"),
    // However it was escaped, this part would be as it is.
    "the canary's heart": Buffer.from(HEART, "utf8"),
    "the normalised canary": Buffer.from(CANARY.normalize("NFKC"), "utf8"),
    "the canary in JSON": Buffer.from(JSON.stringify(CANARY).slice(1, -1), "utf8"),
    "the canary in a URL": Buffer.from(encodeURIComponent(CANARY), "utf8"),
    ...secrets,
    "P's text": Buffer.from(secrets.P.toString("hex"), "utf8"),
  };
  const named = (prefix, files) => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${prefix} ${name}`, bytes]));
  const wire = { "the browser's requests": record.asBuffer(), "bytes sent": relay.sent(), "bytes received": relay.received() };
  const files = { ...named("running", running), ...named("stopped", stopped) };
  const places = { ...wire, ...files, "the browser's storage": stored };

  await context.test("the derivation of this test is the client's: it ends at the same verifier", () => {
    assert.equal(credential.verifier, verifier);
  });

  await context.test("the places searched are the right ones", () => {
    const salt = { salt: Buffer.from(credential.salt, "hex") };
    assert.notDeepEqual(findTraces(salt, wire), []);
    assert.notDeepEqual(findTraces(salt, { db: stopped["tacit.db"] }), []);
    assert.ok(running["tacit.db-wal"]?.length > 0, "the write-ahead log is searched");
    assert.match(running["server.log"].toString("utf8"), /TRACE/);
    assert.ok(wire["bytes sent"].includes("POST /api/auth/srp/login/proof"));
  });

  await context.test("a seeded leak is found, in each form, in each place", () => {
    for (const [secret, bytes] of Object.entries(wanted)) {
      for (const [form, needle] of formsOf(bytes)) {
        for (const [place, buffer] of Object.entries(places)) {
          const seeded = { [place]: Buffer.concat([buffer.subarray(0, 512), needle, buffer.subarray(512, 1024)]) };
          assert.ok(findTraces({ [secret]: bytes }, seeded).length > 0, `${secret} as ${form} in ${place}`);
        }
      }
    }
  });

  await context.test("nothing leaked", () => {
    assert.deepEqual(findTraces(wanted, places), []);
  });

  await context.test("the log has no value that passed by: no proof, handshake, ticket, code or token", () => {
    const values = passing(record.requests, relay.received());
    const names = new Set(values.map(([name]) => name));
    for (const name of ["handshake", "A", "B", "M1", "M2", "confirm", "ticket", "code", "access_token", "refresh token"]) {
      assert.ok(names.has(name), `${name} was seen on the wire`);
    }
    const log = stopped["server.log"].toString("utf8");
    const compact = (value) => value.replaceAll("-", "");
    assert.deepEqual(values.filter(([, value]) => log.includes(value) || log.includes(compact(value))), []);
  });

  await context.test("the verifier is sealed in the database and in no log", () => {
    assert.deepEqual(findTraces({ verifier: Buffer.from(verifier, "hex") }, files), []);
  });
  assertQuiet(visitor);
});
