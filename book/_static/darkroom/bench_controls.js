/** The bench's controls: what one may change, and which latents the map shows. */

import { LIMITS, betaScale, logScale, plainSettings } from "./settings.js";
import { choice, el, slider } from "./ui.js";

export const LIKELIHOOD_NAMES = { bernoulli: "Bernoulli", gaussian: "Gaussian, chosen \u03c3", learned: "Gaussian, learned \u03c3" };

/** The choice of the latents that the map shows. @param {(axes: number[] | null) => void} onChoose */
export function benchAxes(onChoose) {
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
        each.replaceChildren(el("option", { value: "" }, "auto"), ...options);
      }
    },
  };
}

/** @param {(name: string, value: any) => void} onChange gets an empty value for digits where the last one was to go, and stays */
export function benchControls(onChange) {
  const rates = logScale(LIMITS.rate.from, LIMITS.rate.to);
  const sigmas = logScale(LIMITS.sigma.from, LIMITS.sigma.to);
  const beta = slider({
    label: "\u03b2", step: 0.01, format: (at) => String(betaScale.value(at)),
    onInput: (at) => {
      typed.value = String(betaScale.value(at));
      onChange("beta", betaScale.value(at));
    },
  });
  const typed = el("input", { // a finger on a short slider meets few of its values
    type: "number", min: LIMITS.beta.from, max: LIMITS.beta.to, step: "any", required: true,
    onchange: () => {
      if (!typed.reportValidity()) return;
      const value = Number(typed.value);
      beta.set(betaScale.at(value), String(value));
      onChange("beta", value);
    },
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
  const rate = slider({ label: "Learning rate", step: 0.01, format: (at) => String(rates.value(at)), onInput: (at) => onChange("rate", rates.value(at)) });
  const sigma = slider({ label: "\u03c3 of a pixel", step: 0.01, format: (at) => String(sigmas.value(at)), onInput: (at) => onChange("sigma", sigmas.value(at)) });
  const seed = slider({ label: "Seed", min: 0, max: 99, step: 1, format: String, onInput: (v) => onChange("seed", v) });
  let terms = el("div"), likelihood = el("div"), noise = el("div");
  const boxes = Array.from("0123456789", (digit) => {
    const input = el("input", { type: "checkbox", checked: true, onchange: () => changeDigits(input) });
    return { digit, input, node: el("label", {}, input, digit) };
  });
  function changeDigits(input) {
    const digits = boxes.filter((box) => box.input.checked).map((box) => box.digit).join("");
    input.checked ||= digits === ""; // it needs one
    lonely.hidden = digits !== "";
    onChange("digits", digits);
  }
  const lonely = el("p", { class: "caption" }, "It needs at least one digit.");
  const allow = (/** @type {string} */ likelihood) => (sigma.input.disabled = likelihood === "bernoulli"); // which has none
  const more = el("details", {}, el("summary", {}, "More settings"));
  const node = el("div", { class: "controls" });

  function set(settings) {
    beta.set(betaScale.at(settings.beta), String(settings.beta)); // an address may ask for what lies between its steps
    typed.value = String(settings.beta);
    latents.set(settings.latents);
    width.set(LIMITS.width.among?.indexOf(settings.width) ?? 0);
    batch.set(LIMITS.batch.among?.indexOf(settings.batch) ?? 0);
    rate.set(rates.at(settings.rate), String(settings.rate));
    sigma.set(sigmas.at(settings.sigma), String(settings.sigma));
    seed.set(settings.seed, String(settings.seed));
    for (const box of boxes) box.input.checked = settings.digits.includes(box.digit);
    lonely.hidden = true;
    allow(settings.likelihood);
    terms = choice("Over the pixels", [["sum", "sum"], ["mean", "mean"]], settings.terms, (v) => onChange("terms", v));
    likelihood = choice("Likelihood", Object.entries(LIKELIHOOD_NAMES), settings.likelihood, (v) => {
      allow(v);
      onChange("likelihood", v);
    });
    noise = choice("Exposure", [["on", "draw z"], ["off", "take z_mean"]], settings.noise, (v) => onChange("noise", v));
    const kinds = el("fieldset", { class: "choice digits" }, el("legend", {}, "Digits"), ...boxes.map((box) => box.node), lonely);
    const exactly = el("label", {}, "\u03b2 exactly ", typed);
    more.replaceChildren(more.firstElementChild ?? "", likelihood, sigma.node, noise, exactly, width.node, rate.node, batch.node, seed.node);
    node.replaceChildren(el("p", { class: "caption" }, "Each of these begins a new run. \u03b2 and the learning rate do not."), latents.node, terms, kinds, more);
  }
  set(plainSettings());
  return { node, set, beta: beta.node };
}
