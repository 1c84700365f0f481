/**
 * The bench's VAE: one hidden layer (SiLU) each way, its loss and the gradient, for batches, in float64.
 *
 * All weights stand in one array, `theta`; a gradient is an array of the same length. Compared with Keras in
 * tests/built/test_bench_maths.py.
 */

/** @typedef {"bernoulli" | "gaussian" | "learned"} Likelihood of the pixels: Gaussian with a chosen or a learned sigma */
/** @typedef {{pixels: number, width: number, latents: number}} Sizes */
/** @typedef {Record<string, Float64Array>} Tensors */
/** @typedef {{sizes: Sizes, theta: Float64Array, tensors: Tensors, likelihood: Likelihood}} SmallVae */

/**
 * What weighs the two terms, and how z is drawn.
 *
 * @typedef {object} Recipe
 * @property {number} beta weight of the KL term
 * @property {number} share weight of the reconstruction term: 1, or 1 / pixels where someone takes a mean for the sum
 */

export const LOG_TWO_PI = Math.log(2 * Math.PI);
const ROWS = 4; // images are taken four at a time; arrays are padded to that with images that count for nothing

/** Names and shapes of all tensors, as they follow each other in `theta`. @param {Sizes} sizes */
export const shapesOf = ({ pixels, width, latents }) => /** @type {[string, number, number][]} */ ([
  ["encoderKernel", pixels, width],
  ["encoderBias", 1, width],
  ["zMeanKernel", width, latents],
  ["zMeanBias", 1, latents],
  ["zLogVarKernel", width, latents],
  ["zLogVarBias", 1, latents],
  ["decoderKernel", latents, width],
  ["decoderBias", 1, width],
  ["outputKernel", width, pixels],
  ["outputBias", 1, pixels],
  ["logSigma", 1, 1],
]);

/** The tensors of `theta`, without copying. @param {Float64Array} theta @param {Sizes} sizes @returns {Tensors} */
export function tensorsOf(theta, sizes) {
  let place = 0;
  return Object.fromEntries(shapesOf(sizes).map(([name, rows, columns]) => {
    const part = theta.subarray(place, place + rows * columns);
    place += rows * columns;
    return [name, part];
  }));
}

/**
 * A new model: kernels even in ±sqrt(6 / (rows + columns)) as in Keras (Glorot & Bengio, 2010), all else zero.
 *
 * @param {Sizes} sizes @param {Likelihood} likelihood @param {() => number} uniform numbers even in [0, 1)
 * @param {number} [sigma] of the pixels, for the Gaussian ones: chosen, or where learning begins
 * @returns {SmallVae}
 */
export function newVae(sizes, likelihood, uniform, sigma = 1) {
  const shapes = shapesOf(sizes);
  const theta = new Float64Array(shapes.reduce((total, [, rows, columns]) => total + rows * columns, 0));
  const tensors = tensorsOf(theta, sizes);
  for (const [name, rows, columns] of shapes) {
    if (!name.endsWith("Kernel")) continue;
    const limit = Math.sqrt(6 / (rows + columns));
    for (let i = 0; i < rows * columns; i++) tensors[name][i] = limit * (2 * uniform() - 1);
  }
  tensors.logSigma[0] = Math.log(sigma);
  return { sizes, theta, tensors, likelihood };
}

/**
 * Arrays to compute with, for at most `images` images.
 *
 * @param {Sizes} sizes @param {number} images
 */
export function workspace({ pixels, width, latents }, images) {
  const n = Math.ceil(images / ROWS) * ROWS;
  const make = (/** @type {number} */ columns) => new Float64Array(n * columns);
  return {
    images: n,
    x: make(pixels),
    epsilon: make(latents),
    ...{ hidden: make(width), hiddenGate: make(width), zMean: make(latents), zLogVar: make(latents), z: make(latents) },
    ...{ developed: make(width), developedGate: make(width), output: make(pixels) }, // logits, or means of the pixels
    ...{ reconstruction: make(1), kl: make(latents) }, // nats of each image, and of each latent of it
    ...{ dOutput: make(pixels), dDeveloped: make(width), dZ: make(latents) },
    ...{ dMean: make(latents), dLogVar: make(latents), dHidden: make(width) },
  };
}

