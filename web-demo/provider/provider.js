/**
 * An OpenID provider on this machine, so that signing in with one can be seen and tested without an account anywhere. Whoever
 * comes is believed: it is for `make demo` and the browser tests, and listens to this machine only.
 */

import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { consentPage, loginPage } from "./pages.js";

/** Another host than `localhost`, where the demo is: cookies do not tell ports apart. */
const HOST = "127.0.0.1";

const signingKey = () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "RS256", use: "sig" };
};

/** Whoever says that an address is theirs has one that is verified. */
const findAccount = (_, email) => ({
  accountId: email,
  claims: () => ({ sub: email, email, email_verified: true, name: email.split("@")[0] }),
});

const configuration = ({ client, secret, callback }) => ({
  clients: [{ client_id: client, client_secret: secret, client_name: "Tacit", redirect_uris: [callback] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  jwks: { keys: [signingKey()] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  pkce: { required: () => true },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, Interaction: 600, Session: 3600 },
  findAccount,
});

const readForm = async (request) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
};

const grant = async (provider, { grantId, session, params, prompt }) => {
  const granted = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  granted.addOIDCScope((prompt.details.missingOIDCScope ?? []).join(" "));
  granted.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
  return granted.save();
};

const results = {
  login: async (_, request) => ({ login: { accountId: (await readForm(request)).get("login") } }),
  consent: async (provider, _, details) => ({ consent: { grantId: await grant(provider, details) } }),
  abort: async () => ({ error: "access_denied", error_description: "The person said no." }),
};

const interact = async (provider, request, response) => {
  const [, , uid, act] = request.url.split("/");
  const details = await provider.interactionDetails(request, response);
  if (request.method === "POST" && Object.hasOwn(results, act)) {
    const result = await results[act](provider, request, details);
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: act === "consent" });
  }
  const at = `/interaction/${uid}`;
  const { clientName: client } = await provider.Client.find(details.params.client_id);
  const page = details.prompt.name === "login" ? loginPage(at) : consentPage(at, { account: details.session.accountId, client });
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  return response.end(page);
};

/** Starts one for the application at `application`, which knows it as `name`. */
export const startProvider = async ({ port = 0, application, name = "local", client = "tacit-demo", secret = randomBytes(24).toString("base64url") }) => {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, resolve);
  });
  const issuer = `http://${HOST}:${server.address().port}`;
  const provider = new Provider(issuer, configuration({ client, secret, callback: `${application}/v1/oauth/${name}/callback` }));
  const rest = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith("/interaction/")) return rest(request, response);
    return interact(provider, request, response).catch((error) => {
      response.writeHead(400, { "content-type": "text/plain; charset=utf-8" });
      response.end(`This does not go on: ${error.message}\n`);
    });
  });
  const key = (word) => `TACIT_PROVIDERS__${name.toUpperCase()}__${word}`;
  return {
    issuer,
    provider,
    /** What the server is to be configured with. */
    settings: {
      [key("ISSUER")]: issuer,
      [key("CLIENT_ID")]: client,
      [key("CLIENT_SECRET")]: secret,
      [key("LABEL")]: "Local provider",
      [key("TRUST_EMAIL")]: "claim",
    },
    stop: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
};
