/**
 * The trainer's desk: takes messages, trains in slices of time, and answers with messages. The same code stands in a
 * worker and on the page, see `engine.js`.
 *
 * A message in is `{ask, ...}`: "start" (settings, digits), "run" (until "pause"), "epoch", "step" (one, and what happened
 * to an image of it), "pause", "change" (beta, rate), "look" (axes), "place" (place: of the map), "morph" (from, to: places in
 * the look's `shown`), "exact", "weights". A message out is `{say, turn, ...}`: "look", "place" (its print), "followed",
 * "paused", "broken", "exact", "weights" (theta), "refused" (why). What begins or ends something carries the number `turn`, and all answers carry the last one: so one knows
 * an answer that comes too late.
 */

import { exactLikelihood } from "./exact.js";
import { normals } from "./noise.js";
import { trainer } from "./trainer.js";
import { decodeBatch, encodeBatch, workspace } from "./vae.js";

const EVERY = 200; // milliseconds from one look to the next while it trains
export const PLANE_SIDE = 13; // prints along a side of the plane
const REACH = 3; // the plane and the map go from -3 to 3, or twice as far, until nearly all codes lie within
const SHOWN = 22; // at most: a scene of each kind (ten digits, a dozen signs), with its print
export const MORPH = 10; // prints on the way from one of them to another
const INVENTED = 20;
const EXACTLY = 100; // held-out digits whose likelihood is computed without a bound
const AT_ONCE = 20; // codes or images of a look at a time

/** @typedef {ReturnType<typeof trainer>} Trainer */

/**
 * @param {(message: any) => void} say
 * @param {number} slice milliseconds after which others are let in
 * @param {(work: () => void) => void} later calls back as soon as the others had their turn
 * @returns {(message: any) => void} takes a message
 */
export function desk(say, slice, later) {
  const tell = (/** @type {any} */ message) => say({ ...message, turn });
  /** @type {Trainer | null} */ let course = null;
  /** @type {any} */ let digits = null;
  /** @type {Generator<any, void, void>[]} */ let errands = []; // looks: they come before the training
  let goal = ""; // what it trains for: "run", "epoch", "step", or nothing
  let axes = [0, 1];
  let ends = [0, 1]; // of the morph
  let place = [0, 0]; // of the map: its print is shown
  let [asked, looked, busy, turn] = [false, 0, 0, 0];

  function ask() {
    if (asked) return;
    asked = true;
    later(work);
  }

  function work() {
    asked = false;
    const end = performance.now() + slice;
    do {
      if (errands.length) attempt(() => errands[0].next().done && errands.shift());
      else if (goal && course) train(course);
      else return;
    } while (performance.now() < end);
    if (errands.length || goal) ask();
  }

  /** @param {Trainer} now */
  function train(now) {
    const begun = performance.now();
    const done = now.advance();
    busy += performance.now() - begun;
    if (done === "broken") {
      goal = "";
      tell({ say: "broken", ...now.state });
    } else if (done === goal) {
      goal = "";
      if (done === "step") tell({ say: "followed", ...now.state });
      rest();
    } else if (performance.now() - looked > EVERY) show();
  }

  /** Have a look as soon as it can be. */
  function show() {
    looked = Infinity; // none while one is made
    if (course) errands.push(look(course));
  }

  /** Show how it ended, and say so. */
  function rest() {
    show();
    errands.push((function* () {
      if (!goal) tell({ say: "paused" });
    })());
  }

  /** @param {Trainer} now */
  function* look(now) {
    const seen = yield* glance(now, digits, axes, ends, place);
    looked = performance.now();
    tell({ say: "look", ...now.state, ...seen, ...now.takePoints(), followed: null, busy });
  }

  /** @param {Trainer} now */
  function* measure({ vae, judged, settings }) {
    const x = pixelsOf(digits, judged.slice(0, EXACTLY));
    tell({ say: "exact", ...yield* exactLikelihood(vae, x), beta: settings.beta });
  }

  const answers = {
    start(message) {
      digits = message.digits ?? digits;
      errands = [];
      goal = "";
      busy = 0;
      course = trainer(message.settings, digits);
      if (message.theta) course.vae.theta.set(message.theta);
      axes = message.axes ?? [0, 1];
      ends = message.ends ?? [0, 1];
      errands.push(course.judge());
      show();
    },
    run: () => (goal = "run"),
    epoch: () => (goal = "epoch"),
    step: () => (goal = "step"),
    pause() {
      goal = "";
      rest();
    },
    change: (message) => course?.change(message),
    look(message) {
      axes = message.axes;
      show();
    },
    place(message) {
      place = message.place;
      if (course) tell({ say: "place", place, printed: developed(course.vae, axes, place) });
    },
    morph(message) {
      ends = [message.from, message.to];
      show();
    },
    exact() {
      if (course) errands.push(measure(course));
    },
    weights: () => course && tell({ say: "weights", theta: Float32Array.from(course.vae.theta) }),
  };

  /** Do something, and say why if it cannot be done. @param {() => void} what */
  function attempt(what) {
    try {
      what();
    } catch (error) {
      tell({ say: "refused", why: String(error instanceof Error ? error.message : error) });
    }
  }

  return (message) => attempt(() => {
    turn = message.turn ?? turn;
    answers[message.ask](message);
    if (course) course.following = goal === "step";
    ask();
  });
}

