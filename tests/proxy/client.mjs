/**
 * A person in a browser far away, as seen by the proxy: signs up, activates, logs in with the refresh token as a cookie,
 * renews, looks at the sessions. Every request claims another origin of itself (`X-Forwarded-For`).
 *
 *     node client.mjs <https address> <port> <authority.pem> <own IP> <mail folder>     prints one line of JSON
 */

import { readFileSync, readdirSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { Client } from "../../client-wasm/dist/client.js";

const [baseUrl, port, authority, localAddress, mails] = process.argv.slice(2);
const ca = readFileSync(authority);
const { hostname } = new URL(baseUrl);
const cookies = [];
let jar = "";

/** `fetch` as a browser has it: from an address of its own, to the proxy's port, with cookies and an `Origin`. */
globalThis.fetch = (url, { method = "GET", headers = {}, body, credentials, signal } = {}) =>
  new Promise((resolve, reject) => {
    const sent = { ...headers, host: hostname, "x-forwarded-for": "203.0.113.7, 198.51.100.1" };
    if (method !== "GET") sent.origin = baseUrl;
    if (body !== undefined) sent["content-length"] = Buffer.byteLength(body);
    if (credentials === "include" && jar !== "") sent.cookie = jar;
    const place = { host: "127.0.0.1", port, servername: hostname, localAddress, ca };
    const asked = request({ ...place, method, path: new URL(url).pathname, headers: sent, signal }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        for (const cookie of answer.headers["set-cookie"] ?? []) {
          cookies.push(cookie);
          jar = cookie.split(";")[0];
        }
        const received = new Headers(answer.rawHeaders.flatMap((name, index, all) => (index % 2 ? [] : [[name, all[index + 1]]])));
        const empty = answer.statusCode === 204;
        resolve(new Response(empty ? null : Buffer.concat(chunks), { status: answer.statusCode, headers: received }));
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });

const startWorker = () => {
  const worker = new Worker(new URL("../../client-wasm/dist/worker-node.js", import.meta.url));
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (onMessage, onFailure) => worker.on("message", onMessage).on("error", onFailure),
    terminate: () => void worker.terminate(),
  };
};

const mailed = async () => {
  for (let wait = 0; wait < 200; wait += 1) {
    const names = readdirSync(mails, { recursive: true }).filter((name) => name.endsWith(".json"));
    if (names.length > 0) return JSON.parse(readFileSync(join(mails, names[0]), "utf8")).text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no mail came");
};

const platform = { delivery: "cookie", storage: undefined, startWorker, locks: undefined, openChannel: undefined };
const client = new Client({ baseUrl, realm: "example.com" }, platform);
const who = { authId: "ada@example.com", password: "correct horse battery staple" };
await client.signUp(who);
const text = await mailed();
await client.activate({ authId: who.authId, code: /[0-9A-Z]{5}-[0-9A-Z]{5}/.exec(text)[0] });
const login = await client.login(who);
if (!login.ok) throw new Error(`the login failed: ${login.code}`);
const { sessions } = await client.sessions.list();
const handed = cookies.length;
const renewed = await fetch(`${baseUrl}/v1/auth/refresh`, {
  method: "POST",
  headers: { "content-type": "application/json", "x-tacit-client": "js" },
  body: "{}",
  credentials: "include",
});
const stay = renewed.headers.get("strict-transport-security");
console.log(JSON.stringify({ link: /https?:\S+/.exec(text)[0], sessions, cookies, handed, renewed: renewed.status, stay }));
await client.logout();
