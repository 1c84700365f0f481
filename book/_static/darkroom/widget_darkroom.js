/** Landing page and chapter 1: draw a digit, see its negative, an exposure, and the print, all live. */

import { drawingBench } from "./drawing.js";
import { loupe, loupeHalf } from "./loupe.js";
import { LIMIT, latentMap, neighbours, unpackPoints } from "./map.js";
import { develop, expose } from "./maths.js";
import { decode, encode } from "./network.js";
import { normals } from "./noise.js";
import { afterPause, area, button, calm, captioned, describe, el, figures, picture, textTable } from "./ui.js";

const SPECKS = 200; // past exposures that the loupe keeps

/** @param {import("./mount.js").Stage} stage */
export function darkroom(stage) {
  const { network, data, say } = stage;
  const points = unpackPoints(data.points);
  const draw = normals(7);
  const epsilon = () => Float32Array.of(draw(), draw());

  const { digit, pad, drawing, tools, tiles } = drawingBench(stage, {
    onDraw(pixels) {
      seen.show(pixels);
      code = encode(network, pixels);
      noise = noise.slice(-1); // keep the exposure: what moves is the negative's doing
      [taken, inner, outer] = [0, 0, 0];
      tally();
      show();
      settled();
    },
  });
  let code = encode(network, digit(0));
  let noise = [epsilon()]; // of all exposures of this picture, the last one at the end
  let [taken, inner, outer] = [0, 0, 0];

  const seen = picture("What the camera sees, 28 by 28 pixels");
  const print = picture("The print of this exposure");
  const map = latentMap(points);
  const glass = loupe(points);
  const width = el("span");
  const numbers = textTable(["z[0]", "z[1]"], [["mean"], ["spread"], ["exposure"]]);
  const count = el("p", { class: "number" });
  const place = el("p", { class: "place" });
  const spread = () => figures(code.zLogVar.map((v) => Math.exp(v / 2)), 3);

  function tally() {
    const far = Math.hypot(...noise[noise.length - 1]); // in standard deviations
    taken++;
    if (far <= 1) inner++;
    if (far <= 2) outer++;
  }

  function show() {
    const z = expose(code, noise[noise.length - 1]);
    print.show(develop(decode(network, z)));
    const half = loupeHalf(code);
    map.draw({ code, frame: { z: code.zMean, half }, places: [{ z, kind: "dot", size: 0.3 }] });
    const dot = { z, kind: /** @type {const} */ ("dot"), size: 0.6 };
    glass.draw(code.zMean, half, { code, places: [dot] }, noise.slice(0, -1).map((each) => expose(code, each)));
    width.textContent = String(2 * half);
    numbers.show([figures(code.zMean), spread(), figures(z)]);
    const many = taken === 1 ? "1 exposure" : `${taken} exposures`;
    count.textContent = `${many}: ${inner} in the inner ellipse, ${outer} in the outer.`;
  }

  const settled = afterPause(500, () => {
    const { digit: most, votes, of } = neighbours(points, code.zMean);
    const outside = Math.max(...Array.from(code.zMean, Math.abs)) > LIMIT ? ", beyond the edge of the map" : "";
    const what = pad.empty ? "The pad is empty; even so it has a negative, and that" : "The negative";
    const text = `${what} lies among the ${most}s: ${votes} of the ${of} nearest training digits${outside}.`;
    place.textContent = text;
    describe(map, `The latent map: training digits in ten colours, an ellipse for this negative. ${text}`);
    const [m, s] = [figures(code.zMean), spread()];
    describe(glass, `The map around the negative, magnified: mean ${m.join(", ")}, spread ${s.join(", ")}.`);
    say(text);
  });

  function exposeAgain() {
    noise.push(epsilon());
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
  const keep = button("Keep exposing", () => {
    playing = !playing;
    keep.setAttribute("aria-pressed", String(playing));
    if (playing) tick();
    else say(count.textContent ?? "");
  }, { "aria-pressed": "false" });

  const lens = el(
    "span",
    {},
    "The loupe, ",
    width,
    ` units wide (the map: ${2 * LIMIT}): mean (+), spread (1 and 2 sigma), this exposure (dot), past ones (specks).`,
  );
  stage.body.classList.add("lab", "darkroom");
  stage.body.append(
    area("pad", drawing),
    area("seen", captioned(seen.node, "seen by the camera")),
    area("tools", ...tools),
    area("print", captioned(print.node, "the print")),
    area("expose", again, keep, count),
    area("place", place),
    area("map", captioned(map.node, "The negative among training digits. The circle is what the loupe shows.")),
    area("loupe", captioned(glass.node, lens)),
    area("numbers", numbers.node),
    area("tiles", tiles),
  );
  pad.put(digit(0));
}
