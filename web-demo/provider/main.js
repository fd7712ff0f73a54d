/** `node provider/main.js PORT APPLICATION`: the provider of `make demo`. The client secret comes in CLIENT_SECRET. */

import { startProvider } from "./provider.js";

const [port, application] = process.argv.slice(2);
const { issuer } = await startProvider({ port: Number(port), application, secret: process.env.CLIENT_SECRET });
process.stdout.write(`The local provider is at ${issuer}\n`);
