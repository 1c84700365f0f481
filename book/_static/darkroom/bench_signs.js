/** Your own signs: drawn here, made into a set to train on, and kept in this page's memory alone. */

import { bringIntoView } from "./bench_tour.js";
import { drawingPad } from "./pad.js";
import { MOST_SIGNS, VARIANTS, kindOfSign, signSet } from "./signs.js";
import { button, captioned, el, picture } from "./ui.js";

const TEN_DIGITS = "0123456789";
const ALONE = 2; // at least: one sign alone has no other to lie apart from, and none to become; among digits one will do
const PAD_HINT = "Draw a sign. By keyboard: arrow keys, space bar for pen down and up, Backspace.";
const WHAT_BECOMES = `Each sign becomes ${VARIANTS} images: moved, turned, stretched, thickened or thinned a little, at random. What you ` +
  "draw stays in this browser, and is forgotten when you leave the page.";

/** Kinds in words: the digits, and signs by their letters. @param {string} kinds such as "0123456789AB" */
function kindsInWords(kinds) {
  const letters = [...kinds].filter((kind) => kind > "9");
  const figures = kinds.length - letters.length;
  const list = [letters.slice(0, -1).join(", "), letters.at(-1)].filter(Boolean).join(" and ");
  const ofDigits = figures === 10 ? ["the digits"] : figures ? ["some of the digits"] : [];
  const ofSigns = letters.length ? [`your ${letters.length > 1 ? "signs" : "sign"} ${list}`] : [];
  return [...ofDigits, ...ofSigns].join(", and ");
}

/**
 * The panel, closed at first.
 *
 * @param {object} options
 * @param {(text: string) => void} options.say
 * @param {import("./trainer.js").Digits} options.digits those of the bench
 * @param {(digits: import("./trainer.js").Digits, kinds: string) => void} options.onTrain gets what is to be trained on
 * @returns {{node: any, set: (kinds: string) => void, open: () => void}} `set` says what the bench trains on now
 */
export function signsPanel({ say, digits, onTrain }) {
  let drawing = new Float32Array();
  let signs = /** @type {import("./signs.js").Sign[]} */ ([]); // in the order of their letters
  const pad = drawingPad({ label: "Draw a sign", say, onDraw: (pixels) => {
    drawing = pixels;
    if (!pad.empty) note.textContent = ""; // it may say that the pad is empty
  } });
  const [note, now] = [el("p", { class: "number" }), el("p", { class: "caption" })];
  const row = el("ul", { class: "signs", "aria-label": "Your signs" });
  const adding = button("Add this sign", add);

  /** Show a sentence, and announce it. @param {string} text */
  function tell(text) {
    note.textContent = text;
    say(text);
  }

  function add() {
    if (pad.empty) return tell("The pad is empty: draw a sign first.");
    const letters = Array.from({ length: MOST_SIGNS }, (_, i) => kindOfSign(i));
    const kind = letters.find((letter) => signs.every((sign) => sign.kind !== letter));
    if (!kind) return tell(`There is room for ${MOST_SIGNS} signs: remove one first.`);
    signs = [...signs, { kind, drawing }].sort((a, b) => (a.kind < b.kind ? -1 : 1));
    pad.clear();
    list();
    tell(`Sign ${kind} added. You have ${signs.length} of at most ${MOST_SIGNS}.`);
  }

  /** A sign keeps its letter when others go: the map of a run that goes on names it so. @param {string} kind */
  function remove(kind) {
    const place = signs.findIndex((sign) => sign.kind === kind);
    signs = signs.filter((sign) => sign.kind !== kind);
    list();
    const next = row.children[Math.min(place, signs.length - 1)];
    (next?.querySelector("button") ?? adding).focus();
    tell(`Sign ${kind} removed.`);
  }

  function list() {
    row.replaceChildren(...signs.map(({ kind, drawing: ink }) => {
      const thumbnail = picture(`Sign ${kind}, as you drew it`);
      thumbnail.show(ink);
      const away = button("\u00d7", () => remove(kind), { "aria-label": `Remove sign ${kind}`, title: `Remove sign ${kind}` });
      return el("li", {}, captioned(thumbnail.node, kind), away);
    }));
  }

  /** @param {boolean} among whether the digits are trained on as well */
  function train(among) {
    const fewest = among ? 1 : ALONE;
    if (signs.length < fewest) {
      const wanted = among ? "one sign" : `${ALONE} signs, which the map can part`;
      return tell(`To train on them takes at least ${wanted}: you have ${signs.length || "none"}.`);
    }
    const kinds = (among ? TEN_DIGITS : "") + signs.map(({ kind }) => kind).join("");
    onTrain(signSet(signs, digits, among), kinds);
    tell(`A new run begins, on ${kindsInWords(kinds)}.`);
  }

  function goBack() {
    onTrain(digits, TEN_DIGITS);
    tell("Back to the digits. Your signs stay here.");
  }

  const tools = el("div", { class: "tools" }, button("Clear", pad.clear), button("Undo", pad.undo), adding);
  const ways = el("div", { class: "tools" }, button("Train on my signs", () => train(false)),
    button("Train on signs and digits", () => train(true)), button("Back to the digits", goBack));
  const node = el("details", { class: "own" }, el("summary", {}, "Your own signs"),
    el("p", { class: "caption" }, WHAT_BECOMES), captioned(pad.node, PAD_HINT), tools, note, row, ways, now);
  return {
    node,
    open() {
      node.open = true;
      bringIntoView(node);
      node.querySelector("summary").focus({ preventScroll: true });
    },
    set(kinds) {
      const text = `The bench trains on ${kindsInWords(kinds)}.`;
      if (text !== now.textContent) note.textContent = ""; // it may speak of the run before
      now.textContent = text;
    },
  };
}