/** @typedef {ReturnType<typeof workspace>} Workspace */

/** Mean and log-variance of q(z|x) for `n` images in `work.x`. @param {SmallVae} vae @param {Workspace} work @param {number} n */
export function encodeBatch({ sizes: { pixels, width, latents }, tensors }, work, n) {
  affine(work.x, tensors.encoderKernel, tensors.encoderBias, work.hidden, n, pixels, width);
  gated(work.hidden, work.hiddenGate, padded(n) * width);
  affine(work.hidden, tensors.zMeanKernel, tensors.zMeanBias, work.zMean, n, width, latents);
  affine(work.hidden, tensors.zLogVarKernel, tensors.zLogVarBias, work.zLogVar, n, width, latents);
}

/** z = z_mean + sigma epsilon, with `work.epsilon`. @param {SmallVae} vae @param {Workspace} work @param {number} n */
export function exposeBatch({ sizes: { latents } }, { z, zMean, zLogVar, epsilon }, n) {
  for (let i = 0; i < n * latents; i++) z[i] = zMean[i] + Math.exp(0.5 * zLogVar[i]) * epsilon[i];
}

/** Logits (or means of the pixels) for `n` codes in `work.z`. @param {SmallVae} vae @param {Workspace} work @param {number} n */
export function decodeBatch({ sizes: { pixels, width, latents }, tensors }, work, n) {
  affine(work.z, tensors.decoderKernel, tensors.decoderBias, work.developed, n, latents, width);
  gated(work.developed, work.developedGate, padded(n) * width);
  affine(work.developed, tensors.outputKernel, tensors.outputBias, work.output, n, width, pixels);
}

/**
 * Both terms of `n` images, in nats, from `work.output`, `work.zMean` and `work.zLogVar`.
 *
 * @param {SmallVae} vae @param {Workspace} work @param {number} n
 */
export function costBatch(vae, work, n) {
  const { pixels, latents } = vae.sizes;
  for (let b = 0; b < n; b++) work.reconstruction[b] = nats(vae, work.x, work.output, b * pixels);
  for (let i = 0; i < n * latents; i++) {
    const [mean, logVar] = [work.zMean[i], work.zLogVar[i]];
    work.kl[i] = 0.5 * (mean * mean + Math.exp(logVar) - 1 - logVar);
  }
}

/** -log p(x|z) of the image that begins at `from`. @param {SmallVae} vae @param {ArrayLike<number>} x @param {Float64Array} output */
function nats({ sizes: { pixels }, likelihood, tensors }, x, output, from) {
  let total = 0;
  if (likelihood === "bernoulli") {
    let product = 1; // of 1 + exp(-|logit|), at most two each: one logarithm serves a thousand pixels
    for (let i = from; i < from + pixels; i++) {
      total += Math.max(output[i], 0) - x[i] * output[i];
      product *= 1 + Math.exp(-Math.abs(output[i]));
    }
    return total + Math.log(product);
  }
  for (let i = from; i < from + pixels; i++) total += (x[i] - output[i]) ** 2;
  const logSigma = tensors.logSigma[0];
  return 0.5 * total * Math.exp(-2 * logSigma) + pixels * (logSigma + 0.5 * LOG_TWO_PI);
}

/**
 * Forward and backward through `n` images in `work.x` with the noise `work.epsilon`: fills both terms and adds to
 * `gradient` that of share * reconstruction + beta * KL, summed over the images and divided by `batch`.
 *
 * @param {SmallVae} vae @param {Workspace} work @param {number} n @param {Recipe} recipe
 * @param {Tensors} gradient @param {number} batch
 */
