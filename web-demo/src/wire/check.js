/**
 * Searches what crossed the wire for the password that was typed. It looks for the password as typed and as normalised
 * (NFKC), each as text, as JSON and as a URL would write it, and for its bytes as hex and base64.
 */

const encoder = new TextEncoder();

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/**
 * Base64 of the bytes at each of the three places they can stand in a longer text, without the characters that depend
 * on their neighbours.
 */
const base64Inside = (bytes) => [0, 1, 2].map((shift) => {
  const text = base64([...new Array(shift).fill(0), ...bytes]).replace(/=+$/, "");
  const from = Math.ceil((shift * 8) / 6);
  const whole = Math.floor(((bytes.length + shift) * 8) / 6);
  return text.slice(from, whole);
});

/** What to look for, each with the name of its form. */
export const needles = (password) => {
  const found = new Map();
  const note = (text, form) => {
    if (text && !found.has(text)) found.set(text, form);
  };
  for (const [text, kind] of [[password, "as typed"], [password.normalize("NFKC"), "normalised"]]) {
    const bytes = encoder.encode(text);
    note(text, kind);
    note(JSON.stringify(text).slice(1, -1), `${kind}, in JSON`);
    note(encodeURIComponent(text), `${kind}, in a URL`);
    note(encodeURIComponent(text).replaceAll("%20", "+"), `${kind}, in a form`);
    note(hex(bytes), `${kind}, as hex`);
    note(hex(bytes).toUpperCase(), `${kind}, as hex`);
    if (bytes.length > 5) {
      for (const inside of base64Inside(bytes)) {
        note(inside, `${kind}, as base64`);
        note(inside.replaceAll("+", "-").replaceAll("/", "_"), `${kind}, as base64url`);
      }
    }
  }
  return found;
};

/** Every text of a JSON value, names included, as they are after parsing. */
const textsIn = (value) => {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [String(value)];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner)]);
};

/** The first form of the password found in `texts`, or `null`. */
export const search = (password, texts) => {
  for (const [needle, form] of needles(password)) {
    if (texts.some((text) => text.includes(needle))) return form;
  }
  return null;
};

/** Collects an action's messages, and says at its end whether a password was in any of them. */
export const startCheck = (...passwords) => {
  const texts = [];
  const kept = new Set(passwords);
  let messages = 0;
  return {
    get isWatching() {
      return kept.size > 0;
    },
    /** A password that was asked for on the way; what was sent before is searched for it too. */
    watch(password) {
      kept.add(password);
    },
    add(event) {
      messages += event.requestBody === undefined ? 1 : 2;
      texts.push(event.url);
      for (const body of [event.requestBody, event.responseBody]) {
        if (body !== undefined) texts.push(JSON.stringify(body), ...textsIn(body));
      }
    },
    finish() {
      const forms = [...kept].map((password) => search(password, texts));
      kept.clear();
      return { messages, form: forms.find((form) => form !== null) ?? null };
    },
  };
};
