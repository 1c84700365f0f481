/** Chapter 17: a drawing, noise to a chosen strength, and a walk to another label: the drawing as an artwork. */

import { slant, thickness } from "./attributes.js";
import { drawingBench } from "./drawing.js";
import { numeral } from "./chart.js";
import { film } from "./film.js";
import { develop } from "./maths.js";
import { decode, encode } from "./network.js";
import { normals } from "./noise.js";
import { afterPause, area, button, captioned, choice, describe, el } from "./ui.js";
import { onFrame, picture, slider, textTable } from "./ui.js";
import { guidedWalk, unpackVelocity } from "./velocity.js";

const WHOLE = 10; // of the walk, as in the chapter
const QUICK = 3; // while something moves: a pixel is off by less than 0.01 on average, and finished after a pause
const FRAMES = 6; // of the walk, every second step

/** @param {import("./mount.js").Stage} stage */
export function drawingTable(stage) {
  const { network, data, say } = stage;
  const velocity = unpackVelocity(data.velocity);
  const { guidance } = data;

  const { digit, pad, drawing, tools, tiles } = drawingBench(stage, {
    label: "Your drawing",
    hint: "Your drawing. Keys: arrows move the pen, space bar puts it down or lifts it.",
    onDraw(pixels) {
      drawn = pixels;
      code = encode(network, drawn).zMean;
      show();
    },
    onTake: (pixels) => pad.put(pixels),
  });
  let { label, strength } = data;
  let seed = 1;
  let drawn = digit(data.start);
  let code = encode(network, drawn).zMean;
  let noise = draw();

  /** Noise of the current seed. */
  function draw() {
    const next = normals(seed);
    return Float32Array.from({ length: network.latentDim }, next);
  }

  const artwork = picture("The artwork");
  const strip = film(FRAMES, "six");
  const table = textTable(["drawing", "artwork"], [["slant"], ["thickness"]]);
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
    const rows = [(image) => numeral(slant(image)), (image) => `${numeral(thickness(image))} px`];
    table.show(rows.map((of) => [pad.empty ? "none" : of(drawn), of(print)]));
  }

  let walked = /** @type {Float32Array[]} */ ([]);
  const finish = afterPause(150, () => {
    walked = walk(WHOLE);
    paint(walked);
    showWalk();
  });
  const showWalk = onFrame(() => { // in a frame of its own, so that none takes long
    for (let i = 0; i < FRAMES; i++) strip.show(i, printOf(walked[Math.round((i * (walked.length - 1)) / (FRAMES - 1))]));
    describe(strip, `The walk in ${FRAMES} prints: from the drawing with its noise to the artwork, asked for: ${label}`);
  });

  const settled = afterPause(500, () => {
    const hand = table.read().map(([name, from, to]) => `${name}: drawing ${from}, artwork ${to}.`).join(" ");
    describe(artwork, `The artwork. ${place.textContent} ${hand}`);
    say(`${place.textContent} ${hand}`);
  });

  const labels = choice("Make it a", [..."0123456789"].map((figure) => [figure, figure]), String(label), (chosen) => {
    label = Number(chosen);
    show();
  });
  labels.classList.add("digits");
  const dial = slider({
    label: "Strength",
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
  stage.body.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    labels.querySelectorAll("input")[Number(event.key)].click();
    event.preventDefault();
  });

  const asked = [area("labels", labels), area("dial", dial.node), area("place", place), area("numbers", table.node)];
  stage.body.classList.add("lab", "drawing");
  stage.body.append(
    area("pad", drawing),
    area("print", captioned(artwork.node, "The artwork")),
    area("tools", ...tools, again),
    area("side", ...asked),
    area("strip", captioned(strip.node, "The walk: the drawing with its noise, then every second step.")),
    area("tiles", tiles),
  );
  pad.put(drawn);
  paint(walk(WHOLE));
}
