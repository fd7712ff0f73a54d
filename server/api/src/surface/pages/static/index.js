/** The landing page: shows the doors that are open on this server, and whether it is ready. */

import { demoIsThere } from "./pages.js";

const health = document.getElementById("health");

const showDoors = async () => {
  const demo = await demoIsThere();
  document.getElementById("door-demo").hidden = !demo;
  document.getElementById("door-mailbox").hidden = !demo;
};

const showHealth = async () => {
  try {
    const response = await fetch("/health", { headers: { accept: "application/json" } });
    const ready = (await response.json()).status === "ready";
    health.dataset.state = ready ? "ready" : "not_ready";
    health.textContent = ready ? "The server is ready." : "The server is not ready yet.";
  } catch {
    health.dataset.state = "not_ready";
    health.textContent = "The server cannot be reached right now.";
  }
};

await Promise.all([showDoors(), showHealth()]);
