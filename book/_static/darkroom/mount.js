/** Puts widgets into their host element: a shadow root of its own, tabs if there are several, the reader's theme. */

import { button, el } from "./ui.js";

/**
 * What a widget gets.
 *
 * @typedef {object} Stage
 * @property {HTMLElement} body where the widget appends its parts
 * @property {import("./network.js").Network} network the book's model; null for widgets that do not run it
 * @property {Record<string, any>} data what `helpers.living` gave this widget
 * @property {(text: string) => void} say announce a change to screen readers; nothing before the reader does something
 * @property {(name: string) => string} colour a colour of the current theme: "ink", "faint", "accent", ...
 * @property {(redraw: () => void) => void} onTheme call when the theme changes
 */

/** @typedef {{title: string, tryFirst: string, notice: string, build: (stage: Stage) => void, data: any}} Widget */

/** @returns {"light" | "dark"} the theme of the page: of the book, JupyterLab, Colab, or the system's */
function theme() {
  const page = document.documentElement;
  const said = page.dataset.theme || page.getAttribute("theme") || document.body.dataset.jpThemeLight || "";
  if (said === "dark" || said === "false") return "dark";
  if (said === "light" || said === "true") return "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * Find the host, then put the widgets into it. JupyterLab runs scripts before their output is in the page: wait.
 *
 * @param {string} id of the host
 * @param {string} style
 * @param {import("./network.js").Network | null} network
 * @param {Widget[]} widgets
 */
export function mount(id, style, network, widgets, patience = 200) {
  const host = document.getElementById(id);
  if (host === null) {
    if (patience > 0) setTimeout(() => mount(id, style, network, widgets, patience - 1), 25);
    return;
  }
  if (host.shadowRoot) return;
  const root = host.attachShadow({ mode: "open" });
  const status = el("div", { role: "status", class: "unseen" });
  const bench = el("div", { class: "bench" });
  root.append(el("style", { textContent: style }), bench, status, el("slot"));

  /** @type {(() => void)[]} */
  const redraws = [];
  host.dataset.mode = theme();
  const follow = () => {
    if (host.dataset.mode === theme()) return;
    host.dataset.mode = theme();
    redraws.forEach((redraw) => redraw());
  };
  const watch = new MutationObserver(follow);
  for (const node of [document.documentElement, document.body]) watch.observe(node, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);

  const panels = widgets.map(({ title, tryFirst, notice, build, data }) => {
    const body = el("div");
    const words = [el("p", { class: "try" }, tryFirst), body, el("p", { class: "notice" }, notice)];
    const panel = el("section", { "aria-label": title }, ...words);
    let touched = false;
    for (const kind of ["pointerdown", "keydown", "click", "input"]) {
      panel.addEventListener(kind, () => (touched = true), { capture: true });
    }
    const say = (/** @type {string} */ text) => touched && (status.textContent = text);
    const colour = (/** @type {string} */ name) => getComputedStyle(host).getPropertyValue(`--dd-${name}`).trim();
    const onTheme = (/** @type {() => void} */ redraw) => redraws.push(redraw);
    const open = () => body.hasChildNodes() || build({ body, network, data, say, colour, onTheme });
    return { title, panel, open };
  });
  if (panels.length === 1) bench.append(el("h3", { class: "title" }, panels[0].title), panels[0].panel);
  else bench.append(...tabs(panels));
  panels[0].open();

  // its height, set by hand, lets it be laid out alone: what changes in it never lays out the whole page
  const fit = () => (host.style.height = `${bench.offsetHeight}px`);
  fit();
  new ResizeObserver(fit).observe(bench);
}

/** A list of tabs, operated by the arrow keys as the ARIA practices ask. @param {any[]} panels */
function tabs(panels) {
  const list = el("div", { role: "tablist", class: "tabs" });
  const select = (/** @type {number} */ chosen) => {
    panels.forEach(({ panel }, i) => {
      panel.hidden = i !== chosen;
      list.children[i].setAttribute("aria-selected", String(i === chosen));
      list.children[i].tabIndex = i === chosen ? 0 : -1;
    });
    panels[chosen].open();
  };
  panels.forEach(({ title, panel }, i) => {
    Object.assign(panel, { id: `panel${i}`, hidden: i > 0 });
    panel.setAttribute("role", "tabpanel");
    list.append(button(title, () => select(i), { role: "tab", id: `tab${i}`, "aria-controls": panel.id }));
  });
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const now = panels.findIndex(({ panel }) => !panel.hidden);
    const to = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: panels.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + panels.length) % panels.length;
    select(next);
    list.children[next].focus();
  });
  select(0);
  return [list, ...panels.map(({ panel }) => panel)];
}
