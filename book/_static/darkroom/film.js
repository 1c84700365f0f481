/** Prints in rows, like the frames of a film. */

import { el, picture } from "./ui.js";

/** @param {number} count @param {string} kind a class of style.css, which says how many stand side by side */
export function film(count, kind) {
  const frames = Array.from({ length: count }, () => picture(""));
  const node = el("div", { class: `film ${kind}`, role: "img" }, ...frames.map((frame) => frame.node));
  return {
    node,
    /** @param {number} i @param {ArrayLike<number>} values 784 in [0, 1] */
    show: (i, values) => frames[i].show(values),
    /** @param {Float32Array} ink of all frames */
    fill: (ink) => frames.forEach((frame, i) => frame.show(ink.subarray(784 * i, 784 * (i + 1)))),
    /** Mark the frame that is looked at. @param {number | null} chosen */
    mark: (chosen) => frames.forEach((frame, i) => frame.node.classList.toggle("now", i === chosen)),
  };
}
