/** A tour of the bench in six steps, which can be left at any time. */

import { button, el } from "./ui.js";

/** @type {[string, string][]} the part that a step is about, and what it says */
const TOUR = [
  ["scenes", "Scenes: digits that the bench is never trained on. While it trains on others, watch what it makes of these."],
  ["map", "The encoder turns a scene into a negative: a place on this map, and a spread. Each point is one held-out digit. Press on a place to see its print."],
  ["plane", "The decoder turns a place into a print. Here it develops every place of the map: where the 0s lie, 0s are printed."],
  ["prints", "Inventions, the lowest rows: places drawn from the prior, without any scene, and developed. Nobody wrote these digits."],
  ["figures", "What it costs: reconstruction (how badly the prints fit) plus KL (how much the negatives say). Their sum is \u2212ELBO."],
  ["verdict", "Now break it: move \u03b2, the price of what the negatives say, to about 20 while it trains. They say nothing then, and all prints become alike. Move it back to 1."],
];

/**
 * Scroll to a part if it is not in view as a whole, below the page's bar and above what is fixed on a phone.
 *
 * @param {Element} part
 * @param {{head?: number, foot?: number}} [hidden] height of what is hidden at the top and at the bottom of the screen
 */
export function bringIntoView(part, { head = 70, foot = 150 } = {}) {
  const { top, bottom } = part.getBoundingClientRect();
  if (top > head && bottom < innerHeight - foot) return;
  scrollBy({ top: top - head - 10 });
}

/** Scroll as far as a part needs to be seen to its end, so that what was pressed above it stays. @param {Element} part */
export function uncover(part, foot = 90) {
  const { bottom } = part.getBoundingClientRect();
  if (bottom > innerHeight - foot) scrollBy({ top: bottom - innerHeight + foot });
}

/** @param {HTMLElement} body whose parts are shown @param {(text: string) => void} say @param {() => void} begin trains */
export function benchTour(body, say, begin) {
  let at = -1;
  const text = el("p", { class: "said" });
  const next = button("Next", () => go(at + 1), { class: "go" });
  const back = button("Back", () => go(at - 1));
  const leave = button("Leave the tour", () => go(-1));
  const node = el("div", { class: "tour", role: "group", "aria-label": "Tour" }, text, back, next, leave);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && at >= 0 && go(-1)); // wherever the focus is
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
    if (at === 0) begin();
    text.textContent = `${at + 1} of ${TOUR.length}. ${words}`;
    back.hidden = at === 0;
    leave.hidden = at === TOUR.length - 1; // there the other button ends it
    next.textContent = at === TOUR.length - 1 ? "End" : "Next";
    const { top, height } = node.getBoundingClientRect();
    const above = getComputedStyle(/** @type {Element} */ (node.parentElement)).bottom === "auto"; // else at the foot of a phone
    if (shown) bringIntoView(shown, above ? { head: 80 + height, foot: 20 } : { foot: innerHeight - top });
    say(text.textContent ?? "");
  }
  return { node, start };
}
