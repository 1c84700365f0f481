/** What both benches show: a sentence on the state, the map, a place of it, prints, the plane, the curve. */

import { PIXELS, negativeElbo } from "./bench.js";
import { axes, numeral, placer, svg, words } from "./chart.js";
import { MORPH, PLANE_SIDE } from "./desk.js";
import { isSign, latentMap } from "./map.js";
import { captioned, contactSheet, describe, el, numbersBehind, slider } from "./ui.js";

const USED = 0.1; // nats of KL above which a latent is called used

/** @typedef {import("./trainer.js").Point} Point */

/** What some kinds are together. @param {string} kinds */
export const benchNoun = (kinds) =>
  [[...kinds].every(isSign) ? "" : "digits", [...kinds].some(isSign) ? "signs" : ""].filter(Boolean).join(" and ");

/** What one should see now, or what went wrong. @param {any} state of `benchState` @returns {string} */
export function benchSentence({ trouble, look, settings, opened, moved }) {
  if (trouble) return trouble;
  if (!opened && !look?.steps) return `Untrained: the prints are fog. Press Train${settings.beta === 1 ? "" : `, with \u03b2 = ${settings.beta}`}.`;
  if (!opened && look.epoch === 0) return `Step ${look.steps} of the first epoch.`;
  if (!look) return "";
  const used = Array.from(look.klPerLatent).filter((nats) => nats > USED).length;
  const of = `${used} of ${settings.latents} latents ${settings.latents === 1 ? "is" : "are"} used (KL above ${USED} nats)`;
  if (used === 0 && settings.terms === "mean")
    return "Collapse: the negatives say nothing, and all prints are alike. The mean over 196 pixels makes the KL term weigh " +
      "196 times as much as in the ELBO.";
  if (used === 0 && settings.beta > 1) {
    const why = look.steps - moved < 100 ? `\u03b2 is ${settings.beta} now: train on, and see whether they begin to speak.`
      : `\u03b2 is the price of what they say: here a nat of it has to save more than ${settings.beta} nats in the prints. Move \u03b2 back to 1, and watch.`;
    return `Collapse: the negatives say nothing, and all prints are alike. ${why}`;
  }
  if (used === 0) return `No latent is used yet: all prints are alike.`;
  if (settings.beta === 0) return `${of}. Nothing holds the negatives near the middle: the inventions are drawn where no negative may lie.`;
  return `The negatives differ from scene to scene: ${of}.`;
}

/** The map of what is held out. @param {(z: Float32Array) => void} [onPick] gets places that the reader presses on */
export function benchMap(onPick) {
  const map = latentMap({ codes: new Float32Array(), labels: "" }, onPick);
  return {
    ...map,
    /** @param {number[]} place */
    mark: (place) => map.draw({ places: [{ z: place, kind: "ring" }] }),
    /** @param {any} look @param {number} latents */
    show({ codes, labels, kinds, reach, axes: [across, up] }, latents) {
      const line = (/** @type {string} */ kind) => ((kinds.length - 1) / 2 - kinds.indexOf(kind)) / ((kinds.length + 1) / 2);
      if (up < 0) for (let i = 0; i < labels.length; i++) codes[2 * i + 1] = reach * line(labels[i]);
      map.setPoints({ codes, labels }, reach);
      const which = latents > 2 ? ` of latents ${across} and ${up}, two of ${latents}` : "";
      describe(map, `Map${which}: the negatives of ${labels.length} held-out ${benchNoun(kinds)}, in the colour of their kind ` +
        `(${[...kinds].join(", ")}), from ${numeral(-reach, 0)} to ${reach}.`);
    },
  };
}

/**
 * The print of a place of the map, with sliders for those who do not press on the map.
 *
 * @param {(place: number[]) => void} onChoose
 */
