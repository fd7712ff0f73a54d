/** The demo's mailbox: lists what the server would have sent, newest first. A mail's text is shown as text, never as HTML. */

const EVERY = 2500;
const LINK = /https?:\/\/[^\s<>"]+/g;

const list = document.getElementById("mails");
const status = document.getElementById("status");
const shown = new Set();

const element = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};

/** Text with its addresses turned into links, piece by piece. */
const linked = (text) => {
  const pieces = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = found.replace(/[).,;:!?]+$/, "");
    pieces.push(text.slice(from, index), element("a", { href: address, rel: "noreferrer" }, address));
    from = index + address.length;
  }
  return [...pieces, text.slice(from)];
};

const when = (moment) => {
  const date = new Date(moment);
  const words = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" }).format(date);
  return element("time", { dateTime: date.toISOString() }, words);
};

const entry = (mail) => element("li", {}, element(
  "article",
  { className: "mail card" },
  element(
    "header",
    {},
    element("h2", {}, mail.subject),
    element(
      "dl",
      {},
      element("dt", {}, "To"),
      element("dd", {}, mail.to),
      element("dt", {}, "Sent"),
      element("dd", {}, when(mail.created_at)),
    ),
  ),
  element("p", { className: "text" }, ...linked(mail.text.trim())),
));

const say = (words) => {
  if (status.textContent !== words) status.textContent = words;
};

const show = (mails) => {
  const fresh = mails.filter((mail) => !shown.has(mail.id));
  for (const mail of fresh) shown.add(mail.id);
  list.prepend(...fresh.map(entry));
  if (shown.size === 0) say("No mail yet. This page looks again by itself.");
  else say(`${shown.size} ${shown.size === 1 ? "mail" : "mails"}, newest first.`);
};

const look = async () => {
  try {
    const response = await fetch("/demo/mailbox/mails", { cache: "no-store" });
    if (!response.ok) throw new Error(String(response.status));
    show((await response.json()).mails);
  } catch {
    say("The server cannot be reached right now. This page keeps trying.");
  }
};

const keepLooking = async () => {
  if (document.visibilityState === "visible") await look();
  setTimeout(keepLooking, EVERY);
};

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void look();
});
await keepLooking();
