/**
 * The client's configuration, checked once.
 */

import { TacitError, required } from "./errors.js";
import { isolated } from "./listeners.js";

const TIMEOUT = 30_000;

/**
 * Whether `host` equals the realm or is below it; an address, and a name of one label other than `localhost`, has
 * nothing below it. The wasm checks the rule in full before it derives anything; this is the early word.
 *
 * @param {string} realm
 * @param {string} host
 */
const covers = (realm, host) => {
  const name = /^[a-z0-9.-]*[a-z][a-z0-9-]*$/.test(realm) && (realm.includes(".") || realm === "localhost");
  return name ? host === realm || host.endsWith(`.${realm}`) : isAddress(realm) && host === realm;
};

/** @param {string} host */
const isAddress = (host) => host.startsWith("[") || /^[0-9.]+$/.test(host);

/**
 * @param {string | URL} given
 * @param {string} name
 */
export const parseUrl = (given, name) => {
  required(typeof given === "string" || given instanceof URL, `${name} must be a string or a URL.`);
  try {
    return new URL(given);
  } catch (cause) {
    throw new TacitError("invalid_argument", `${name} is not an absolute URL.`, { cause });
  }
};

/** @param {string | URL} given */
const parseBase = (given) => {
  const url = parseUrl(given, "baseUrl");
  required(url.protocol === "https:" || url.protocol === "http:", "baseUrl must begin with https:// or http://.");
  const bare = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  required(bare, "baseUrl must carry no user name, query or fragment.");
  return url;
};

/**
 * Checks the options of a client and fills in what is not given.
 *
 * @param {import("./index.js").TacitClientOptions} options
 * @param {import("./platform.js").Platform} platform
 */
export const readOptions = (options, platform) => {
  required(typeof options === "object" && options !== null, "TacitClient takes one object of options.");
  const base = parseBase(options.baseUrl);
  const host = base.hostname.replace(/\.$/, "");
  const realm = options.realm ?? host;
  required(
    typeof realm === "string" && realm !== "" && realm === realm.toLowerCase(),
    "realm must be a lower-case DNS name.",
  );
  if (!covers(realm, host)) {
    throw new TacitError("realm_mismatch", `The host ${host} is neither the realm ${realm} nor below it.`);
  }
  const delivery = options.refreshDelivery ?? platform.delivery;
  required(delivery === "cookie" || delivery === "body", 'refreshDelivery must be "cookie" or "body".');
  required(
    delivery === "body" || platform.delivery === "cookie",
    "There are no cookies here: refreshDelivery must be body.",
  );
  const storage = options.storage;
  required(
    storage === undefined || typeof storage?.getItem === "function",
    "storage must have getItem, setItem and removeItem.",
  );
  const timeout = options.timeout ?? TIMEOUT;
  required(Number.isFinite(timeout) && timeout > 0, "timeout must be a positive number of milliseconds.");
  required(options.onPhase === undefined || typeof options.onPhase === "function", "onPhase must be a function.");
  required(options.onStepUp === undefined || typeof options.onStepUp === "function", "onStepUp must be a function.");
  const origins = (options.tokenOrigins ?? []).map((origin) => parseUrl(origin, "Each of tokenOrigins").origin);
  return {
    baseUrl: base.origin + base.pathname.replace(/\/+$/, ""),
    host,
    realm,
    delivery,
    storage,
    timeout,
    onPhase: (
      /** @type {import("./index.js").Phase} */ phase,
      /** @type {import("./index.js").PhasedOperation} */ operation,
    ) => isolated(() => options.onPhase?.(phase, operation)),
    onStepUp: options.onStepUp,
    tokenOrigins: new Set([base.origin, ...origins]),
  };
};
