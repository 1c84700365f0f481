/** What both benches share: the digits, and the engine with its state. What one sees of it is in `bench_views.js`. */

import { engine } from "./engine.js";
import { isSign } from "./map.js";
import { plainSettings } from "./settings.js";
import { onFrame } from "./ui.js";

export const PIXELS = 14; // along a side
const CURVE_POINTS = 400; // of a curve, at most
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
    /** after how many steps β was moved last */ moved: -Infinity,
    /** @type {any} what it looked like last */ look: null,
    /** @type {any} what happened to the image of the last step */ followed: null,
    /** @type {any} its likelihood without a bound */ exact: null,
    /** @type {Point[]} */ training: [],
    /** @type {Point[]} */ heldOut: [],
    /** @type {number[] | null} the latents that the map shows, or null for the busiest */ axes: null,
    /** a place of the map */ place: [0, 0],
    /** @type {Float32Array | null} its print */ printed: null,
    start,
    run,
    pause,
    set,
    once,
    chooseAxes,
    choosePlace,
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
      if (String(message.place) === String(now.place)) now.printed = message.printed;
      now.training = thinned(now.training, message.training);
      now.heldOut = thinned(now.heldOut, message.heldOut);
      if (now.running && !now.axes && moved(busiest(message.klPerLatent))) chooseAxes(null);
      draw();
    } else if (message.say === "place") {
      now.printed = message.printed;
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

  /** Ask for the print of a place of the map. @param {number[]} place */
  function choosePlace(place) {
    now.place = place;
    motor.ask({ ask: "place", place });
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
    Object.assign(now, { running: false, trouble: "", opened: theta !== undefined, look: null, followed: null, exact: null, moved: -Infinity, training: [], heldOut: [], axes: null });
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
      if (name === "beta") now.moved = now.look?.steps ?? 0;
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

/** The two latents with the largest KL, in their order. @param {ArrayLike<number>} kl */
function busiest(kl) {
  if (kl.length === 1) return [0, -1];
  const order = Array.from(kl, (_, i) => i).sort((a, b) => kl[b] - kl[a]);
  return order.slice(0, 2).sort((a, b) => a - b);
}

/** A curve with its new points: no more than it can show, and as coarse everywhere. @param {Point[]} old @param {Point[]} more */
export function thinned(old, more) {
  const all = [...old, ...more];
  const end = all.length - 1;
  let next = -Infinity;
  return all.filter(({ epoch }, i) => {
    const kept = epoch >= next || i === end;
    if (kept) next = epoch + all[end].epoch / CURVE_POINTS;
    return kept;
  });
}

/** @param {Point} point @returns {number} -ELBO, in nats an image */
export const negativeElbo = ({ reconstruction, kl }) => reconstruction + kl;
