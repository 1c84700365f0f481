/** Chapter 5: the bill of one digit, its K-sample bound, its costliest pixels; and what another price of KL buys. */

import { drawingBench } from "./drawing.js";
import { axes, chart, evenly, mark, numeral, placer, svg, words } from "./chart.js";
import { film } from "./film.js";
import { develop, expose, importanceBound, klPerLatent, pixelNats, sum } from "./maths.js";
import { decode, encode, inkOf } from "./network.js";
import { normals } from "./noise.js";
import { afterPause, area, captioned, choice, column, describe, el } from "./ui.js";
import { numbersBehind, onFrame, picture, slider, textTable } from "./ui.js";

const EXPOSURES = 8; // frozen draws that the reconstruction is averaged over
const DRAWS_AT_ONCE = 2; // of them while the digit changes: a draw and its mirror image
const MOST_DRAWS = 200; // of the bound
const COSTLIEST = 20; // pixels that the text speaks of
const HOT = 3; // nats of a pixel at the end of the colours
// cividis, a scale of colours that stays in order for the colour-blind and in grey
const HEAT = [[0, 32, 77], [66, 77, 108], [124, 123, 120], [188, 174, 108], [255, 234, 70]];

/** 256 colours from cold to hot, for `picture`. @returns {number[]} */
function heatScale() {
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (HEAT.length - 1);
    const low = Math.min(HEAT.length - 2, Math.floor(place));
    const mix = HEAT[low].map((value, k) => Math.round(value + (place - low) * (HEAT[low + 1][k] - value)));
    return 0xff000000 | (mix[2] << 16) | (mix[1] << 8) | mix[0];
  });
}

/** Entropy of the grey levels: no print can cost less. @param {ArrayLike<number>} x */
function greyFloor(x) {
  let nats = 0;
  for (let i = 0; i < x.length; i++) {
    if (x[i] > 0 && x[i] < 1) nats -= x[i] * Math.log(x[i]) + (1 - x[i]) * Math.log(1 - x[i]);
  }
  return nats;
}

/**
 * Both terms of the loss of one picture, the first averaged over frozen draws.
 *
 * @param {import("./network.js").Network} network @param {ArrayLike<number>} x @param {ArrayLike<number>[]} draws
 */
function billOf(network, x, draws) {
  const code = encode(network, x);
  const [cost, lean] = [new Float64Array(x.length), new Float64Array(x.length)]; // means of nats, of logits
  const prints = draws.map((epsilon) => decode(network, expose(code, epsilon)));
  for (const logits of prints) {
    const nats = pixelNats(x, logits);
    for (let i = 0; i < cost.length; i++) {
      cost[i] += nats[i] / draws.length;
      lean[i] += logits[i] / draws.length;
    }
  }
  const [reconstruction, kl] = [sum(cost), klPerLatent(code)];
  return { code, cost, lean, logits: prints[0], reconstruction, kl, total: reconstruction + sum(kl) };
}

/**
 * What the costliest pixels cost and where they lie.
 *
 * @param {Float64Array} cost @param {ArrayLike<number>} x @param {ArrayLike<number>} lean mean logits of the prints
 */
function costliest(cost, x, lean) {
  const order = Array.from(cost.keys()).sort((a, b) => cost[b] - cost[a]).slice(0, COSTLIEST);
  const share = sum(order.map((i) => cost[i])) / sum(cost);
  const lacking = order.filter((i) => x[i] > 1 / (1 + Math.exp(-lean[i]))).length;
  const third = (/** @type {number} */ v) => (v < 10.5 ? 0 : v < 17.5 ? 1 : 2); // of the digit's 20 x 20 pixels
  const cells = new Array(9).fill(0);
  for (const i of order) cells[3 * third(Math.floor(i / 28)) + third(i % 28)]++;
  const most = cells.indexOf(Math.max(...cells));
  const [row, column] = [["top", "", "bottom"][Math.floor(most / 3)], ["left", "", "right"][most % 3]];
  const where = row || column ? `at the ${[row, column].filter(Boolean).join(" ")}` : "in the middle";
  return (
    `The ${COSTLIEST} costliest of 784 pixels make ${(100 * share).toFixed(0)} % of the reconstruction. On ${lacking} of ` +
    `them the print lacks ink, on ${COSTLIEST - lacking} it has too much; ${cells[most]} lie ${where}.`
  );
}

