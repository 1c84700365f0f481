/** Chapter 17: a drawing, noise to a chosen strength, and a walk to another label: the drawing as an artwork. */

import { slant, thickness } from "./attributes.js";
import { numeral } from "./chart.js";
import { film } from "./film.js";
import { develop, normals } from "./maths.js";
import { bytesOf, decode, encode } from "./network.js";
import { drawingPad } from "./pad.js";
import { digitTiles } from "./tiles.js";
import { afterPause, area, button, captioned, choice, el, onFrame, picture, slider } from "./ui.js";
import { guidedWalk, unpackVelocity } from "./velocity.js";

const WHOLE = 10; // of the walk, as in the chapter
const QUICK = 3; // while something moves: a pixel is off by less than 0.01 on average, and finished after a pause
const FRAMES = 6; // of the walk, every second step

/** What of the hand is measured, drawing and artwork side by side. @param {string[]} names */
function handTable(names) {
  const rows = names.map((name) => el("tr", {}, el("th", { scope: "row" }, name), el("td"), el("td")));
  const head = ["", "drawing", "artwork"].map((name) => (name ? el("th", { scope: "col" }, name) : el("td")));
  return {
    node: el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)),
    /** @param {string[][]} columns of the drawing and of the artwork */
    show(columns) {
      rows.forEach((row, i) => columns.forEach((column, k) => (row.children[k + 1].textContent = column[i])));
    },
  };
}

/** @param {import("./mount.js").Stage} stage */
export function drawingTable(stage) {
  const { data, say } = stage;
  const network = /** @type {import("./network.js").Network} */ (stage.network);
  if (!network) return;
  const velocity = unpackVelocity(data.velocity);
  const digits = Float32Array.from(bytesOf(data.digits), (grey) => grey / 255); // 784 values each
  const { guidance } = data;

  let label = data.label;
  let strength = data.strength;
  let seed = 1;
  let drawn = digits.slice(784 * data.start, 784 * (data.start + 1));
  let code = encode(network, drawn).zMean;
  let noise = draw();

  /** Noise of the current seed. */
  function draw() {
    const next = normals(seed);
    return Float32Array.from({ length: network.latentDim }, next);
  }

  const artwork = picture("The artwork");
  const strip = film(FRAMES, "six");
  const table = handTable(["slant", "thickness"]);
  const place = el("p", { class: "place number" });

  /** The strength: all of it, if there is no drawing. */
  const share = () => (pad.empty ? 1 : strength);
  const printOf = (/** @type {ArrayLike<number>} */ z) => develop(decode(network, z));

  /** Mix in the noise, and walk. @param {number} steps */
  function walk(steps) {
    const s = share();
    const z = code.map((value, i) => (1 - s) * value + s * noise[i]);
    return s > 0 ? guidedWalk(velocity, z, label, { guidance, start: 1 - s, steps }) : [z];
  }

  const show = onFrame(() => {
    paint(walk(QUICK));
    const s = share();
    const how = pad.empty ? "the pad is empty, so the label alone decides" : `${Math.round(100 * s)} % noise`;
    place.textContent = `Asked for: ${label}, at strength ${s.toFixed(2)}: ${how}.`;
    finish();
    settled();
  });

  function paint(/** @type {Float32Array[]} */ places) {
    const print = printOf(places[places.length - 1]);
    artwork.show(print);
    const hand = (/** @type {ArrayLike<number>} */ image) => [numeral(slant(image)), `${numeral(thickness(image))} px`];
    table.show([pad.empty ? ["none", "none"] : hand(drawn), hand(print)]);
  }

  /** @type {Float32Array[]} */
  let walked = [];
  const finish = afterPause(150, () => {
    walked = walk(WHOLE);
    paint(walked);
    showWalk();
  });
  const showWalk = onFrame(() => { // in a frame of its own, so that none takes long
    for (let i = 0; i < FRAMES; i++) strip.show(i, printOf(walked[Math.round((i * (walked.length - 1)) / (FRAMES - 1))]));
    strip.describe(`The walk in ${FRAMES} prints: from the drawing with its noise to the artwork, asked for: ${label}`);
  });

  let opened = false; // nothing is announced before the reader does something
  const settled = afterPause(500, () => {
    const rows = [...table.node.querySelectorAll("tbody tr")].map((row) => [...row.children].map((c) => c.textContent));
    const hand = rows.map(([name, from, to]) => `${name}: drawing ${from}, artwork ${to}.`).join(" ");
    artwork.describe(`The artwork. ${place.textContent} ${hand}`);
    if (opened) say(`${place.textContent} ${hand}`);
    opened = true;
  });

  const pad = drawingPad({
    label: "Your drawing",
    say,
    onDraw(pixels) {
      drawn = pixels;
      code = encode(network, drawn).zMean;
      show();
    },
  });
  const labels = choice(
    "Make it a",
    Array.from({ length: 10 }, (_, digit) => [String(digit), String(digit)]),
    String(label),
    (chosen) => {
      label = Number(chosen);
      show();
    },
  );
  labels.classList.add("digits");
  const dial = slider({
    label: "Strength",
    min: 0,
    max: 1,
    step: 0.01,
    value: strength,
    onInput(value) {
      strength = value;
      show();
    },
  });
  const again = button("New noise", () => {
    seed++;
    noise = draw();
    show();
  });
  const tiles = digitTiles(digits, data.labels, (pixels) => pad.put(pixels));

  stage.body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    labels.querySelectorAll("input")[Number(event.key)].click();
    event.preventDefault();
  });

  stage.body.append(
    el(
      "div",
      { class: "lab drawing" },
      area("pad", captioned(pad.node, "Your drawing. Keys: arrows move the pen, space bar puts it down or lifts it.")),
      area("print", captioned(artwork.node, "The artwork")),
      area("tools", button("Clear", () => pad.clear()), button("Undo", () => pad.undo()), again),
      el(
        "div",
        { class: "side" },
        area("labels", labels),
        area("dial", dial.node),
        area("place", place),
        area("numbers", table.node),
      ),
      area("strip", captioned(strip.node, "The walk: the drawing with its noise, then every second step.")),
      area("tiles", tiles),
    ),
  );
  pad.put(drawn);
  paint(walk(WHOLE));
}
