/** A real `tacit serve` with a database of its own, in a temporary folder, on a free port. */

import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BINARY = process.env.TACIT_BIN ?? process.env.TACIT_TEST_BINARY
  ?? fileURLToPath(new URL("../../../target/release-dev/tacit", import.meta.url));

const START_WITHIN = 20_000;
const MAIL_WITHIN = 10_000;
const STOP_WITHIN = 15_000;

const pause = (time) => new Promise((resolve) => {
  setTimeout(resolve, time);
});

const freePort = () => new Promise((resolve, reject) => {
  const probe = createServer();
  probe.once("error", reject);
  probe.listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

/** Ours, without what would configure the server: a setting of whoever runs the tests must not reach it. */
const environment = () => Object.fromEntries(Object.entries(process.env)
  .filter(([name]) => !name.startsWith("TACIT_") || name.startsWith("TACIT_TEST_")));

export class Server {
  #process = null;
  #settings;

  constructor(folder, port, publicPort, settings) {
    this.folder = folder;
    this.port = port;
    this.url = `http://localhost:${publicPort}`;
    this.log = join(folder, "server.log");
    this.#settings = settings;
  }

  /**
   * Starts one; `settings` are further `TACIT_` variables. With `publicPort` the world sees it there, through something
   * the test puts in between.
   */
  static async start({ settings = {}, publicPort, port: wanted } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "tacit-web-"));
    const port = wanted ?? await freePort();
    const server = new Server(folder, port, publicPort ?? port, settings);
    try {
      await server.resume();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get isRunning() {
    return this.#process !== null;
  }

  /** Starts the process, on the same port and database as before. */
  async resume() {
    const log = openSync(this.log, "a");
    this.#process = spawn(BINARY, ["serve", "--demo"], { ...this.#place(), stdio: ["ignore", log, log] });
    closeSync(log);
    await this.#ready();
  }

  /** What another command of the binary prints, such as `admin create`, beside the running server. */
  command(...words) {
    return execFileSync(BINARY, words, { ...this.#place(), encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  #place() {
    return {
      cwd: this.folder,
      env: {
        ...environment(),
        TACIT_PUBLIC_URL: this.url,
        TACIT_REALM: "localhost",
        TACIT_LISTEN: `127.0.0.1:${this.port}`,
        TACIT_DATABASE__URL: `sqlite:${join(this.folder, "tacit.db")}`,
        ...this.#settings,
      },
    };
  }

  async #ready() {
    const until = Date.now() + START_WITHIN;
    while (Date.now() < until) {
      if (this.#process.exitCode !== null) break;
      try {
        const response = await fetch(`http://127.0.0.1:${this.port}/health`);
        if (response.ok) return;
      } catch {
        // Not listening yet.
      }
      await pause(50);
    }
    const words = readFileSync(this.log, "utf8").slice(-2000);
    await this.pause();
    throw new Error(`the server did not become ready:\n${words}`);
  }

  /** Stops the process and keeps what it stored. */
  async pause() {
    const running = this.#process;
    this.#process = null;
    if (!running || running.exitCode !== null) return;
    const gone = new Promise((resolve) => {
      running.once("exit", resolve);
    });
    running.kill("SIGTERM");
    const late = setTimeout(() => running.kill("SIGKILL"), STOP_WITHIN);
    await gone;
    clearTimeout(late);
  }

  async stop() {
    await this.pause();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the server answers to whoever begins to log in: the credential's own identity, salt and preset. */
  async challenge(address) {
    return (await this.post("/api/auth/srp/login/email", { auth_id: address })).json();
  }

  /** A request as any client could make it. */
  post(path, body) {
    return fetch(`http://127.0.0.1:${this.port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** The demo's mails to `address`, newest first. */
  async mails(address) {
    const response = await fetch(`http://127.0.0.1:${this.port}/demo/mailbox/mails`);
    const { mails } = await response.json();
    return mails.filter((mail) => mail.to === address);
  }

  /** The newest mail to `address` once there are `count`, and it has what is `wanted`; with its link and its code. */
  async mail(address, count = 1, wanted = /(?:)/) {
    const until = Date.now() + MAIL_WITHIN;
    while (Date.now() < until) {
      const mails = await this.mails(address);
      if (mails.length >= count && wanted.test(mails[0].text)) {
        const [{ subject, text }] = mails;
        return { subject, text, link: text.match(/https?:\/\/\S+\/[\w-]+#[\w-]{43}/)?.[0], code: text.match(/\b[0-9A-Z]{5}-[0-9A-Z]{5}\b/)?.[0] };
      }
      await pause(50);
    }
    throw new Error(`no mail to ${address} came`);
  }
}

export { freePort };
