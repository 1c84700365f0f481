/**
 * Training the bench's VAE, in pieces of a few milliseconds, so that whoever asks is answered in between.
 *
 * Nothing here knows of pages: it runs in a worker, on the page, and in tests. The same settings give the same run, in
 * whatever pieces it is taken.
 */

import { normals, uniforms } from "./noise.js";
import { adam, addGradient, newVae, tensorsOf, workspace } from "./vae.js";
import { costBatch, decodeBatch, encodeBatch, exposeBatch } from "./vae.js";

/**
 * @typedef {object} Settings
 * @property {number} latents
 * @property {number} width units of each hidden layer
 * @property {number} rate of learning
 * @property {number} batch images a step
 * @property {number} beta weight of the KL term
 * @property {import("./vae.js").Likelihood} likelihood
 * @property {number} sigma of the pixels, if Gaussian: chosen, or where learning begins
 * @property {"sum" | "mean"} terms whether the reconstruction term is summed over the pixels, or averaged
 * @property {boolean} noise whether z is drawn from q(z|x), or is its mean, as in a plain autoencoder
 * @property {string} digits the kinds that are trained on
 * @property {number} seed
 */

/** @typedef {{images: Uint8Array, labels: string, trained: number, levels: number}} Digits all in one array, grey levels from 0 to `levels`; a sign for the kind of each; the first `trained` are to train on */
/** @typedef {{epoch: number, reconstruction: number, kl: number}} Point nats an image, at a number of epochs */

export const PIECE = 20; // images at a time
const PARTS = 4; // an epoch is recorded in so many parts