/** The two bars: the terms of -ELBO in a row, and the bound below. */
function billPicture() {
  const part = (/** @type {string} */ kind, /** @type {number} */ y) =>
    svg("rect", { class: `bar ${kind}`, y, height: 26 });
  const terms = ["first", "second", "third"].map((kind) => part(kind, 20));
  const [bound, gap] = [part("plain", 76), part("gap", 76)];
  const names = [14, 70].map((y) => words({ x: 4, y, class: "strong" }));
  const ground = svg("g", { class: "axes" });
  const node = chart(146, ground, ...terms, bound, gap, ...names);
  let end = 0;

  return {
    node,
    /** @param {number[]} nats of each term @param {number | null} estimate of the bound @param {number} samples */
    show(nats, estimate, samples) {
      const total = sum(nats);
      const needed = [160, 240, 320, 480, 640, 960, 1600, 3200].find((v) => v > 1.02 * total) ?? 6400;
      const x = placer({ range: [0, needed], span: [4, 340], ticks: [], label: "" });
      if (needed !== end) {
        const ticks = evenly(0, needed, needed / 4);
        ground.replaceChildren(
          svg("path", { d: `M4 110H340${ticks.map((tick) => `M${x(tick)} 110v5`).join("")}` }),
          ...ticks.map((tick, i) => {
            const where = { x: x(tick), y: 130, "text-anchor": i ? "middle" : "start" };
            return words(where, `${tick}${i ? "" : " nats"}`);
          }),
        );
        end = needed;
      }
      let from = 0;
      terms.forEach((term, i) => {
        mark(term, { x: x(from), width: x(from + nats[i]) - x(from) });
        from += nats[i];
      });
      const low = Math.max(0, Math.min(total, estimate ?? total));
      mark(bound, { x: x(0), width: x(low) - x(0), opacity: estimate === null ? 0.3 : 1 });
      mark(gap, { x: x(low), width: x(total) - x(low) });
      names[0].textContent = `\u2212ELBO: ${numeral(total, 1)}`;
      names[1].textContent = `bound, K = ${samples}: ${estimate === null ? "\u2026" : numeral(estimate, 1)}`;
    },
  };
}

// the lines of the bill, each with the class of its bar and its decimal places
const LINES = [
  ["first", "reconstruction", 1],
  ["", "of it the greys\u2019 floor", 1],
  ["second", "KL of z[0]", 2],
  ["third", "KL of z[1]", 2],
  ["", "sum: \u2212ELBO", 1],
  ["plain", "K-sample bound", 1],
  ["gap", "tighter by", 1],
];

