/**
 * Requests of the client's own that carry the access token.
 */

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
    const answer = await this.#wire.send({ ...request, bearer: token.accessToken });
    if (answer.ok || answer.code !== "unauthenticated") return answer;
    const renewed = await this.#keeper.replace(token.accessToken);
    return renewed.ok ? this.#wire.send({ ...request, bearer: renewed.accessToken }) : renewed;
  }

  /** The session that requests are of; it is there once a token was had. */
  async sessionId() {
    const token = await this.#keeper.accessToken();
    return token.ok ? this.#keeper.current?.session.id : undefined;
  }
}
