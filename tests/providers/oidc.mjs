// A real OpenID provider with its login and consent pages, for the end-to-end tests.
//
//   node oidc.mjs REDIRECT_URI CLIENT_SECRET
//
// It prints its issuer once it listens, and ends with its standard input. Any name and password log in; the address is the
// name at example.com.

import http from "node:http";

import { Provider } from "oidc-provider";

const [redirectUri, secret] = process.argv.slice(2);

const server = http.createServer();
await new Promise((listening) => server.listen(0, "localhost", listening));
const issuer = `http://localhost:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: "tacit", client_secret: secret, redirect_uris: [redirectUri] }],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: ["for a test only"] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `The ${id}` }),
  }),
});
server.on("request", provider.callback());

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
console.log(issuer);
