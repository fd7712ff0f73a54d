/**
 * Requests of the client's own that carry the access token.
 */

import { signedOut } from "./errors.js";

export class Signed {
  #keeper;
  #wire;

  /**
   * @param {import("./session.js").SessionKeeper} keeper
   * @param {import("./wire.js").Wire} wire
   */
  constructor(keeper, wire) {
    this.#keeper = keeper;
    this.#wire = wire;
  }

  /**
   * Sends a request with the access token, once more with the next one if that is what was refused: a 401 may also be
   * about a proof, which another token would not make right.
   *
   * @param {import("./wire.js").WireRequest} request
   */
  async send(request) {
    const token = await this.#keeper.accessToken();
    if (!token.ok) return token;
    const session = this.#keeper.current?.session.id;
    const answer = await this.#wire.send({ ...request, bearer: token.accessToken });
    if (answer.ok || answer.code !== "unauthenticated") return answer;
    const renewed = await this.#keeper.replace(token.accessToken);
    if (!renewed.ok) return renewed;
    // Another session may have taken the place of the one that this was asked for.
    if (this.#keeper.current?.session.id !== session) return signedOut();
    return this.#wire.send({ ...request, bearer: renewed.accessToken });
  }

  /** The session that requests are of; it is there once a token was had. */
  async sessionId() {
    const token = await this.#keeper.accessToken();
    return token.ok ? this.#keeper.current?.session.id : undefined;
  }
}
