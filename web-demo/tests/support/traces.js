/** Finds bytes in buffers, in every form they could have been written in. */

/** The characters of base64 that only these bytes decide, for each place they can stand at. */
const base64Inside = (bytes) => [0, 1, 2].map((shift) => {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").replace(/=+$/, "");
  return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((bytes.length + shift) * 8) / 6));
});

/** `[form, needle]` for bytes: as they are, as hex, as base64 of both alphabets. */
export const formsOf = (bytes) => [
  ["raw", bytes],
  ["hex", Buffer.from(bytes.toString("hex"))],
  ["hex in capitals", Buffer.from(bytes.toString("hex").toUpperCase())],
  ...base64Inside(bytes).flatMap((text) => [
    ["base64", Buffer.from(text)],
    ["base64url", Buffer.from(text.replaceAll("+", "-").replaceAll("/", "_"))],
  ]),
  ["a list of numbers", Buffer.from([...bytes].join(", "))],
  ["a list of numbers", Buffer.from([...bytes].join(","))],
];

/** Which of `secrets` (`{ name: bytes }`) stands in which of `places` (`{ name: buffer }`), a line for each. */
export const findTraces = (secrets, places) => Object.entries(secrets).flatMap(([secret, bytes]) =>
  formsOf(bytes).flatMap(([form, needle]) =>
    Object.entries(places).filter(([, buffer]) => buffer.includes(needle)).map(([place]) => `${secret} as ${form} in ${place}`)));
