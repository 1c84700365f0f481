/** The latent map: the plane of codes, the training digits as points, and marks on top. */

import { bytesOf } from "./network.js";
import { el } from "./ui.js";

const NAME = 39; // the width of a name on a map that is 480 wide; kinds whose middles all lie so near to each other are as one
export const LIMIT = 4; // half the width of the plane that is shown
// the colours of helpers.plots.DIGITS; kinds are named too, colour never stands alone
const COLOURS = ["#332288", "#cc6677", "#117733", "#88ccee", "#ddaa33", "#882255", "#44aa99", "#777777", "#aa4499", "#999933"];
// signs that a reader drew, A to L: among digits they are told apart by the shape of their points and names
const SIGN_COLOURS = [
  "#0072b2", "#d55e00", "#0000eb", "#590012", "#32a68f", "#000059",
  "#3dcc76", "#1b4059", "#4667eb", "#3dafcc", "#a64932", "#2100a6",
];
export const [PAPER, INK, SAFELIGHT] = ["#fbf8f3", "#24211d", "#c2410c"];

/** @typedef {{codes: Float32Array, labels: string}} Points codes: z0, z1, z0, z1, ...; a figure or a letter for each */

/** Whether a kind is a sign that a reader drew: a letter. @param {string} kind */
export const isSign = (kind) => kind > "9";
const colourOf = (/** @type {string} */ kind) => (isSign(kind) ? SIGN_COLOURS[kind.charCodeAt(0) - 65] : COLOURS[Number(kind)]);

/** @param {{codes: string, labels: string, bits?: number}} packed whole numbers as base64, digits as a text */
export function unpackPoints({ codes, labels, bits = 8 }) {
  const { buffer } = bytesOf(codes);
  const whole = bits === 16 ? new Int16Array(buffer) : new Int8Array(buffer);
  return { codes: Float32Array.from(whole, (c) => (c * 5) / (2 ** (bits - 1) - 1)), labels };
}

/** The digit that most of the nearest points stand for. @param {Points} points @param {ArrayLike<number>} z */
export function neighbours({ codes, labels }, z, count = 15) {
  const far = new Float64Array(count).fill(Infinity); // the nearest so far, in order: quicker than to sort them all
  const near = new Int32Array(count);
  for (let i = 0; i < labels.length; i++) {
    const squared = (codes[2 * i] - z[0]) ** 2 + (codes[2 * i + 1] - z[1]) ** 2;
    if (squared >= far[count - 1]) continue;
    let k = count - 1;
    for (; k > 0 && far[k - 1] > squared; k--) {
      far[k] = far[k - 1];
      near[k] = near[k - 1];
    }
    far[k] = squared;
    near[k] = i;
  }
  /** @type {Record<string, number>} */
  const votes = {};
  for (const i of near) votes[labels[i]] = (votes[labels[i]] ?? 0) + 1;
  const [digit] = Object.entries(votes).sort((a, b) => b[1] - a[1])[0];
  return { digit, votes: votes[digit], of: count };
}

/**
 * @typedef {object} Marks
 * @property {import("./network.js").Code} [code] drawn as the ellipses of one and two standard deviations
 * @property {{z: ArrayLike<number>, kind: "dot" | "ring", name?: string, size?: number}[]} [places]
 *   `size` 1 is a mark that is seen at once
 * @property {ArrayLike<number>[]} [path]
 * @property {{z: ArrayLike<number>, half: number}} [frame] a circle: what a loupe shows
 * @property {{from: ArrayLike<number>, to: ArrayLike<number>[]}} [rays] thin lines
 */

/** @typedef {(z: ArrayLike<number>) => number[]} Projection from the plane to a canvas */

/**
 * Stroke a path that is written as in SVG.
 *
 * @param {CanvasRenderingContext2D} context @param {string} path @param {number} lineWidth
 */
export function trace(context, path, lineWidth, strokeStyle = INK) {
  Object.assign(context, { lineWidth, strokeStyle });
  context.stroke(new Path2D(path));
}

/**
 * Draw marks, on a map or in a loupe.
 *
 * @param {CanvasRenderingContext2D} context @param {Marks} marks
 * @param {Projection} at @param {number} unit the canvas's units for one of the plane
 */
