/** The bench: train a VAE in the page, with all that one may change. */

import { PIXELS, benchState, negativeElbo } from "./bench.js";
import { LIKELIHOOD_NAMES, benchAxes, benchControls } from "./bench_controls.js";
import { exactPanel, takePanel } from "./bench_extras.js";
import { benchLedger, followedView } from "./bench_ledger.js";
import { signsPanel } from "./bench_signs.js";
import { benchTour, bringIntoView, uncover } from "./bench_tour.js";
import { benchCurve, benchMap, benchMorph, benchNoun, benchPlace, benchPlane, benchRow, benchSentence } from "./bench_views.js";
import { numeral } from "./chart.js";
import { pixelsOf } from "./desk.js";
import { isSign } from "./map.js";
import { LIMITS, PRESETS, plainSettings, read, written } from "./settings.js";
import { afterPause, area, button, captioned, contactSheet, el, oneAFrame } from "./ui.js";

const SLOW = 2500; // milliseconds for a step in slow motion
const INVENTIONS = [10, 2];
const OWN = "own";
const PRESET_NAMES = {
  good: "A good VAE",
  collapse: "\u03b2 = 20: collapse",
  mean: "Mean instead of sum",
  autoencoder: "A plain autoencoder",
  many: "16 latents: how many are used?",
  without: "Leave out the 4s",
};

