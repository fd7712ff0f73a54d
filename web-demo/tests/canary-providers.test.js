/**
 * The canary of signing in with a provider: its one-time codes, PKCE verifiers and tokens, searched for in everything that left
 * the browser or came to it, in the server's log at its most talkative, and in every page of its database.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startProvider } from "../provider/provider.js";
import { assertQuiet, openBrowser, visit } from "./support/browser.js";
import { folderFiles, storageOf } from "./support/places.js";
import { inOwnWindow, LABEL, openLogIn, popupOf, pressSignIn, says, sayWho, sayWhoAndAllow, signedInElsewhere } from "./support/provider-story.js";
import { freePort, Server } from "./support/server.js";
import { answerStepUp, heading, loggedIn, newAddress, pressLogOut, unfold } from "./support/story.js";
import { recordRequests, startRelay } from "./support/wiretap.js";

let server;
let relay;
let browser;
let provider;
/** Everything the provider's token endpoint gave out: for the server's eyes only. */
const tokens = [];

before(async () => {
  const publicPort = await freePort();
  provider = await startProvider({ application: `http://localhost:${publicPort}` });
  provider.provider.on("grant.success", ({ body }) => tokens.push(body.access_token, body.id_token));
  server = await Server.start({ publicPort, settings: { ...provider.settings, TACIT_LOG__FILTER: "trace" } });
  relay = await startRelay(publicPort, () => server.port);
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  relay?.close();
  await server?.stop();
  await provider?.stop();
});

/** By page and by popup, a step-up by the provider, and a link. */
const live = async ({ page }) => {
  const address = newAddress("canary");
  await signedInElsewhere(page, server, address);
  await unfold(page, "Accounts elsewhere");
  await page.getByRole("button", { name: /^Unlink/ }).click();
  const popup = await popupOf(page, () => page.getByRole("button", { name: `Ask ${LABEL}` }).click());
  await sayWho(popup, address);
  await says(page, "This is your last way in");
  await pressLogOut(page);
  await openLogIn(page, server);
  await inOwnWindow(page);
  await popupOf(page, () => pressSignIn(page));
  await heading(page, "You are logged in");
};

const link = async ({ page }) => {
  await loggedIn(page, server, newAddress("linker"));
  await unfold(page, "Accounts elsewhere");
  await page.getByRole("button", { name: `Link ${LABEL}` }).click();
  await answerStepUp(page);
  await sayWhoAndAllow(page, newAddress("linked"));
  await says(page, "Linked");
};

const found = (secrets, places) => secrets.flatMap(([name, secret]) =>
  Object.entries(places).filter(([, buffer]) => buffer.includes(secret)).map(([place]) => `${name} in ${place}`));

test("one-time codes, verifiers and the provider's tokens are found where they belong, and nowhere else", async (context) => {
  const [comer, linker] = [await visit(browser), await visit(browser)];
  const records = [await recordRequests(comer.page), await recordRequests(linker.page)];
  await live(comer);
  await link(linker);
  for (const record of records) await record.settled();
  const stored = [await storageOf(comer.context, comer.page), await storageOf(linker.context, linker.page)];
  const running = folderFiles(server.folder);
  await server.pause();
  const stopped = folderFiles(server.folder);

  const requests = records.flatMap((record) => record.requests);
  const exchanged = requests.filter(({ body }) => body.includes('"code_verifier"')).map(({ url, body }) => ({ url, ...JSON.parse(body) }));
  const codes = exchanged.map(({ code }) => ["a one-time code", code]);
  const verifiers = exchanged.map(({ code_verifier: verifier }) => ["a PKCE verifier", verifier]);
  const ours = requests.map(({ url }) => url).filter((url) => url.startsWith(server.url)).map((url) => new URL(url));
  const callbacks = ours.filter(({ pathname }) => pathname === "/v1/oauth/local/callback");
  const byName = (name, urls) => urls.map((url) => url.searchParams.get(name)).filter(Boolean);
  const passing = [
    ...byName("code", callbacks).map((code) => ["the provider's code", code]),
    ...byName("state", callbacks).map((state) => ["the state", state]),
    ...byName("visit", ours).map((visit) => ["a visit", visit]),
  ];
  const secret = [["the client's secret", Object.entries(provider.settings).find(([name]) => name.endsWith("SECRET"))[1]]];
  const cookies = [...relay.received().toString("latin1").matchAll(/^set-cookie: tacit_oauth=([^;\s]{40,})/gim)].map(([, value]) => ["the sealed state", value]);
  const providers = tokens.map((token) => ["a token of the provider", token]);

  const named = (prefix, files) => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${prefix} ${name}`, bytes]));
  const files = { ...named("running", running), ...named("stopped", stopped) };
  const stores = { "the first browser's storage": stored[0], "the second browser's storage": stored[1] };
  const wire = { "bytes sent": relay.sent(), "bytes received": relay.received() };
  const lines = (pick) => Buffer.from(requests.map(pick).join("\n"), "utf8");
  const addresses = {
    "an address": lines(({ url }) => url),
    "a header": lines(({ headers }) => JSON.stringify(headers)),
  };

  await context.test("all of them were there to be found", () => {
    assert.deepEqual(new Set(exchanged.map(({ url }) => new URL(url).pathname)), new Set(["/v1/oauth/exchange", "/v1/identities", "/v1/identities/step-up"]));
    assert.equal(new Set(codes.map(([, code]) => code)).size, 4);
    assert.equal(new Set(verifiers.map(([, verifier]) => verifier)).size, 4);
    assert.equal(tokens.length, 8);
    assert.ok(tokens.every((token) => typeof token === "string" && token.length > 20));
    for (const kind of ["the provider's code", "the state", "a visit"]) assert.ok(passing.some(([name]) => name === kind), kind);
    assert.equal(cookies.length, 4);
    assert.deepEqual(found(codes.slice(0, 1), { sent: wire["bytes sent"] }), ["a one-time code in sent"]);
    assert.deepEqual(found(verifiers.slice(0, 1), { sent: wire["bytes sent"] }), ["a PKCE verifier in sent"]);
    assert.match(running["server.log"].toString("utf8"), /TRACE/);
    assert.ok(running["tacit.db-wal"]?.length > 0);
  });

  await context.test("a code or a verifier is in no address, header, log, database or store", () => {
    assert.deepEqual(found([...codes, ...verifiers], { ...addresses, ...files, ...stores }), []);
  });

  await context.test("a verifier never comes from the server", () => {
    assert.deepEqual(found(verifiers, { received: wire["bytes received"] }), []);
  });

  await context.test("the provider's tokens and the client's secret never come near the browser, and are not kept", () => {
    assert.deepEqual(found([...providers, ...secret], { ...wire, ...addresses, ...files, ...stores }), []);
  });

  await context.test("what passes by in addresses and cookies is in no log, database or store", () => {
    assert.deepEqual(found([...passing, ...cookies], { ...files, ...stores }), []);
  });
  assertQuiet(comer, linker);
});
