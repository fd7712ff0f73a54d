import assert from "node:assert/strict";
import { test } from "node:test";

import { TacitClient, TacitError } from "../dist/node.js";

const thrown = (options) => {
  try {
    new TacitClient(options);
  } catch (error) {
    assert.ok(error instanceof TacitError);
    return error.code;
  }
  return undefined;
};

test("the realm is the host unless given, and the host must be below it", () => {
  assert.equal(new TacitClient({ baseUrl: "https://auth.example.com:8443/tacit/" }).realm, "auth.example.com");
  assert.equal(
    new TacitClient({ baseUrl: "https://auth.example.com:8443/tacit/" }).baseUrl,
    "https://auth.example.com:8443/tacit",
  );
  const cases = [
    ["https://auth.example.com", "example.com", true],
    ["https://example.com", "example.com", true],
    ["https://AUTH.EXAMPLE.COM", "example.com", true],
    ["http://localhost:8080", "localhost", true],
    ["http://app.localhost:8080", "localhost", true],
    ["http://127.0.0.1:8080", "127.0.0.1", true],
    ["http://[::1]:8080", "[::1]", true],
    ["https://example.com", "auth.example.com", false],
    ["https://badexample.com", "example.com", false],
    ["https://example.com.evil.net", "example.com", false],
    ["https://example.com", "com", false],
    ["http://127.0.0.1", "localhost", false],
    ["http://10.0.0.1", "0.0.1", false],
    ["http://10.0.0.1", "0.0.0.1", false],
  ];
  for (const [baseUrl, realm, fits] of cases) {
    assert.equal(thrown({ baseUrl, realm }), fits ? undefined : "realm_mismatch", `${baseUrl} in ${realm}`);
  }
});

test("options that cannot be meant are refused", () => {
  const baseUrl = "https://auth.example.com";
  const wrong = [
    undefined,
    {},
    { baseUrl: "auth.example.com" },
    { baseUrl: "/api" },
    { baseUrl: "ftp://auth.example.com" },
    { baseUrl: "https://user:secret@auth.example.com" },
    { baseUrl: "https://auth.example.com/?tenant=1" },
    { baseUrl, realm: "" },
    { baseUrl, realm: "Example.com" },
    { baseUrl, refreshDelivery: "header" },
    { baseUrl, refreshDelivery: "cookie" },
    { baseUrl, storage: {} },
    { baseUrl, timeout: 0 },
    { baseUrl, onPhase: "log" },
    { baseUrl, tokenOrigins: ["api.example.com"] },
  ];
  for (const options of wrong) assert.equal(thrown(options), "invalid_argument", JSON.stringify(options));
});

test("arguments that cannot be meant are refused before anything happens", async () => {
  const client = new TacitClient({ baseUrl: "http://localhost:9" });
  const refused = { name: "TacitError", code: "invalid_argument" };
  await assert.rejects(client.login({ authId: 1, password: "x" }), refused);
  await assert.rejects(client.login({ authId: "a@example.com" }), refused);
  await assert.rejects(client.signUp({ authId: "a@example.com", password: new Uint8Array(3) }), refused);
  await assert.rejects(client.activate({}), refused);
  await assert.rejects(client.activate({ token: "t", code: "c" }), refused);
  await assert.rejects(client.activate({ authId: "a@example.com" }), refused);
  await assert.rejects(client.sessions.revoke({}), refused);
  await assert.rejects(client.sessions.list({ limit: -1 }), refused);
  assert.throws(() => client.onChange(), refused);
  assert.throws(() => client.onWire("log"), refused);
});
