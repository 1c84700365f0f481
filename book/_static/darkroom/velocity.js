/** Chapter 17's second network, which tells the direction from noise to codes, and the guided walk along it. */

import { addTo, dense, silu, unpackLayers } from "./network.js";

/** @typedef {import("./network.js").Dense} Dense */
/** @typedef {{told: Dense, seen: Dense, blocks: [Dense, Dense][], head: Dense}} Velocity */

const WAVES = [0.5, 1, 2, 4]; // of the time, in half turns
const NOBODY = 10; // the label that says nothing

/** Read what `helpers.living.pack.pack_velocity` wrote. @param {string} base64 @returns {Velocity} */
export function unpackVelocity(base64) {
  const { layers } = unpackLayers(base64);
  const [seen, told, ...rest] = layers;
  const head = /** @type {Dense} */ (rest.pop());
  /** @type {[Dense, Dense][]} */
  const blocks = [];
  for (let i = 0; i < rest.length; i += 2) blocks.push([rest[i], rest[i + 1]]);
  return { told, seen, blocks, head };
}

/**
 * The direction at a place and time.
 *
 * @param {Velocity} velocity @param {ArrayLike<number>} z @param {number} t from 0, noise, to 1, codes
 * @param {number} label 0 to 9, or 10 for none
 * @returns {Float32Array}
 */
export function directionAt(velocity, z, t, label) {
  const said = new Float32Array(2 * WAVES.length + NOBODY + 1);
  WAVES.forEach((k, i) => {
    said[2 * i] = Math.sin(Math.PI * k * t);
    said[2 * i + 1] = Math.cos(Math.PI * k * t);
  });
  said[2 * WAVES.length + label] = 1;
  const told = dense(velocity.told, said);
  const h = dense(velocity.seen, z);
  for (const [inner, outer] of velocity.blocks) addTo(h, dense(outer, silu(dense(inner, addTo(h.slice(), told)))));
  return dense(velocity.head, h);
}

/**
 * Walk from `start` to time 1 in steps of Heun, guided by a label (chapter 17's `follow`).
 *
 * @param {Velocity} velocity @param {ArrayLike<number>} z where to begin @param {number} label 0 to 9
 * @param {{guidance: number, start?: number, steps: number}} how
 * @returns {Float32Array[]} the places, the first and the last among them
 */
export function guidedWalk(velocity, z, label, { guidance, start = 0, steps }) {
  const guided = (/** @type {ArrayLike<number>} */ place, /** @type {number} */ t) => {
    const free = directionAt(velocity, place, t, NOBODY);
    const told = directionAt(velocity, place, t, label);
    for (let i = 0; i < free.length; i++) free[i] += guidance * (told[i] - free[i]);
    return free;
  };
  const places = [Float32Array.from(z)];
  const step = (1 - start) / steps;
  for (let k = 0; k < steps; k++) {
    const here = places[k];
    const first = guided(here, start + k * step);
    const ahead = here.map((value, i) => value + step * first[i]);
    const second = guided(ahead, start + (k + 1) * step);
    places.push(here.map((value, i) => value + (step * (first[i] + second[i])) / 2));
  }
  return places;
}
