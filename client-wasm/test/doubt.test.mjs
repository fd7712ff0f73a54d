/** What may have been done although its answer never came: each operation that changes something says so. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, PERSON, registered, signedIn } from "./support/client.mjs";
import { signedInTab } from "./support/tab.mjs";

const NEXT = "another Pässwörd, quite ﬁne";
const LOST = [
  ["network", { drop: true }],
  ["unavailable", { raw: "<h1>Bad gateway</h1>", status: 502, headers: { "content-type": "text/html" } }],
  ["unavailable", { status: 503, body: { code: "unavailable", detail: "The server cannot do this at the moment." } }],
];

const REFUSED = [
  [500, "internal"],
  [503, "srp_busy"],
  [429, "too_many_requests"],
  [403, "step_up_required"],
];

const USERS = "/api/auth/users/";
const SESSIONS = "/api/auth/sessions";
const IDENTITY = "01890a5d-ac96-774b-bcce-b302099a8057";

/** Operations that change something, by the path that does it. */
const CHANGES = {
  "/api/auth/srp/sign-up": (client) => client.signUp({ authId: "new@example.com", password: PASSWORD }),
  "/api/auth/srp/sign-up/activate": (client) => client.activate({ token: PERSON }),
  "/api/auth/srp/sign-up/verification": (client) => client.resendActivation({ authId: PERSON }),
  "/api/auth/srp/password/reset": (client) => client.requestReset({ authId: PERSON }),
  "/api/auth/srp/password/reset/complete": (client) => client.completeReset({ token: PERSON, password: NEXT }),
  "/api/auth/srp/password/change/confirm": (client) =>
    client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT }),
  "/api/auth/srp/password/set": (client) => client.setPassword({ password: NEXT }),
  "/api/auth/srp/step-up/confirm": (client) => client.stepUp({ password: PASSWORD }),
  [USERS]: (client) => client.updateProfile({ displayName: "Ada" }),
  [`${USERS}email/confirm`]: (client) => client.confirmEmail({ token: "new@example.com" }),
  [`${USERS}email/undo`]: (client) => client.undoEmail({ token: PERSON }),
  [`${SESSIONS}/logout`]: (client) => client.logout(),
  [`${SESSIONS}/logout-all`]: (client) => client.logoutOthers(),
  [`/v1/sessions/${IDENTITY}`]: (client) => client.sessions.revoke({ id: IDENTITY }),
  [`/v1/identities/${IDENTITY}`]: (client) => client.identities.unlink({ id: IDENTITY }),
};

for (const [path, call] of Object.entries(CHANGES)) {
  test(`without its answer nobody knows what came of ${path}`, async (t) => {
    const { server, client } = await signedIn(t);
    for (const [code, answer] of LOST) {
      server.lies[path] = () => ({ status: 204, ...answer });
      const failed = await call(client);
      assert.deepEqual([failed.ok, failed.code, failed.mayBeDone], [false, code, true], failed.detail);
      assert.match(failed.detail, /, so nobody knows .*\.$/);
      assert.doesNotMatch(failed.detail, /\.,|\.\./);
    }
  });

  test(`what the server itself refuses leaves no doubt: ${path}`, async (t) => {
    const { server, client } = await signedIn(t);
    for (const [status, code] of REFUSED) {
      server.lies[path] = () => ({ status, body: { code, detail: "No." }, headers: { "retry-after": "30" } });
      const failed = await call(client);
      assert.deepEqual([failed.ok, failed.code, "mayBeDone" in failed], [false, code, false]);
    }
  });
}

test("a deletion whose answer is lost may be done, and the session stays until the server is asked again", async (t) => {
  const { server, client } = await signedIn(t, { onStepUp: async () => PASSWORD });
  server.lies[USERS] = (honest) => {
    const done = honest();
    return done.status === 204 ? { status: 204, drop: true } : done;
  };
  const deleted = await client.deleteAccount();
  assert.deepEqual([deleted.ok, deleted.code, deleted.mayBeDone], [false, "network", true]);
  assert.match(deleted.detail, /so nobody knows whether the account was deleted\.$/);
  assert.equal(server.accounts.size, 0, "it was done");
  assert.equal(client.user.email, PERSON);
  assert.equal((await client.me()).httpStatus, 401);
  assert.equal(client.user, null);
});

