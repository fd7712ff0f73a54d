/**
 * Requests to the server and its answers: JSON both ways, problems as values.
 */

import { failure } from "./errors.js";
import { Listeners } from "./listeners.js";

/**
 * @typedef {object} WireRequest
 * @property {"GET" | "POST" | "PUT" | "DELETE"} method
 * @property {string} path
 * @property {Record<string, unknown>} [body]
 * @property {string} [bearer] the access token to show
 * @property {boolean} [cookie] whether the refresh cookie is sent and taken
 * @property {boolean} [keepalive] whether the answer must arrive even when the page goes away
 * @property {number} [longest] answers may have this many bytes, where they may have more than most
 * @property {boolean} [asks] whether it changes nothing that outlives a lost answer: a question, or a session, which is nobody's then
 * @property {string} [doubt] what nobody knows where the server's own answer to a change does not come
 * @property {boolean} [hold] whether listeners must wait until the answer was found good
 */

/**
 * @typedef {object} WireAnswer
 * @property {true} ok
 * @property {number} httpStatus
 * @property {any} body parsed JSON, as yet unchecked; `undefined` on 204
 * @property {string} [M2] the server's proof, where it came as a header: an answer without a body has no other place
 * @property {() => void} accept shows a held answer to the listeners
 * @property {() => void} discard tells them that it was thrown away
 */

export class Wire {
  #baseUrl;
  #timeout;
  /** @type {Listeners<import("./index.js").WireEvent>} */
  #listeners = new Listeners();

  /**
   * @param {string} baseUrl
   * @param {number} timeout in milliseconds
   */
  constructor(baseUrl, timeout) {
    this.#baseUrl = baseUrl;
    this.#timeout = timeout;
  }

  /** @param {(event: import("./index.js").WireEvent) => void} listener */
  listen(listener) {
    return this.#listeners.add(listener);
  }

  /**
   * @param {WireRequest} request
   * @returns {Promise<WireAnswer | import("./index.js").Failure>}
   */
  async send(request) {
    const { method, path, body: requestBody } = request;
    const url = this.#baseUrl + path;
    /** @param {number} status @param {unknown} [responseBody] @param {Partial<import("./index.js").WireEvent>} [more] */
    const tell = (status, responseBody, more) =>
      this.#listeners.emit({
        method,
        url,
        path,
        requestBody: copy(requestBody),
        status,
        responseBody: copy(responseBody),
        ...more,
      });

    /** @type {Response} */
    let response;
    let body;
    try {
      response = await fetch(url, { ...this.#init(request), signal: AbortSignal.timeout(this.#timeout) });
      body = await readJson(response, request.longest ?? LONGEST);
    } catch {
      tell(0);
      return unanswered("network", "The server did not answer", request);
    }
    if (!response.ok || body === notJson) {
      tell(response.status, body === notJson ? undefined : body);
      return problem(response, body, request);
    }
    const { status } = response;
    const M2 = response.headers.get("m2") ?? undefined;
    const accept = () => tell(status, body, M2 === undefined ? {} : { responseHeaders: { M2 } });
    if (!request.hold) accept();
    return { ok: true, httpStatus: status, body, M2, accept, discard: () => tell(status, undefined, { discarded: true }) };
  }

  /**
   * @param {WireRequest} request
   * @returns {RequestInit}
   */
  #init({ method, body, bearer, cookie, keepalive = false }) {
    /** @type {Record<string, string>} */
    const headers = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (bearer !== undefined) headers["authorization"] = `Bearer ${bearer}`;
    // Other sites cannot set it without the server's leave, so it marks the request as not forged.
    if (cookie) headers["x-tacit-client"] = "js";
    return {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: cookie ? "include" : "omit",
      keepalive,
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
    };
  }
}

/** Stands for a body that is not the server's: a proxy's error page, a hotel's greeting. */
const notJson = Symbol("not JSON");

/** What the server says is hardly ever longer, in bytes; somebody who is not it may say more than memory holds. */
const LONGEST = 1 << 20;

/** @param {Response} response @param {number} longest */
const readText = async (response, longest) => {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > longest) {
      await reader?.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
};

/** @param {Response} response @param {number} longest */
const readJson = async (response, longest) => {
  const text = await readText(response, longest);
  if (text === undefined) return notJson;
  if (text === "") return undefined;
  if (!/^application\/(?:[a-z.-]+\+)?json\s*(?:;|$)/i.test(response.headers.get("content-type") ?? "")) return notJson;
  try {
    return JSON.parse(text);
  } catch {
    return notJson;
  }
};

/**
 * What was sent may have been done all the same. Whatever does not say that it only asks is a change, so that none is forgotten.
 *
 * @param {string} code
 * @param {string} detail
 * @param {WireRequest} request
 * @param {Parameters<typeof failure>[2]} [more]
 */
const unanswered = (code, detail, { method, asks, doubt = "whether it was done" }, more) =>
  method === "GET" || asks
    ? failure(code, `${detail}.`, more)
    : failure(code, `${detail}, so nobody knows ${doubt}.`, { ...more, mayBeDone: true });

/**
 * @param {Response} response
 * @param {any} body
 * @param {WireRequest} request
 */
const problem = (response, body, request) => {
  const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const more = { httpStatus: response.status, ...(seconds >= 0 ? { retryAfter: seconds } : {}) };
  if (body === notJson || typeof body?.code !== "string") {
    return unanswered("unavailable", "Something other than the server answered", request, more);
  }
  const detail = String(body.detail ?? body.title ?? body.code);
  // A database that does not answer a commit leaves the server, too, in doubt of it.
  if (body.code === "unavailable") return unanswered(body.code, detail.replace(/\.$/, ""), request, more);
  return failure(body.code, detail, Array.isArray(body.fields) ? { ...more, fields: body.fields } : more);
};

/**
 * Listeners get their own copy: what they change must not reach the client.
 *
 * @param {unknown} value
 */
const copy = (value) => (value === undefined ? undefined : structuredClone(value));
