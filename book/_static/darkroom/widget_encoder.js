/** Chapter 2: several negatives of one digit and their prints; their spread is scaled, their noise stays. */

import { drawingBench } from "./drawing.js";
import { loupe } from "./loupe.js";
import { latentMap, neighbours, unpackPoints } from "./map.js";
import { develop, expose } from "./maths.js";
import { decode, encode } from "./network.js";
import { normals } from "./noise.js";
import { afterPause, area, button, captioned, describe, el, figures, onFrame, picture, slider } from "./ui.js";

const PRINTS = 12;
const PRINTS_AT_ONCE = 3; // prints of a frame: the others follow in the next ones, so that drawing is never held up
const START = 4; // of the test digits: the first 2
const HALF = 0.5; // half the width of the loupe: fixed, so that only the spread changes what it shows

/** A row of prints, each with the digit among whose training negatives it lies. */
function printStrip() {
  const prints = Array.from({ length: PRINTS }, (_, i) => {
    const [image, digit] = [picture(""), el("span", {}, "\u00a0")];
    const words = el("span", { class: "unseen" }, `Print ${i + 1} lies among the `);
    return { image, digit, item: el("li", {}, image.node, words, digit) };
  });
  return { node: el("ol", { class: "prints" }, ...prints.map(({ item }) => item)), prints };
}

/** @param {import("./mount.js").Stage} stage */
export function encoder(stage) {
  const { network, data, say } = stage;
  const points = unpackPoints(data.points);
  const draw = normals(11);
  const fresh = () => Array.from({ length: PRINTS }, () => Float32Array.of(draw(), draw()));

  const { digit, pad, drawing, tools, tiles } = drawingBench(stage, {
    onDraw(pixels) {
      seen.show(pixels);
      code = encode(network, pixels);
      show();
    },
  });
  let code = encode(network, digit(START));
  let noise = fresh(); // stays while the slider moves
  let scale = 1;

  const seen = picture("What the camera sees, 28 by 28 pixels");
  const map = latentMap(points);
  const glass = loupe(points);
  const strip = printStrip();
  const stated = el("p", { class: "number" });
  const share = el("p", { class: "number share" });

  let samples = /** @type {Float32Array[]} */ ([]);
  /** @type {ReturnType<typeof neighbours>} */
  let home;
  let waiting = 0; // prints that do not show the latest samples yet
  let next = 0; // of them

  /** Develop some of the prints. */
  function developSome() {
    for (let k = 0; k < PRINTS_AT_ONCE && waiting > 0; k++, waiting--, next = (next + 1) % PRINTS) {
      const { image, digit: kind, item } = strip.prints[next];
      image.show(develop(decode(network, samples[next])));
      kind.textContent = neighbours(points, samples[next]).digit;
      item.className = kind.textContent === home.digit ? "" : "stray";
    }
    if (waiting > 0) return goOn();
    const same = strip.prints.filter(({ item }) => !item.className).length;
    share.textContent = `At ${scale.toFixed(1)} sigma, ${same} of the ${PRINTS} prints lie among the ${home.digit}s.`;
  }
  const goOn = onFrame(developSome);

  function show() {
    const scaled = { zMean: code.zMean, zLogVar: code.zLogVar.map((v) => v + 2 * Math.log(scale)) };
    samples = noise.map((epsilon) => expose(scaled, epsilon));
    home = neighbours(points, code.zMean);
    waiting = PRINTS;
    developSome();
    const rays = { from: code.zMean, to: samples };
    const dots = (/** @type {number} */ size) => samples.map((z) => ({ z, kind: /** @type {const} */ ("dot"), size }));
    map.draw({ code: scaled, frame: { z: code.zMean, half: HALF }, places: dots(0.25) });
    glass.draw(code.zMean, HALF, { code: scaled, rays, places: dots(0.28) });
    const spread = code.zLogVar.map((v) => Math.exp(v / 2));
    stated.textContent =
      `The encoder says: mean (${figures(code.zMean).join(", ")}), sigma (${figures(spread, 3).join(", ")}). ` +
      `The mean lies among the ${home.digit}s: ${home.votes} of the ${home.of} nearest training digits.`;
    settled();
  }
  const redraw = onFrame(show);

  const settled = afterPause(600, () => {
    const text = `${share.textContent} ${stated.textContent}`;
    describe(map, `The latent map: training digits in ten colours and ${PRINTS} negatives of one digit. ${text}`);
    describe(glass, `The map around the negative, magnified, with ${PRINTS} negatives on rays from the mean. ${text}`);
    say(share.textContent ?? "");
  });

  const dial = slider({
    label: "Spread",
    max: 8,
    step: 0.1,
    value: scale,
    format: (v) => `${v.toFixed(1)} sigma`,
    onInput(value) {
      scale = value;
      redraw();
    },
  });
  const again = button("New noise", () => {
    noise = fresh();
    redraw();
  });
  const back = button("Back to 1 sigma", () => {
    scale = 1;
    dial.set(1);
    redraw();
  });
  const lens = `The loupe, ${2 * HALF} unit wide: the mean (+), the scaled spread (1 and 2 sigma), and the negatives.`;
  const below = "Under each print: the digit of most of the 15 training negatives nearest to its own; underlined if not the mean's.";
  stage.body.classList.add("lab", "encoder");
  stage.body.append(
    area("pad", drawing),
    area("seen", captioned(seen.node, "seen by the camera")),
    area("tools", ...tools),
    area("dial", dial.node, again, back),
    area("strip", strip.node, el("p", { class: "caption" }, below)),
    area("place", share, stated),
    area("map", captioned(map.node, "The negatives among training digits. The circle is what the loupe shows.")),
    area("loupe", captioned(glass.node, lens)),
    area("tiles", tiles),
  );
  pad.put(digit(START));
}