test("a reset whose answer is lost may be done: the new password may be the right one", async (t) => {
  const { server, client } = await registered(t);
  server.lies["/api/auth/srp/password/reset/complete"] = (honest) => (honest(), { drop: true });
  const lost = await client.completeReset({ token: PERSON, password: NEXT });
  assert.deepEqual([lost.code, lost.mayBeDone], ["network", true]);
  assert.match(lost.detail, /so nobody knows whether the password was reset\.$/);
  assert.equal((await client.login({ authId: PERSON, password: NEXT })).ok, true, "it was done");
});

test("what only asks leaves no doubt, nor does a session whose answer was lost: nobody has it", async (t) => {
  const { server, client } = await signedIn(t);
  const asking = {
    "/v1/auth/settings": () => client.settings(),
    "/v1/auth/me": () => client.me(),
    "/v1/sessions": () => client.sessions.list(),
    "/v1/identities": () => client.identities.list(),
    "/v1/oauth/providers": () => client.providers(),
    "/api/auth/users/export": () => client.exportData(),
    "/api/auth/srp/sign-up/check": () => client.checkSignUp({ authId: PERSON }),
    "/api/auth/srp/password/reset/validate": () => client.validateReset({ token: PERSON }),
    "/api/auth/srp/step-up/initiate": () => client.stepUp({ password: PASSWORD }),
    "/api/auth/srp/password/change/initiate": () =>
      client.changePassword({ currentPassword: PASSWORD, newPassword: NEXT }),
    "/api/auth/srp/login/email": () => client.login({ authId: PERSON, password: PASSWORD }),
    "/api/auth/srp/login/proof": () => client.login({ authId: PERSON, password: PASSWORD }),
    "/v1/auth/refresh": () => client.refresh(),
  };
  for (const [path, ask] of Object.entries(asking)) {
    for (const [code, answer] of LOST) {
      server.lies = { [path]: () => ({ status: 204, ...answer }) };
      const failed = await ask();
      assert.deepEqual([failed.ok, failed.code, "mayBeDone" in failed], [false, code, false], path);
    }
  }
});

test("the same on the way to a provider, and of a session that its code was to open", async (t) => {
  const { server, tab, client } = await signedInTab(t, { onStepUp: async () => PASSWORD });
  await client.signInWith("local");
  for (const [code, answer] of LOST) {
    server.lies = { "/v1/identities/visits": () => ({ status: 204, ...answer }) };
    const linked = await client.identities.link("local");
    assert.deepEqual([linked.ok, linked.code, "mayBeDone" in linked], [false, code, false]);
    server.lies = {};
    await client.signInWith("local");
    server.lies = { "/v1/oauth/exchange": () => ({ status: 204, ...answer }) };
    const opened = await tab.comeBack().completeRedirect();
    assert.deepEqual([opened.ok, opened.code, "mayBeDone" in opened], [false, code, false]);
  }
});

test("where the password could not be shown again, the operation that asked for it was not done", async (t) => {
  const { server, client } = await signedIn(t, { onStepUp: async () => PASSWORD });
  server.lies["/api/auth/srp/step-up/confirm"] = (honest) => (honest(), { status: 200, drop: true });
  const deleted = await client.deleteAccount();
  assert.deepEqual([deleted.ok, deleted.code, "mayBeDone" in deleted], [false, "network", false]);
  assert.doesNotMatch(deleted.detail, /nobody knows/);
  assert.equal(server.accounts.size, 1);
});

test("whether an account elsewhere was linked, or shown anew, nobody knows without the answer", async (t) => {
  const { server, tab, client } = await signedInTab(t, { onStepUp: async () => PASSWORD });
  await client.identities.link("local");
  server.lies["/v1/identities"] = (honest) => (honest(), { drop: true });
  const linked = await tab.comeBack().completeRedirect();
  assert.deepEqual([linked.code, linked.mayBeDone, linked.purpose], ["network", true, "link"]);
  assert.equal(server.federation.identities.length, 1, "it was linked");
  server.lies = { "/v1/identities/step-up": (honest) => (honest(), { drop: true }) };
  await tab.client.stepUpWith("local");
  const shown = await tab.comeBack().completeRedirect();
  assert.deepEqual([shown.code, shown.mayBeDone, shown.purpose], ["network", true, "step_up"]);
});
