/** What both benches share: the engine with its state, and the views of what it says. */

import { axes, numeral, placer, svg, words } from "./chart.js";
import { MORPH, PLANE_SIDE } from "./desk.js";
import { engine } from "./engine.js";
import { isSign, latentMap } from "./map.js";
import { bytesOf } from "./network.js";
import { plainSettings } from "./settings.js";
import { captioned, contactSheet, describe, el, numbersBehind, onFrame } from "./ui.js";

export const PIXELS = 14; // along a side
const CURVE_POINTS = 400; // points of a curve; beyond them every other one is left out
const USED = 0.1; // nats of KL above which a latent is called used
const LIVE = ["beta", "rate"]; // settings that may change while it trains

const BROKEN = "The loss became infinite or no number at all: the steps were too long for this loss. Press Reset, and train with " +
  "a smaller learning rate (a tenth, say) or a smaller \u03b2.";

/** @typedef {import("./trainer.js").Point} Point */

/**
 * The digits, unpacked: a sign a pixel, or one for a run of blank ones.
 *
 * @param {{text: string, labels: string, signs: string, runs: string, trained: number}} packed
 * @returns {import("./trainer.js").Digits}
 */
export function unpackDigits({ text, labels, signs, runs, trained }) {
  const images = new Uint8Array(labels.length * PIXELS ** 2);
  let place = 0;
  for (const sign of text) {
    const run = runs.indexOf(sign);
    if (run >= 0) place += run + 2;
    else images[place++] = signs.indexOf(sign);
  }
  return { images, labels, trained, levels: signs.length - 1 };
}

/**
 * The engine with its settings and all that it said; `show` is called before the next frame when something is new.
 *
 * @param {any} data @param {() => void} show @param {(trouble: string) => void} stopped
 */
