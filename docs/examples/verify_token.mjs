// Verifies a Tacit access token with the published keys; nothing but Node.
//
//     node verify_token.mjs http://localhost:8080 eyJ…
import { createPublicKey, verify } from "node:crypto";

const [issuer, token] = process.argv.slice(2);
const [head, body, signature] = token.split(".");
const decode = (part) => JSON.parse(Buffer.from(part, "base64url").toString());

// Fetch the keys once and keep them; fetch again when a token names a key that is not among them.
const { keys } = await (await fetch(`${issuer}/.well-known/jwks.json`)).json();
const { alg, kid } = decode(head);
const jwk = keys.find((key) => key.kid === kid);
if (!jwk || alg !== "EdDSA") throw new Error("the token's key is not published");

const key = createPublicKey({ key: jwk, format: "jwk" });
if (!verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"))) {
  throw new Error("the signature does not verify");
}
const claims = decode(body);
if (claims.iss !== issuer || ![claims.aud].flat().includes(issuer)) throw new Error("the token is for somebody else");
if (claims.exp * 1000 < Date.now()) throw new Error("the token has expired");
console.log(`user ${claims.sub} in session ${claims.sid}`);
