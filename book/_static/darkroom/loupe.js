/** A loupe for the latent map: the neighbourhood of one place, magnified, each training digit in it written out. */

import { INK, PAPER, SAFELIGHT, digitStamp, paintMarks, trace } from "./map.js";
import { el } from "./ui.js";

const [NEAR, FAR] = [0.25, 1]; // half the width of what the loupe shows: for usual negatives, for very wide ones

/** How wide the loupe must look to show two standard deviations. @param {import("./network.js").Code} code */
export const loupeHalf = ({ zLogVar }) => (2 * Math.exp(Math.max(...zLogVar) / 2) > NEAR ? FAR : NEAR);

/** @param {import("./map.js").Points} points */
export function loupe(points) {
  const [PIXELS, SIDE] = [400, 160];
  const says = { role: "img", "aria-label": "The map around the negative, magnified" };
  const canvas = el("canvas", { class: "loupe", width: PIXELS, height: PIXELS, ...says });
  const context = canvas.getContext("2d");
  context.scale(PIXELS / SIDE, PIXELS / SIDE);

  /** @param {import("./map.js").Projection} at */
  function paintDigits(at) {
    for (let i = 0; i < points.labels.length; i++) {
      const [x, y] = at([points.codes[2 * i], points.codes[2 * i + 1]]);
      if (x < -6 || y < -6 || x > SIDE + 6 || y > SIDE + 6) continue;
      context.drawImage(digitStamp(points.labels[i]), x - 8, y - 8, 16, 16);
    }
  }

  return {
    node: canvas,
    /**
     * @param {ArrayLike<number>} centre
     * @param {number} half half the width of what is shown, in units of the plane
     * @param {import("./map.js").Marks} marks
     * @param {ArrayLike<number>[]} [specks] places of less importance
     */
    draw(centre, half, marks, specks = []) {
      const unit = SIDE / (2 * half);
      const at = (/** @type {ArrayLike<number>} */ z) => [
        SIDE / 2 + (z[0] - centre[0]) * unit,
        SIDE / 2 - (z[1] - centre[1]) * unit,
      ];
      context.fillStyle = PAPER;
      context.fillRect(0, 0, SIDE, SIDE);
      paintDigits(at);
      paintMarks(context, { code: marks.code }, at, unit);
      if (marks.code) paintMiddle(context, at(marks.code.zMean));
      context.fillStyle = INK;
      for (const z of specks) {
        const [x, y] = at(z);
        context.fillRect(x - 1.5, y - 1.5, 3, 3);
      }
      paintMarks(context, { ...marks, code: undefined }, at, unit);
    },
  };
}

/** A plus where the mean is. @param {CanvasRenderingContext2D} context @param {number[]} place */
function paintMiddle(context, [x, y]) {
  for (const [lineWidth, strokeStyle] of [[5, PAPER], [2, SAFELIGHT]]) {
    trace(context, `M${x - 7} ${y}h14M${x} ${y - 7}v14`, lineWidth, strokeStyle);
  }
}
