/** Landing page: the bench with what matters most, Train, Pause and beta. */

import { PIXELS, benchState } from "./bench.js";
import { benchMap, benchPlane, benchSentence } from "./bench_views.js";
import { betaScale } from "./settings.js";
import { area, button, captioned, contactSheet, el, oneAFrame, slider } from "./ui.js";

/** @param {import("./mount.js").Stage} stage */
export function firstBench({ body, data, say }) {
  const state = benchState(data, show, () => say(state.trouble || verdict.textContent || ""));
  const map = benchMap();
  const plane = benchPlane();
  const narrow = body.clientWidth < 560;
  const inventions = contactSheet("Twenty new digits, developed from draws from the prior", ...(narrow ? [10, 2] : [5, 4]), PIXELS);
  const verdict = el("p", { class: "verdict" });
  const train = button("Train", () => (state.running ? state.pause() : state.run()), { class: "go" });
  const reset = button("Reset", () => state.start());
  const beta = slider({
    label: "\u03b2", step: 0.01, value: betaScale.at(1), format: (at) => String(betaScale.value(at)),
    onInput: (at) => {
      state.set("beta", betaScale.value(at));
      verdict.textContent = benchSentence(state);
    },
  });

  function show() {
    train.textContent = state.running ? "Pause" : "Train";
    verdict.textContent = benchSentence(state);
    if (!state.look || state.look === pictured) return;
    pictured = state.look;
    develop();
  }
  /** @type {any} the look that the pictures show, or soon will */ let pictured = null;
  const develop = oneAFrame([
    () => {
      map.show(pictured, state.settings.latents);
      map.draw();
    },
    () => plane.show(pictured),
    () => inventions.show(pictured.inventions),
  ]);

  body.classList.add("lab", "trainer", "first");
  body.append(
    area("bar", train, beta.node, reset),
    area("verdict", verdict),
    area("map", captioned(map.node, "Negatives: where 1,000 unseen digits lie")),
    area("plane", captioned(plane.node, "Prints from every place of that map")),
    area("prints", captioned(inventions.node, "Inventions: places drawn at random, and printed")),
  );
  state.start();
}
