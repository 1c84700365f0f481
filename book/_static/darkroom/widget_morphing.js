/** Chapter 7: walk over the plane and watch the print; morph between two digits; lean and thicken what is there. */

import { slant, thickness } from "./attributes.js";
import { drawingBench } from "./drawing.js";
import { numeral } from "./chart.js";
import { film } from "./film.js";
import { LIMIT, latentMap, neighbours, unpackPoints } from "./map.js";
import { develop, lerp, slerp } from "./maths.js";
import { decode, encode } from "./network.js";
import { afterPause, area, captioned, choice, describe, el, onFrame } from "./ui.js";
import { picture, playButton, slider, textTable } from "./ui.js";

const WAYS = { straight: lerp, spherical: slerp };
const FILM = 9; // frames of the strip
const STEPS = 40; // of the line on the map
const MOST = 3; // standard deviations that an attribute can be asked for

/** Within the map. @param {ArrayLike<number>} z @returns {Float32Array} */
const onMap = (z) => Float32Array.from(z, (value) => Math.max(-LIMIT, Math.min(LIMIT, value)));

/** A number with its sign. @param {number} value */
const signed = (value, places = 2) => (Number(value.toFixed(places)) > 0 ? "+" : "") + numeral(value, places);

/** Small pictures of the two digits, with what they are. @param {string[]} names */
function twoEnds(names) {
  const ends = names.map((name) => ({ image: picture(name), text: el("span"), name }));
  const figure = (/** @type {typeof ends[0]} */ end) => captioned(end.image.node, end.text);
  return {
    node: el("div", { class: "ends" }, ...ends.map(figure)),
    /** Mark the one that a tile or a drawing replaces. @param {number} i */
    choose: (i) => ends.forEach(({ image }, k) => image.node.classList.toggle("now", k === i)),
    /** @param {number} i @param {ArrayLike<number>} pixels @param {string} what */
    show(i, pixels, what) {
      const { image, text, name } = ends[i];
      image.show(pixels);
      describe(image, `${name}: ${what}`);
      text.textContent = `${name}: ${what}`;
    },
  };
}

