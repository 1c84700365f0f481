/** Chapter 6: the recorded training run, epoch by epoch: its losses, its map, its inventions. */

import { axes, chart, evenly, mark, numeral, placer, svg, words } from "./chart.js";
import { film } from "./film.js";
import { latentMap, unpackPoints } from "./map.js";
import { afterPause, area, captioned, choice, describe, el, numbersBehind, onFrame, playButton, slider } from "./ui.js";

const COURSES = { loss: "Loss", reconstruction: "Reconstruction", kl: "KL" };

/** @typedef {keyof typeof COURSES} Course */

/**
 * Unpack what `helpers.living.pack.pack_film` wrote: for each pixel a sign, the step of its grey since the epoch before
 * (modulo the number of greys); for a run of zeros one sign of `runs`, the first of which stands for two.
 *
 * @param {{text: string, signs: string, runs: string}} packed
 * @param {number} size pixels of an epoch
 * @param {number} epochs how many were kept
 * @returns {Uint8Array} greys from 0 to one less than there are signs
 */
function unfold({ text, signs, runs }, size, epochs) {
  const steps = new Int8Array(128); // by code; below zero: as many zeros
  [...signs].forEach((sign, i) => (steps[sign.charCodeAt(0)] = i));
  [...runs].forEach((sign, i) => (steps[sign.charCodeAt(0)] = -2 - i));
  const greys = new Uint8Array(size * epochs);
  let place = 0;
  for (let k = 0; k < text.length; k++) {
    const step = steps[text.charCodeAt(k)];
    for (let n = Math.max(1, -step); n > 0; n--, place++) {
      const before = place < size ? 0 : greys[place - size];
      greys[place] = (before + Math.max(0, step)) % signs.length;
    }
  }
  return greys;
}

/** A range that ends at whole steps, and those steps. @param {number[]} values */
function rounded(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = [0.5, 1, 2, 5, 10, 20, 50].find((size) => (high - low) / size < 6) ?? 100;
  const [from, to] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  return { range: /** @type {[number, number]} */ ([from, to]), ticks: evenly(from, to, step) };
}

/** One measure on training and on held-out digits, with a cursor. @param {number} epochs */
function coursePicture(epochs) {
  const across = { range: [0, epochs], span: [40, 346], ticks: [0, 10, 20, 30, 40], label: "epoch" };
  const x = placer(/** @type {any} */ (across));
  const ground = svg("g");
  const kinds = ["first", "second"];
  const lines = kinds.map((kind) => svg("path", { class: `trail ${kind}` }));
  const spots = kinds.map((kind) => svg("path", { class: `dots big ${kind}` }));
  const cursor = svg("path", { class: "reach" });
  const names = svg(
    "g",
    {},
    ...["training digits", "held-out digits"].flatMap((name, i) => [
      svg("path", { class: `trail ${kinds[i]}`, d: `M0 ${20 * i}h26` }),
      svg("path", { class: `dots big ${kinds[i]}`, d: `M13 ${20 * i}h0` }),
      words({ x: 34, y: 20 * i + 5 }, name),
    ]),
  );
  const node = chart(230, ground, cursor, ...lines, ...spots, names);
  let y = (/** @type {number} */ value) => value;
  let shown = /** @type {number[][]} */ ([]);

  return {
    node,
    /** @param {number[][]} values of both kinds of digits @param {string} name */
    lay(values, name) {
      shown = values;
      const up = { ...rounded(values.flatMap((each) => each.slice(1))), span: [190, 26], label: `${name}, nats` };
      y = placer(/** @type {any} */ (up));
      ground.replaceChildren(axes(/** @type {any} */ (across), /** @type {any} */ (up)));
      shown.forEach((each, i) => {
        const places = each.slice(1).map((value, k) => `${x(k + 2).toFixed(1)} ${y(value).toFixed(1)}`);
        mark(lines[i], { d: `M${places.join("L")}` });
      });
      const rises = values[0][epochs - 1] > values[0][1];
      mark(names, { transform: `translate(200 ${rises ? 150 : 40})` });
    },
    /** @param {number} place in epochs, also between two */
    point(place) {
      const epoch = Math.round(place);
      mark(cursor, { d: `M${x(place).toFixed(1)} 26V190` });
      spots.forEach((spot, i) => {
        mark(spot, { d: epoch < 2 ? "" : `M${x(epoch).toFixed(1)} ${y(shown[i][epoch - 1]).toFixed(1)}h0` });
      });
    },
  };
}

