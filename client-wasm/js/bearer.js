/**
 * Requests of the program that carry the access token.
 */

import { isOver } from "./session.js";

/**
 * Fetches with the token where its origin may see it, once more with the next one after a 401.
 *
 * @param {import("./session.js").SessionKeeper} keeper
 * @param {ReadonlySet<string>} origins
 * @param {Request} request
 * @returns {Promise<Response>}
 */
export const fetchWithToken = async (keeper, origins, request) => {
  const mayCarry = origins.has(new URL(request.url).origin) && !request.headers.has("authorization");
  if (!mayCarry) return fetch(request);
  const again = request.clone();
  const { signal } = request;
  signal.throwIfAborted();
  const token = await unlessAborted(signal, keeper.accessToken());
  if (!token.ok) return withoutToken(token, request);
  const response = await fetch(bearing(request, token.accessToken));
  if (response.status !== 401) return response;
  const renewed = await unlessAborted(signal, keeper.replace(token.accessToken));
  if (!renewed.ok) return response;
  await response.body?.cancel();
  return fetch(bearing(again, renewed.accessToken));
};

/**
 * What comes of `work`, unless the caller calls the request off before: others may wait for the same renewal, so that goes on.
 *
 * @template T
 * @param {AbortSignal} signal
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
const unlessAborted = (signal, work) =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });

/**
 * A request whose token could not be renewed: without a session it goes as it is; else it fails as the network did.
 *
 * @param {import("./index.js").Failure} failed
 * @param {Request} request
 */
const withoutToken = (failed, request) => {
  if (failed.code === "signed_out" || isOver(failed)) return fetch(request);
  throw new TypeError("The access token could not be renewed.", { cause: failed });
};

/**
 * @param {Request} request
 * @param {string} accessToken
 */
const bearing = (request, accessToken) => {
  request.headers.set("authorization", `Bearer ${accessToken}`);
  return request;
};
