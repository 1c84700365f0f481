/** A pad to draw a digit on, with mouse, finger, pen or keys, and what MNIST's makers would have made of it. */

import { el, onFrame } from "./ui.js";

/** @typedef {{x: number, y: number}} Point in units of the pad's side */
/** @typedef {Point[]} Stroke */

const RADIUS = 1.2; // of the pen, in pixels of the 28 x 28 picture: about MNIST's median stroke
const BOX = 20; // MNIST fits a digit into 20 x 20 pixels ...
const SIDE = 28; // ... and puts its centre of mass into the middle of 28 x 28

/**
 * Draw lines of strokes into 28 x 28 pixels: full ink up to the pen's radius, none a pixel further out.
 *
 * @param {Stroke[]} strokes @param {number} scale pixels a unit @param {number} dx @param {number} dy
 * @returns {Float32Array}
 */
function rasterise(strokes, scale, dx, dy) {
  const pixels = new Float32Array(SIDE * SIDE);
  for (const stroke of strokes) {
    for (let k = 0; k < stroke.length; k++) {
      const [a, b] = [stroke[Math.max(0, k - 1)], stroke[k]];
      if (k === 0 && stroke.length > 1) continue;
      const [ax, ay, bx, by] = [a.x * scale + dx, a.y * scale + dy, b.x * scale + dx, b.y * scale + dy];
      const [vx, vy] = [bx - ax, by - ay];
      const long = vx * vx + vy * vy;
      const reach = RADIUS + 1;
      const [left, right] = [Math.min(ax, bx) - reach, Math.max(ax, bx) + reach];
      const [top, bottom] = [Math.min(ay, by) - reach, Math.max(ay, by) + reach];
      for (let row = Math.max(0, Math.floor(top)); row < Math.min(SIDE, bottom); row++) {
        for (let column = Math.max(0, Math.floor(left)); column < Math.min(SIDE, right); column++) {
          const [px, py] = [column + 0.5 - ax, row + 0.5 - ay];
          const t = long > 0 ? Math.min(1, Math.max(0, (px * vx + py * vy) / long)) : 0;
          const ink = Math.min(1, Math.max(0, RADIUS + 0.5 - Math.hypot(px - t * vx, py - t * vy)));
          const i = row * SIDE + column;
          if (ink > pixels[i]) pixels[i] = ink;
        }
      }
    }
  }
  return pixels;
}

/**
 * Turn strokes into a picture as MNIST's: fitted into 20 x 20 pixels, centre of mass in the middle.
 *
 * @param {Stroke[]} strokes @returns {Float32Array} 784 values in [0, 1]
 */
export function asMnist(strokes) {
  const points = strokes.flat();
  if (points.length === 0) return new Float32Array(SIDE * SIDE);
  const [xs, ys] = [points.map((p) => p.x), points.map((p) => p.y)];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const scale = (BOX - 2 * RADIUS) / Math.max(width, height, 0.15); // a dot is not blown up
  const [dx, dy] = [SIDE / 2 - scale * (left + width / 2), SIDE / 2 - scale * (top + height / 2)];
  const middle = rasterise(strokes, scale, dx, dy);
  let [ink, across, down] = [0, 0, 0];
  middle.forEach((value, i) => {
    ink += value;
    across += value * ((i % SIDE) + 0.5);
    down += value * (Math.floor(i / SIDE) + 0.5);
  });
  const clamp = (/** @type {number} */ shift) => Math.max(-4, Math.min(4, shift)); // stay within the picture
  return rasterise(strokes, scale, dx + clamp(SIDE / 2 - across / ink), dy + clamp(SIDE / 2 - down / ink));
}

/**
 * The pad. Arrow keys move the pen (with Shift: faster), the space bar puts it down and lifts it, Backspace takes
 * the last stroke back.
 *
 * @param {{label: string, say: (text: string) => void, onDraw: (pixels: Float32Array) => void}} options
 *   `onDraw` gets the picture as MNIST's after every change, at most once a frame
 */