/** The bill of the digit that lies on the pad. @param {import("./mount.js").Stage} stage @returns {HTMLElement} */
function billPart(stage) {
  const { network } = stage;
  const draw = normals(11);
  const noise = Array.from({ length: MOST_DRAWS / 2 }, () => Float32Array.of(draw(), draw())) // frozen
    .flatMap((epsilon) => [epsilon, epsilon.map((v) => -v)]); // each draw has its mirror image: less luck in the mean
  const { digit, pad, drawing, tools, tiles } = drawingBench(stage, {
    hint: "Draw here, or take a test digit.",
    onDraw(pixels) {
      x = pixels;
      round++;
      bound = null;
      take(DRAWS_AT_ONCE);
      refine();
    },
    onTake: (pixels) => pad.put(pixels),
  });
  let samples = 50;
  let x = digit(0);
  let bill = billOf(network, x, noise.slice(0, EXPOSURES));
  let bound = /** @type {number | null} */ (null);
  let round = 0; // of estimating the bound: a new digit ends the old one

  const colours = heatScale();
  const bars = billPicture();
  const key = (/** @type {string} */ kind) => el("span", { class: `key ${kind}`, "aria-hidden": "true" });
  const table = textTable(["nats"], LINES.map(([kind, name]) => [key(kind), name]));
  table.node.className = "bill";
  const print = picture("The print of one exposure");
  const map = picture("The cost of each pixel");
  const note = el("p", { class: "number note" });
  const where = el("p");

  function show() {
    const { reconstruction, kl, total } = bill;
    bars.show([reconstruction, ...kl], bound, samples);
    const nats = [reconstruction, greyFloor(x), ...kl, total, bound, bound === null ? null : total - bound];
    table.show(nats.map((value, i) => [value === null ? "\u2026" : numeral(value, LINES[i][2])]));
  }
  /** @param {number} exposures to average over */
  function take(exposures) {
    bill = billOf(network, x, noise.slice(0, exposures));
    print.show(develop(bill.logits));
    map.show(bill.cost.map((nats) => Math.min(1, nats / HOT)), colours);
    show();
  }
  const refine = afterPause(120, () => {
    take(EXPOSURES);
    const [mine, size] = [++round, Math.min(samples, 25)]; // in small parts, so that drawing is never held up
    const parts = /** @type {number[]} */ ([]);
    const work = () => {
      if (mine !== round) return;
      const some = noise.slice(parts.length * size, (parts.length + 1) * size);
      parts.push(importanceBound(network, x, bill.code, some));
      if (parts.length * size < samples) return void setTimeout(work);
      const best = Math.max(...parts);
      bound = -(best + Math.log(sum(parts.map((part) => Math.exp(part - best))) / parts.length));
      settle();
    };
    work();
  });
  function settle() {
    const { cost, lean, total, reconstruction, kl } = bill;
    const saved = total - Number(bound);
    show();
    where.textContent = costliest(cost, x, lean);
    describe(map, `The cost of each pixel. ${where.textContent}`);
    const apart = `${numeral(Math.abs(saved), 1)} nats`;
    const many = `${samples} draws inside the logarithm: ${apart}`;
    const [below, tighter] = saved > 0 ? ["below", "tighter"] : ["above", "looser, by the luck of the draws"];
    note.textContent =
      samples === 1 ? `One draw is \u2212ELBO itself, by luck ${apart} ${below} its average.` : `${many} ${tighter}.`;
    const text =
      `Minus ELBO ${numeral(total, 1)} nats: reconstruction ${numeral(reconstruction, 1)}, KL of the latents ` +
      `${numeral(kl[0])} and ${numeral(kl[1])}. Bound with K = ${samples}: ${numeral(Number(bound), 1)}.`;
    describe(bars, `Two bars on one scale. ${text}`);
    stage.say(`${text} ${where.textContent}`);
  }

  const counts = choice("Draws, K", ["1", "10", "50", "200"].map((k) => [k, k]), String(samples), (k) => {
    [samples, bound] = [Number(k), null];
    show();
    refine();
  });

  pad.put(x);
  return el(
    "div",
    { class: "lab ledger" },
    el("div", {}, area("pad", drawing), area("tools", ...tools), area("tiles", tiles)),
    el("div", {}, area("bars", bars.node), area("sums", table.node, counts, note)),
    el(
      "div",
      {},
      area("print", captioned(print.node, "one print")),
      area("cost", captioned(map.node, `cost of each pixel: dark 0, yellow ${HOT} nats or more`)),
      area("place", where),
    ),
  );
}

/** Rate and distortion of models trained with other weights of the KL term. @param {any} sweep */
function ratePicture({ betas, rate, distortion }) {
  const upTo = (/** @type {number} */ v, /** @type {number} */ step) => Math.ceil(v / step) * step;
  const [right, top] = [upTo(Math.max(...rate), 8), upTo(Math.max(...distortion), 20)];
  const floor = Math.floor(Math.min(...distortion) / 20) * 20;
  const ticks = evenly(0, right, right > 20 ? 8 : 4);
  const across = { range: [0, right], span: [40, 346], ticks, label: "rate, nats" };
  const up = { range: [floor, top], span: [214, 26], ticks: evenly(floor, top, 20), label: "distortion, nats" };
  const [x, y] = [placer(/** @type {any} */ (across)), placer(/** @type {any} */ (up))];
  const one = betas.indexOf(1);
  const elbo = rate[one] + distortion[one];
  const ends = [Math.max(0, elbo - top), Math.min(right, elbo - floor)];
  const ring = svg("circle", { r: 9, class: "ring" });
  const name = words({ class: "strong" });
  const places = betas.map((_, i) => `${x(rate[i]).toFixed(1)} ${y(distortion[i]).toFixed(1)}`);
  const node = chart(
    252,
    axes(/** @type {any} */ (across), /** @type {any} */ (up)),
    svg("path", { class: "guide", d: `M${ends.map((r) => `${x(r)} ${y(elbo - r)}`).join("L")}` }),
    svg("path", { class: "trail first", d: `M${places.join("L")}` }),
    svg("path", { class: "dots first", d: places.map((place) => `M${place}h0`).join("") }),
    ring,
    name,
  );
  return {
    node,
    /** @param {number} i which model */
    show(i) {
      const [cx, cy] = [x(rate[i]), y(distortion[i])];
      mark(ring, { cx, cy });
      const late = cx > 250; // the name stands above the curve, and within the chart
      mark(name, { x: cx + (late ? -4 : 13), y: cy - (late ? 16 : 8), "text-anchor": late ? "end" : "start" });
      name.textContent = `\u03b2 = ${betas[i]}`;
    },
  };
}

