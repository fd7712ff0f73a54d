import { createInterface } from "node:readline/promises";
import { TacitClient } from "@tacit/client";

const tacit = new TacitClient({ baseUrl: process.argv[2] ?? "http://localhost:8080" });
const [authId, password] = ["ada@example.com", "correct horse battery staple"];
await tacit.signUp({ authId, password }); // the server gets a verifier, never the password
const terminal = createInterface({ input: process.stdin, output: process.stdout });
await tacit.activate({ authId, code: await terminal.question("Code in the mail: ") });
const login = await tacit.login({ authId, password }); // both sides have proven themselves, or it is not ok
console.log(login.ok ? `Signed in as ${login.user.email}` : `Not signed in: ${login.code}`);
console.log((await tacit.getAccessToken()).accessToken); // for your own services; tacit.fetch() adds and renews it
terminal.close();