export function addGradient(vae, work, n, { beta, share }, gradient, batch) {
  const { pixels, width, latents } = vae.sizes;
  const all = padded(n);
  encodeBatch(vae, work, n);
  exposeBatch(vae, work, n);
  decodeBatch(vae, work, n);
  costBatch(vae, work, n);

  slopes(vae, work, n, share / batch, gradient);
  work.dOutput.fill(0, n * pixels, all * pixels);
  addOuter(work.developed, work.dOutput, gradient.outputKernel, gradient.outputBias, all, width, pixels);
  backThrough(work.dOutput, vae.tensors.outputKernel, work.dDeveloped, all, width, pixels, 0);
  ungate(work.dDeveloped, work.developed, work.developedGate, all * width);
  addOuter(work.z, work.dDeveloped, gradient.decoderKernel, gradient.decoderBias, all, latents, width);
  backThrough(work.dDeveloped, vae.tensors.decoderKernel, work.dZ, all, latents, width, 0);

  for (let i = 0; i < n * latents; i++) {
    const logVar = work.zLogVar[i];
    work.dMean[i] = work.dZ[i] + (beta / batch) * work.zMean[i];
    const push = 0.5 * Math.exp(0.5 * logVar) * work.epsilon[i] * work.dZ[i];
    work.dLogVar[i] = push + (beta / batch) * 0.5 * (Math.exp(logVar) - 1);
  }
  for (const part of [work.dMean, work.dLogVar]) part.fill(0, n * latents, all * latents);
  addOuter(work.hidden, work.dMean, gradient.zMeanKernel, gradient.zMeanBias, all, width, latents);
  addOuter(work.hidden, work.dLogVar, gradient.zLogVarKernel, gradient.zLogVarBias, all, width, latents);
  backThrough(work.dMean, vae.tensors.zMeanKernel, work.dHidden, all, width, latents, 0);
  backThrough(work.dLogVar, vae.tensors.zLogVarKernel, work.dHidden, all, width, latents, 1);
  ungate(work.dHidden, work.hidden, work.hiddenGate, all * width);
  addOuter(work.x, work.dHidden, gradient.encoderKernel, gradient.encoderBias, all, pixels, width);
}

/** The slope of the reconstruction term by the output, and by log sigma. */
function slopes({ sizes: { pixels }, likelihood, tensors }, { x, output, dOutput }, n, weight, gradient) {
  if (likelihood === "bernoulli") {
    for (let i = 0; i < n * pixels; i++) dOutput[i] = weight * (1 / (1 + Math.exp(-output[i])) - x[i]);
    return;
  }
  const precision = Math.exp(-2 * tensors.logSigma[0]);
  let squares = 0;
  for (let i = 0; i < n * pixels; i++) {
    const error = output[i] - x[i];
    dOutput[i] = weight * precision * error;
    squares += error * error;
  }
  if (likelihood === "learned") gradient.logSigma[0] += weight * (n * pixels - precision * squares);
}

/** @param {number} n @returns {number} images with those that pad */
const padded = (n) => Math.ceil(n / ROWS) * ROWS;

/** h sigmoid(h) in place; the gate sigmoid(h) is kept for the way back. */
function gated(h, gate, length) {
  for (let i = 0; i < length; i++) {
    gate[i] = 1 / (1 + Math.exp(-h[i]));
    h[i] *= gate[i];
  }
}

/** The slope by h sigmoid(h) becomes that by h: sigmoid(h) (1 + h (1 - sigmoid(h))). */
function ungate(slope, gatedH, gate, length) {
  for (let i = 0; i < length; i++) slope[i] *= gate[i] + gatedH[i] * (1 - gate[i]);
}

// The three products below hold most of the time. Each takes several images and rows at once, for what costs is to read
// and write memory; the blank pixels of four rows are left out.