/** Pictures in a row under one name. @param {string} title @param {number} count */
function pictureRow(title, count) {
  const frames = film(count, "six");
  describe(frames, title);
  return { ...frames, figure: captioned(frames.node, title) };
}

/** Recorded models, one for each beta. @param {import("./mount.js").Stage} stage @returns {HTMLElement} */
function pricePart({ data, say }) {
  const { betas, rate, distortion, active, labels, epochs } = data.sweep;
  const size = 784 * labels.length;
  const [prints, inventions] = [inkOf(data.sweep.prints), inkOf(data.sweep.inventions)];
  const one = betas.indexOf(1);
  const elbo = betas.map((_, i) => rate[i] + distortion[i]);
  let chosen = one;

  const curve = ratePicture(data.sweep);
  const named = [...labels].join(", ");
  const scenes = pictureRow("test digits", labels.length);
  scenes.fill(inkOf(data.sweep.scenes));
  describe(scenes, `Test digits ${named}`);
  const printed = pictureRow("their prints, each from its mean", labels.length);
  const invented = pictureRow("prints of random codes, the same for each \u03b2", labels.length);
  const text = el("p", { class: "number price" });

  const show = onFrame(() => {
    const i = chosen;
    curve.show(i);
    printed.fill(prints.subarray(i * size, (i + 1) * size));
    invented.fill(inventions.subarray(i * size, (i + 1) * size));
    const more = elbo[i] - elbo[one];
    const against = i === one ? "" : `, ${numeral(Math.abs(more), 1)} ${more > 0 ? "more" : "less"} than with \u03b2 = 1`;
    text.textContent =
      `Trained with \u03b2 = ${betas[i]}: rate ${numeral(rate[i])} + distortion ${numeral(distortion[i], 1)} = ` +
      `\u2212ELBO ${numeral(elbo[i], 1)} nats${against}. Latents in use: ${active[i]} of 2.`;
  });
  const settled = afterPause(500, () => {
    describe(curve, `Distortion falls as the rate rises. ${text.textContent}`);
    describe(printed, `Their prints by the model trained with beta ${betas[chosen]}`);
    describe(invented, `Prints of random codes by the model trained with beta ${betas[chosen]}`);
  });
  const control = slider({
    label: "Beta, \u03b2",
    max: betas.length - 1,
    step: 1,
    value: chosen,
    format: (i) => String(betas[i]),
    onInput(i) {
      chosen = i;
      show();
      settled();
      announce();
    },
  });
  const announce = afterPause(600, () => say(text.textContent));

  const numbers = numbersBehind("All models in numbers", ["\u03b2", "rate", "distortion", "\u2212ELBO", "in use"]);
  numbers.show(
    betas.map((beta, i) => [
      String(beta), numeral(rate[i]), numeral(distortion[i], 1), numeral(elbo[i], 1), String(active[i]),
    ]),
  );
  show();
  settled();
  const made = `Recorded: ${betas.length} models, ${epochs} epochs each.`;
  return el(
    "div",
    { class: "row" },
    column(control.node, text, scenes.figure, printed.figure, invented.figure),
    column(captioned(curve.node, `${made} Dashed: the same \u2212ELBO as with \u03b2 = 1.`), numbers.node),
  );
}

/** @param {import("./mount.js").Stage} stage */
export function ledger(stage) {
  stage.body.append(billPart(stage), el("h4", { class: "part" }, "Another price for the KL term"), pricePart(stage));
}
