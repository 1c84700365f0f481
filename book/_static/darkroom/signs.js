/** Signs that a reader drew, made into a set to train on: each is moved, turned, made larger, smaller, thicker, thinner. */

import { normals } from "./noise.js";

const [PAD_SIDE, BENCH_SIDE] = [28, 14]; // pixels along a side: of the pad, and of the bench
export const MOST_SIGNS = 12;
const [TRAINED, HELD_OUT] = [400, 80]; // images of each kind: about as many as the bench has of each digit
export const VARIANTS = TRAINED + HELD_OUT;

/** @typedef {{kind: string, drawing: Float32Array}} Sign a letter, and 28 by 28 values, ink from 0 to 1 */

/** The kind of a reader's sign: A, B, C ... @param {number} i */
export const kindOfSign = (i) => String.fromCharCode(65 + i);

/**
 * Variants of signs, each kind as often as another; the same signs give the same set. The kinds take turns, so that any
 * part of the set has all of them.
 *
 * @param {Sign[]} signs
 * @param {import("./trainer.js").Digits} digits
 * @param {boolean} among whether digits are in it as well, each kind as often as a sign if there are so many
 * @returns {import("./trainer.js").Digits}
 */
export function signSet(signs, digits, among) {
  /** @type {[string, Uint8Array[], Uint8Array[]][]} */
  const kinds = signs.map(({ kind, drawing }) => {
    const draw = normals(kind.charCodeAt(0)); // its own noise: another sign changes nothing of this one
    const soft = blurred(drawing);
    const some = (/** @type {number} */ count) => Array.from({ length: count }, () => variant(soft, draw, digits.levels));
    return [kind, some(TRAINED), some(HELD_OUT)];
  });
  if (among) kinds.push(...[..."0123456789"].map((kind) => imagesOf(kind, digits)));
  const [trained, held] = [1, 2].map((part) => takingTurns(kinds.map((each) => [each[0], each[part]])));
  const all = [...trained, ...held];
  const images = new Uint8Array(all.length * BENCH_SIDE ** 2);
  all.forEach(([, image], i) => images.set(image, i * BENCH_SIDE ** 2));
  return { images, labels: all.map(([kind]) => kind).join(""), trained: trained.length, levels: digits.levels };
}

/** The first digits of a kind, to train on and held out. @returns {[string, Uint8Array[], Uint8Array[]]} */
function imagesOf(kind, { images, labels, trained }) {
  const take = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ count) => {
    const found = [];
    for (let i = from; i < to && found.length < count; i++)
      if (labels[i] === kind) found.push(images.subarray(i * BENCH_SIDE ** 2, (i + 1) * BENCH_SIDE ** 2));
    return found;
  };
  return [kind, take(0, trained, TRAINED), take(trained, labels.length, HELD_OUT)];
}

/** One image of each kind, then the next of each. @param {any[]} kinds pairs of a kind and its images */
function takingTurns(kinds) {
  const turn = (/** @type {number} */ k) => kinds.flatMap(([kind, images]) => (images[k] ? [[kind, images[k]]] : []));
  return Array.from({ length: TRAINED }, (_, k) => turn(k)).flat();
}

/** One variant, at half the size. @param {Float32Array} soft @param {() => number} draw @param {number} levels */
function variant(soft, draw, levels) {
  const little = () => Math.max(-2, Math.min(2, draw())); // a sign that is turned far may be another sign
  const turn = 0.13 * little(); // radians: two thirds of them below 7.5 degrees
  const [wide, high] = [1 + 0.08 * little(), 1 + 0.08 * little()];
  const [right, down] = [little(), little()];
  const paper = 0.45 + 0.08 * little(); // what is lighter is paper: decides the thickness
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
