/** What one does with a trained bench: its exact likelihood, and files to take away. */

import { PIXELS } from "./bench.js";
import { readBench, writeBench } from "./bench_file.js";
import { numeral } from "./chart.js";
import { isSign } from "./map.js";
import { DRAWS } from "./exact.js";
import { button, el, textTable } from "./ui.js";

/**
 * -ELBO, a narrower bound, and -log p(x) itself, for a model with two latents.
 *
 * @param {any} state of `benchState` @param {(text: string) => void} say
 */
export function exactPanel(state, say) {
  const ask = button("Compute", () => {
    state.pause();
    state.askExact();
    waiting = true;
    ask.textContent = "Computing ...";
  });
  const rows = ["\u2212ELBO", `bound, ${DRAWS} draws`, "\u2212log p(x)", "gap"];
  const table = textTable(["nats"], rows.map((name) => [name]));
  const note = el("p", { class: "caption" });
  /** @type {any} */ let told = null;
  let waiting = false;
  const node = el("details", {}, el("summary", {}, "Exact likelihood (two latents)"), ask, table.node, note);
  return {
    node,
    show() {
      const { exact, settings, look } = state;
      if (exact || !look) ask.textContent = "Compute";
      ask.disabled = settings.latents !== 2;
      if (state.running || exact) waiting = false;
      if (settings.latents !== 2) note.textContent = "A grid of places covers two latents and no more: choose 2.";
      else if (!exact && !waiting) note.textContent = "Adds up p(x|z) p(z) over a grid of 193 by 193 places, for 100 held-out digits.";
      if (!exact) return table.show(rows.map(() => [""]));
      const { elbo, bound, exact: nats, coarse, images } = exact;
      table.show([elbo, bound, nats, elbo - nats].map((value) => [numeral(value, 2)]));
      const unsure = Math.abs(coarse - nats) > 0.1;
      const grid = unsure ? `Not to be trusted: half the grid gives ${numeral(coarse, 2)}.` : "Half the grid gives the same.";
      note.textContent = `${images} held-out images, at epoch ${look?.epoch ?? 0}. By the gap, \u2212ELBO overstates \u2212log p(x): ` +
        `the encoder\u2019s q(z|x) is not the true posterior. ${grid}`;
      if (exact !== told) say(`Minus log p(x) is ${numeral(nats, 2)} nats, minus ELBO ${numeral(elbo, 2)}.`);
      told = exact;
    },
  };
}

/**
 * Files: the model, for Python or for another day, and the plane as a picture.
 *
 * @param {any} state @param {HTMLCanvasElement} plane
 * @param {(settings: any, theta: Float32Array) => void} open begins with a model @param {(text: string) => void} say
 */
export function takePanel(state, plane, open, say) {
  const note = el("p", { class: "caption" });
  const tell = (/** @type {string} */ text) => {
    note.textContent = text;
    say(text);
  };
  const model = button("Download the model", () => state.takeWeights((theta) => {
    const end = state.heldOut.at(-1);
    const text = writeBench(state.settings, theta, PIXELS ** 2, { epoch: end?.epoch ?? 0, heldOut: end ?? null });
    offer("my-vae.json", new Blob([text], { type: "application/json" }));
    const signs = [...state.settings.digits].some(isSign);
    tell(`my-vae.json: ${signs ? "load_bench reads it. This page opens it as long as your signs are on it." : "read it with load_bench, or open it here."}`);
  }));
  const input = el("input", { type: "file", accept: ".json,application/json", class: "file" });
  Object.assign(input.style, { minHeight: "2.1rem", maxWidth: "100%", font: "inherit" });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    try {
      const { settings, theta } = readBench(await file.text(), PIXELS ** 2);
      open(settings, theta);
      tell(`${file.name} is open. Press Train to go on from its weights.`);
    } catch (error) {
      tell(`${error instanceof Error ? error.message : error} Nothing was changed.`);
    }
  });
  const picture = button("Save the plane as a picture", () => {
    const large = el("canvas", { width: 4 * plane.width, height: 4 * plane.height });
    const context = large.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(plane, 0, 0, large.width, large.height);
    large.toBlob((/** @type {Blob} */ blob) => offer("plane.png", blob));
  });
  const node = el("details", {}, el("summary", {}, "Take it away"), el("div", { class: "tools" }, model, picture), el("label", {}, "Open a model ", input), note);
  return { node };
}

/** Let the browser keep a file. @param {string} name @param {Blob} blob */
function offer(name, blob) {
  const address = URL.createObjectURL(blob);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
