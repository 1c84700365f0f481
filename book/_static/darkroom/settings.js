/** The bench's settings: what each may be, the presets, and how they stand in the address. */

const SMALLEST_BETA = 0.01; // below it on the slider stands 0

/**
 * What a setting may be: one of a list, or a number from `from` to `to`, whole if `whole`.
 *
 * @type {Record<string, {among?: any[], from?: number, to?: number, whole?: boolean, start: any}>}
 */
export const LIMITS = {
  beta: { from: 0, to: 100, start: 1 },
  latents: { from: 1, to: 16, whole: true, start: 2 },
  terms: { among: ["sum", "mean"], start: "sum" },
  likelihood: { among: ["bernoulli", "gaussian", "learned"], start: "bernoulli" },
  sigma: { from: 0.01, to: 2, start: 0.2 },
  noise: { among: ["on", "off"], start: "on" },
  width: { among: [16, 32, 64, 128, 256], start: 64 },
  rate: { from: 0.0001, to: 1, start: 0.01 },
  batch: { among: [10, 20, 50, 100, 200, 500], start: 50 },
  digits: { start: "0123456789" },
  seed: { from: 0, to: 9999, whole: true, start: 0 },
};

/** The book's lessons: what differs from the start. */
export const PRESETS = {
  good: {},
  collapse: { beta: 20 },
  mean: { terms: "mean" },
  autoencoder: { beta: 0, noise: "off" },
  many: { latents: 16 },
  without: { digits: "012356789" },
};

/** @returns {Record<string, any>} the settings to begin with */
export const plainSettings = () => Object.fromEntries(Object.entries(LIMITS).map(([name, { start }]) => [name, start]));

/**
 * Only what differs from the start, as `name=value&...`. Signs that a reader drew are left out: no other page has them.
 *
 * @param {Record<string, any>} settings
 */
export function written(settings) {
  const told = { ...settings, digits: settings.digits.replace(/[A-Z]/g, "") || LIMITS.digits.start };
  return Object.entries(LIMITS).filter(([name, { start }]) => told[name] !== start)
    .map(([name]) => `${name}=${told[name]}`).join("&");
}

/**
 * Read an address: the name of a preset, or what `written` wrote. Anything else is a place on the page.
 *
 * @param {string} address what follows its `#`
 * @returns {{settings: Record<string, any> | null, wrong: string}} settings, if it asks for some; a sentence on what is wrong
 */
export function read(address) {
  let text = "";
  try {
    text = decodeURIComponent(address);
  } catch {
    return { settings: null, wrong: "The address is damaged behind its #: nothing was changed." };
  }
  const settings = plainSettings();
  if (Object.hasOwn(PRESETS, text)) return { settings: { ...settings, ...PRESETS[text] }, wrong: "" };
  if (!text.includes("=")) return { settings: null, wrong: "" };
  const wrong = [];
  for (const pair of text.split("&")) {
    const [name, value = ""] = pair.split("=");
    const found = Object.hasOwn(LIMITS, name) ? admitted(name, value) : null;
    if (found === null) wrong.push(pair);
    else settings[name] = found;
  }
  const named = wrong.map((pair) => `\u201c${pair.slice(0, 40)}\u201d`).join(", ");
  if (wrong.length) return { settings: null, wrong: `The address asks for ${named}, which the bench does not know: nothing was changed.` };
  return { settings, wrong: "" };
}

/** A value as the bench takes it, or null. @param {string} name @param {string} text */
export function admitted(name, text) {
  const { among, from, to, whole } = LIMITS[name];
  if (name === "digits") {
    const digits = [...new Set(text)].sort().join("");
    return /^\d+$/.test(digits) ? digits : null;
  }
  if (among) return among.find((each) => String(each) === text) ?? null;
  const number = text.trim() === "" ? NaN : Number(text);
  return number >= from && number <= to && (!whole || Number.isInteger(number)) ? number : null;
}

/** A slider's place from 0 to 1 for a number on a logarithmic scale, and back. */
export const logScale = (/** @type {number} */ from, /** @type {number} */ to) => ({
  at: (/** @type {number} */ value) => Math.log(value / from) / Math.log(to / from),
  value: (/** @type {number} */ at) => Number((from * (to / from) ** at).toPrecision(2)),
});

const betas = logScale(SMALLEST_BETA, 100);

/** Beta's slider: 0, then 0.01 to 100. */
export const betaScale = {
  at: (/** @type {number} */ beta) => (beta < SMALLEST_BETA ? 0 : 0.05 + 0.95 * betas.at(beta)),
  value: (/** @type {number} */ at) => (at < 0.025 ? 0 : betas.value(Math.max(0, (at - 0.05) / 0.95))),
};
