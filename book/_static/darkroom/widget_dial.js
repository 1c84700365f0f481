/** Chapter 4: z = mu + sigma epsilon on its line, its two slopes, and why the noise is frozen to read them. */

import { arrow, axes, chart, mark, numeral, placer, svg, words } from "./chart.js";
import { normals } from "./noise.js";
import { afterPause, button, captioned, choice, column, describe, el } from "./ui.js";
import { numbersBehind, onFrame, playButton, slider } from "./ui.js";

/** @typedef {{at: number, z: number}[]} Trace z for the values that mu or sigma had, in the order of time */

const DIALS = { mu: { min: -2, max: 2 }, sigma: { min: 0.4, max: 1.2 }, epsilon: { min: -2.5, max: 2.5 } };
const DIAL_STEP = 0.05;
const KEPT = 81; // points of a trace: mu from end to end
const SIGN = { mu: "\u03bc", sigma: "\u03c3", epsilon: "\u03b5" };

/** The line with the bell curve over it, and the arrows below. */
function bellPicture() {
  const GROUND = 112;
  const x = placer({ range: [-7.6, 7.6], span: [4, 356], ticks: [], label: "" });
  const [bell, mean, fall, reach] = ["bell", "guide", "guide", "reach"].map((kind) => svg("path", { class: kind }));
  const meanName = words({ y: 14, "text-anchor": "middle" }, SIGN.mu);
  const reachName = words({ "text-anchor": "middle", y: 156 });
  const dot = svg("circle", { cy: GROUND, r: 7, class: "spot" });
  const name = words({ "text-anchor": "middle", y: GROUND - 12, class: "strong" });
  const rows = [190, 222].map((y, i) => ({
    y,
    line: svg("path", { class: `arrow ${i ? "second" : "first"}` }),
    text: words({ y: y + 5, class: i ? "second" : "first" }),
  }));
  const ticks = [-6, -4, -2, 0, 2, 4, 6].flatMap((tick) => [
    svg("path", { d: `M${x(tick)} ${GROUND}v5` }),
    words({ x: x(tick), y: GROUND + 20, "text-anchor": "middle" }, numeral(tick, 0)),
  ]);
  const node = chart(
    236,
    svg("g", { class: "axes" }, svg("path", { d: `M4 ${GROUND}H356` }), ...ticks),
    bell, mean, meanName, fall, reach, reachName,
    ...rows.flatMap(({ line, text }) => [line, text]),
    dot, name,
  );

  return {
    node,
    /** @param {{mu: number, sigma: number, epsilon: number}} values */
    show({ mu, sigma, epsilon }) {
      const z = mu + sigma * epsilon;
      const high = (/** @type {number} */ t) => GROUND - (36 / sigma) * Math.exp(-t * t / 2); // the area stays
      const points = Array.from({ length: 49 }, (_, i) => (i - 24) / 6); // four sigmas each way
      const line = points.map((t) => `${x(mu + sigma * t).toFixed(1)} ${high(t).toFixed(1)}`).join("L");
      mark(bell, { d: `M${line}` });
      mark(mean, { d: `M${x(mu)} 18V${GROUND}` });
      mark(meanName, { x: x(mu) });
      mark(fall, { d: `M${x(z)} ${GROUND}V230` });
      mark(reach, { d: `M${x(mu)} 164V172M${x(mu)} 168H${x(z)}M${x(z)} 164V172` });
      mark(reachName, { x: (x(mu) + x(z)) / 2 });
      reachName.textContent = `${SIGN.sigma}${SIGN.epsilon} = ${numeral(sigma * epsilon)}`;
      mark(dot, { cx: x(z) });
      mark(name, { x: x(z) });
      name.textContent = "z";
      const slopes = [1, epsilon];
      const texts = [
        `\u2202z/\u2202${SIGN.mu} = 1`,
        `\u2202z/\u2202${SIGN.sigma} = ${SIGN.epsilon} = ${numeral(epsilon)}`,
      ];
      rows.forEach(({ y, line: path, text }, i) => {
        mark(path, { d: arrow(x(z), x(z + slopes[i]), y) });
        mark(text, z > 0 ? { x: 4, "text-anchor": "start" } : { x: 356, "text-anchor": "end" }); // where there is room
        text.textContent = texts[i];
      });
    },
  };
}

