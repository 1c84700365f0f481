/**
 * Reads what was typed as a number, and judges it as helpers/exercises/checking.py does, whose data it is given
 * (helpers/exercises/inpage.py).
 *
 * @typedef {{ value: number | string, whole: boolean }} Plain a number; infinity is a text
 * @typedef {{ hint: string, answer: Plain | string }} Mistake
 * @typedef {{ name: string, label: string, choices: string[], truth: Plain | string, mistakes: Mistake[] }} Part
 * @typedef {{ id: string, rtol: number, atol: number, keypad: string, parts: Part[] }} Exercise
 * @typedef {true | null | string} Remark true: right; null: not answered yet; otherwise what is wrong
 */
globalThis.exerciseJudge = (() => {
  "use strict";

  const NO_NUMBER = "is not read as a number. Write it worked out, such as 0.25, 1/4, 25 % or 2.5e-1.";
  const BY_SPACES = /^[+-]?\d{1,3}(?:[ _'’]\d{3})+(?:[.,]\d+)?$/;
  const BY_COMMAS = /^[+-]?\d{1,3}(?:(?:,\d{3}){2,}(?:\.\d+)?|,\d{3}\.\d+)$/;
  const EITHER = /^[+-]?[1-9]\d{0,2},\d{3}$/; // with a comma of thousands, or of decimals
  const NUMBER = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:e([+-]?\d+)|\s*[·×*]\s*10\s*\^\s*([+-]?\d+))?$/i;
  const WITHOUT_LIMIT = /^([+-]?)(?:inf|infinity|infinite|∞|without limit|no limit)$/i;

  /** @param {string} text @returns {number} not a number if it is none */
  function plain(text) {
    let number = text.trim();
    if (BY_SPACES.test(number)) number = number.replace(/[ _'’]/g, "");
    number = BY_COMMAS.test(number) ? number.replaceAll(",", "") : number.replace(/^([^,.]*),([^,.]*)$/, "$1.$2");
    const found = NUMBER.exec(number);
    return found ? Number(`${found[1]}e${found[2] ?? found[3] ?? 0}`) : NaN;
  }

  /** What was typed, as a number, or as a remark on it; nothing if nothing was. @param {string} typed */
  function read(typed) {
    const text = typed.replace(/[−–‒－]/g, "-").replace(/[\u00a0\u2007\u2009\u202f]/g, " ").replace(/°\s*$/, "").trim();
    if (!text) return { value: undefined };
    const endless = WITHOUT_LIMIT.exec(text);
    if (endless) return { value: endless[1] === "-" ? -Infinity : Infinity };
    const percent = /^(.*?)\s*%$/.exec(text);
    const fraction = (percent ? percent[1] : text).split("/");
    const unclear = fraction.find((each) => EITHER.test(each.trim()))?.trim();
    if (unclear) {
      const [thousands, decimals] = [unclear.replace(",", ""), Number(unclear.replace(",", "."))];
      return { remark: `may mean ${thousands} or ${decimals}. Write it without a comma, or with a point.` };
    }
    const [above, below = "1", ...more] = fraction;
    const value = plain(above) / plain(below) / (percent ? 100 : 1);
    return more.length || !Number.isFinite(value) ? { remark: NO_NUMBER } : { value };
  }

  /** Whether a number is another one: whole numbers exactly, others within the tolerance, as numpy's allclose.
   * @param {number} given @param {Plain | string} right @param {Exercise} exercise */
  function same(given, right, exercise) {
    if (typeof right === "string") return false;
    const value = Number(right.value);
    const [rtol, atol] = right.whole ? [1e-9, 1e-9] : [exercise.rtol, exercise.atol];
    return given === value || (Number.isFinite(value) && Math.abs(given - value) <= atol + rtol * Math.abs(value));
  }

  /** @param {Exercise} exercise @param {Part} part @param {number | string | undefined} given @returns {Remark} */
  function judge(exercise, part, given) {
    if (given === undefined) return null;
    const meets = typeof given === "string"
      ? (/** @type {Plain | string} */ answer) => answer === given
      : (/** @type {Plain | string} */ answer) => same(given, answer, exercise);
    if (meets(part.truth)) return true;
    const known = part.mistakes.find((mistake) => meets(mistake.answer));
    if (known) return known.hint;
    if (typeof given === "string" || typeof part.truth === "string" || Number.isNaN(given)) return "not this.";
    return `it should be ${given < Number(part.truth.value) ? "larger" : "smaller"}.`;
  }

  /** What `examine` says of the answers to all parts. @param {Exercise} exercise
   * @param {Object<string, Remark>} remarks by the name of the part */
  function text(exercise, remarks) {
    const all = exercise.parts.map((part) => remarks[part.name]);
    if (all.every((remark) => remark === true)) return `**Exercise ${exercise.id}**: right.`;
    const said = (/** @type {Remark} */ remark) => remark === true ? "right." : remark ?? "waits for your answer.";
    const lines = exercise.parts.map((part) => `- \`${part.name}\`: ${said(remarks[part.name])}`);
    return `**Exercise ${exercise.id}**: not yet.\n\n${lines.join("\n")}`;
  }

  return { read, judge, text };
})();