export function drawingPad({ label, say, onDraw }) {
  const PIXELS = 320;
  const help = "Arrow keys move the pen, the space bar puts it down or lifts it, Backspace takes a stroke back.";
  const canvas = el("canvas", {
    class: "pad",
    width: PIXELS,
    height: PIXELS,
    tabindex: 0,
    role: "application",
    "aria-roledescription": "drawing pad",
    "aria-label": `${label}. ${help}`,
  });
  const context = canvas.getContext("2d");
  let strokes = /** @type {Stroke[]} */ ([]);
  let given = /** @type {Float32Array | null} */ (null); // a picture that was put here, until something is drawn
  let pen = { x: 0.5, y: 0.3 };
  let down = false; // the keyboard's pen
  let pointer = /** @type {number | null} */ (null);

  function paint() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, PIXELS, PIXELS);
    if (given) {
      const cell = PIXELS / SIDE;
      given.forEach((value, i) => {
        const grey = Math.round(255 * value);
        context.fillStyle = `rgb(${grey},${grey},${grey})`;
        context.fillRect((i % SIDE) * cell, Math.floor(i / SIDE) * cell, cell + 1, cell + 1);
      });
    }
    context.strokeStyle = context.fillStyle = "#fff";
    Object.assign(context, { lineWidth: PIXELS * 0.085, lineCap: "round", lineJoin: "round" });
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(({ x, y }, i) => context[i ? "lineTo" : "moveTo"](x * PIXELS, y * PIXELS));
      if (stroke.length === 1) context.lineTo(stroke[0].x * PIXELS + 0.1, stroke[0].y * PIXELS);
      context.stroke();
    }
    if (canvas.matches(":focus-visible") && pointer === null) {
      context.beginPath();
      context.arc(pen.x * PIXELS, pen.y * PIXELS, PIXELS * 0.05, 0, 2 * Math.PI);
      Object.assign(context, { lineWidth: 3, strokeStyle: down ? "#ffb45e" : "#8fc7ff" });
      context.stroke();
    }
  }

  const change = onFrame(() => {
    paint();
    onDraw(given ?? asMnist(strokes));
  });

  /** @param {Point} point @param {boolean} fresh whether a new stroke begins */
  function add(point, fresh) {
    given = null;
    if (fresh) strokes.push([]);
    const stroke = strokes[strokes.length - 1];
    const last = stroke[stroke.length - 1];
    if (last && Math.hypot(last.x - point.x, last.y - point.y) < 0.012) return; // fewer points, as good a line
    stroke.push(point);
    change();
  }

  const inside = (/** @type {number} */ v) => Math.min(0.96, Math.max(0.04, v));
  const place = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: inside((event.clientX - box.left) / box.width), y: inside((event.clientY - box.top) / box.height) };
  };
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (pointer !== null || event.button > 0) return;
    event.preventDefault(); // no selection, no scrolling; but the focus is wanted:
    canvas.focus({ preventScroll: true });
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    down = false;
    add(place(event), true);
  });
  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (event.pointerId !== pointer) return;
    for (const each of event.getCoalescedEvents?.() ?? []) add(place(each), false);
    add(place(event), false);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (/** @type {PointerEvent} */ event) => {
      if (event.pointerId === pointer) pointer = null;
    });
  }
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = event.shiftKey ? 0.12 : 0.04;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (way) {
      pen = { x: inside(pen.x + way[0]), y: inside(pen.y + way[1]) };
      if (down) add({ ...pen }, false);
    } else if (event.key === " ") {
      down = !down;
      if (down) add({ ...pen }, true);
      say(down ? "Pen down" : "Pen up");
    } else if (event.key === "Backspace") {
      api.undo();
    } else return;
    event.preventDefault();
    paint();
  });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, paint);

  /** @param {Stroke[]} left @param {Float32Array | null} [pixels] */
  function restart(left, pixels = null) {
    strokes = left;
    given = pixels;
    down = false;
    change();
  }
  const api = {
    node: canvas,
    undo() {
      restart(strokes.slice(0, -1));
      say("Stroke taken back");
    },
    clear: () => restart([]),
    /** Put a picture on the pad, until something is drawn. @param {Float32Array} pixels */
    put: (pixels) => restart([], pixels),
    get empty() {
      return given === null && strokes.length === 0;
    },
  };
  paint();
  return api;
}
