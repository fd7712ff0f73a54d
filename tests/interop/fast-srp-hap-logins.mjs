/**
 * npm `fast-srp-hap` signs up and logs in, again and again.
 *
 *     node fast-srp-hap-logins.mjs BASE_URL LOGINS
 */

import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";

import { Refused, activate, logIn, mistyped, person, signUp } from "./protocol.mjs";

/** Failures told in full. */
const SHOWN = 5;

/** How many accounts with which preset. */
const ACCOUNTS = { 3: 3, 1: 1, 2: 1 };

/** Mostly the group in which a login is cheap, so that there can be many. */
const presetOf = (number) => (number % 100 === 0 ? 2 : number % 25 === 5 ? 1 : 3);

const [url, logins] = [process.argv[2], Number(process.argv[3])];

const linkSecret = async (address) => {
  for (let left = 300; left > 0; left -= 1) {
    const response = await fetch(`${url}/demo/mailbox/mails?${new URLSearchParams({ to: address })}`);
    const { mails } = await response.json();
    if (mails.length > 0) return /#([\w-]{43})/.exec(mails[0].text)[1];
    await wait(100);
  }
  throw new Error(`no mail to ${address} came`);
};

/** Somebody whose password has more than one way to be typed. */
const register = async (presetNumber) => {
  const authId = `${randomUUID()}@example.com`;
  const somebody = await person({ authId, password: `Paﬆwörd № ${randomUUID()}`, presetNumber });
  await signUp(url, somebody);
  await activate(url, await linkSecret(authId));
  return somebody;
};

/** What follows would prove nothing if the server took any password. */
const refuseWrongPasswords = async (somebody) => {
  const refused = await logIn(url, await mistyped(somebody, `${somebody.password} `)).catch((error) => error);
  if (!(refused instanceof Refused)) throw new Error(`a wrong password was answered with ${refused}`);
  if (refused.status !== 401 || refused.code !== "proof_rejected") throw refused;
};

const people = {};
for (const [presetNumber, number] of Object.entries(ACCOUNTS)) {
  people[presetNumber] = [];
  while (people[presetNumber].length < number) people[presetNumber].push(await register(Number(presetNumber)));
}
await refuseWrongPasswords(people[3][0]);

const begun = performance.now();
const failures = [];
const zeros = { A: 0, S: 0 };
let begunLogins = 0;
const goOn = async () => {
  while (begunLogins < logins) {
    const count = begunLogins++;
    const choice = people[presetOf(count)];
    const somebody = choice[count % choice.length];
    try {
      // Every other device asks to be known: one item more under `confirm`.
      const remember_device = count % 2 === 1;
      const { answer, zerosInA, zerosInS } = await logIn(url, somebody, { remember_device });
      if ("device_token" in answer !== remember_device) throw new Error("a device token came unasked, or did not come");
      zeros.A += zerosInA;
      zeros.S += zerosInS;
    } catch (failure) {
      failures.push(`${failure} (${somebody.identity}, preset ${somebody.preset.number})`);
    }
  }
};
// While one waits for the server, the other computes.
await Promise.all([goOn(), goOn()]);
console.log(
  `fast-srp-hap: ${logins} logins, ${failures.length} failed, zeros in front of A ${zeros.A} times, ` +
    `of S ${zeros.S} times, ${Math.round((performance.now() - begun) / 1000)} s`,
);
if (failures.length > 0) {
  console.error(failures.slice(0, SHOWN).join("\n"));
  process.exitCode = 1;
}