/** @param {Float64Array} values */
function sumOf(values) {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** @param {Settings} settings @param {Digits} digits */
export function trainer(settings, { images, labels, trained, levels }) {
  const pixels = images.length / labels.length;
  const sizes = { pixels, width: settings.width, latents: settings.latents };
  const { latents } = sizes;
  const stream = (/** @type {number} */ which) => 4 * settings.seed + which; // of random numbers
  const vae = newVae(sizes, settings.likelihood, uniforms(stream(0)), settings.sigma);
  const flat = new Float64Array(vae.theta.length);
  const gradient = tensorsOf(flat, sizes);
  const step = adam(flat.length);
  const [turn, noise] = [uniforms(stream(1)), normals(stream(2))];
  const work = workspace(sizes, PIECE);
  const chosen = (/** @type {number} */ i) => settings.digits.includes(labels[i]);
  const order = Uint32Array.from(Array.from({ length: trained }, (_, i) => i).filter(chosen));
  const kept = Array.from({ length: labels.length - trained }, (_, i) => trained + i);
  const judged = kept.filter(chosen);
  if (!order.length || !judged.length) throw new Error(`no digit to train on, or none held out, of ${settings.digits}`);

  let [beta, rate, steps, epoch] = [settings.beta, settings.rate, 0, 0];
  /** @type {Point[]} */ let training = [];
  /** @type {Point[]} */ let heldOut = [];
  let klPerLatent = new Float64Array(latents);
  let [broken, examined] = [false, false];
  /** @type {Followed | null} */ let followed = null;
  let following = false;

  /** Put images into the workspace, and blank ones behind them. @param {ArrayLike<number>} which */
  function load(which, from, n) {
    work.x.fill(0, n * pixels);
    for (let b = 0; b < n; b++) {
      const place = which[from + b] * pixels;
      for (let i = 0; i < pixels; i++) work.x[b * pixels + i] = images[place + i] / levels;
    }
  }

  /** Sums over what the workspace has. @param {{images: number, reconstruction: number, kl: Float64Array}} tally */
  function count(tally, n) {
    tally.images += n;
    for (let b = 0; b < n; b++) {
      tally.reconstruction += work.reconstruction[b];
      for (let j = 0; j < latents; j++) tally.kl[j] += work.kl[b * latents + j];
    }
  }
  const empty = () => ({ images: 0, reconstruction: 0, kl: new Float64Array(latents) });
  const total = (/** @type {Float64Array} */ kl) => kl.reduce((a, b) => a + b, 0);
  const point = (/** @type {ReturnType<typeof empty>} */ tally, at) => ({
    epoch: at, reconstruction: tally.reconstruction / tally.images, kl: total(tally.kl) / tally.images,
  });

  /** Both terms on the held-out digits of the kinds that are trained on, always with the same noise. */
  function* examine() {
    const draw = normals(stream(3));
    const tally = empty();
    for (let from = 0; from < judged.length; from += PIECE) {
      const n = Math.min(PIECE, judged.length - from);
      load(judged, from, n);
      for (let i = 0; i < n * latents; i++) work.epsilon[i] = settings.noise ? draw() : 0;
      encodeBatch(vae, work, n);
      exposeBatch(vae, work, n);
      decodeBatch(vae, work, n);
      costBatch(vae, work, n);
      count(tally, n);
      yield "piece";
    }
    examined = true;
    const now = point(tally, epoch);
    broken = !Number.isFinite(now.reconstruction + now.kl);
    if (broken) return;
    klPerLatent = tally.kl.map((nats) => nats / tally.images);
    heldOut.push(now);
  }

  /** The first examination, before any step. */
  function* judge() {
    if (!examined) yield* examine();
  }

  /** The whole course, without end. Says after each piece what was finished. @returns {Generator<"piece" | "step" | "epoch" | "broken", void, void>} */
  function* course() {
    yield* judge();
    while (!broken) {
      for (let i = order.length - 1; i > 0; i--) { // Fisher and Yates
        const other = Math.floor(turn() * (i + 1));
        [order[i], order[other]] = [order[other], order[i]];
      }
      let [tally, part] = [empty(), 1];
      for (let place = 0; place < order.length; place += settings.batch) {
        const batch = Math.min(settings.batch, order.length - place);
        const before = tally.reconstruction;
        let noted = false;
        flat.fill(0);
        for (let from = 0; from < batch; from += PIECE) {
          const n = Math.min(PIECE, batch - from);
          load(order, place + from, n);
          for (let i = 0; i < n * latents; i++) work.epsilon[i] = settings.noise ? noise() : 0;
          const share = settings.terms === "mean" ? 1 / pixels : 1;
          addGradient(vae, work, n, { beta, share }, gradient, batch);
          if (following && from === 0) {
            followed = follow(batch);
            noted = true;
          }
          count(tally, n);
          yield "piece";
        }
        if (!Number.isFinite(tally.reconstruction - before + total(tally.kl) + sumOf(flat))) { // no step with a NaN
          broken = true;
          yield "broken";
          return;
        }
        step(vae.theta, flat, rate);
        steps++;
        const at = epoch + (place + batch) / order.length;
        if (at >= epoch + part / PARTS) {
          training.push(point(tally, at));
          [tally, part] = [empty(), Math.floor((at - epoch) * PARTS + 1e-9) + 1];
        }
        if (noted) yield "step"; // not the rest of a step that had begun before it was to be followed
      }
      epoch++;
      yield* examine();
      yield broken ? "broken" : "epoch";
    }
    yield "broken";
  }

  /**
   * What happens to the first image of a step: z, print, both terms, and what each pushes mean and log-variance to.
   *
   * @typedef {{x: Float64Array, output: Float64Array, zMean: Float64Array, zLogVar: Float64Array, epsilon: Float64Array,
   * z: Float64Array, reconstruction: number, kl: Float64Array, push: Record<string, Float64Array>}} Followed
   */
  function follow(batch) {
    const part = (/** @type {Float64Array} */ all, columns = latents) => all.slice(0, columns);
    const share = (/** @type {Float64Array} */ slope, /** @type {(j: number) => number} */ ofKl) => [
      part(slope).map((value, j) => -(batch * value - ofKl(j))), part(slope).map((_, j) => -ofKl(j)),
    ];
    const [meanByPrint, meanByKl] = share(work.dMean, (j) => beta * work.zMean[j]);
    const [spreadByPrint, spreadByKl] = share(work.dLogVar, (j) => beta * 0.5 * (Math.exp(work.zLogVar[j]) - 1));
    return {
      x: part(work.x, pixels),
      output: part(work.output, pixels),
      ...{ zMean: part(work.zMean), zLogVar: part(work.zLogVar), epsilon: part(work.epsilon), z: part(work.z) },
      ...{ reconstruction: work.reconstruction[0], kl: part(work.kl) },
      push: { meanByPrint, meanByKl, spreadByPrint, spreadByKl },
    };
  }

  const pieces = course();
  return {
    vae,
    settings,
    held: kept,
    judged,
    judge,
    /** Do the next piece. */
    advance: () => pieces.next().value ?? "broken",
    /** Change what may change while it trains. @param {{beta?: number, rate?: number}} values */
    change(values) {
      beta = values.beta ?? beta;
      rate = values.rate ?? rate;
    },
    /** Whether to note what happens to one image of each step. @param {boolean} value */
    set following(value) {
      following = value;
    },
    get state() {
      return { steps, epoch, beta, rate, broken, klPerLatent, followed, sigma: Math.exp(vae.tensors.logSigma[0]) };
    },
    /** The points of both curves since they were taken last. */
    takePoints() {
      const points = { training, heldOut };
      [training, heldOut] = [[], []];
      return points;
    },
  };
}
