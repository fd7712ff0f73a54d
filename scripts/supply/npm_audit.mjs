/**
 * Asks npm's registry for known holes in what is shipped: `node npm_audit.mjs <folder with a package-lock.json>…`
 *
 * Fails on high and critical ones in production dependencies, the only ones anybody is served. Many registries and
 * mirrors do not answer audits; that is said, and is no failure. TACIT_TEST_AUDIT_TIMEOUT: milliseconds a folder, at most.
 */

import { spawnSync } from "node:child_process";

const TIMEOUT = Number(process.env.TACIT_TEST_AUDIT_TIMEOUT ?? 60_000);
const SERIOUS = ["high", "critical"];

const audit = (folder) => {
  const words = ["audit", "--json", "--omit=dev", "--package-lock-only", "--no-update-notifier"];
  const run = spawnSync("npm", words, { cwd: folder, encoding: "utf8", timeout: TIMEOUT, killSignal: "SIGKILL" });
  if (run.error?.code === "ETIMEDOUT") return { silence: `no answer within ${TIMEOUT / 1000} s` };
  if (run.error) throw run.error;
  try {
    const report = JSON.parse(run.stdout);
    if (report.auditReportVersion === 2) return { found: Object.values(report.vulnerabilities) };
    return { silence: report.message ?? report.error?.summary ?? "an answer that is no report" };
  } catch {
    return { silence: run.stderr.trim().split("\n").at(-1) || "no report" };
  }
};

let failed = false;
for (const folder of process.argv.slice(2)) {
  const { silence, found } = audit(folder);
  if (silence !== undefined) {
    console.log(`${folder}: NOT CHECKED, the registry does not answer audits: ${silence}`);
    continue;
  }
  const serious = found.filter(({ severity }) => SERIOUS.includes(severity));
  for (const { name, severity, range } of found) console.log(`${folder}: ${name} ${range}: ${severity}`);
  console.log(`${folder}: ${found.length} known, ${serious.length} of them high or critical`);
  failed ||= serious.length > 0;
}
process.exitCode = failed ? 1 : 0;