/** @param {import("./mount.js").Stage} stage */
export function timemachine({ data, body, say }) {
  const { labels, sorted, moved, metrics } = data;
  const LAST = sorted.length - 1;
  const codes = unpackPoints(data).codes;
  const size = 2 * labels.length;
  const { count, signs } = data.prints;
  const greys = Float32Array.from(unfold(data.prints, 784 * count, LAST + 1), (grey) => grey / (signs.length - 1));
  const codesAt = (/** @type {number} */ epoch) => codes.subarray(epoch * size, (epoch + 1) * size);
  const firsts = [..."0123456789"].map((digit) => labels.indexOf(digit)).filter((i) => i >= 0);

  let place = LAST; // in epochs; between two of them while Play glides
  let drawn = -1; // the epoch whose prints are shown
  let course = /** @type {Course} */ ("loss");
  let followed = -1;

  const map = latentMap({ codes: new Float32Array(), labels: "" });
  const inventions = film(count, "sheet");
  const curve = coursePicture(LAST);
  const numbers = numbersBehind("All epochs in numbers", ["epoch", "training", "held-out", "sorted", "moved"]);
  const stated = el("p", { class: "number" });

  const named = (/** @type {number} */ epoch) => (epoch === 0 ? "before training" : `epoch ${epoch}`);
  const pair = (/** @type {number} */ epoch) =>
    metrics[course].map((/** @type {number[]} */ each) => numeral(each[epoch - 1], course === "kl" ? 2 : 1));

  /** @param {number} epoch */
  function statement(epoch) {
    const filed = `${Math.round(sorted[epoch])} of 100 test digits lie among their own kind`;
    if (epoch === 0) return `Before training. On the map ${filed}.`;
    const [training, heldOut] = pair(epoch);
    const far = numeral(moved[epoch], moved[epoch] < 0.1 ? 3 : 2);
    return (
      `Epoch ${epoch} of ${LAST}. ${COURSES[course]}: training ${training}, held-out ${heldOut} nats. ` +
      `On the map ${filed}. Half of them moved less than ${far} since the epoch before.`
    );
  }

  /** The points of the map, between two epochs if need be. */
  function between() {
    const from = Math.floor(place);
    if (from === place) return codesAt(from);
    const [a, b] = [codesAt(from), codesAt(from + 1)];
    return a.map((value, i) => value + (place - from) * (b[i] - value));
  }

  const show = onFrame(() => {
    const now = between();
    map.setPoints({ codes: now, labels });
    map.draw(followed < 0 ? {} : trailOf(now));
    curve.point(place);
    const epoch = Math.round(place);
    if (epoch !== drawn) {
      drawn = epoch;
      inventions.fill(greys.subarray(784 * count * epoch));
      stated.textContent = statement(epoch);
    }
    settled();
  });

  /** Where the followed digit has been. @param {Float32Array} now */
  function trailOf(now) {
    const at = (/** @type {Float32Array} */ all) => all.subarray(2 * followed, 2 * followed + 2);
    const path = Array.from({ length: Math.floor(place) + 1 }, (_, epoch) => at(codesAt(epoch)));
    const here = { z: at(now), kind: /** @type {const} */ ("ring"), name: `a ${labels[followed]}` };
    return { path: [...path, here.z], places: [here] };
  }

  const settled = afterPause(400, () => {
    const epoch = Math.round(place);
    if (epoch !== place) {
      place = epoch; // Play was stopped between two epochs
      show();
      return;
    }
    const text = statement(epoch);
    describe(map, `The latent map, ${named(epoch)}: ${labels.length} test digits in ten colours. ${text}`);
    describe(inventions, `Prints of ${count} random negatives, always the same ones, ${named(epoch)}.`);
    describe(curve, `${COURSES[course]} over ${LAST} epochs on training and on held-out digits. ${text}`);
    say(text);
  });

  const time = slider({
    label: "Epoch",
    max: LAST,
    step: 1,
    value: place,
    format: (epoch) => (epoch === 0 ? "untrained" : String(epoch)),
    onInput(epoch) {
      play.pause();
      place = epoch;
      show();
    },
  });
  const travel = (/** @type {number} */ to) => {
    place = to * LAST;
    if (Math.round(place) !== time.value) time.set(Math.round(place));
    show();
  };
  const play = playButton(travel, { seconds: 16, bounce: false, where: () => place / LAST });

  const kinds = choice("Show", Object.entries(COURSES), course, (kind) => {
    course = /** @type {Course} */ (kind);
    lay();
    show();
  });
  function lay() {
    drawn = -1;
    curve.lay(metrics[course], COURSES[course]);
    numbers.show(
      metrics[course][0].map((/** @type {number} */ _, /** @type {number} */ i) => {
        return [String(i + 1), ...pair(i + 1), `${Math.round(sorted[i + 1])} %`, numeral(moved[i + 1], 3)];
      }),
    );
  }

  const options = firsts.map((i) => el("option", { value: i }, `a ${labels[i]}, test digit ${i}`));
  const chosen = el("select", {}, el("option", { value: -1 }, "nobody"), ...options);
  chosen.addEventListener("change", () => {
    followed = Number(chosen.value);
    show();
  });

  lay();
  show();
  const glide = captioned(map.node, `${labels.length} test digits. While Play runs they glide from epoch to epoch.`);
  body.classList.add("lab", "timemachine");
  body.append(
    area("play", play.node, time.node),
    area("state", stated),
    area("map", glide, el("label", { class: "field" }, "Follow", chosen)),
    area("print", captioned(inventions.node, "Sixteen random negatives, always the same, printed at this epoch.")),
    area("curve", kinds, captioned(curve.node, "Epoch 1 is left out, to keep the scale readable."), numbers.node),
  );
}