/** z against mu or sigma, with frozen noise on the left, redrawn on the right. */
function tracePicture() {
  const up = { range: /** @type {[number, number]} */ ([-5, 5]), span: /** @type {[number, number]} */ ([150, 34]) };
  const titles = ["frozen", "redrawn"];
  const panels = titles.map((title, i) => ({
    from: 34 + 180 * i,
    ground: svg("g"),
    line: svg("path", { class: `trail ${i ? "second" : "first"}` }),
    dots: svg("path", { class: `dots ${i ? "second" : "first"}` }),
    title: words({ x: 34 + 180 * i + 70, y: 14, "text-anchor": "middle", class: "strong" }, title),
  }));
  const node = chart(186, ...panels.flatMap(({ ground, line, dots, title }) => [ground, line, dots, title]));
  const y = placer({ ...up, ticks: [], label: "" });
  let x = [placer, placer].map(() => (/** @type {number} */ v) => v);

  return {
    node,
    /** Lay the axes for the value that is being moved. @param {"mu" | "sigma"} moved */
    lay(moved) {
      const { min, max } = DIALS[moved];
      const ticks = moved === "mu" ? [-2, 0, 2] : [0.4, 0.8, 1.2];
      x = panels.map(({ from, ground }) => {
        const across = { range: [min, max], span: [from, from + 140], ticks, label: SIGN[moved] };
        ground.replaceChildren(axes(/** @type {any} */ (across), { ...up, ticks: [-4, 0, 4], label: "z" }));
        return placer(/** @type {any} */ (across));
      });
    },
    /** @param {Trace[]} traces frozen, redrawn */
    show(traces) {
      traces.forEach((trace, i) => {
        const points = trace.map(({ at, z }) => `${x[i](at).toFixed(1)} ${y(z).toFixed(1)}`);
        mark(panels[i].line, { d: points.length ? `M${points.join("L")}` : "" });
        mark(panels[i].dots, { d: points.map((point) => `M${point}h0`).join("") });
      });
    },
  };
}

/** The slope between the last two points of a trace that lie apart. @param {Trace} trace */
function lastSlope(trace) {
  const [a, b] = trace.slice(-2);
  return b ? numeral((b.z - a.z) / (b.at - a.at)) : "\u2013";
}

