/** Landing page and chapter 1: draw a digit, see its negative, an exposure, and the print, all live. */

import { loupe, loupeHalf } from "./loupe.js";
import { LIMIT, latentMap, neighbours, unpackPoints } from "./map.js";
import { develop, expose, normals } from "./maths.js";
import { bytesOf, decode, encode } from "./network.js";
import { drawingPad } from "./pad.js";
import { digitTiles } from "./tiles.js";
import { afterPause, area, button, calm, captioned, el, figures, picture, toggle } from "./ui.js";

const SPECKS = 200; // past exposures that the loupe keeps

/** Mean, spread and exposure as a table that is rewritten in place. */
function readout() {
  const row = (/** @type {string} */ name) => el("tr", {}, el("th", { scope: "row" }, name), el("td"), el("td"));
  const rows = ["mean", "spread", "exposure"].map(row);
  const head = ["", "z[0]", "z[1]"].map((name) => (name ? el("th", { scope: "col" }, name) : el("td")));
  return {
    node: el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)),
    /** @param {import("./network.js").Code} code @param {ArrayLike<number>} z */
    show({ zMean, zLogVar }, z) {
      const spread = Array.from(zLogVar, (v) => Math.exp(v / 2));
      [figures(zMean), figures(spread, 3), figures(z)].forEach((texts, i) => {
        texts.forEach((text, k) => (rows[i].children[k + 1].textContent = text));
      });
    },
  };
}

/** @param {import("./mount.js").Stage} stage */
export function darkroom(stage) {
  const { network, data, say } = stage;
  if (!network) return;
  const points = unpackPoints(data.points);
  const digits = Float32Array.from(bytesOf(data.digits), (grey) => grey / 255); // 784 values each
  const draw = normals(7);

  let x = digits.slice(0, 784);
  let code = encode(network, x);
  /** @type {Float32Array[]} the noise of all exposures of this picture, the last one at the end */
  let noise = [];
  let [taken, inner, outer] = [0, 0, 0];

  const seen = picture("What the camera sees, 28 by 28 pixels");
  const print = picture("The print of this exposure");
  const map = latentMap({ label: "The latent map", points, bold: 1.5 });
  const glass = loupe("The map around the negative, magnified", points);
  const width = el("span");
  const numbers = readout();
  const count = el("p", { class: "number" });
  const place = el("p", { class: "place" });

  const pad = drawingPad({
    label: "Draw a digit",
    say,
    onDraw(pixels) {
      x = pixels;
      seen.show(x);
      code = encode(/** @type {any} */ (network), x);
      noise = noise.slice(-1); // keep the exposure: what moves is the negative's doing
      if (noise.length === 0) noise.push(Float32Array.of(draw(), draw()));
      [taken, inner, outer] = [0, 0, 0];
      tally();
      show();
      settled();
    },
  });

  function tally() {
    const far = Math.hypot(...noise[noise.length - 1]); // in standard deviations
    taken++;
    if (far <= 1) inner++;
    if (far <= 2) outer++;
  }

  function show() {
    const z = expose(code, noise[noise.length - 1]);
    print.show(develop(decode(/** @type {any} */ (network), z)));
    const half = loupeHalf(code);
    map.draw({ code, frame: { z: code.zMean, half }, places: [{ z, kind: "dot", size: 0.3 }] });
    const marks = { code, places: [{ z, kind: /** @type {const} */ ("dot"), size: 0.6 }] };
    glass.draw(code.zMean, half, marks, noise.slice(0, -1).map((epsilon) => expose(code, epsilon)));
    width.textContent = String(2 * half);
    numbers.show(code, z);
    const many = taken === 1 ? "1 exposure" : `${taken} exposures`;
    count.textContent = `${many}: ${inner} in the inner ellipse, ${outer} in the outer.`;
  }

  let opened = false; // nothing is announced before the reader does something
  const settled = afterPause(500, () => {
    const { digit, votes, of } = neighbours(points, code.zMean);
    const outside = Math.max(...Array.from(code.zMean, Math.abs)) > LIMIT ? ", beyond the edge of the map" : "";
    const what = pad.empty ? "The pad is empty; even so it has a negative, and that" : "The negative";
    const text = `${what} lies among the ${digit}s: ${votes} of the ${of} nearest training digits${outside}.`;
    place.textContent = text;
    map.describe(`The latent map: training digits in ten colours, an ellipse for this negative. ${text}`);
    const [m, s] = [figures(code.zMean), figures(code.zLogVar.map((v) => Math.exp(v / 2)), 3)];
    glass.describe(`The map around the negative, magnified: mean ${m.join(", ")}, spread ${s.join(", ")}.`);
    if (opened) say(text);
    opened = true;
  });

  function exposeAgain() {
    noise.push(Float32Array.of(draw(), draw()));
    if (noise.length > SPECKS) noise.shift();
    tally();
    show();
  }
  const again = button("Expose again", () => {
    exposeAgain();
    say(`Exposure ${taken}: ${figures(expose(code, noise[noise.length - 1])).join(", ")}.`);
  });
  let playing = false;
  const tick = () => {
    if (!playing || !keep.isConnected) return;
    exposeAgain();
    setTimeout(tick, calm() ? 1500 : 400);
  };
  const keep = toggle("Keep exposing", false, (on) => {
    playing = on;
    if (on) tick();
    else say(count.textContent ?? "");
  });
  const tiles = digitTiles(digits, data.labels, (pixels, label) => {
    pad.put(pixels);
    say(`A test digit, a ${label}, lies in front of the camera.`);
  });

  const lens = el(
    "span",
    {},
    "The loupe, ",
    width,
    ` units wide (the map: ${2 * LIMIT}): mean (+), spread (1 and 2 sigma), this exposure (dot), past ones (specks).`,
  );
  stage.body.append(
    el(
      "div",
      { class: "lab darkroom" },
      area("pad", captioned(pad.node, "Draw here. By keyboard: arrow keys, space bar for pen down and up, Backspace.")),
      area("seen", captioned(seen.node, "seen by the camera")),
      area("tools", button("Clear", pad.clear), button("Undo", pad.undo)),
      area("print", captioned(print.node, "the print")),
      area("expose", again, keep, count),
      area("place", place),
      area("map", captioned(map.node, "The negative among training digits. The circle is what the loupe shows.")),
      area("loupe", captioned(glass.node, lens)),
      area("numbers", numbers.node),
      area("tiles", tiles),
    ),
  );
  pad.put(x);
}
