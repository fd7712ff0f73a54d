// Logs a session out through the client generated from tacit.json: lists the sessions, ends the current one, and expects
// the token to be refused afterwards. Takes BASE_URL and ACCESS_TOKEN; exits with 1 and a sentence when a step fails.

import createClient from "openapi-fetch";

import type { paths } from "../generated/tacit.js";

declare const process: { env: Record<string, string | undefined>; exitCode: number };

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const logOut = async (): Promise<void> => {
  const client = createClient<paths>({
    baseUrl: required("BASE_URL"),
    headers: { authorization: `Bearer ${required("ACCESS_TOKEN")}` },
  });

  const listed = await client.GET("/api/auth/sessions/list");
  if (!listed.data) throw new Error(`the list was answered with ${listed.response.status} ${listed.error.code}`);
  const current = listed.data.sessions.find((session) => session.current);
  if (!current) throw new Error("no session in the list is marked as the current one");

  const ended = await client.POST("/api/auth/sessions/logout");
  if (ended.data?.ended !== 1) throw new Error(`the logout was answered with ${ended.response.status}`);

  const after = await client.POST("/api/auth/sessions/verify");
  if (after.response.status !== 401) throw new Error(`after the logout the token was answered with ${after.response.status}`);
  if (after.error?.code !== "unauthenticated") throw new Error(`unexpected code ${after.error?.code}`);

  console.log(`session ${current.id} is logged out; the token is refused`);
};

try {
  await logOut();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