/** @param {import("./mount.js").Stage} stage */
export function dial(stage) {
  const draw = normals(4);
  const noise = () => {
    let epsilon = draw();
    while (Math.abs(epsilon) > DIALS.epsilon.max) epsilon = draw(); // one draw in eighty: the dial ends there
    return epsilon;
  };
  const values = { mu: -1, sigma: 0.8, epsilon: 1.2 };
  /** @type {"frozen" | "redrawn"} */
  let mode = "frozen";
  /** @type {"mu" | "sigma"} */
  let moved = "mu";
  /** @type {Record<"frozen" | "redrawn", Trace>} */
  let traces = { frozen: [], redrawn: [] };
  let place = (values.mu - DIALS.mu.min) / 4; // of Play

  const bell = bellPicture();
  const trail = tracePicture();
  const sum = el("p", { class: "number" });
  const slopes = el("p", { class: "number slopes" });
  const rules = {
    frozen: "\u03b5 stays until you move or roll it.",
    redrawn: "Each change of \u03bc or \u03c3 rolls a new \u03b5.",
  };
  const rule = el("p", {}, rules[mode]);
  const numbers = numbersBehind("The last steps in numbers", ["noise", "value", "z", "slope"]);

  const show = onFrame(() => {
    const { mu, sigma, epsilon } = values;
    const factor = epsilon < 0 ? `(${numeral(epsilon)})` : numeral(epsilon);
    sum.textContent = `z = ${numeral(mu)} + ${numeral(sigma)} \u00d7 ${factor} = ${numeral(mu + sigma * epsilon)}`;
    bell.show(values);
    trail.show([traces.frozen, traces.redrawn]);
    const [frozen, redrawn] = [traces.frozen, traces.redrawn].map(lastSlope);
    slopes.textContent = `Slope of the last step by ${SIGN[moved]}: frozen ${frozen}, redrawn ${redrawn}.`;
    settled();
  });
  const settled = afterPause(500, () => {
    const { mu, sigma, epsilon } = values;
    const z = numeral(mu + sigma * epsilon);
    const way = `${numeral(Math.abs(epsilon))} to the ${epsilon < 0 ? "left" : "right"}`;
    describe(
      bell,
      `A bell curve around mu, ${numeral(mu)}, of spread sigma, ${numeral(sigma)}. On the line below it z, ${z}. ` +
        `From z two arrows: by mu, 1 to the right; by sigma, ${way}.`,
    );
    const { frozen, redrawn } = traces;
    describe(
      trail,
      `z against ${moved}. Noise frozen: ${frozen.length} points on a straight line, last slope ${lastSlope(frozen)}. ` +
        `Noise redrawn: ${redrawn.length} points, jagged, last slope ${lastSlope(redrawn)}.`,
    );
    const lines = Object.entries(traces).flatMap(([name, trace]) =>
      trace.slice(-6).map(({ at, z: height }, i, last) => {
        return [name, `${SIGN[moved]} = ${numeral(at)}`, numeral(height), i ? lastSlope(last.slice(0, i + 1)) : ""];
      }),
    );
    numbers.show(lines);
    const step = traces[mode].length < 2 ? "" : ` Last slope by ${moved}: ${lastSlope(traces[mode])}.`;
    stage.say(`z is ${z}, epsilon ${numeral(epsilon)}.${step}`);
  });

  /** The reader, or Play, moves mu or sigma. @param {"mu" | "sigma"} name @param {number} value */
  function move(name, value) {
    if (name !== moved) {
      moved = name;
      traces = { frozen: [], redrawn: [] };
      trail.lay(moved);
    }
    const trace = traces[mode];
    const add = () => trace.push({ at: values[name], z: values.mu + values.sigma * values.epsilon });
    if (trace.length === 0) add(); // where it starts
    if (mode === "redrawn") setNoise(noise());
    values[name] = value;
    if (trace[trace.length - 1].at !== value) add();
    if (trace.length > KEPT) trace.shift();
    show();
  }
  /** @param {number} epsilon */
  function setNoise(epsilon) {
    values.epsilon = epsilon;
    dials.epsilon.set(epsilon);
  }

  const dialOf = (/** @type {"mu" | "sigma" | "epsilon"} */ name, /** @type {(value: number) => void} */ onInput) =>
    slider({
      ...DIALS[name],
      label: `${name[0].toUpperCase()}${name.slice(1)}, ${SIGN[name]}`,
      step: name === "epsilon" ? 0.01 : DIAL_STEP,
      value: values[name],
      format: (v) => numeral(v),
      onInput,
    });
  const dials = {
    mu: dialOf("mu", (value) => {
      play.pause();
      place = (value - DIALS.mu.min) / 4;
      move("mu", value);
    }),
    sigma: dialOf("sigma", (value) => {
      play.pause();
      move("sigma", value);
    }),
    epsilon: dialOf("epsilon", (value) => {
      values.epsilon = value;
      traces.frozen = []; // another noise, another line
      show();
    }),
  };

  const travel = (/** @type {number} */ to) => {
    place = to;
    dials.mu.set(DIALS.mu.min + 4 * to); // the dial rounds to its steps
    if (to === 0) {
      traces[mode] = [];
      values.mu = dials.mu.value;
    } else if (dials.mu.value !== values.mu) move("mu", dials.mu.value);
    show();
  };
  const play = playButton(travel, { seconds: 6, bounce: false, where: () => place });
  const kinds = choice("Noise", [["frozen", "frozen"], ["redrawn", "redrawn at every change"]], mode, (value) => {
    mode = /** @type {"frozen" | "redrawn"} */ (value);
    dials.epsilon.input.disabled = mode === "redrawn";
    rule.textContent = rules[mode];
  });
  const roll = button("Roll epsilon once", () => {
    setNoise(noise());
    traces.frozen = [];
    show();
  });

  stage.body.classList.add("row");
  stage.body.append(
    column(
      captioned(bell.node, "z on its line. Arrows: how far it moves for one unit more of \u03bc, and of \u03c3."),
      sum,
      ...Object.values(dials).map((each) => each.node),
      el("div", { class: "tools" }, roll),
    ),
    column(
      kinds,
      rule,
      el("div", { class: "tools" }, play.node, el("span", {}, "moves \u03bc along its dial")),
      captioned(trail.node, "z, for the values that you (or Play) gave to \u03bc or \u03c3."),
      slopes,
      numbers.node,
    ),
  );
  trail.lay(moved);
  show();
}