export function benchPlace(onChoose) {
  const print = contactSheet("The print of the place", 1, 1, PIXELS);
  const sliders = [0, 1].map((k) =>
    slider({ label: `z[${k}]`, step: 0.01, format: (v) => numeral(v, 2), onInput: (v) => onChoose(shown.map((old, i) => (i === k ? v : old))) }));
  let shown = [0, 0];
  return {
    node: el("div", { class: "ring" }, captioned(print.node, "Press on the map"), ...sliders.map(({ node }) => node)),
    /** @param {number[]} place @param {ArrayLike<number> | null} printed its print @param {any} look */
    show(place, printed, { axes: which, reach }) {
      shown = place;
      sliders.forEach((each, k) => {
        each.node.hidden = which[k] < 0;
        each.node.firstChild.textContent = `z[${which[k]}]`;
        Object.assign(each.input, { min: -reach, max: reach });
        each.set(place[k]);
      });
      if (printed) print.show(printed);
      describe(print, `The print of the place ${place.map((v) => numeral(v, 1)).join(", ")}`);
    },
  };
}

/** Let a picture take presses. @param {HTMLElement} node @param {(x: number, y: number) => void} onPress gets fractions of width and height */
function pressable(node, onPress) {
  node.style.cursor = "pointer";
  node.addEventListener("click", (event) => {
    const box = node.getBoundingClientRect();
    onPress((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  });
}

/** A picture of each kind, in a row; in two if there are more than a dozen. @param {(which: number) => void} [onPick] */
export function benchRow(onPick) {
  let sheet = contactSheet("Not developed yet", 10, 1, PIXELS);
  let held = 0;
  let shape = [1, 1];
  const node = el("div", {}, sheet.node);
  if (onPick) pressable(node, (x, y) => onPick(Math.floor(y * shape[1]) * shape[0] + Math.floor(x * shape[0])));
  return {
    node,
    /** @param {ArrayLike<number>} values from 0 to 1 @param {string} label the text alternative */
    show(values, label) {
      const count = values.length / PIXELS ** 2;
      const [columns, rows] = count > 12 ? [Math.max(10, Math.ceil(count / 2)), 2] : [count, 1];
      shape = [columns, rows];
      if (count !== held) {
        sheet = contactSheet("", columns, rows, PIXELS);
        node.style.width = `${Math.min(100, 10 * columns)}%`; // a few are no larger than ten
        node.replaceChildren(sheet.node);
      }
      held = count;
      sheet.show(values);
      describe(sheet, label);
    },
  };
}

/** Prints on the way from one scene to another. @param {(ends: number[]) => void} onChoose gets places in the row of scenes */
export function benchMorph(onChoose) {
  const sheet = contactSheet("Prints on the way between two scenes", MORPH, 1, PIXELS);
  const choose = () => onChoose([Number(from.value), Number(to.value)]);
  const [from, to] = ["Morph from", "Morph to"].map((name) => el("select", { "aria-label": name, onchange: choose }));
  const named = (/** @type {string} */ kind) => (isSign(kind) ? `sign ${kind}` : `digit ${kind}`);
  let [offered, run] = ["", 0];
  return {
    node: captioned(sheet.node, el("span", {}, "prints on the straight way from ", from, " to ", to)),
    /** @param {any} look */
    show({ morph, ends, kinds, turn }) {
      const options = () => [...kinds].map((kind, i) => el("option", { value: i }, named(kind)));
      if (kinds !== offered) for (const each of [from, to]) each.replaceChildren(...options());
      if (turn !== run) [from.value, to.value] = ends; // later the reader chooses
      [offered, run] = [kinds, turn];
      sheet.show(morph);
      const [first, last] = ends.map((/** @type {number} */ i) => named(kinds[i]));
      describe(sheet, `Ten prints on the straight way from the negative of ${first} to that of ${last}.`);
    },
  };
}

/** The plane of prints. @param {(place: number[]) => void} [onPick] gets places that the reader presses on */
export function benchPlane(onPick) {
  const sheet = contactSheet("Prints developed from every place of the map", PLANE_SIDE, PLANE_SIDE, PIXELS);
  const blank = new Float32Array(PLANE_SIDE ** 2 * PIXELS ** 2);
  let half = 0; // of the plane's width
  if (onPick) pressable(sheet.node, (x, y) => onPick([half * (2 * x - 1), half * (1 - 2 * y)]));
  return {
    ...sheet,
    show({ plane, reach }) {
      half = reach;
      const rows = plane.length / (PLANE_SIDE * PIXELS ** 2);
      blank.fill(0);
      blank.set(plane, rows === 1 ? Math.floor(PLANE_SIDE / 2) * PLANE_SIDE * PIXELS ** 2 : 0);
      sheet.show(blank);
      describe(sheet, `Prints developed from ${PLANE_SIDE} by ${rows} places of the map, from ${numeral(-reach, 0)} to ${reach}.`);
    },
  };
}

/** -ELBO of training and held-out digits by epochs, with the numbers behind. */
export function benchCurve() {
  const node = svg("svg", { class: "chart", viewBox: "0 0 260 180", role: "img", "aria-label": "No curve yet" }); // narrower than others
  const numbers = numbersBehind("The numbers of this chart", ["epoch", "training", "held-out", "rec.", "KL"]);
  return {
    node: el("div", {}, captioned(node, "\u2212ELBO in nats an image: training images (thin), held-out images (dots)."), numbers.node),
    /** @param {Point[]} training @param {Point[]} heldOut */
    show(training, heldOut) {
      const all = [...training, ...heldOut].map(negativeElbo);
      if (!training.length) { // a single point would have an axis of its own making
        node.replaceChildren(words({ x: 130, y: 90, "text-anchor": "middle" }, "The curve begins with the training."));
        describe({ node }, "No curve yet");
        return numbers.show([]);
      }
      const last = Math.max(1, ...training.map(({ epoch }) => epoch));
      const [low, high] = range(all);
      const [ex, ey] = [stepOf(last), stepOf(high - low)];
      const [from, to] = [Math.floor(low / ey) * ey, Math.ceil(high / ey) * ey];
      const count = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ s) =>
        Array.from({ length: Math.floor((b - a) / s + 1e-6) + 1 }, (_, i) => Number((a + i * s).toPrecision(6)));
      const across = { range: [0, last], span: [44, 252], ticks: count(0, last, ex), label: "epochs" };
      const up = { range: [from, to], span: [142, 26], ticks: count(from, to, ey), label: "nats" };
      const [x, y] = [placer(/** @type {any} */ (across)), placer(/** @type {any} */ (up))];
      const inside = (/** @type {Point} */ p) => negativeElbo(p) <= to; // the first fall is left out
      const at = (/** @type {Point} */ p) => [x(p.epoch), y(negativeElbo(p))].map((v) => v.toFixed(1));
      const way = training.filter(inside);
      const line = way.length > 1 ? [svg("path", { class: "trail first", d: `M${way.map((p) => at(p).join(" ")).join("L")}` })] : [];
      const dots = heldOut.filter(inside).map((p) => svg("circle", { class: "held", cx: at(p)[0], cy: at(p)[1], r: 2.5 }));
      node.replaceChildren(axes(/** @type {any} */ (across), /** @type {any} */ (up)), ...line, ...dots);
      const end = heldOut.at(-1);
      if (end) {
        const text = `${numeral(negativeElbo(end), 1)} held out`;
        node.append(words({ x: 252, y: 13, "text-anchor": "end", class: "strong" }, text));
        describe({ node }, `Minus ELBO by epochs; on held-out images ${numeral(negativeElbo(end), 1)} nats after ${end.epoch}.`);
      }
      numbers.show(heldOut.slice(-12).map((p) => {
        const trained = training.find(({ epoch }) => Math.abs(epoch - p.epoch) < 1e-6);
        const cells = [trained ? numeral(negativeElbo(trained), 1) : "", numeral(negativeElbo(p), 1)];
        return [String(p.epoch), ...cells, numeral(p.reconstruction, 1), numeral(p.kl, 2)];
      }));
    },
  };
}

/** What the chart shows: all but the first fall, if that takes most of the room. @param {number[]} values */
function range(values) {
  const finite = values.filter(Number.isFinite);
  if (!finite.length) return [0, 1];
  const low = Math.min(...finite);
  const sorted = [...finite].sort((a, b) => a - b);
  const usual = sorted[Math.floor(0.9 * (sorted.length - 1))];
  return [low, Math.max(low + 1, low + 1e-6 * Math.abs(low), sorted.length > 8 ? usual + 0.15 * (usual - low) : sorted[sorted.length - 1])];
}

/** A step of 1, 2 or 5 times a power of ten, so that about five fit. @param {number} width */
function stepOf(width) {
  const power = 10 ** Math.floor(Math.log10(width / 5));
  return ([1, 2, 5].find((each) => each * power >= width / 5) ?? 10) * power;
}
