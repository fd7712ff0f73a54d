/**
 * A real server in demo mode: the one at TACIT_TEST_BASE_URL, or the binary at TACIT_TEST_BINARY, started on a free port
 * with a folder of its own.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const { TACIT_TEST_BASE_URL, TACIT_TEST_BINARY } = process.env;

/** Whether this run is about the real server, so that its absence is a failure. */
export const isRequired = process.env.TACIT_TEST_LIVE === "required";
export const isGiven = Boolean(TACIT_TEST_BASE_URL || (isRequired && TACIT_TEST_BINARY));

const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
};

const settings = (folder, port) => ({
  TACIT_DEMO: "true",
  TACIT_PUBLIC_URL: `http://localhost:${port}`,
  TACIT_REALM: "localhost",
  TACIT_LISTEN: `127.0.0.1:${port}`,
  TACIT_DATABASE__URL: `sqlite:${join(folder, "tacit.db")}`,
  TACIT_MAIL__TRANSPORT: "mailbox",
});

/** The variables of this process but the ones the server would take for settings. */
const environment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TACIT_")));

const ready = async (url, process) => {
  for (let left = 300; left > 0; left -= 1) {
    if (process.exitCode !== null) throw new Error(`the server ended with ${process.exitCode}`);
    const health = await fetch(`${url}/health`).catch(() => null);
    if (health?.ok) return;
    await wait(100);
  }
  throw new Error("the server did not start");
};

/** The address of a real server, and the way to stop it if it was started here. */
export const startLive = async () => {
  if (TACIT_TEST_BASE_URL) return { url: TACIT_TEST_BASE_URL, stop: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), "tacit-live-"));
  const port = await freePort();
  const child = spawn(TACIT_TEST_BINARY, ["serve"], {
    cwd: folder,
    env: { ...environment(), ...settings(folder, port) },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true });
  };
  const url = `http://localhost:${port}`;
  try {
    await ready(url, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
};

/** The newest mail to an address once there are `count`, with what it is for: the link's secret and the code to type. */
export const mailTo = async (url, address, wanted = 1) => {
  for (let left = 100; left > 0; left -= 1) {
    const response = await fetch(`${url}/demo/mailbox/mails?${new URLSearchParams({ to: address })}`);
    const { mails } = await response.json();
    if (mails.length >= wanted) {
      const { text } = mails[0];
      const secret = /#([\w-]{43})/.exec(text)?.[1];
      const code = /\b[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}\b/.exec(text)?.[0];
      return { count: mails.length, text, secret, code };
    }
    await wait(100);
  }
  throw new Error("no mail came");
};
