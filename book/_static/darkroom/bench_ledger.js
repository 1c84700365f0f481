/** What the bench says in numbers: what it costs, and what happens to one image of a step. */

import { PIXELS, negativeElbo } from "./bench.js";
import { numeral } from "./chart.js";
import { inkFrom } from "./desk.js";
import { captioned, contactSheet, el } from "./ui.js";

const PUSHES = "A push above 0 makes its number larger. The print pushes to fit this scene; KL pushes z_mean to 0 and \u03c3 to 1. " +
  "Each step follows another scene.";

/** Both terms on held-out digits, and the KL of each latent as a bar. */
export function benchLedger() {
  const names = [["reconstruction", "how badly the prints fit"], ["KL", "how much the negatives say"], ["\u2212ELBO", "their sum"]];
  const rows = names.map(([name, words]) => {
    const value = el("td");
    return { node: el("tr", {}, el("th", { scope: "row" }, name, el("small", {}, words)), value), value };
  });
  const caption = el("caption");
  const bars = el("ul", { class: "latents" });
  const sigma = el("p", { class: "number" });
  const node = el("div", {}, el("table", { class: "costs" }, caption, el("tbody", {}, ...rows.map((r) => r.node))), bars, sigma);
  return {
    node,
    show(point, look, settings) {
      caption.textContent = `Held-out images after epoch ${point?.epoch ?? 0}, in nats an image`;
      const klPerLatent = look?.klPerLatent ?? Array(settings.latents).fill(0);
      const values = point ? [point.reconstruction, point.kl, negativeElbo(point)] : [];
      rows.forEach(({ value }, i) => (value.textContent = point ? numeral(values[i], 2) : ""));
      const most = Math.max(1, ...klPerLatent);
      bars.replaceChildren(...Array.from(klPerLatent, (nats, i) => {
        const bar = el("span", { class: "bar" });
        bar.style.width = `${(100 * nats) / most}%`;
        return el("li", {}, el("span", {}, `z[${i}]`), el("span", { class: "track" }, bar), el("span", {}, numeral(nats, 2)));
      }));
      sigma.textContent = settings.likelihood === "bernoulli" ? "" : `\u03c3 of a pixel: ${numeral(look?.sigma ?? settings.sigma, 3)}`;
    },
  };
}

/** One image on its way through the machine, and what pushes its negative. */
export function followedView() {
  const [scene, print] = [contactSheet("The scene that is followed", 1, 1, PIXELS), contactSheet("Its print", 1, 1, PIXELS)];
  const table = el("tbody");
  const columns = ["z_mean", "\u03c3", "\u03b5", "z", "print", "KL", "print", "KL"];
  const terms = el("p", { class: "number" });
  const groups = [["pushes on z_mean", 2], ["on log \u03c3\u00b2", 2]].map(([name, colSpan]) => el("th", { colSpan }, name));
  const head = el("thead", {}, el("tr", {}, el("td", { colSpan: 5 }), ...groups), el("tr", {}, el("td"), ...columns.map((name) => el("th", { scope: "col" }, name))));
  const figures = el("table", {}, head, table);
  const scrolls = { tabindex: 0, role: "group", "aria-label": "What happens to this image, in numbers" }; // on a phone
  return {
    node: el("div", { class: "following" }, captioned(scene.node, "scene"), captioned(print.node, "print of z"), terms, el("div", { class: "wide", ...scrolls }, figures), el("p", { class: "caption" }, PUSHES)),
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
