/** A trained bench as a file: settings and weights. `helpers.living.load_bench` reads it in Python. */

import { bytesOf } from "./network.js";
import { LIMITS, admitted, plainSettings } from "./settings.js";
import { shapesOf } from "./vae.js";

const FORMAT = "darkroom-bench 1";

/** CRC-32, as in zlib: a damaged file is noticed. @param {string} text */
function checksum(text) {
  let crc = ~0;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** The checksum of all that stands before it in a file; line ends may have changed on the way. @param {string} text */
const seal = (text) => checksum(text.slice(0, text.lastIndexOf('"checksum"')).replaceAll("\r\n", "\n"));

/**
 * @param {Record<string, any>} settings
 * @param {Float32Array} theta all weights, see `shapesOf` in vae.js
 * @param {number} pixels
 * @param {Record<string, any>} figures what was measured
 * @returns {string} JSON
 */
export function writeBench(settings, theta, pixels, figures) {
  let bytes = "";
  for (const byte of new Uint8Array(theta.buffer, theta.byteOffset, theta.byteLength)) bytes += String.fromCharCode(byte);
  const tensors = shapesOf({ pixels, width: settings.width, latents: settings.latents });
  const text = JSON.stringify({ format: FORMAT, settings, figures, tensors, weights: btoa(bytes), checksum: 0 }, null, 1);
  return text.replace(/0\n\}$/, `${seal(text)}\n}\n`);
}

/**
 * @param {string} text @param {number} pixels
 * @returns {{settings: Record<string, any>, theta: Float32Array}}
 * @throws {Error} a sentence that says what is wrong with the file
 */
export function readBench(text, pixels) {
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    throw new Error("This file is no JSON: it is damaged, or another file.");
  }
  if (file?.format !== FORMAT) throw new Error("This file was not written by the bench.");
  if (file.checksum !== seal(text)) throw new Error("This file is damaged: its checksum is another one.");
  if (/[A-Z]/.test(file.settings?.digits)) throw new Error("This model knows signs that are not on this page: load_bench opens it in Python.");
  const settings = plainSettings();
  for (const [name, { start }] of Object.entries(LIMITS)) {
    const given = file.settings?.[name];
    const value = typeof given === typeof start ? admitted(name, String(given)) : null;
    if (value === null) throw new Error(`The setting \u201c${name}\u201d in this file is none that the bench knows.`);
    settings[name] = value;
  }
  const shapes = shapesOf({ pixels, width: settings.width, latents: settings.latents });
  const length = shapes.reduce((total, [, rows, columns]) => total + rows * columns, 0);
  const theta = numbersIn(file.weights);
  if (theta?.length !== length) throw new Error("The weights in this file are not those of its settings.");
  if (!theta.every(Number.isFinite)) throw new Error("There are weights in this file that are no numbers.");
  return { settings, theta };
}

/** @param {any} weights @returns {Float32Array | null} nothing if these are no numbers of four bytes */
function numbersIn(weights) {
  try {
    return new Float32Array(bytesOf(weights).buffer);
  } catch {
    return null;
  }
}
