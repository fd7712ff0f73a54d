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
import { activateByCode, answerStepUp, askForAddress, askForReset, changePassword, fillLogIn, heading, logIn, newAddress, outdated, pressLogIn, pressLogOut, renewed, resetByCode, sessionsBecome, signUp, unfold } from "./support/story.js";
import { findTraces, formsOf } from "./support/traces.js";
import { recordRequests, startRelay } from "./support/wiretap.js";

// With characters that NFKC changes, that JSON escapes and that URLs encode.
const HEART = randomBytes(9).toString("hex");
const CANARY = `Canary ﬁ²"\\ ${HEART}`;
// Those that take its place, by a change and by a reset.
const CHANGED = `Second ﬁ²"\\ ${randomBytes(9).toString("hex")}`;
const RESET = `Third ﬁ²"\\ ${randomBytes(9).toString("hex")}`;
const BY_LINK = `Fourth ﬁ²"\\ ${randomBytes(9).toString("hex")}`;

// The mail that follows the confirmation, and not the one before.
const UNDO = /\/undo-email#/;

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

/** The password changed, shown again for another address, forgotten and reset. */
const replace = async (page, address) => {
  await changePassword(page, CANARY, CHANGED);
  await askForAddress(page, newAddress("elsewhere"));
  await answerStepUp(page, `${CHANGED}x`);
  await page.getByRole("heading", { name: "This is not your password" }).waitFor();
  await answerStepUp(page, CHANGED);
  await page.getByRole("heading", { name: "Saved; now look into your mail" }).waitFor();
  const challenge = await server.challenge(address);
  await pressLogOut(page);
  await resetByCode(page, server, address, RESET);
  await logIn(page, address, RESET);
  return challenge;
};

/** Another address and the old one again, the data taken along. */
const moveAndExport = async (page, address) => {
  const there = newAddress("moved");
  await askForAddress(page, there);
  await answerStepUp(page, RESET);
  await page.getByRole("heading", { name: "Saved; now look into your mail" }).waitFor();
  await page.goto((await server.mail(there)).link);
  await page.getByRole("button", { name: "Confirm this address" }).click();
  await heading(page, "Your address is confirmed");
  await page.goto((await server.mail(address, 1, UNDO)).link);
  await page.getByRole("button", { name: "Take the change back" }).click();
  await heading(page, "The change is taken back");
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address, RESET);
  await unfold(page, "Take your data along");
  await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download my data" }).click()]);
};

/** Somebody with the same password and too little stretching, whose credential is renewed, and who then forgets it. */
const renewAndForget = async (page) => {
  await pressLogOut(page);
  await heading(page, "Log in");
  const address = await outdated(server, CANARY);
  const before = await server.challenge(address);
  await logIn(page, address, CANARY);
  assert.equal(await renewed(page), "clean");
  const after = await server.challenge(address);
  const { link } = await askForReset(page, server, address);
  await page.goto("about:blank");
  await page.goto(link);
  await heading(page, "Choose a new password");
  await page.getByLabel("New password").fill(BY_LINK);
  await page.getByRole("button", { name: "Set new password" }).click();
  await heading(page, "Your password is reset");
  await page.goto(`${server.url}/demo/#log-in`);
  await logIn(page, address, BY_LINK);
  return { before, after };
};

/** Somebody else with the same password, who deletes their account. */
const leave = async (page, address) => {
  await signUp(page, server, address, CANARY);
  await activateByCode(page, server, address);
  await logIn(page, address, CANARY);
  await unfold(page, "Delete the account");
  await page.getByLabel("Your e-mail address, to be sure").fill(address);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await answerStepUp(page, CANARY);
  await page.getByRole("heading", { name: "Your account is deleted" }).waitFor();
};

const bodies = (requests) => requests.filter(({ body }) => body.startsWith("{")).map(({ url, body }) => ({ path: new URL(url).pathname, body: JSON.parse(body) }));

const signUpBody = (requests) => bodies(requests).find(({ path }) => path === "/api/auth/srp/sign-up").body;

/** By code, then by link. */
const resetBodies = (requests) => {
  const sent = bodies(requests).filter(({ path }) => path.endsWith("/reset/complete")).map(({ body }) => body);
  return [sent.find(({ code }) => code !== undefined), sent.find(({ token }) => token !== undefined)];
};