export function benchState(data, show, stopped) {
  const theDigits = unpackDigits(data.digits);
  const draw = onFrame(show);
  const now = {
    /** what it trains on and judges by: the digits, or a set with signs */ digits: theDigits,
    settings: plainSettings(),
    running: false,
    trouble: "",
    /** whether its weights came from a file */ opened: false,
    /** @type {any} what it looked like last */ look: null,
    /** @type {any} what happened to the image of the last step */ followed: null,
    /** @type {any} its likelihood without a bound */ exact: null,
    /** @type {Point[]} */ training: [],
    /** @type {Point[]} */ heldOut: [],
    /** @type {number[] | null} the latents that the map shows, or null for the busiest */ axes: null,
    start,
    run,
    pause,
    set,
    once,
    chooseAxes,
    askExact: () => motor.ask({ ask: "exact" }),
    takeWeights,
    useDigits,
    morph,
    where: () => motor.where(),
  };
  const motor = engine(data.worker, hear);
  let ends = [0, 1]; // which of the scenes shown are morphed
  let [turn, begun] = [0, 0]; // of what was asked last, and of the last start: see desk.js
  const order = (/** @type {any} */ message) => motor.ask({ ...message, turn: ++turn });
  document.addEventListener("visibilitychange", () => document.hidden && pause());

  function hear(message) {
    if (message.turn < begun) return;
    if (message.say === "look") {
      now.look = { ...message, ...kindsOf(now.digits, message.shown) };
      now.training = thinned(now.training, message.training);
      now.heldOut = thinned(now.heldOut, message.heldOut);
      if (now.running && !now.axes && moved(busiest(message.klPerLatent))) chooseAxes(null);
      draw();
    } else if (message.say === "weights") {
      wanted.splice(0).forEach((give) => give(message.theta));
    } else if (message.say === "exact") {
      now.exact = message;
      draw();
    } else if (message.say === "followed") {
      now.followed = message.followed;
      draw();
    } else if (message.turn === turn) {
      now.running = false;
      if (message.say === "broken") now.trouble = BROKEN;
      if (message.say === "refused") now.trouble = `This could not be begun: ${message.why}.`;
      draw();
      stopped(now.trouble);
    }
  }
  /** @type {((theta: Float32Array) => void)[]} */ const wanted = [];
  /** @param {(theta: Float32Array) => void} give gets all weights */
  function takeWeights(give) {
    wanted.push(give);
    motor.ask({ ask: "weights" });
  }

  let shownAxes = [0, 1];
  const moved = (/** @type {number[]} */ to) => String(to) !== String(shownAxes);

  /** @param {number[] | null} chosen */
  function chooseAxes(chosen) {
    now.axes = chosen;
    shownAxes = chosen ?? busiest(now.look?.klPerLatent ?? Array(now.settings.latents).fill(0));
    motor.ask({ ask: "look", axes: shownAxes });
  }

  /**
   * Begin again with these settings, and with weights if there are some: on the digits, unless the settings name signs.
   *
   * @param {any} settings @param {Float32Array} [theta]
   */
  function start(settings = now.settings, theta) {
    if (![...settings.digits].some(isSign) && now.digits !== theDigits) {
      now.digits = theDigits;
      ends = [0, 1];
    }
    now.settings = { ...settings };
    Object.assign(now, { running: false, trouble: "", opened: theta !== undefined, look: null, followed: null, exact: null, training: [], heldOut: [], axes: null });
    shownAxes = settings.latents > 1 ? [0, 1] : [0, -1];
    const noise = settings.noise === "on";
    order({ ask: "start", settings: { ...settings, noise }, digits: now.digits, theta, axes: shownAxes, ends });
    begun = turn;
    draw();
  }

  /**
   * Begin again on another set, with the same settings else. The first two signs are morphed, if there are any.
   *
   * @param {import("./trainer.js").Digits} digits @param {string} kinds in it, such as "0123456789AB"
   */
  function useDigits(digits, kinds) {
    now.digits = digits;
    const first = Math.max(0, [...kinds].findIndex(isSign));
    ends = [first, first + 1 < kinds.length ? first + 1 : 0];
    start({ ...now.settings, digits: kinds });
  }

  /** Morph between two of the scenes shown. @param {number[]} chosen */
  function morph(chosen) {
    ends = chosen;
    motor.ask({ ask: "morph", from: ends[0], to: ends[1] });
  }

  function run() {
    Object.assign(now, { running: true, trouble: "", exact: null });
    order({ ask: "run" });
    draw();
  }

  function pause() {
    if (now.running) order({ ask: "pause" });
    now.running = false;
    draw();
  }

  /** One step or one epoch. @param {"step" | "epoch"} what */
  function once(what) {
    Object.assign(now, { running: what === "epoch", trouble: "", exact: null });
    order({ ask: what });
    draw();
  }

  /** Change a setting: at once if it may change while it trains, else from the beginning. */
  function set(name, value) {
    if (now.settings[name] === value) return;
    if (LIVE.includes(name)) {
      now.settings[name] = value;
      motor.ask({ ask: "change", [name]: value });
      return;
    }
    const running = now.running;
    const mixed = name === "digits" && !isSign(now.settings.digits); // then the signs stay, whichever digits go
    const drawn = mixed ? [...now.settings.digits].filter(isSign).join("") : "";
    start({ ...now.settings, [name]: drawn ? value + drawn : value });
    if (running) run();
  }
  return now;
}

/** The kind of each held-out image, and of each scene shown. @param {import("./trainer.js").Digits} digits @param {number[]} shown */
function kindsOf({ labels, trained }, shown) {
  return { labels: labels.slice(trained), kinds: shown.map((i) => labels[i]).join("") };
}

/** What some kinds are together. @param {string} kinds */
export const benchNoun = (kinds) =>
  [[...kinds].every(isSign) ? "" : "digits", [...kinds].some(isSign) ? "signs" : ""].filter(Boolean).join(" and ");

/** The two latents with the largest KL, in their order. @param {ArrayLike<number>} kl */
function busiest(kl) {
  if (kl.length === 1) return [0, -1];
  const order = Array.from(kl, (_, i) => i).sort((a, b) => kl[b] - kl[a]);
  return order.slice(0, 2).sort((a, b) => a - b);
}

/** A curve with its new points; every other one is left out when there are too many. @param {Point[]} old @param {Point[]} more */
function thinned(old, more) {
  const all = [...old, ...more];
  return all.length > CURVE_POINTS ? all.filter((_, i) => i % 2 === 0 || i === all.length - 1) : all;
}