export function paintMarks(context, { path, code, frame, rays, places = [] }, at, unit) {
  const there = (/** @type {ArrayLike<number>} */ z) => at(z).join(" ");
  if (path) trace(context, `M${path.map(there).join("L")}`, 4);
  if (code) paintCode(context, code, at, unit);
  if (frame) {
    circle(context, at(frame.z), frame.half * unit);
    Object.assign(context, { lineWidth: 2, strokeStyle: INK });
    context.stroke();
  }
  if (rays) trace(context, rays.to.map((z) => `M${there(rays.from)}L${there(z)}`).join(""), 1);
  for (const place of places) paintPlace(context, place, at);
}

/** Begin a circle. @param {CanvasRenderingContext2D} context @param {number[]} middle @param {number} radius */
function circle(context, [x, y], radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

/** Begin a diamond. @param {CanvasRenderingContext2D} context @param {number[]} middle @param {number} half of its width */
function diamond(context, [x, y], half) {
  context.beginPath();
  for (const [dx, dy] of [[0, -half], [half, 0], [0, half], [-half, 0]]) context.lineTo(x + dx, y + dy);
  context.closePath();
}

/** @param {CanvasRenderingContext2D} context @param {any} code @param {Projection} at @param {number} unit */
function paintCode(context, { zMean, zLogVar }, at, unit) {
  const [x, y] = at(zMean);
  for (const [deviations, alpha] of [[2, "33"], [1, "66"]]) {
    context.beginPath();
    const radii = [0, 1].map((k) => Math.max(2, Number(deviations) * Math.exp(0.5 * zLogVar[k]) * unit));
    context.ellipse(x, y, radii[0], radii[1], 0, 0, 2 * Math.PI);
    Object.assign(context, { fillStyle: SAFELIGHT + alpha, strokeStyle: SAFELIGHT, lineWidth: 2.5 });
    context.fill();
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {any} place @param {Projection} at */
function paintPlace(context, { z, kind, name, size = 1 }, at) {
  const [x, y] = at(z);
  circle(context, [x, y], size * (kind === "dot" ? 8 : 13));
  Object.assign(context, { lineWidth: 4 * size, strokeStyle: INK, fillStyle: INK });
  if (kind === "dot") context.fill();
  context.stroke();
  if (name) context.drawImage(nameStamp(name), x + 12, y - 44, 150, 50);
}

/** @type {Record<string, HTMLCanvasElement>} */
const stamps = {}; // text is slow to draw: each is drawn once, twice as large

/** @param {string} key @param {number} width @param {number} height @param {(context: any) => void} paint */
function stamp(key, width, height, paint) {
  if (!stamps[key]) {
    stamps[key] = el("canvas", { width: 2 * width, height: 2 * height });
    const context = stamps[key].getContext("2d");
    context.scale(2, 2);
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    paint(context);
  }
  return stamps[key];
}

/** A name with paper around it. @param {string} name */
const nameStamp = (name) =>
  stamp(`name ${name}`, 150, 50, (context) => {
    Object.assign(context, { font: "600 24px system-ui, sans-serif", lineWidth: 6, strokeStyle: PAPER, fillStyle: INK });
    Object.assign(context, { textAlign: "start", textBaseline: "alphabetic" });
    context.strokeText(name, 6, 30);
    context.fillText(name, 6, 30);
  });

/** Names a kind on the map: digits in a circle, signs in a diamond. @param {string} kind */
const kindStamp = (kind) =>
  stamp(`kind ${kind}`, 40, 40, (context) => {
    Object.assign(context, { fillStyle: PAPER, strokeStyle: colourOf(kind), lineWidth: 3 });
    if (isSign(kind)) diamond(context, [20, 20], 18.5);
    else circle(context, [20, 20], 18);
    context.fill();
    context.stroke();
    Object.assign(context, { fillStyle: INK, font: `600 ${isSign(kind) ? 20 : 24}px system-ui, sans-serif` });
    context.fillText(kind, 20, 21);
  });

/** A digit on a disc of its colour, for a loupe. @param {string} digit */
export const digitStamp = (digit) =>
  stamp(`digit ${digit}`, 16, 16, (context) => {
    Object.assign(context, { globalAlpha: 0.35, fillStyle: colourOf(digit) });
    circle(context, [8, 8], 6.5);
    context.fill();
    Object.assign(context, { globalAlpha: 1, fillStyle: INK, font: "600 10px system-ui, sans-serif" });
    context.fillText(digit, 8, 8.5);
  });

/** Move places that are nearer than `gap` apart, in place, so that no name covers another. @param {number[][]} places */
function moveApart(places, gap) {
  for (let round = 0; round < 30; round++) {
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(0, i)) {
        const [dx, dy] = [a[0] - b[0] || 0.1 * i + 0.1, a[1] - b[1]]; // two at one place part as well
        const far = Math.hypot(dx, dy);
        if (far >= gap) continue;
        const push = (gap - far) / 2 / far;
        a[0] += dx * push;
        a[1] += dy * push;
        b[0] -= dx * push;
        b[1] -= dy * push;
      }
    }
  }
}

/**
 * @param {Points} points
 * @param {(z: Float32Array) => void} [onPick] called while the reader drags; offer sliders beside it for keys
 */
export function latentMap(points, onPick) {
  const PIXELS = devicePixelRatio > 1 ? 720 : 480; // more than a screen shows would cost time
  const EDGE = 480; // names, points and marks are large enough for a map that is shown small
  let limit = LIMIT;
  let unit = EDGE / (2 * limit);
  const says = { role: "img", "aria-label": "The latent map" };
  const canvas = el("canvas", { class: onPick ? "map live" : "map", width: PIXELS, height: PIXELS, ...says });
  const ground = el("canvas", { width: PIXELS, height: PIXELS });
  const context = canvas.getContext("2d");
  for (const each of [canvas, ground]) each.getContext("2d").scale(PIXELS / EDGE, PIXELS / EDGE);
  const at = (/** @type {ArrayLike<number>} */ z) => [(z[0] + limit) * unit, (limit - z[1]) * unit];

  /** @param {Points} shown @param {number} [half] half the width of the plane that is shown from now on */
  function paintGround(shown, half = limit) {
    [limit, unit] = [half, EDGE / (2 * half)];
    const g = ground.getContext("2d");
    g.fillStyle = PAPER;
    g.fillRect(0, 0, EDGE, EDGE);
    Object.assign(g, { strokeStyle: "#e3dbcd", lineWidth: 1 });
    for (const r of [1, 2, 3]) {
      circle(g, [EDGE / 2, EDGE / 2], r * unit);
      g.stroke();
    }
    g.globalAlpha = 0.6;
    for (let i = 0; i < shown.labels.length; i++) {
      const [x, y] = at([shown.codes[2 * i], shown.codes[2 * i + 1]]);
      g.fillStyle = colourOf(shown.labels[i]);
      if (isSign(shown.labels[i])) {
        diamond(g, [x, y], 4);
        g.fill();
      } else g.fillRect(x - 2.5, y - 2.5, 5, 5);
    }
    g.globalAlpha = 1;
    const names = [...new Set(shown.labels)].sort().map((kind) => {
      const mine = [...shown.labels].flatMap((label, i) => (label === kind ? [i] : []));
      const median = (/** @type {number} */ k) =>
        mine.map((i) => shown.codes[2 * i + k]).sort((p, q) => p - q)[mine.length >> 1];
      return { kind, place: at([median(0), median(1)]) };
    });
    const [first] = names;
    if (names.length > 1 && names.every(({ place }) => Math.hypot(place[0] - first.place[0], place[1] - first.place[1]) < NAME)) {
      g.drawImage(nameStamp("all kinds"), first.place[0] + 6, first.place[1] - 44, 150, 50); // apart, they would look like order
      return;
    }
    moveApart(names.map(({ place }) => place), NAME);
    for (const { kind, place: [x, y] } of names) g.drawImage(kindStamp(kind), x - 20, y - 20, 40, 40);
  }

  /** @param {Marks} [marks] */
  function draw(marks = {}) {
    context.drawImage(ground, 0, 0, EDGE, EDGE);
    paintMarks(context, marks, at, unit);
  }

  let dragging = false;
  const pick = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    const inside = (/** @type {number} */ v) => Math.max(-limit, Math.min(limit, v));
    const z0 = inside((2 * (event.clientX - box.left) / box.width - 1) * limit);
    const z1 = inside((1 - 2 * (event.clientY - box.top) / box.height) * limit);
    onPick?.(Float32Array.of(z0, z1));
  };
  if (onPick) {
    canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      dragging = true;
      pick(event);
    });
    canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => dragging && pick(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (dragging = false));
  }
  paintGround(points);
  draw();
  return {
    node: canvas,
    draw,
    setPoints: paintGround,
  };
}