/** A password and what is derived from it, as it would be found. */
const traces = async (name, password, { salt, identity, preset }) => {
  const { secrets, verifier } = await derive({ password, salt, identity, preset, realm: "localhost" });
  const texts = {
    "as typed": password,
    normalised: password.normalize("NFKC"),
    "in JSON": JSON.stringify(password).slice(1, -1),
    "in a URL": encodeURIComponent(password),
    "as P's text": secrets.P.toString("hex"),
  };
  const entries = [...Object.entries(texts).map(([form, text]) => [form, Buffer.from(text, "utf8")]), ...Object.entries(secrets)];
  return { verifier, wanted: Object.fromEntries(entries.map(([form, bytes]) => [`${name}, ${form}`, bytes])) };
};

/** What crosses the wire and is worth something to whoever reads it later, each value with its name. */
const passing = (requests, received) => {
  const sent = bodies(requests).flatMap(({ body }) => Object.entries(body)).filter(([name]) => ["handshake", "A", "M1", "sealed", "ticket", "code", "token"].includes(name));
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
  const changed = await replace(visitor.page, address);
  await moveAndExport(visitor.page, address);
  const upgraded = await renewAndForget(visitor.page);
  const leaver = await visit(browser);
  await leave(leaver.page, newAddress("leaver"));
  await record.settled();
  const stored = await storageOf(visitor.context);

  // While it runs, so that the write-ahead log is there, and again once it has written everything to the database.
  const running = folderFiles(server.folder);
  await server.pause();
  const stopped = folderFiles(server.folder);

  const { credential } = signUpBody(record.requests);
  const [{ credential: reset }, { credential: byLink }] = resetBodies(record.requests);
  const first = await traces("the canary", CANARY, credential);
  const third = await traces("the third", RESET, reset);
  const second = await traces("the second", CHANGED, changed);
  const fourth = await traces("the fourth", BY_LINK, byLink);
  const weak = await traces("before the upgrade", CANARY, upgraded.before);
  const strong = await traces("after the upgrade", CANARY, upgraded.after);
  const wanted = {
    // However it was escaped, this part would be as it is.
    "the canary's heart": Buffer.from(HEART, "utf8"),
    ...first.wanted,
    ...second.wanted,
    ...third.wanted,
    ...fourth.wanted,
    ...weak.wanted,
    ...strong.wanted,
  };
  const named = (prefix, files) => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${prefix} ${name}`, bytes]));
  const wire = { "the browser's requests": record.asBuffer(), "bytes sent": relay.sent(), "bytes received": relay.received() };
  const files = { ...named("running", running), ...named("stopped", stopped) };
  const places = { ...wire, ...files, "the browser's storage": stored };

  await context.test("the derivation of this test is the client's: it ends at the same verifier", () => {
    assert.equal(credential.verifier, first.verifier);
    assert.equal(reset.verifier, third.verifier);
    assert.equal(byLink.verifier, fourth.verifier);
    assert.deepEqual([upgraded.before.preset, upgraded.after.preset], [3, 1]);
  });

  await context.test("the places searched are the right ones", () => {
    const salt = { salt: Buffer.from(credential.salt, "hex") };
    assert.notDeepEqual(findTraces(salt, wire), []);
    // Only the last credential is still there.
    const last = { salt: Buffer.from(reset.salt, "hex") };
    assert.notDeepEqual(findTraces(last, { db: stopped["tacit.db"] }), []);
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
    for (const name of ["handshake", "A", "B", "M1", "sealed", "M2", "confirm", "ticket", "code", "access_token", "refresh token"]) {
      assert.ok(names.has(name), `${name} was seen on the wire`);
    }
    const log = stopped["server.log"].toString("utf8");
    const compact = (value) => value.replaceAll("-", "");
    assert.deepEqual(values.filter(([, value]) => log.includes(value) || log.includes(compact(value))), []);
  });

  await context.test("the verifier is sealed in the database and in no log", () => {
    for (const { verifier } of [first, second, third, fourth, weak, strong]) {
      assert.deepEqual(findTraces({ verifier: Buffer.from(verifier, "hex") }, files), []);
    }
  });

  await context.test("the verifier of a changed password, or of a renewed one, is not even on the wire", () => {
    for (const { verifier } of [second, strong]) {
      assert.deepEqual(findTraces({ verifier: Buffer.from(verifier, "hex") }, wire), []);
    }
    assert.notDeepEqual(findTraces({ verifier: Buffer.from(first.verifier, "hex") }, wire), []);
  });
  assertQuiet(visitor);
});
