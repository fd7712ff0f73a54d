/** Two ears on the wire: a relay that keeps every byte both ways, and the browser's own record of its requests. */

import { connect, createServer } from "node:net";

/** A TCP relay on `port` to `target()`; `sent` and `received` are the browser's bytes. */
export const startRelay = async (port, target) => {
  const sent = [];
  const received = [];
  const sockets = new Set();
  const relay = createServer((browser) => {
    const server = connect(target(), "127.0.0.1");
    for (const [from, to, record] of [[browser, server, sent], [server, browser, received]]) {
      sockets.add(from);
      from.on("data", (bytes) => {
        record.push(bytes);
        to.write(bytes);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
    }
  });
  await new Promise((resolve, reject) => {
    relay.once("error", reject);
    relay.listen(port, "127.0.0.1", resolve);
  });
  return {
    sent: () => Buffer.concat(sent),
    received: () => Buffer.concat(received),
    close: () => {
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
};

/** Records URL, headers and body of every request of the page and its workers, as the debugger sees them. */
export const recordRequests = async (page) => {
  const session = await page.context().newCDPSession(page);
  const requests = [];
  const pending = [];
  const hear = (source, send) => {
    source("Network.requestWillBeSent", ({ requestId, request }) => {
      const record = { url: request.url, method: request.method, headers: { ...request.headers }, body: request.postData ?? "" };
      requests.push(record);
      if (request.hasPostData && request.postData === undefined) {
        pending.push(send("Network.getRequestPostData", { requestId }).then(({ postData }) => {
          record.body = postData;
        }, () => {}));
      }
    });
    source("Network.requestWillBeSentExtraInfo", ({ headers }) => requests.push({ url: "", method: "", headers, body: "" }));
  };
  hear((name, listener) => session.on(name, listener), (name, parameters) => session.send(name, parameters));
  await session.send("Network.enable", { maxPostDataSize: 1 << 20 });
  // Workers are targets of their own, which the context reports.
  page.context().on("request", (request) => {
    requests.push({ url: request.url(), method: request.method(), headers: request.headers(), body: request.postData() ?? "" });
  });
  return {
    requests,
    settled: () => Promise.all(pending),
    asBuffer: () => Buffer.from(JSON.stringify(requests) + requests.map(({ body }) => body).join("\n"), "utf8"),
  };
};
