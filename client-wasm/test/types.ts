/** Read by the compiler only: what callers can rely on, and that both entries keep to it. */

import {
  TacitClient,
  TacitError,
  type ChangeEvent,
  type Failure,
  type LoginResult,
  type WireEvent,
} from "../dist/index.js";
import { TacitClient as NodeClient, TacitError as NodeError } from "../dist/node.js";

type Same<Left, Right> = (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | void => {};

// The class in Node is the class that is described.
const described: typeof TacitClient = NodeClient;
const describedError: typeof TacitError = NodeError;

const client: TacitClient = new described({ baseUrl: new URL("https://auth.example.com"), storage: localStorage });

// @ts-expect-error a password is asked for, and null is a no
new described({ baseUrl: "https://auth.example.com", onStepUp: async () => 5 });
new described({ baseUrl: "https://auth.example.com", onStepUp: async () => ({ provider: "microsoft" }) });
new described({
  baseUrl: "https://auth.example.com",
  onStepUp: async ({ failed }: { failed?: Failure }) => failed?.code ?? null,
});

const told = (result: LoginResult): string => {
  if (result.ok) {
    holds<Same<typeof result.status, "signed_in">>();
    holds<Same<typeof result.serverProved, true>>();
    void result.upgrade?.then(({ ok }) => ok);
    return result.user.email;
  }
  // @ts-expect-error a refusal has no session
  result.session;
  const failed: Failure = result;
  switch (result.status) {
    case "throttled":
    case "busy":
      return `wait ${failed.retryAfter ?? 1} s`;
    case "rejected":
    case "not_activated":
    case "disabled":
    case "locked":
    case "network":
    case "invalid":
    case "failed":
      return result.code;
  }
};

export const story = async (): Promise<void> => {
  const signUp = await client.signUp({ authId: "a@example.com", password: "x" });
  if (signUp.ok) signUp.resendAfter.toFixed();
  else signUp.fields?.[0]?.name.trim();
  // @ts-expect-error a ticket is there only after success
  signUp.ticket;
  // @ts-expect-error the password is a string
  await client.signUp({ authId: "a@example.com", password: new Uint8Array() });
  await client.activate({ token: "secret" });
  await client.activate({ authId: "a@example.com", code: "00000-00000" });
  // @ts-expect-error a code needs its address
  await client.activate({ code: "00000-00000" });
  told(await client.login({ authId: "a@example.com", password: "x" }));
  const me = await client.me();
  if (me.ok) holds<Same<typeof me.user.displayName, string | undefined>>();
  const list = await client.sessions.list({ limit: 10 });
  if (list.ok) list.sessions.map(({ lastSeenAt }) => lastSeenAt.length);
  const response: Response = await client.fetch("/v1/auth/me", { method: "GET" });
  response.ok satisfies boolean;
  const changed = await client.changePassword({ currentPassword: "x", newPassword: "y", keepOtherSessions: true });
  if (changed.ok) holds<Same<typeof changed.serverProved, true>>();
  // @ts-expect-error the current password is needed
  await client.changePassword({ newPassword: "y" });
  const stepped = await client.stepUp({ password: "x" });
  if (stepped.ok) stepped.expiresIn.toFixed();
  const asked = await client.requestReset({ authId: "a@example.com" });
  if (asked.ok) asked.resendAfter.toFixed();
  const valid = await client.validateReset({ token: "secret" });
  if (valid.ok) valid.authId.trim();
  await client.completeReset({ authId: "a@example.com", code: "00000-00000", password: "y" });
  // @ts-expect-error a reset needs the new password
  await client.completeReset({ token: "secret" });
  await client.updateProfile({ displayName: "", language: "de", email: "b@example.com" });
  const confirmed = await client.confirmEmail({ token: "secret" });
  if (confirmed.ok) confirmed.email.trim();
  await client.undoEmail({ token: "secret" });
  const exported = await client.exportData();
  if (exported.ok) holds<Same<typeof exported.text, string>>();
  (await client.deleteAccount()).ok satisfies boolean;
  const signed = await client.signInWith("microsoft", { display: "popup", deviceName: "Laptop" });
  if (signed.ok && signed.status === "signed_in") signed.user.email.trim();
  // @ts-expect-error a page that is about to leave has nobody signed in
  else if (signed.ok) signed.user;
  // @ts-expect-error there are two ways
  await client.signInWith("microsoft", { display: "frame" });
  const done = await client.completeRedirect();
  if (done?.ok && done.status === "linked") holds<Same<typeof done.identity.email, string | undefined>>();
  if (done && !done.ok) holds<Same<typeof done.purpose, "sign_in" | "link" | "step_up" | undefined>>();
  const ways = await client.identities.list();
  if (ways.ok) await client.identities.unlink({ id: ways.identities[0]?.id ?? "" });
  const shown = await client.stepUpWith("microsoft");
  if (shown.ok && shown.status === "stepped_up") shown.expiresIn.toFixed();
  (await client.setPassword({ password: "x" })).ok satisfies boolean;
  const out = await client.logout();
  if (out.ok) holds<Same<typeof out.stillSignedInAt, string | undefined>>();
  // @ts-expect-error the user cannot be set
  client.user = null;
};

const stop: () => void = client.onChange((event: ChangeEvent) => {
  if (event.type === "signed_in" || event.type === "refreshed") event.user.email.length;
  // @ts-expect-error nobody is signed in any more
  else event.user;
});
client.onWire((event: WireEvent) => event.path.length);
stop();

const error = new describedError("server_not_proved", "no");
holds<Same<typeof error.name, "TacitError">>();
// @ts-expect-error codes are listed
error.code === "no_such_code";
