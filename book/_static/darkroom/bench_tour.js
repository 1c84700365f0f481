/** A tour of the bench in six steps, which can be left at any time. */

import { button, el } from "./ui.js";

/** @type {[string, string][]} the part that a step is about, and what it says */
const TOUR = [
  ["scenes", "Scenes: digits that the bench is never trained on. It trains now, on others: watch what it makes of these."],
  ["map", "The encoder turns a scene into a negative: a place on this map, and a spread. Each point is one held-out digit. Press on a place to see its print."],
  ["plane", "The decoder turns a place into a print. Here it develops every place of the map: where the 0s lie, 0s are printed."],
  ["prints", "Inventions, the lowest rows: places drawn from the prior, without any scene, and developed. Nobody wrote these digits."],
  ["figures", "What it costs: reconstruction (how badly the prints fit) plus KL (how much the negatives say). Their sum is \u2212ELBO."],
  ["bar", "Now break it: move \u03b2 to about 20 while it trains. What a negative says must now save 20 times its nats, and all prints become alike."],
];

/** @param {HTMLElement} body whose parts are shown @param {(text: string) => void} say @param {() => void} begin trains */
export function benchTour(body, say, begin) {
  let at = -1;
  const text = el("p", { class: "said" });
  const next = button("Next", () => go(at + 1), { class: "go" });
  const back = button("Back", () => go(at - 1));
  const node = el("div", { class: "tour", role: "group", "aria-label": "Tour" }, text, back, next, button("Leave the tour", () => go(-1)));
  const start = button("Tour", () => {
    go(0);
    next.focus();
  });
  node.hidden = true;

  /** @param {number} to */
  function go(to) {
    at = to < TOUR.length ? to : -1;
    for (const part of body.children) part.classList.remove("shown");
    node.hidden = at < 0;
    if (at < 0) return start.focus();
    const [part, words] = TOUR[at];
    const shown = body.querySelector(`.at-${part}`);
    shown?.classList.add("shown");
    shown?.scrollIntoView({ block: "nearest" });
    if (at === 0) begin();
    text.textContent = `${at + 1} of ${TOUR.length}. ${words}`;
    back.disabled = at === 0;
    next.textContent = at === TOUR.length - 1 ? "End" : "Next";
    say(text.textContent ?? "");
  }
  return { node, start };
}
