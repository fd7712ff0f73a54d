/** The page's own search for the password, which the visitor is shown the outcome of. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { search, startCheck } from "../src/wire/check.js";

const PASSWORD = "Grüße, \"Ada\" & 漢字 ﬁn";
const bytes = (text) => Buffer.from(text, "utf8");

const event = (more) => ({ method: "POST", url: "http://localhost/x", path: "/x", status: 200, ...more });

const verdict = (...events) => {
  const check = startCheck(PASSWORD);
  events.forEach((one) => check.add(one));
  return check.finish();
};

test("a password that is not there is not found", () => {
  const clean = event({ requestBody: { auth_id: "ada@example.com", A: "ab".repeat(384) }, responseBody: { M2: "cd".repeat(32) } });
  assert.deepEqual(verdict(clean, event({})), { messages: 3, form: null });
});

test("a password that was asked for on the way is searched for in what was sent before, too", () => {
  const check = startCheck();
  assert.equal(check.isWatching, false);
  check.add(event({ requestBody: { note: PASSWORD } }));
  check.watch(PASSWORD);
  assert.equal(check.isWatching, true);
  assert.deepEqual(check.finish(), { messages: 2, form: "as typed" });
});

test("each of several passwords is searched for, and none is kept", () => {
  const check = startCheck("the current one", PASSWORD);
  check.add(event({ requestBody: { sealed: "AAAA", note: PASSWORD } }));
  assert.equal(check.finish().form, "as typed");
  assert.equal(check.isWatching, false);
});

const LEAKS = {
  "as typed": PASSWORD,
  "inside a longer text": `x${PASSWORD}y`,
  "normalised": PASSWORD.normalize("NFKC"),
  "in a URL": encodeURIComponent(PASSWORD),
  "as hex": bytes(PASSWORD).toString("hex"),
  "as hex in capitals": bytes(PASSWORD).toString("hex").toUpperCase(),
  "as base64": bytes(PASSWORD).toString("base64"),
  "as base64url": bytes(PASSWORD).toString("base64url"),
  "as base64 behind one byte": bytes(`a${PASSWORD}`).toString("base64"),
  "as base64 behind two bytes": bytes(`ab${PASSWORD}z`).toString("base64url"),
  "normalised as base64": bytes(PASSWORD.normalize("NFKC")).toString("base64"),
};

for (const [name, leak] of Object.entries(LEAKS)) {
  test(`a leak ${name} is found, wherever it stands`, () => {
    assert.notEqual(verdict(event({ requestBody: { deep: [{ value: leak }] } })).form, null);
    assert.notEqual(verdict(event({ responseBody: { [leak]: 1 } })).form, null);
    assert.notEqual(search(PASSWORD, [`http://localhost/?q=${leak}`]), null);
  });
}