/** Some images as numbers from 0 to 1. @param {import("./trainer.js").Digits} digits @param {number[]} which */
export function pixelsOf({ images, labels, levels }, which) {
  const pixels = images.length / labels.length;
  const x = new Float64Array(which.length * pixels);
  which.forEach((i, b) => x.set(images.subarray(i * pixels, (i + 1) * pixels), b * pixels));
  return x.map((level) => level / levels);
}

/**
 * What a model looks like now, in pieces: where the held-out digits lie, the plane, prints of some, and inventions.
 *
 * @param {Trainer} course @param {import("./trainer.js").Digits} digits
 * @param {number[]} axes the latents across and up; up is -1 where there is one latent only
 * @param {number[]} ends of the morph: which of the scenes shown
 * @param {number[]} place of the map
 */
function* glance({ vae, held }, digits, [across, up], ends, place) {
  const { labels } = digits;
  const { pixels, latents } = vae.sizes;
  const work = workspace(vae.sizes, AT_ONCE);
  const [codes, spreads] = [new Float32Array(2 * held.length), new Float32Array(2 * held.length)];
  const kinds = [...new Set(held.map((i) => labels[i]))].sort().slice(0, SHOWN);
  const shown = kinds.map((kind) => held.find((i) => labels[i] === kind) ?? held[0]);
  const means = new Float64Array(shown.length * latents);
  for (let from = 0; from < held.length; from += AT_ONCE) {
    const n = Math.min(AT_ONCE, held.length - from);
    work.x.set(pixelsOf(digits, held.slice(from, from + n)));
    encodeBatch(vae, work, n);
    for (let b = 0; b < n; b++) {
      [across, up].forEach((axis, k) => {
        if (axis < 0) return;
        codes[2 * (from + b) + k] = work.zMean[b * latents + axis];
        spreads[2 * (from + b) + k] = Math.exp(0.5 * work.zLogVar[b * latents + axis]);
      });
      const place = shown.indexOf(held[from + b]);
      if (place >= 0) means.set(work.zMean.subarray(b * latents, (b + 1) * latents), place * latents);
    }
    yield;
  }
  const far = codes.map(Math.abs).sort()[Math.floor(0.98 * codes.length)];
  const reach = Number.isFinite(far) ? Math.min(1e6, REACH * 2 ** Math.max(0, Math.ceil(Math.log2(far / REACH)))) : REACH;
  const rows = up < 0 ? 1 : PLANE_SIDE;
  const plane = new Float64Array(rows * PLANE_SIDE * latents);
  for (let i = 0; i < rows * PLANE_SIDE; i++) {
    plane[i * latents + across] = reach * (2 * (((i % PLANE_SIDE) + 0.5) / PLANE_SIDE) - 1);
    if (up >= 0) plane[i * latents + up] = reach * (1 - 2 * ((Math.floor(i / PLANE_SIDE) + 0.5) / PLANE_SIDE));
  }
  const draw = normals(11);
  const inventions = Float64Array.from({ length: INVENTED * latents }, draw);
  return {
    ...{ codes, spreads, shown, reach, axes: [across, up], ends, place },
    printed: developed(vae, [across, up], place),
    plane: yield* prints(vae, plane, work),
    prints: yield* prints(vae, means, work),
    morph: yield* prints(vae, straightWay(means, latents, ends), work),
    inventions: yield* prints(vae, inventions, work),
  };
}

/**
 * The straight way between two of some codes, both ends with it. Straight will do: one latent has no arc, nor have
 * opposite codes, and chapter 7 found crisper middles on the arc in 50 latents, but no better digits.
 *
 * @param {Float64Array} codes @param {number} latents @param {number[]} ends
 */
function straightWay(codes, latents, ends) {
  const [a, b] = ends.map((i) => codes.subarray(i * latents, (i + 1) * latents));
  return Float64Array.from({ length: MORPH * latents }, (_, i) => {
    const [t, j] = [Math.floor(i / latents) / (MORPH - 1), i % latents];
    return (1 - t) * a[j] + t * b[j];
  });
}

/** Codes developed, in pieces. @param {import("./vae.js").SmallVae} vae @param {Float64Array} codes @returns {Generator<any, Float32Array, void>} values from 0 to 1 */
function* prints(vae, codes, work) {
  const { pixels, latents } = vae.sizes;
  const count = codes.length / latents;
  const ink = new Float32Array(count * pixels);
  for (let from = 0; from < count; from += AT_ONCE) {
    const n = Math.min(AT_ONCE, count - from);
    work.z.set(codes.subarray(from * latents, (from + n) * latents));
    decodeBatch(vae, work, n);
    for (let i = 0; i < n * pixels; i++) ink[from * pixels + i] = inkFrom(vae.likelihood, work.output[i]);
    yield;
  }
  return ink;
}

/**
 * The print of a place of the map; latents that the map does not show are 0.
 *
 * @param {import("./vae.js").SmallVae} vae @param {number[]} axes @param {number[]} place
 */
function developed(vae, axes, place) {
  const work = workspace(vae.sizes, 1);
  axes.forEach((axis, k) => axis >= 0 && (work.z[axis] = place[k]));
  decodeBatch(vae, work, 1);
  return Float32Array.from(work.output, (output) => inkFrom(vae.likelihood, output));
}

/** The brightness that an output of the decoder stands for. @param {import("./vae.js").Likelihood} likelihood */
export const inkFrom = (likelihood, /** @type {number} */ output) =>
  likelihood === "bernoulli" ? 1 / (1 + Math.exp(-output)) : Math.min(1, Math.max(0, output));
