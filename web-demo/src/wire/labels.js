/** Plain words for what stands in the messages. */

const FIELDS = {
  auth_id: "your address",
  credential: "what the server keeps instead of a password",
  identity: "a random name for SRP; has nothing to do with your address",
  salt: "random, not secret; makes the same password different everywhere",
  preset: "which group and how much stretching",
  verifier: "v = gˣ mod N: can check a password, cannot be turned back into one",
  ticket: "shows that this browser did the sign-up",
  resend_after: "seconds until a mail may be sent again",
  handshake: "the server's note to itself, sealed; it stores nothing at this step",
  B: "the server's one-time public number",
  A: "this browser's one-time public number",
  M1: "this browser's proof that it knows the password",
  M2: "the server's proof that it holds the verifier",
  confirm: "ties the session to both proofs, so nobody can swap it",
  access_token: "signed and short-lived; services verify it",
  refresh_token: "renews the access token",
  token: "the secret from the link",
  code: "the code from the mail",
  code_verifier: "the secret this tab kept; its SHA-256 went to the server before",
  code_challenge: "SHA-256 of a secret that stays in this tab until you are back",
  return_to: "where to come back to",
  url: "where the browser goes next",
  provider: "who is asked",
  created: "whether the account is new",
  has_password: "whether you can log in with a password",
  label: "what people call it",
  session_id: "the new session",
  handshake_expires_in: "seconds",
  expires_in: "seconds",
  sealed: "what the proof is for, such as a new verifier: encrypted under a key that both proofs come from",
  purpose: "what the proof will be for",
  display_name: "what you want to be called",
  language: "of mails",
  email: "your address",
  tokens: "the session; renewed with a cookie that scripts cannot read",
};

/** In a problem the field `code` means something else. */
const PROBLEM_FIELDS = { code: "what went wrong, for programs", detail: "the same for people" };

const isProblem = (parent) => parent && typeof parent.status === "number" && "title" in parent;
const isExchange = (parent) => parent && "code_verifier" in parent;

export const fieldNote = (name, parent) => {
  if (isProblem(parent)) return PROBLEM_FIELDS[name] ?? null;
  if (name === "code" && isExchange(parent)) return "from the provider’s way back; good once, for two minutes";
  return FIELDS[name] ?? null;
};

const STEPS = [
  ["POST", /\/sign-up\/check$/, "Ask whether the address is free"],
  ["POST", /\/sign-up\/verification$/, "Ask for another mail"],
  ["POST", /\/sign-up\/activate$/, "Activate with the code"],
  ["POST", /\/sign-up$/, "Hand over the verifier"],
  ["POST", /\/login\/email$/, "Ask for the challenge"],
  ["POST", /\/login\/proof$/, "Exchange the proofs"],
  ["POST", /\/change\/initiate$/, "Ask for a challenge"],
  ["POST", /\/change\/confirm$/, "Exchange the proofs, with the new verifier sealed"],
  ["POST", /\/step-up\/initiate$/, "Ask for a challenge"],
  ["POST", /\/step-up\/confirm$/, "Show the password again: exchange the proofs"],
  ["POST", /\/password\/set$/, "Hand over the first verifier"],
  ["GET", /\/oauth\/providers$/, "Ask for the providers"],
  ["POST", /\/oauth\/exchange$/, "Exchange the one-time code for a session"],
  ["POST", /\/identities\/visits$/, "Ask for the way to the provider"],
  ["POST", /\/identities\/step-up$/, "Show the provider’s word"],
  ["POST", /\/identities$/, "Link what the code stands for"],
  ["GET", /\/identities$/, "List the accounts elsewhere"],
  ["DELETE", /\/identities\/[^/]+$/, "Unlink one"],
  ["POST", /\/reset$/, "Ask for a mail"],
  ["POST", /\/reset\/complete$/, "Hand over the new verifier"],
  ["PUT", /\/users\/$/, "Change the account"],
  ["DELETE", /\/users\/$/, "Delete the account"],
  ["GET", /\/users\/export$/, "Ask for everything stored"],
  ["POST", /\/auth\/refresh$/, "Renew the access token"],
  ["GET", /\/auth\/me$/, "Ask who is logged in"],
  ["GET", /\/sessions(\/list)?(\?.*)?$/, "List the sessions"],
  ["DELETE", /\/sessions\/[^/]+$/, "End one session"],
  ["POST", /\/sessions\/logout-all$/, "End all other sessions"],
  ["POST", /\/sessions\/logout$/, "End this session"],
  ["POST", /\/sessions\/verify$/, "Check this session"],
];

/** What a request is for, in a few words. */
export const stepName = (method, path) =>
  STEPS.find(([verb, shape]) => verb === method && shape.test(path))?.[2] ?? "Request";
