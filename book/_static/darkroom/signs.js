/** Signs that a reader drew, made into a set to train on: each is moved, turned, made larger, smaller, thicker, thinner. */

import { normals } from "./noise.js";

const [PAD_SIDE, BENCH_SIDE] = [28, 14]; // pixels along a side: of the pad, and of the bench
export const MOST_SIGNS = 12;
const [TRAINED, HELD_OUT] = [400, 80]; // variants of each sign

/** The kind of a reader's sign: A, B, C ... @param {number} i */
export const kindOfSign = (i) => String.fromCharCode(65 + i);

/**
 * @param {Float32Array[]} drawings 28 by 28 values each, ink from 0 to 1
 * @param {import("./trainer.js").Digits} digits
 * @param {boolean} among whether digits are trained on as well: as many as signs
 * @returns {import("./trainer.js").Digits}
 */
export function signSet(drawings, digits, among) {
  const pixels = BENCH_SIDE ** 2;
  const draw = normals(1);
  /** @type {[Uint8Array, string][]} */ const [trained, held] = [[], []];
  drawings.forEach((drawing, i) => {
    const soft = blurred(drawing);
    for (let k = 0; k < TRAINED + HELD_OUT; k++) {
      (k < TRAINED ? trained : held).push([variant(soft, draw, digits.levels), kindOfSign(i)]);
    }
  });
  if (among) {
    const take = (/** @type {number} */ from, /** @type {number} */ count) =>
      Array.from({ length: count }, (_, k) => /** @type {[Uint8Array, string]} */ ([
        digits.images.subarray((from + k) * pixels, (from + k + 1) * pixels), digits.labels[from + k],
      ]));
    trained.push(...take(0, Math.min(digits.trained, Math.max(1000, trained.length))));
    held.push(...take(digits.trained, Math.min(digits.labels.length - digits.trained, Math.max(200, held.length))));
  }
  const all = [...trained, ...held];
  const images = new Uint8Array(all.length * pixels);
  all.forEach(([image], i) => images.set(image, i * pixels));
  return { images, labels: all.map(([, kind]) => kind).join(""), trained: trained.length, levels: digits.levels };
}

/** One variant, at half the size. @param {Float32Array} soft @param {() => number} draw @param {number} levels */
function variant(soft, draw, levels) {
  const turn = 0.13 * draw(); // radians: two thirds of them below 7.5 degrees
  const [wide, high] = [1 + 0.08 * draw(), 1 + 0.08 * draw()];
  const [right, down] = [1.2 * draw(), 1.2 * draw()];
  const paper = 0.35 + 0.07 * Math.max(-2, Math.min(2, draw())); // what is lighter is paper: decides the thickness
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const middle = (PAD_SIDE - 1) / 2;
  const image = new Uint8Array(BENCH_SIDE ** 2);
  for (let row = 0; row < BENCH_SIDE; row++) {
    for (let column = 0; column < BENCH_SIDE; column++) {
      let ink = 0;
      for (const [dy, dx] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
        const [x, y] = [(2 * column + dx - middle - right) / wide, (2 * row + dy - middle - down) / high];
        const value = sampled(soft, cos * x + sin * y + middle, cos * y - sin * x + middle);
        ink += Math.max(0, Math.min(1, 0.5 + (value - paper) / 0.3)) / 4;
      }
      image[row * BENCH_SIDE + column] = Math.round(levels * ink);
    }
  }
  return image;
}

/** A value between pixels; outside lies paper. @param {Float32Array} image */
function sampled(image, x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (/** @type {number} */ i, /** @type {number} */ j) =>
    i < 0 || j < 0 || i >= PAD_SIDE || j >= PAD_SIDE ? 0 : image[j * PAD_SIDE + i];
  const [u, v] = [x - left, y - top];
  const upper = (1 - u) * at(left, top) + u * at(left + 1, top);
  return (1 - v) * upper + v * ((1 - u) * at(left, top + 1) + u * at(left + 1, top + 1));
}

/** An image whose edges are soft, so that a threshold moves them. @param {Float32Array} image */
function blurred(image) {
  const once = (/** @type {Float32Array} */ from, /** @type {number} */ step) =>
    from.map((value, i) => (value * 2 + (from[i - step] ?? 0) + (from[i + step] ?? 0)) / 4);
  return once(once(image, 1), PAD_SIDE);
}
