/** The bench: train a VAE in the page, with all that one may change. */

import { PIXELS, benchCurve, benchMap, benchPlane, benchState, negativeElbo } from "./bench.js";
import { numeral } from "./chart.js";
import { inkFrom, pixelsOf } from "./desk.js";
import { LIMITS, PRESETS, betaScale, logScale, plainSettings, read, written } from "./settings.js";
import { area, button, captioned, choice, contactSheet, describe, el, slider } from "./ui.js";

const USED = 0.1; // nats of KL above which a latent is called used
const SLOW = 2500; // milliseconds for a step in slow motion
const INVENTIONS = [10, 2];
const PRESET_NAMES = {
  good: "A good VAE",
  collapse: "\u03b2 = 20: collapse",
  mean: "Mean instead of sum",
  autoencoder: "A plain autoencoder",
  many: "16 latents: how many are used?",
  without: "Leave out the 4s",
};
const SAYS = { bernoulli: "Bernoulli", gaussian: "Gaussian, chosen \u03c3", learned: "Gaussian, learned \u03c3" };

/** @param {import("./mount.js").Stage} stage */
export function bench(stage) {
  const { data, say } = stage;
  const state = benchState(data, show, (trouble) => {
    slow = false;
    say(trouble || summary());
  });
  const { digits } = state;
  let slow = false;

  const map = benchMap(digits);
  const plane = benchPlane();
  const scenes = contactSheet("Ten held-out digits, one of each kind", 10, 1, PIXELS);
  const prints = contactSheet("", 10, 1, PIXELS);
  const inventions = contactSheet("", ...INVENTIONS, PIXELS);
  const curve = benchCurve();
  const ledger = benchLedger();
  const verdict = el("p", { class: "verdict" });
  const count = el("p", { class: "number" });
  const follow = followedView();

  const train = button("Train", () => (state.running ? state.pause() : state.run()), { class: "play" });
  const tools = [
    train,
    button("One epoch", () => state.once("epoch")),
    button("One step", () => state.once("step")),
    button("Slow motion", () => (slow ? (slow = false) : startSlowly()), { "aria-pressed": "false" }),
    button("Reset", () => begin(state.settings)),
  ];
  function startSlowly() {
    state.pause();
    slow = true;
    tick();
  }
  function tick() {
    if (!slow || !train.isConnected) return;
    state.once("step");
    setTimeout(tick, SLOW);
  }

  const controls = benchControls((name, value) => {
    state.set(name, value);
    remember(state.settings);
    dress();
    if (!["beta", "rate"].includes(name)) say(`A new run begins: ${describeSettings(state.settings)}.`);
  });
  const preset = el("select", { "aria-label": "A lesson to try", onchange: () => begin({ ...plainSettings(), ...PRESETS[preset.value] }) });
  preset.append(...Object.entries(PRESET_NAMES).map(([value, text]) => el("option", { value }, text)));
  const axesPicker = benchAxes((axes) => state.chooseAxes(axes));

  function begin(settings) {
    slow = false;
    state.start(settings);
    controls.set(settings);
    axesPicker.offer(settings.latents);
    remember(settings);
    dress();
    say(`Ready: ${describeSettings(settings)}.`);
  }

  /** Marks that follow from the settings. */
  function dress() {
    const name = Object.keys(PRESETS).find((each) => written({ ...plainSettings(), ...PRESETS[each] }) === written(state.settings));
    preset.value = name ?? "";
  }

  function show() {
    train.textContent = state.running ? "Pause" : "Train";
    tools[3].setAttribute("aria-pressed", String(slow));
    const { look } = state;
    stage.body.classList.toggle("followed", state.followed !== null && !state.running);
    if (state.followed) follow.show(state.followed, state.settings);
    verdict.textContent = state.trouble || (look ? notice(state) : "");
    verdict.classList.toggle("trouble", state.trouble !== "");
    if (!look) return;
    const { latents } = state.settings;
    map.show(look, latents);
    plane.show(look);
    scenes.show(pixelsOf(digits, look.shown));
    prints.show(look.prints);
    inventions.show(look.inventions);
    describe(prints, "Their prints, developed from the means of their negatives");
    describe(inventions, `${INVENTIONS[0] * INVENTIONS[1]} new digits, developed from draws from the prior`);
    curve.show(state.training, state.heldOut);
    ledger.show(state.heldOut.at(-1), look, state.settings);
    count.textContent = `Epoch ${look.epoch}, step ${look.steps.toLocaleString("en")}. Trained for ${numeral(look.busy / 1000, 1)} s.`;
  }

  function summary() {
    const end = state.heldOut.at(-1);
    return end ? `After ${end.epoch} epochs, ${numeral(negativeElbo(end), 1)} nats on held-out digits. ${notice(state)}` : "";
  }

  document.addEventListener("visibilitychange", () => document.hidden && state.pause());

  stage.body.classList.add("lab", "trainer");
  const small = (node, text) => captioned(node, text);
  stage.body.append(
    area("bar", ...tools, preset, count),
    area("controls", controls.node),
    area("map", small(map.node, "Negatives: where 1,000 digits lie that it is not trained on"), axesPicker.node),
    area("plane", small(plane.node, "Prints from every place of that map")),
    area("scenes", small(scenes.node, "Scenes"), small(prints.node, "their prints"), small(inventions.node, "inventions: drawn from the prior")),
    area("follow", follow.node),
    area("verdict", verdict),
    area("curve", curve.node),
    area("ledger", ledger.node),
  );
  const { settings, wrong } = read(decodeURIComponent(location.hash.slice(1)));
  begin(settings);
  if (wrong) state.trouble = wrong;
  addEventListener("hashchange", () => {
    const asked = read(decodeURIComponent(location.hash.slice(1)));
    if (written(asked.settings) === written(state.settings)) return;
    begin(asked.settings);
    state.trouble = asked.wrong;
  });
}

