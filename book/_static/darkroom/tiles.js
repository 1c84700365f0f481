/** Test digits to choose from: two rows where there is room, one that scrolls on a phone. */

import { el, picture } from "./ui.js";

/**
 * @param {Float32Array} digits 784 values each
 * @param {string} labels a figure for each
 * @param {(pixels: Float32Array, label: string) => void} onTake
 */
export function digitTiles(digits, labels, onTake) {
  const node = el("div", { class: "tiles", role: "group", "aria-label": "Test digits" });
  /** @type {Record<string, number>} */
  const met = {};
  [...labels].forEach((label, i) => {
    const pixels = digits.slice(784 * i, 784 * (i + 1));
    const small = picture("", 44);
    small.node.setAttribute("aria-hidden", "true");
    small.show(pixels);
    met[label] = (met[label] ?? 0) + 1;
    const name = `Test digit ${label}, number ${met[label]}`;
    const tile = { type: "button", class: "tile", "aria-label": name, onclick: () => onTake(pixels, label) };
    node.append(el("button", tile, small.node));
  });
  return node;
}