/** What one should see now, or what went wrong. @param {any} state of `benchState` @returns {string} */
export function benchSentence({ trouble, look, settings, opened }) {
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
    return "Collapse: the negatives say nothing, and all prints are alike. To say more would raise KL, and at " +
      `\u03b2 = ${settings.beta} a nat of KL costs more than it saves in the prints.`;
  }
  if (used === 0) return `No latent is used yet: all prints are alike.`;
  if (settings.beta === 0) return `${of}. Nothing holds the negatives near the middle: the inventions are drawn where no negative may lie.`;
  const few = settings.latents <= 2 && settings.digits.length > 5 ? " Two numbers are few for so many kinds: try more latents." : "";
  return `${of}.${few}`;
}

/** The map of what is held out. */
export function benchMap() {
  const map = latentMap({ codes: new Float32Array(), labels: "" });
  return {
    ...map,
    /** @param {any} look @param {number} latents */
    show({ codes, labels, kinds, reach, axes: [across, up] }, latents) {
      const line = (/** @type {string} */ kind) => ((kinds.length - 1) / 2 - kinds.indexOf(kind)) / ((kinds.length + 1) / 2);
      if (up < 0) for (let i = 0; i < labels.length; i++) codes[2 * i + 1] = reach * line(labels[i]);
      map.setPoints({ codes, labels }, reach);
      map.draw();
      const which = latents > 2 ? ` of latents ${across} and ${up}, two of ${latents}` : "";
      describe(map, `Map${which}: the negatives of ${labels.length} held-out ${benchNoun(kinds)}, in the colour of their kind ` +
        `(${[...kinds].join(", ")}), from ${numeral(-reach, 0)} to ${reach}.`);
    },
  };
}

/** A picture of each kind, in a row; in two if there are more than a dozen. */
export function benchRow() {
  let sheet = contactSheet("Not developed yet", 10, 1, PIXELS);
  let held = 0;
  const node = el("div", {}, sheet.node);
  return {
    node,
    /** @param {ArrayLike<number>} values from 0 to 1 @param {string} label the text alternative */
    show(values, label) {
      const count = values.length / PIXELS ** 2;
      const [columns, rows] = count > 12 ? [Math.max(10, Math.ceil(count / 2)), 2] : [count, 1];
      if (count !== held) {
        sheet = contactSheet("", columns, rows, PIXELS);
        sheet.node.style.width = `${Math.min(100, 10 * columns)}%`; // a few are no larger than ten
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

/** The plane of prints. */
export function benchPlane() {
  const sheet = contactSheet("Prints developed from every place of the map", PLANE_SIDE, PLANE_SIDE, PIXELS);
  const blank = new Float32Array(PLANE_SIDE ** 2 * PIXELS ** 2);
  return {
    ...sheet,
    show({ plane, reach }) {
      const rows = plane.length / (PLANE_SIDE * PIXELS ** 2);
      blank.fill(0);
      blank.set(plane, rows === 1 ? Math.floor(PLANE_SIDE / 2) * PLANE_SIDE * PIXELS ** 2 : 0);
      sheet.show(blank);
      describe(sheet, `Prints developed from ${PLANE_SIDE} by ${rows} places of the map, from ${numeral(-reach, 0)} to ${reach}.`);
    },
  };
}

/** @param {Point} point @returns {number} -ELBO, in nats an image */
export const negativeElbo = ({ reconstruction, kl }) => reconstruction + kl;

/** -ELBO of training and held-out digits by epochs, with the numbers behind. */
export function benchCurve() {
  const node = svg("svg", { class: "chart", viewBox: "0 0 260 180", role: "img", "aria-label": "No curve yet" }); // narrower than others
  const numbers = numbersBehind("The numbers of this chart", ["epoch", "training", "held-out", "reconstruction", "KL"]);
  return {
    node: el("div", {}, captioned(node, "\u2212ELBO in nats an image: training images (thin), held-out images (dots)."), numbers.node),
    /** @param {Point[]} training @param {Point[]} heldOut */
    show(training, heldOut) {
      const all = [...training, ...heldOut].map(negativeElbo);
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
