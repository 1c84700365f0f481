/** The likelihood of a VAE with two latents, without a bound: p(x) = sum of p(x|z) p(z) over a fine grid. Chapter 8. */

import { normals } from "./noise.js";
import { LOG_TWO_PI, costBatch, decodeBatch, encodeBatch, exposeBatch, workspace } from "./vae.js";

const ALONG = 193; // places along a side of the grid; an odd number, so that every other one is a grid as well
const [REACH_LEAST, REACH_MOST] = [4.5, 9]; // the grid reaches so far at least, and at most
export const DRAWS = 20; // of the bound with several samples

/**
 * @typedef {object} Exact
 * @property {number} images
 * @property {number} elbo mean -ELBO, of one draw on average
 * @property {number} bound mean of the bound with DRAWS draws, negative
 * @property {number} exact mean -log p(x)
 * @property {number} coarse the same, on every other place of the grid: were it far from `exact`, the grid would be too coarse
 */

/**
 * In pieces; for a model with two latents. All in nats an image.
 *
 * @param {import("./vae.js").SmallVae} vae @param {Float64Array} x the images, one after the other
 * @returns {Generator<any, Exact, void>}
 */
export function* exactLikelihood(vae, x) {
  const { pixels, latents } = vae.sizes;
  if (latents !== 2) throw new Error("the grid is for two latents");
  const images = x.length / pixels;
  const { elbo, bound, farthest } = yield* bounds(vae, x, images);

  const half = Math.min(REACH_MOST, Math.max(REACH_LEAST, 1.2 * farthest));
  const gap = (2 * half) / (ALONG - 1);
  const work = workspace(vae.sizes, ALONG);
  const [fine, coarse] = [logSums(images), logSums(images)];
  const inked = Array.from({ length: images }, (_, i) => indices(x.subarray(i * pixels, (i + 1) * pixels)));
  for (let row = 0; row < ALONG; row++) {
    for (let column = 0; column < ALONG; column++) work.z.set([column * gap - half, row * gap - half], 2 * column);
    decodeBatch(vae, work, ALONG);
    for (let column = 0; column < ALONG; column++) {
      const { constant, slope } = likelihoodOf(vae, work.output, column * pixels);
      const prior = -0.5 * (work.z[2 * column] ** 2 + work.z[2 * column + 1] ** 2) - LOG_TWO_PI;
      for (let i = 0; i < images; i++) {
        let product = 0;
        for (const k of inked[i]) product += x[i * pixels + k] * work.output[column * pixels + k];
        const value = prior + constant + slope * product + inked[i].own;
        fine.add(i, value);
        if (row % 2 === 0 && column % 2 === 0) coarse.add(i, value);
      }
      if (column % 16 === 15) yield;
    }
  }
  const mean = (/** @type {ReturnType<typeof logSums>} */ sums, side) => -(sums.mean() + 2 * Math.log(side));
  return { images, elbo, bound, exact: mean(fine, gap), coarse: mean(coarse, 2 * gap) };

  /** Where an image has ink, and what -log p(x|z) has of the image alone. @param {Float64Array} image */
  function indices(image) {
    const where = Array.from(image.keys()).filter((k) => image[k] !== 0);
    const squares = image.reduce((total, v) => total + v * v, 0);
    const own = vae.likelihood === "bernoulli" ? 0 : -0.5 * squares * Math.exp(-2 * vae.tensors.logSigma[0]);
    return Object.assign(where, { own });
  }
}

/** log p(x|z) = constant + slope (x, output), less what is of x alone. */
function likelihoodOf({ sizes: { pixels }, likelihood, tensors }, output, from) {
  let constant = 0;
  if (likelihood === "bernoulli") {
    let product = 1;
    for (let k = from; k < from + pixels; k++) {
      constant -= Math.max(output[k], 0);
      product *= 1 + Math.exp(-Math.abs(output[k]));
    }
    return { constant: constant - Math.log(product), slope: 1 };
  }
  const precision = Math.exp(-2 * tensors.logSigma[0]);
  for (let k = from; k < from + pixels; k++) constant -= 0.5 * precision * output[k] ** 2;
  return { constant: constant - pixels * (tensors.logSigma[0] + 0.5 * LOG_TWO_PI), slope: precision };
}

/** Logarithms of sums that are added to one by one, without overflow. @param {number} count */
function logSums(count) {
  const [largest, rest] = [new Float64Array(count).fill(-Infinity), new Float64Array(count)];
  return {
    /** @param {number} i @param {number} value */
    add(i, value) {
      if (value <= largest[i]) rest[i] += Math.exp(value - largest[i]);
      else {
        rest[i] = rest[i] * Math.exp(largest[i] - value) + 1;
        largest[i] = value;
      }
    },
    mean: () => largest.reduce((total, most, i) => total + most + Math.log(rest[i]), 0) / count,
  };
}

/** -ELBO and the bound with DRAWS draws (Burda et al., 2016), and how far out the means lie. */
function* bounds(vae, x, images) {
  const { pixels, latents } = vae.sizes;
  const work = workspace(vae.sizes, DRAWS);
  const draw = normals(5);
  let [elbo, bound, farthest] = [0, 0, 0];
  for (let i = 0; i < images; i++) {
    for (let k = 0; k < DRAWS; k++) work.x.set(x.subarray(i * pixels, (i + 1) * pixels), k * pixels);
    for (let j = 0; j < DRAWS * latents; j++) work.epsilon[j] = draw();
    encodeBatch(vae, work, DRAWS);
    exposeBatch(vae, work, DRAWS);
    decodeBatch(vae, work, DRAWS);
    costBatch(vae, work, DRAWS);
    const sums = logSums(1);
    let reconstruction = 0;
    for (let k = 0; k < DRAWS; k++) {
      let ratio = 0; // log p(z) - log q(z|x)
      for (let j = k * latents; j < (k + 1) * latents; j++) {
        ratio += 0.5 * (work.epsilon[j] ** 2 + work.zLogVar[j] - work.z[j] ** 2);
      }
      sums.add(0, ratio - work.reconstruction[k]);
      reconstruction += work.reconstruction[k] / DRAWS;
    }
    for (let j = 0; j < latents; j++) {
      elbo += work.kl[j] / images;
      farthest = Math.max(farthest, Math.abs(work.zMean[j]) + 4 * Math.exp(0.5 * work.zLogVar[j]));
    }
    elbo += reconstruction / images;
    bound -= (sums.mean() - Math.log(DRAWS)) / images;
    yield;
  }
  return { elbo, bound, farthest };
}