/** @param {import("./mount.js").Stage} stage */
export function morphing(stage) {
  const { network, data, say } = stage;
  const points = unpackPoints(data.points);
  const { directions, scales } = data; // of slant and thickness: one standard deviation in codes, and in their units
  const measures = [slant, thickness];

  const { digit, pad, drawing, tools, tiles } = drawingBench(stage, {
    label: "Draw the start or the end",
    hint: "By keyboard: arrow keys, space bar for pen down and up, Backspace.",
    onDraw(pixels) {
      if (!pad.empty) setEnd(chosen, pixels, "your drawing");
    },
    onTake: (pixels, label) => setEnd(chosen, pixels, `a test digit, a ${label}`),
  });
  const codeOf = (/** @type {ArrayLike<number>} */ pixels) => onMap(encode(network, pixels).zMean);
  const ends = data.start.map((/** @type {number} */ i) => codeOf(digit(i)));
  let way = /** @type {keyof typeof WAYS} */ ("straight");
  let t = 0; // on the way
  let walking = true; // on the way, or free on the map
  let base = ends[0]; // where the reader stands
  const asked = [0, 0]; // of the attributes, from there on
  let chosen = 0; // the end that tiles and pad set
  let path = /** @type {Float32Array[]} */ ([]);

  const map = latentMap(points, go);
  const print = picture("The print");
  const plain = picture("The print before leaning and thickening");
  const strip = film(FILM, "nine");
  const table = textTable(["asked", "got", "print"], [["slant"], ["thickness"]]);
  const pictures = twoEnds(["Start", "End"]);
  const place = el("p", { class: "place number" });

  const printOf = (/** @type {ArrayLike<number>} */ z) => develop(decode(network, z));

  /** Where the attributes lead from the base. */
  function shifted() {
    return onMap(base.map((value, k) => value + asked[0] * directions[0][k] + asked[1] * directions[1][k]));
  }

  const show = onFrame(() => {
    const z = shifted();
    const [before, after] = [printOf(base), printOf(z)];
    plain.show(before);
    print.show(after);
    const got = (/** @type {number} */ i) => (measures[i](after) - measures[i](before)) / scales[i];
    table.show(measures.map((measure, i) => [signed(asked[i], 1), signed(got(i)), numeral(measure(after))]));
    dials.forEach((dial, k) => dial.value !== z[k] && dial.set(z[k]));
    paintMap(z);
    strip.mark(walking ? Math.round(t * (FILM - 1)) : null);
    place.textContent = `${walking ? onTheWay() : "Free on the map"}: ${where(z)}`;
    settled();
  });

  function paintMap(/** @type {Float32Array} */ z) {
    const rings = ends.map((/** @type {Float32Array} */ end, /** @type {number} */ i) => {
      return { z: end, kind: /** @type {const} */ ("ring"), name: ["start", "end"][i] };
    });
    const rays = asked[0] || asked[1] ? { from: base, to: [z] } : undefined;
    map.draw({ path, rays, places: [...rings, { z, kind: "dot" }] });
  }

  const onTheWay = () => `On the ${way} way, at ${t.toFixed(2)}`;
  function where(/** @type {Float32Array} */ z) {
    const near = neighbours(points, z);
    const [a, b] = Array.from(z, (value) => numeral(value));
    const among = `${near.votes} of the ${near.of} nearest training digits are ${near.digit}s`;
    return `z = (${a}, ${b}), ${Math.hypot(...z).toFixed(2)} from the centre; ${among}.`;
  }

  const settled = afterPause(500, () => {
    const text = place.textContent ?? "";
    const leaned = table.read().map(([name, want, got]) => `${name}: asked ${want}, got ${got}.`).join(" ");
    const more = asked[0] || asked[1] ? ` In standard deviations, ${leaned}` : "";
    describe(map, `The latent map: training digits in ten colours, a line from the start to the end. ${text}`);
    describe(print, `The print. ${text}${more}`);
    say(`${text}${more}`);
  });

  /** The reader stands elsewhere: the attributes begin anew there. @param {Float32Array} z @param {boolean} free */
  function stand(z, free) {
    base = z;
    walking = !free;
    asked.fill(0);
    for (const each of attributes) if (each.value !== 0) each.set(0);
    show();
  }
  /** @param {Float32Array} z anywhere on the map */
  function go(z) {
    play.pause();
    stand(z, true);
  }
  /** @param {number} to from 0, the start, to 1, the end */
  function walk(to) {
    t = to;
    stand(WAYS[way](ends[0], ends[1], t), false);
  }

  /** Another way, or another end. */
  function lay() {
    const between = WAYS[way];
    path = Array.from({ length: STEPS + 1 }, (_, i) => between(ends[0], ends[1], i / STEPS));
    for (let i = 0; i < FILM; i++) strip.show(i, printOf(between(ends[0], ends[1], i / (FILM - 1))));
    describe(strip, `${FILM} prints on the ${way} way from the start to the end`);
    travel(t);
  }
  /** @param {number} i which end @param {Float32Array} pixels @param {string} what */
  function setEnd(i, pixels, what) {
    ends[i] = codeOf(pixels);
    pictures.show(i, pixels, what);
    play.pause();
    t = i;
    lay();
  }

  const dials = [0, 1].map((k) =>
    slider({
      label: `z[${k}]`,
      min: -LIMIT,
      max: LIMIT,
      step: 0.05,
      format: (v) => numeral(v),
      onInput(value) {
        const z = shifted();
        z[k] = value;
        go(z);
      },
    }),
  );
  const attributes = ["Lean", "Thicken"].map((label, i) =>
    slider({
      label,
      min: -MOST,
      max: MOST,
      step: 0.1,
      format: (v) => signed(v, 1),
      onInput(value) {
        play.pause();
        asked[i] = value;
        show();
      },
    }),
  );
  const along = slider({
    label: "On the way",
    onInput(value) {
      play.pause();
      walk(value);
    },
  });
  const travel = (/** @type {number} */ to) => {
    along.set(to);
    walk(to);
  };
  const play = playButton(travel, { seconds: 6, where: () => t });
  const ways = choice("Way", Object.keys(WAYS).map((name) => [name, name]), way, (name) => {
    way = /** @type {keyof typeof WAYS} */ (name);
    lay();
  });

  const target = choice("Choose the", [["0", "start"], ["1", "end"]], "0", (i) => {
    chosen = Number(i);
    pictures.choose(chosen);
    pad.clear(); // the drawing belongs to the other end
  });
  const folded = [el("summary", {}, "Draw a digit instead"), drawing, el("div", { class: "tools" }, ...tools)];

  data.start.forEach((/** @type {number} */ k, /** @type {number} */ i) => {
    pictures.show(i, digit(k), `a test digit, a ${data.labels[k]}`);
  });
  pictures.choose(chosen);
  lay();
  const units = el("p", { class: "caption" }, "Asked and got: standard deviations. Print: columns a row; pixels.");
  stage.body.classList.add("lab", "morphing");
  stage.body.append(
    area("map", captioned(map.node, "Drag over the map. Line: the way; dot: the negative that is printed.")),
    area("print", captioned(print.node, "the print")),
    area("plain", captioned(plain.node, "without lean and thicken")),
    area("place", place),
    area(
      "side",
      area("way", ways, play.node, along.node),
      area("numbers", ...attributes.map((each) => each.node), table.node, units),
      area("dials", ...dials.map((dial) => dial.node)),
    ),
    area("strip", strip.node),
    area("ends", pictures.node, target),
    area("tiles", tiles, el("details", {}, ...folded)),
  );
}
