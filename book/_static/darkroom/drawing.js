/** What the widgets that begin with a drawing share: test digits, the pad with its buttons, tiles that fill it. */

import { inkOf } from "./network.js";
import { drawingPad } from "./pad.js";
import { button, captioned, el, picture } from "./ui.js";

const HINT = "Draw here. By keyboard: arrow keys, space bar for pen down and up, Backspace.";

/**
 * @param {import("./mount.js").Stage} stage its data has `digits` (grey levels) and `labels` (a figure for each)
 * @param {object} options
 * @param {string} [options.label] of the pad
 * @param {string} [options.hint] below it
 * @param {(pixels: Float32Array) => void} options.onDraw gets what is on the pad, at most once a frame
 * @param {(pixels: Float32Array, label: string) => void} [options.onTake] of a tile, instead of telling the reader
 */
export function drawingBench({ data, say }, { label = "Draw a digit", hint = HINT, onDraw, onTake }) {
  const ink = inkOf(data.digits);
  const digit = (/** @type {number} */ i) => ink.slice(784 * i, 784 * (i + 1));
  const pad = drawingPad({ label, say, onDraw });
  /** @param {Float32Array} pixels @param {string} figure */
  function take(pixels, figure) {
    pad.put(pixels);
    say(`A test digit, a ${figure}, lies in front of the camera.`);
  }
  return {
    digit,
    pad,
    drawing: captioned(pad.node, hint),
    tools: [button("Clear", pad.clear), button("Undo", pad.undo)],
    tiles: digitTiles(digit, data.labels, onTake ?? take),
  };
}

/**
 * Test digits to choose from: two rows where there is room, one that scrolls on a phone.
 *
 * @param {(i: number) => Float32Array} digit @param {string} labels
 * @param {(pixels: Float32Array, label: string) => void} onTake
 */
function digitTiles(digit, labels, onTake) {
  const tiles = Array.from(labels, (label, i) => {
    const small = picture("");
    small.show(digit(i));
    const name = `Test digit ${label}, number ${labels.slice(0, i + 1).split(label).length - 1}`;
    return button(small.node, () => onTake(digit(i), label), { class: "tile", "aria-label": name });
  });
  return el("div", { class: "tiles", role: "group", "aria-label": "Test digits" }, ...tiles);
}