/** out = bias + x W, for x (n, rows) and W (rows, columns). */
function affine(x, kernel, bias, out, n, rows, columns) {
  for (let b = 0; b < n; b += 2) {
    const [out0, out1] = [b * columns, (b + 1) * columns];
    for (let j = 0; j < columns; j++) out[out0 + j] = out[out1 + j] = bias[j];
    for (let k = 0; k < rows; k += 4) {
      const left = rows - k;
      const [x0, x1] = [b * rows + k, (b + 1) * rows + k];
      const a0 = x[x0], a1 = left > 1 ? x[x0 + 1] : 0, a2 = left > 2 ? x[x0 + 2] : 0, a3 = left > 3 ? x[x0 + 3] : 0;
      const b0 = x[x1], b1 = left > 1 ? x[x1 + 1] : 0, b2 = left > 2 ? x[x1 + 2] : 0, b3 = left > 3 ? x[x1 + 3] : 0;
      if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0 && b0 === 0 && b1 === 0 && b2 === 0 && b3 === 0) continue;
      const r0 = k * columns;
      const r1 = left > 1 ? r0 + columns : r0, r2 = left > 2 ? r1 + columns : r0, r3 = left > 3 ? r2 + columns : r0;
      for (let j = 0; j < columns; j++) {
        const w0 = kernel[r0 + j], w1 = kernel[r1 + j], w2 = kernel[r2 + j], w3 = kernel[r3 + j];
        out[out0 + j] += a0 * w0 + a1 * w1 + (a2 * w2 + a3 * w3);
        out[out1 + j] += b0 * w0 + b1 * w1 + (b2 * w2 + b3 * w3);
      }
    }
  }
}

/** kernel += x^T d and bias += the sum of d, for x (n, rows), d (n, columns); n is a multiple of four. */
function addOuter(x, d, kernel, bias, n, rows, columns) {
  for (let b = 0; b < n; b += 4) {
    const d0 = b * columns, d1 = d0 + columns, d2 = d1 + columns, d3 = d2 + columns;
    for (let j = 0; j < columns; j++) bias[j] += d[d0 + j] + d[d1 + j] + (d[d2 + j] + d[d3 + j]);
    const x0 = b * rows, x1 = x0 + rows, x2 = x1 + rows, x3 = x2 + rows;
    for (let k = 0; k < rows; k++) {
      const a = x[x0 + k], e = x[x1 + k], c = x[x2 + k], g = x[x3 + k];
      if (a === 0 && e === 0 && c === 0 && g === 0) continue;
      const row = k * columns;
      for (let j = 0; j < columns; j++) {
        kernel[row + j] += a * d[d0 + j] + e * d[d1 + j] + (c * d[d2 + j] + g * d[d3 + j]);
      }
    }
  }
}

/** back = keep * back + d W^T, for d (n, columns) and W (rows, columns); n is even. */
function backThrough(d, kernel, back, n, rows, columns, keep) {
  for (let b = 0; b < n; b += 2) {
    const d0 = b * columns, d1 = d0 + columns;
    const to0 = b * rows, to1 = to0 + rows;
    for (let k = 0; k < rows; k += 2) {
      const r0 = k * columns, r1 = k + 1 < rows ? r0 + columns : r0;
      let s00 = 0, s01 = 0, s10 = 0, s11 = 0;
      for (let j = 0; j < columns; j++) {
        const e = d[d0 + j], f = d[d1 + j], v = kernel[r0 + j], w = kernel[r1 + j];
        s00 += e * v;
        s01 += e * w;
        s10 += f * v;
        s11 += f * w;
      }
      back[to0 + k] = keep * back[to0 + k] + s00;
      back[to1 + k] = keep * back[to1 + k] + s10;
      if (k + 1 < rows) {
        back[to0 + k + 1] = keep * back[to0 + k + 1] + s01;
        back[to1 + k + 1] = keep * back[to1 + k + 1] + s11;
      }
    }
  }
}

/**
 * Adam (Kingma & Ba, 2015) with Keras's constants.
 *
 * @param {number} length of theta
 * @returns {(theta: Float64Array, gradient: Float64Array, rate: number) => void} takes one step
 */
export function adam(length) {
  const [first, second] = [new Float64Array(length), new Float64Array(length)];
  let step = 0;
  return (theta, gradient, rate) => {
    step++;
    const size = (rate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
    for (let i = 0; i < length; i++) {
      first[i] += 0.1 * (gradient[i] - first[i]);
      second[i] += 0.001 * (gradient[i] * gradient[i] - second[i]);
      theta[i] -= (size * first[i]) / (Math.sqrt(second[i]) + 1e-7);
    }
  };
}