/** @param {import("./mount.js").Stage} stage */
export function bench(stage) {
  const { data, say } = stage;
  const state = benchState(data, show, (trouble) => {
    if (trouble) slow = false;
    if (!slow) say(trouble || summary());
  });
  let [slow, unseen, timer] = [false, false, 0];
  const keep = afterPause(300, () => remember(state.settings)); // browsers take no more than a few addresses a second

  const pick = (/** @type {ArrayLike<number>} */ z) => state.choosePlace(Array.from(z));
  const map = benchMap(pick);
  const place = benchPlace(pick);
  const plane = benchPlane(pick);
  const [scenes, prints] = [benchRow(pickScene), benchRow(pickScene)];
  const morph = benchMorph(state.morph);
  const where = el("span", {}, "Negatives");
  const inventions = contactSheet("New images, developed from draws from the prior", ...INVENTIONS, PIXELS);
  const curve = benchCurve();
  const ledger = benchLedger();
  const verdict = el("p", { class: "verdict" });
  const count = el("p", { class: "number" });
  const aim = el("p", { class: "caption" });
  const follow = followedView();
  const exact = exactPanel(state, say);
  const take = takePanel(state, plane.node, (settings, theta) => begin(settings, { theta }), say);
  const tour = benchTour(stage.body, say, () => state.look?.steps || state.running || (slow = false, state.run()));

  const signs = signsPanel({
    say,
    digits: state.digits,
    onTrain(set, kinds) {
      begin({ ...state.settings, digits: kinds }, { set });
      if ([...kinds].some(isSign)) state.run();
      bringIntoView(map.node);
    },
  });
  const train = button("Train", () => {
    slow = false;
    if (state.running) return state.pause();
    state.run();
    uncover(map.node);
  }, { class: "go" });
  const once = (/** @type {"step" | "epoch"} */ what) => {
    slow = false;
    state.once(what);
  };
  const slowly = button("Slow motion", () => (slow ? stopSlowly() : startSlowly()), { "aria-pressed": "false" });
  const tools = [
    button("One epoch", () => once("epoch")),
    button("One step", () => once("step")),
    slowly,
    button("Reset", () => begin(state.settings)),
    button("Your own signs", signs.open),
    tour.start,
  ];
  function stopSlowly() {
    slow = false;
    show();
  }
  function startSlowly() {
    state.pause();
    slow = true;
    clearTimeout(timer);
    tick();
    unseen = true;
  }
  function tick() {
    if (!slow || !train.isConnected) return;
    state.once("step");
    timer = setTimeout(tick, SLOW);
  }

  const controls = benchControls((name, value) => {
    if (value === "") return say("It needs at least one digit to train on: this one stays.");
    state.set(name, value);
    keep();
    dress();
    tellAim();
    if (!["beta", "rate"].includes(name)) say(`A new run begins: ${describeSettings(state.settings)}.`);
  });
  const preset = el("select", { onchange: () => begin({ ...plainSettings(), ...PRESETS[preset.value] }) });
  preset.append(el("option", { value: OWN, hidden: true }, "Your own settings"), ...Object.entries(PRESET_NAMES).map(([value, text]) => el("option", { value }, text)));
  const axesPicker = benchAxes((axes) => state.chooseAxes(axes));

  /** @param {Record<string, any>} settings @param {{set?: any, theta?: Float32Array}} [from] another set, or weights */
  function begin(settings, { set, theta } = {}) {
    slow = false;
    if (set) state.useDigits(set, settings.digits);
    else state.start(settings, theta);
    controls.set(settings);
    axesPicker.offer(settings.latents);
    keep();
    dress();
    say(`Ready: ${describeSettings(settings)}.`);
  }

  /** At once, for a slider that moves while it trains. */
  function tellAim() {
    aim.textContent = aimOf(state.settings);
    const plain = written({ ...state.settings, seed: LIMITS.seed.start }) === ""; // the tests show it of these settings
    const more = plain && state.look?.epoch > 0 ? " With 16 latents \u2212ELBO falls further: try them." : "";
    verdict.textContent = benchSentence(state) + more;
  }

  /** Marks that follow from the settings. */
  function dress() {
    const name = Object.keys(PRESETS).find((each) => written({ ...plainSettings(), ...PRESETS[each] }) === written(state.settings));
    const drawn = [...state.settings.digits].some(isSign);
    preset.value = drawn ? OWN : (name ?? OWN);
    signs.set(state.settings.digits);
  }

  function show() {
    train.textContent = state.running ? "Pause" : "Train";
    slowly.setAttribute("aria-pressed", String(slow));
    const { look } = state;
    stage.body.classList.toggle("followed", state.followed !== null && !state.running);
    if (state.followed) follow.show(state.followed, state.settings);
    if (unseen && state.followed && !state.running) bringIntoView(follow.node);
    if (state.followed && !state.running) unseen = false;
    verdict.classList.toggle("trouble", state.trouble !== "");
    exact.show();
    tellAim();
    ledger.show(state.heldOut.at(-1), look, state.settings);
    count.textContent = `${state.opened ? "From a file; since then: epoch" : "Epoch"} ${look?.epoch ?? 0}, step ${(look?.steps ?? 0).toLocaleString("en")}. Trained for ${numeral((look?.busy ?? 0) / 1000, 1)} s.`;
    if (!look) return;
    if (look === pictured) return point();
    pictured = look;
    develop();
  }
  /** The negative of a scene: it is chosen by a press on the scene or its print. @param {number} which */
  function pickScene(which) {
    const at = 2 * (state.look.shown[which] - state.digits.trained);
    if (at >= 0) pick(state.look.codes.slice(at, at + 2)); // of no scene where the row is empty
  }
  /** The place that the reader chose. */
  function point() {
    if (!state.look) return; // a new run has begun
    map.mark(state.place);
    place.show(state.place, state.printed, state.look);
  }
  /** @type {any} the look that the pictures show, or soon will */ let pictured = null;
  const develop = oneAFrame([
    () => {
      map.show(pictured, state.settings.latents);
      point();
    },
    () => plane.show(pictured),
    () => {
      const noun = benchNoun(pictured.kinds);
      where.textContent = `\u2193 encoder. Negatives of ${pictured.labels.length.toLocaleString("en")} unseen ${noun}`;
      scenes.show(pixelsOf(state.digits, pictured.shown), `Held-out ${noun}, one of each kind: ${[...pictured.kinds].join(", ")}`);
      prints.show(pictured.prints, "Their prints, developed from the means of their negatives");
      morph.show(pictured);
      inventions.show(pictured.inventions);
    },
    () => curve.show(state.training, state.heldOut),
  ]);

  function summary() {
    const end = state.heldOut.at(-1);
    return end ? `After ${end.epoch} epochs, ${numeral(negativeElbo(end), 1)} nats on held-out images. ${benchSentence(state)}` : "";
  }

  document.addEventListener("visibilitychange", () => document.hidden && stopSlowly());

  /** @type {ShadowRoot} */ (stage.body.getRootNode()).host.classList.add("wide");
  stage.body.classList.add("lab", "trainer");
  const small = (node, text) => captioned(node, text);
  stage.body.append(
    area("bar", train, controls.beta),
    area("tools", ...tools),
    area("preset", el("label", {}, "A lesson to try ", preset)),
    area("tour", tour.node),
    area("verdict", verdict),
    area("controls", controls.node),
    area("map", small(map.node, where), axesPicker.node),
    area("plane", small(plane.node, "\u2192 decoder. Prints of the whole map")),
    area("ring", place.node),
    area("scenes", small(scenes.node, "Scenes that it is not trained on")),
    area("prints", small(prints.node, "Their prints"), small(inventions.node, "Inventions: prints of places drawn from the prior")),
    area("follow", follow.node),
    area("figures", curve.node, aim, ledger.node, count, exact.node, take.node),
    area("signs", morph.node, signs.node),
  );
  const asked = read(location.hash.slice(1));
  begin(asked.settings ?? plainSettings());
  state.trouble = asked.wrong;
  show(); // its words before the first frame, so that what is below them holds still
  addEventListener("hashchange", () => {
    const { settings, wrong } = read(location.hash.slice(1));
    if (wrong) {
      state.trouble = wrong;
      say(wrong);
      show();
    } else if (settings && written(settings) !== written(state.settings)) begin(settings);
  });
}

/**
 * Keep the settings in the address, where the page has one of its own: not in JupyterLab, nor in some frames. The address of
 * a place on the page stays, if there are none to keep.
 */
function remember(settings) {
  if (document.body.dataset.jpThemeLight || (!written(settings) && !read(location.hash.slice(1)).settings)) return;
  try {
    history.replaceState(null, "", `#${written(settings)}`);
  } catch { /* such a frame */ }
}

/** Settings in words, what differs from the start. */
function describeSettings(settings) {
  return written(settings).replaceAll("&", ", ").replaceAll("=", " ") || "the settings of the start";
}

/** What a step makes smaller, in words. @param {Record<string, any>} settings */
function aimOf({ beta, terms, likelihood, noise, rate, batch }) {
  const said = `${LIKELIHOOD_NAMES[likelihood]}, ${terms} over the pixels${noise === "off" ? ", without exposure" : ""}`;
  const other = beta === 1 && terms === "sum" ? "" : " That is another sum than \u2212ELBO.";
  return `Adam makes reconstruction + ${beta} \u00d7 KL smaller (${said}), at a rate of ${rate}, ${batch} scenes a step.${other}`;
}
