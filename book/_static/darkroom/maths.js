/** The mathematics of chapters 4, 5, 7 and 8, in nats. Each function is compared with Keras in tests/built/test_javascript.py. */

import { decode } from "./network.js";

/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** @param {number} x @returns log(1 + exp(x)), without overflow */
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** @param {ArrayLike<number>} values @returns {number} */
export function sum(values) {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

/** @param {ArrayLike<number>} logits @returns {Float32Array} probabilities of ink */
export function develop(logits) {
  const ink = new Float32Array(logits.length); // loops here and below: `from` takes eight times as long
  for (let i = 0; i < ink.length; i++) ink[i] = sigmoid(logits[i]);
  return ink;
}

/** KL(q(z|x) || N(0, I)) of each latent. @param {import("./network.js").Code} code @returns {Float64Array} */
export function klPerLatent({ zMean, zLogVar }) {
  return Float64Array.from(zMean, (mean, i) => 0.5 * (mean ** 2 + Math.exp(zLogVar[i]) - 1 - zLogVar[i]));
}

/** Bernoulli cost of each pixel. @param {ArrayLike<number>} x @param {ArrayLike<number>} logits */
export function pixelNats(x, logits) {
  const nats = new Float64Array(logits.length);
  for (let i = 0; i < nats.length; i++) nats[i] = softplus(logits[i]) - x[i] * logits[i];
  return nats;
}

/** z = z_mean + sigma epsilon. @param {import("./network.js").Code} code @param {ArrayLike<number>} epsilon */
export function expose({ zMean, zLogVar }, epsilon) {
  return Float32Array.from(zMean, (mean, i) => mean + Math.exp(0.5 * zLogVar[i]) * epsilon[i]);
}

/**
 * The importance-weighted bound on log p(x) (Burda et al., 2016), one sample for each row of `epsilons`.
 *
 * @param {import("./network.js").Network} network
 * @param {ArrayLike<number>} x
 * @param {import("./network.js").Code} code q(z|x)
 * @param {ArrayLike<number>[]} epsilons K draws of standard normal noise
 * @returns {number} nats; with one draw, a sample of the ELBO
 */
export function importanceBound(network, x, code, epsilons) {
  const logWeights = epsilons.map((epsilon) => {
    const z = expose(code, epsilon);
    let ratio = 0; // log p(z) - log q(z|x)
    for (let i = 0; i < z.length; i++) ratio += 0.5 * (epsilon[i] ** 2 + code.zLogVar[i] - z[i] ** 2);
    return ratio - sum(pixelNats(x, decode(network, z)));
  });
  const largest = Math.max(...logWeights);
  return largest + Math.log(sum(logWeights.map((w) => Math.exp(w - largest))) / logWeights.length);
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} t @returns {Float32Array} */
export const lerp = (a, b, t) => Float32Array.from(a, (value, i) => (1 - t) * value + t * b[i]);

/**
 * The spherical way from a to b, as in chapter 7: directions turn evenly, lengths change evenly.
 *
 * @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} t @returns {Float32Array}
 */
export function slerp(a, b, t) {
  const length = (/** @type {ArrayLike<number>} */ v) => Math.hypot(...Array.from(v));
  const [la, lb] = [length(a), length(b)];
  if (la < 1e-6 || lb < 1e-6) return lerp(a, b, t); // no direction to turn from
  const ua = Float32Array.from(a, (v) => v / la);
  const ub = Float32Array.from(b, (v) => v / lb);
  const angle = Math.acos(Math.min(1, Math.max(-1, sum(ua.map((v, i) => v * ub[i])))));
  const radius = (1 - t) * la + t * lb;
  if (Math.sin(angle) < 1e-4) return lerp(a, b, t);
  const [wa, wb] = [Math.sin((1 - t) * angle), Math.sin(t * angle)].map((w) => (w * radius) / Math.sin(angle));
  return ua.map((v, i) => wa * v + wb * ub[i]);
}