/** Keep the settings in the address, where the page may. */
function remember(settings) {
  try {
    history.replaceState(null, "", `#${written(settings)}`);
  } catch { /* a frame without an address of its own */ }
}

/** Settings in words, what differs from the start. */
function describeSettings(settings) {
  return written(settings).replaceAll("&", ", ").replaceAll("=", " ") || "the settings of the start";
}

/** What one should see. */
function notice({ look, heldOut, settings }) {
  const end = heldOut.at(-1);
  if (!end || look.epoch === 0) return "Untrained: every place of the map gives the same fog. Press Train.";
  const used = Array.from(look.klPerLatent).filter((nats) => nats > USED).length;
  const of = `${used} of ${settings.latents} latents ${settings.latents === 1 ? "is" : "are"} used (KL above ${USED} nats)`;
  if (used === 0 && settings.terms === "mean")
    return `Collapse: no latent is used. The mean over 196 pixels makes the KL term weigh 196 times as much as in the ELBO.`;
  if (used === 0 && settings.beta > 1) return `Collapse: no latent is used. At \u03b2 = ${settings.beta} a nat of KL costs more than it saves.`;
  if (used === 0) return `No latent is used yet: all prints are alike.`;
  if (settings.beta === 0) return `${of}. Nothing holds the negatives near the middle: the inventions are drawn where no negative may lie.`;
  return `${of}.`;
}

/** The choice of the latents that the map shows. @param {(axes: number[] | null) => void} onChoose */
function benchAxes(onChoose) {
  const pick = () => el("select", { onchange: () => onChoose(chosen()) });
  const [across, up] = [pick(), pick()];
  across.setAttribute("aria-label", "Latent across");
  up.setAttribute("aria-label", "Latent up");
  const chosen = () => (across.value === "" || up.value === "" ? null : [Number(across.value), Number(up.value)]);
  const node = el("p", { class: "axes-of-map" }, "Latents ", across, " and ", up);
  return {
    node,
    /** @param {number} latents */
    offer(latents) {
      node.hidden = latents < 3;
      for (const each of [across, up]) {
        const options = Array.from({ length: latents }, (_, i) => el("option", { value: i }, `z[${i}]`));
        each.replaceChildren(el("option", { value: "" }, "busiest"), ...options);
      }
    },
  };
}

