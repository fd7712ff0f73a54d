/** The strength meter of a new password. Its library is half a megabyte, so it is loaded at the first key typed. */

const SETTLE = 150;
const SHORTEST = 10;
const FAIR = 2;

const GRADES = ["Very weak", "Weak", "Fair", "Good", "Strong"];

const WARNINGS = {
  straightRow: "Keys in a row are guessed early.",
  keyPattern: "Keyboard patterns are guessed early.",
  simpleRepeat: "Repeated characters add little.",
  extendedRepeat: "Repeated patterns add little.",
  sequences: "Sequences such as abc or 123 are guessed early.",
  recentYears: "Recent years are guessed early.",
  dates: "Dates are guessed early.",
  topTen: "This is one of the ten most used passwords.",
  topHundred: "It is among the hundred most used passwords.",
  common: "This is a much used password.",
  similarToCommon: "This is close to a much used password.",
  wordByItself: "A single word is guessed early.",
  userInputs: "It resembles your address.",
};

const BETTER = "Another unrelated word or two helps.";

const LONGEST = [BETTER, ...Object.values(WARNINGS)].reduce((longest, words) => (words.length > longest.length ? words : longest));

let library;

const load = () => {
  library ??= import("../vendor/strength.js").catch((error) => {
    library = undefined; // the next key tries again
    throw error;
  });
  return library;
};

/** The grade 0 to 4 of a password and what is wrong with it; `null` where the library cannot be had. */
export const grade = async (password, address) => {
  try {
    const { estimate } = await load();
    const { score, feedback } = estimate(password, address ? [address, ...address.split(/[@.]/)] : []);
    return { score, warning: WARNINGS[feedback.warning] ?? null };
  } catch {
    return null;
  }
};

/** Why a password is not to be taken, or `null`. */
export const weakness = async (password, address) => {
  if ([...password].length < SHORTEST) return `Please choose a password of at least ${SHORTEST} characters.`;
  const found = await grade(password, address);
  if (!found || found.score >= FAIR) return null;
  return `This password would be guessed early. ${found.warning ?? BETTER}`;
};

/**
 * Draws the grade below the field, as it is typed. Its room is kept from the beginning: it comes while somebody presses the
 * button below, which must not move from under their finger.
 */
export const serveStrength = (field, box, address) => {
  const words = box.querySelector("p");
  box.dataset.longest = `${GRADES[0]}. ${LONGEST}`;
  let timer;
  const draw = async () => {
    const typed = field.value;
    const result = typed ? await grade(typed, address()) : null;
    if (field.value !== typed) return;
    if (!result) {
      delete box.dataset.score;
      words.textContent = "";
      return;
    }
    box.dataset.score = String(result.score);
    const advice = result.score < 3 ? (result.warning ?? BETTER) : "";
    words.textContent = `${GRADES[result.score]}. ${advice}`.trim();
  };
  field.addEventListener("input", () => {
    void load().catch(() => {});
    clearTimeout(timer);
    timer = setTimeout(draw, SETTLE);
  });
};
