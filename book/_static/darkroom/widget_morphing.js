/** Chapter 7: walk over the plane and watch the print; morph between two digits; lean and thicken what is there. */

import { slant, thickness } from "./attributes.js";
import { numeral } from "./chart.js";
import { film } from "./film.js";
import { LIMIT, latentMap, neighbours, unpackPoints } from "./map.js";
import { develop, lerp, slerp } from "./maths.js";
import { bytesOf, decode, encode } from "./network.js";
import { drawingPad } from "./pad.js";
import { digitTiles } from "./tiles.js";
import { afterPause, area, button, captioned, choice, el, onFrame, picture, playButton, slider } from "./ui.js";

const WAYS = { straight: lerp, spherical: slerp };
const FILM = 9; // frames of the strip
const STEPS = 40; // of the line on the map
const MOST = 3; // standard deviations that an attribute can be asked for

/** Within the map. @param {ArrayLike<number>} z @returns {Float32Array} */
const onMap = (z) => Float32Array.from(z, (value) => Math.max(-LIMIT, Math.min(LIMIT, value)));

/** A number with its sign. @param {number} value */
const signed = (value, places = 2) => (Number(value.toFixed(places)) > 0 ? "+" : "") + numeral(value, places);

/** What was asked of each attribute and what the print shows. @param {string[]} names */
function verdictTable(names) {
  const rows = names.map((name) => el("tr", {}, el("th", { scope: "row" }, name), el("td"), el("td"), el("td")));
  const head = ["", "asked", "got", "print"].map((name) => (name ? el("th", { scope: "col" }, name) : el("td")));
  return {
    node: el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)),
    /** @param {number[]} asked @param {number[]} got @param {number[]} print */
    show(asked, got, print) {
      rows.forEach((row, i) => {
        const texts = [signed(asked[i], 1), signed(got[i]), numeral(print[i])];
        texts.forEach((text, k) => (row.children[k + 1].textContent = text));
      });
    },
  };
}

/** Small pictures of the two digits, with what they are. @param {string[]} names */
function twoEnds(names) {
  const ends = names.map((name) => ({ image: picture("", 56), text: el("span"), name }));
  const figure = (/** @type {typeof ends[0]} */ end) => captioned(end.image.node, end.text);
  return {
    node: el("div", { class: "ends" }, ...ends.map(figure)),
    /** Mark the one that a tile or a drawing replaces. @param {number} i */
    choose: (i) => ends.forEach(({ image }, k) => image.node.classList.toggle("now", k === i)),
    /** @param {number} i @param {ArrayLike<number>} pixels @param {string} what */
    show(i, pixels, what) {
      const { image, text, name } = ends[i];
      image.show(pixels);
      image.describe(`${name}: ${what}`);
      text.textContent = `${name}: ${what}`;
    },
  };
}

/** @param {import("./mount.js").Stage} stage */
export function morphing(stage) {
  const { data, say } = stage;
  const network = /** @type {import("./network.js").Network} */ (stage.network);
  if (!network) return;
  const points = unpackPoints(data.points);
  const digits = Float32Array.from(bytesOf(data.digits), (grey) => grey / 255); // 784 values each
  const { directions, scales } = data; // of slant and thickness: one standard deviation in codes, and in their units
  const measures = [slant, thickness];

  const ends = data.start.map((/** @type {number} */ i) => codeOf(digits.slice(784 * i, 784 * (i + 1))));
  /** @type {keyof typeof WAYS} */
  let way = "straight";
  let t = 0; // on the way
  let walking = true; // on the way, or free on the map
  let base = ends[0]; // where the reader stands
  const asked = [0, 0]; // of the attributes, from there on
  let chosen = 0; // the end that tiles and pad set
  /** @type {Float32Array[]} */
  let path = [];

  const map = latentMap({ label: "The latent map", points, bold: 1.5, onPick: go });
  const print = picture("The print");
  const plain = picture("The print before leaning and thickening");
  const strip = film(FILM, "nine");
  const table = verdictTable(["slant", "thickness"]);
  const pictures = twoEnds(["Start", "End"]);
  const place = el("p", { class: "place number" });

  /** @param {ArrayLike<number>} pixels */
  function codeOf(pixels) {
    return onMap(encode(network, pixels).zMean);
  }
  const printOf = (/** @type {ArrayLike<number>} */ z) => develop(decode(network, z));

  /** Where the attributes lead from the base. */
  function shifted() {
    const z = base.map((value, k) => value + asked[0] * directions[0][k] + asked[1] * directions[1][k]);
    return onMap(z);
  }

  const show = onFrame(() => {
    const z = shifted();
    const [before, after] = [printOf(base), printOf(z)];
    plain.show(before);
    print.show(after);
    const got = measures.map((measure, i) => (measure(after) - measure(before)) / scales[i]);
    table.show(asked, got, measures.map((measure) => measure(after)));
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

  let opened = false; // nothing is announced before the reader does something
  const settled = afterPause(500, () => {
    const text = place.textContent ?? "";
    const rows = [...table.node.querySelectorAll("tbody tr")].map((row) => [...row.children].map((c) => c.textContent));
    const leaned = rows.map(([name, want, got]) => `${name}: asked ${want}, got ${got}.`).join(" ");
    const more = asked[0] || asked[1] ? ` In standard deviations, ${leaned}` : "";
    map.describe(`The latent map: training digits in ten colours, a line from the start to the end. ${text}`);
    print.describe(`The print. ${text}${more}`);
    if (opened) say(`${text}${more}`);
    opened = true;
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
    strip.describe(`${FILM} prints on the ${way} way from the start to the end`);
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
      value: 0,
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
      value: 0,
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
    min: 0,
    max: 1,
    step: 0.01,
    value: 0,
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
  const tiles = digitTiles(digits, data.labels, (pixels, label) => setEnd(chosen, pixels, `a test digit, a ${label}`));
  const pad = drawingPad({
    label: "Draw the start or the end",
    say,
    onDraw(pixels) {
      if (!pad.empty) setEnd(chosen, pixels, "your drawing");
    },
  });
  const drawing = el(
    "details",
    {},
    el("summary", {}, "Draw a digit instead"),
    captioned(pad.node, "By keyboard: arrow keys, space bar for pen down and up, Backspace."),
    el("div", { class: "tools" }, button("Clear", () => pad.clear()), button("Undo", () => pad.undo())),
  );

  data.start.forEach((/** @type {number} */ k, /** @type {number} */ i) => {
    pictures.show(i, digits.subarray(784 * k, 784 * (k + 1)), `a test digit, a ${data.labels[k]}`);
  });
  pictures.choose(chosen);
  lay();
  stage.body.append(
    el(
      "div",
      { class: "lab morphing" },
      area("map", captioned(map.node, "Drag over the map. Line: the way; dot: the negative that is printed.")),
      area("print", captioned(print.node, "the print")),
      area("plain", captioned(plain.node, "without lean and thicken")),
      area("place", place),
      el(
        "div",
        { class: "side" },
        area("way", ways, play.node, along.node),
        area(
          "numbers",
          ...attributes.map((each) => each.node),
          table.node,
          el("p", { class: "caption" }, "Asked and got: standard deviations. Print: columns a row; pixels."),
        ),
        area("dials", ...dials.map((dial) => dial.node)),
      ),
      area("strip", strip.node),
      area("ends", pictures.node, target),
      area("tiles", tiles, drawing),
    ),
  );
}