/** @param {(name: string, value: any) => void} onChange */
function benchControls(onChange) {
  const rates = logScale(LIMITS.rate.from, LIMITS.rate.to);
  const sigmas = logScale(LIMITS.sigma.from, LIMITS.sigma.to);
  const beta = slider({
    label: "\u03b2, weight of the KL term", step: 0.005, format: (at) => String(betaScale.value(at)),
    onInput: (at) => onChange("beta", betaScale.value(at)),
  });
  const latents = slider({ label: "Latents", min: 1, max: 16, step: 1, format: String, onInput: (v) => onChange("latents", v) });
  const width = slider({
    label: "Width", min: 0, max: 4, step: 1, format: (i) => String(LIMITS.width.among?.[i]),
    onInput: (i) => onChange("width", LIMITS.width.among?.[i]),
  });
  const batch = slider({
    label: "Batch", min: 0, max: 5, step: 1, format: (i) => String(LIMITS.batch.among?.[i]),
    onInput: (i) => onChange("batch", LIMITS.batch.among?.[i]),
  });
  const rate = slider({ label: "Learning rate", step: 0.005, format: (at) => String(rates.value(at)), onInput: (at) => onChange("rate", rates.value(at)) });
  const sigma = slider({ label: "\u03c3 of a pixel", step: 0.005, format: (at) => String(sigmas.value(at)), onInput: (at) => onChange("sigma", sigmas.value(at)) });
  const seed = slider({ label: "Seed", min: 0, max: 99, step: 1, format: String, onInput: (v) => onChange("seed", v) });
  let terms = el("div"), likelihood = el("div"), noise = el("div");
  const boxes = Array.from("0123456789", (digit) => {
    const input = el("input", { type: "checkbox", checked: true, onchange: () => changeDigits(input) });
    return { digit, input, node: el("label", {}, input, digit) };
  });
  function changeDigits(input) {
    const digits = boxes.filter((box) => box.input.checked).map((box) => box.digit).join("");
    if (digits) onChange("digits", digits);
    else input.checked = true; // it needs one
  }
  const more = el("details", {}, el("summary", {}, "More settings"));
  const node = el("div", { class: "controls" });

  function set(settings) {
    beta.set(betaScale.at(settings.beta));
    latents.set(settings.latents);
    width.set(LIMITS.width.among?.indexOf(settings.width) ?? 0);
    batch.set(LIMITS.batch.among?.indexOf(settings.batch) ?? 0);
    rate.set(rates.at(settings.rate));
    sigma.set(sigmas.at(settings.sigma));
    seed.set(settings.seed);
    for (const box of boxes) box.input.checked = settings.digits.includes(box.digit);
    terms = choice("Over the pixels", [["sum", "sum"], ["mean", "mean"]], settings.terms, (v) => onChange("terms", v));
    likelihood = choice("Likelihood", Object.entries(SAYS), settings.likelihood, (v) => onChange("likelihood", v));
    noise = choice("Exposure", [["on", "draw z"], ["off", "take z_mean"]], settings.noise, (v) => onChange("noise", v));
    const kinds = el("fieldset", { class: "choice digits" }, el("legend", {}, "Digits"), ...boxes.map((box) => box.node));
    more.replaceChildren(more.firstElementChild ?? "", likelihood, sigma.node, noise, width.node, rate.node, batch.node, seed.node);
    node.replaceChildren(beta.node, latents.node, terms, kinds, more);
  }
  set(plainSettings());
  return { node, set };
}

/** Both terms on held-out digits, and the KL of each latent as a bar. */
function benchLedger() {
  const row = () => ({ name: el("th", { scope: "row" }), value: el("td") });
  const rows = ["reconstruction", "KL", "\u2212ELBO"].map((name) => {
    const { name: head, value } = row();
    head.textContent = name;
    return { node: el("tr", {}, head, value), value };
  });
  const bars = el("ul", { class: "latents" });
  const sigma = el("p", { class: "number" });
  const node = el("div", {}, el("table", {}, el("caption", {}, "Held-out digits, nats an image"), el("tbody", {}, ...rows.map((r) => r.node))), bars, sigma);
  return {
    node,
    show(point, { klPerLatent, sigma: learned }, settings) {
      if (!point) return;
      [point.reconstruction, point.kl, negativeElbo(point)].forEach((v, i) => (rows[i].value.textContent = numeral(v, 2)));
      const most = Math.max(1, ...klPerLatent);
      bars.replaceChildren(...Array.from(klPerLatent, (nats, i) => {
        const bar = el("span", { class: "bar" });
        bar.style.width = `${(100 * nats) / most}%`;
        return el("li", {}, el("span", {}, `z[${i}]`), el("span", { class: "track" }, bar), el("span", {}, numeral(nats, 2)));
      }));
      sigma.textContent = settings.likelihood === "bernoulli" ? "" : `\u03c3 of a pixel: ${numeral(learned, 3)}`;
    },
  };
}

/** One image on its way through the machine, and what pushes its negative. */
function followedView() {
  const [scene, print] = [contactSheet("The scene that is followed", 1, 1, PIXELS), contactSheet("Its print", 1, 1, PIXELS)];
  const table = el("tbody");
  const columns = ["", "z_mean", "\u03c3", "\u03b5", "z", "push on z_mean: print", "KL", "push on log \u03c3\u00b2: print", "KL"];
  const terms = el("p", { class: "number" });
  const head = el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name))));
  const figures = el("table", {}, head, table);
  return {
    node: el("div", { class: "following" }, captioned(scene.node, "scene"), el("div", { class: "wide" }, figures), captioned(print.node, "print of z"), terms),
    show(f, { likelihood, beta }) {
      scene.show(f.x);
      print.show(f.output.map((v) => inkFrom(likelihood, v)));
      const cell = (v) => el("td", {}, numeral(v, 2));
      table.replaceChildren(...Array.from(f.z, (z, i) => el("tr", {}, el("th", { scope: "row" }, `z[${i}]`), cell(f.zMean[i]),
        cell(Math.exp(0.5 * f.zLogVar[i])), cell(f.epsilon[i]), cell(z), cell(f.push.meanByPrint[i]), cell(f.push.meanByKl[i]),
        cell(f.push.spreadByPrint[i]), cell(f.push.spreadByKl[i]))));
      const kl = f.kl.reduce((a, b) => a + b, 0);
      terms.textContent = `This image costs ${numeral(f.reconstruction, 1)} nats of reconstruction and ${beta} \u00d7 ${numeral(kl, 2)} of KL.`;
    },
  };
}
