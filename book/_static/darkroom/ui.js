/** Small parts that the widgets are made of: elements, sliders, buttons, pictures, and when to redraw. */

/**
 * Make an element. Properties that start with `on` are listeners, those with a dash or `role` attributes.
 *
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.includes("-") || ["role", "class", "for", "width", "height", "tabindex"].includes(name))
      node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

let made = 0;

/**
 * A labelled slider with a readout.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {number} [options.min] with `max` and `step` as in HTML
 * @param {number} [options.max]
 * @param {number} [options.step]
 * @param {number} [options.value]
 * @param {(value: number) => string} [options.format] the readout, also for screen readers
 * @param {(value: number) => void} options.onInput called for what the reader does, not for `set`
 * @returns {{node: HTMLElement, input: HTMLInputElement, value: number, set: (value: number, text?: string) => void}}
 */
export function slider({ label, min = 0, max = 1, step = 0.01, value = 0, format = (v) => v.toFixed(2), onInput }) {
  const id = `s${++made}`;
  const input = el("input", { id, type: "range", min, max, step, value });
  const output = el("output", { for: id, "aria-live": "off" });
  const node = el("div", { class: "slider" }, el("label", { for: id }, label), input, output);
  const show = (/** @type {string} */ text = format(Number(input.value))) => {
    output.textContent = text;
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    show();
    onInput(Number(input.value));
  });
  show();
  return {
    node,
    input,
    get value() {
      return Number(input.value);
    },
    set(v, text) {
      input.value = String(v);
      show(text);
    },
  };
}

/** @param {string | Node} label @param {() => void} onclick @param {Record<string, any>} [properties] */
export const button = (label, onclick, properties = {}) => el("button", { type: "button", onclick, ...properties }, label);

/**
 * A row of which one can be chosen (radio buttons).
 *
 * @param {string} label
 * @param {[string, string][]} options pairs of value and text
 * @param {string} value
 * @param {(value: string) => void} onChange
 */
export function choice(label, options, value, onChange) {
  const name = `c${++made}`;
  const node = el("fieldset", { class: "choice" }, el("legend", {}, label));
  for (const [key, text] of options) {
    const input = el("input", { type: "radio", name, value: key, checked: key === value, onchange: () => onChange(key) });
    node.append(el("label", {}, input, text));
  }
  return node;
}

const GREYS = Array.from({ length: 256 }, (_, grey) => 0xff000000 | (grey * 0x010101));

/**
 * A picture of `side` x `side` values, as a print: ink is light on black.
 *
 * @param {string} label text alternative; none where the words around it say what it is
 */
export function picture(label, side = 28) {
  const alternative = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  const node = el("canvas", { class: "print", width: side, height: side, ...alternative });
  const context = node.getContext("2d");
  const image = context.createImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer); // alpha, blue, green, red: every browser's machine is little-endian
  return {
    node,
    /** @param {ArrayLike<number>} values in [0, 1] @param {number[]} [colours] from 0 to 1, 256 of them */
    show(values, colours = GREYS) {
      for (let i = 0; i < values.length; i++) pixels[i] = colours[Math.round(255 * values[i])];
      context.putImageData(image, 0, 0);
    },
  };
}

/**
 * Several pictures of `side` x `side` values in one canvas, row by row.
 *
 * @param {string} label text alternative @param {number} columns @param {number} rows @param {number} side
 */
export function contactSheet(label, columns, rows, side) {
  const says = { role: "img", "aria-label": label };
  const node = el("canvas", { class: "print", width: columns * side, height: rows * side, ...says });
  const context = node.getContext("2d");
  const image = context.createImageData(columns * side, rows * side);
  const pixels = new Uint32Array(image.data.buffer);
  return {
    node,
    /** @param {ArrayLike<number>} values in [0, 1], picture after picture */
    show(values) {
      for (let i = 0; i < values.length; i++) {
        const [which, place] = [Math.floor(i / side ** 2), i % side ** 2];
        const row = Math.floor(which / columns) * side + Math.floor(place / side);
        pixels[row * columns * side + (which % columns) * side + (place % side)] = GREYS[Math.round(255 * values[i])];
      }
      context.putImageData(image, 0, 0);
    },
  };
}

/** Change the text alternative of a picture, a chart, a map. @param {{node: Element}} picture @param {string} text */
export const describe = ({ node }, text) => node.setAttribute("aria-label", text);

/** A row of a table. @param {(string | Node)[]} name @param {string[]} cells */
const tableRow = (name, cells) =>
  el("tr", {}, el("th", { scope: "row" }, ...name), ...cells.map((text) => el("td", {}, text)));

/**
 * A table whose cells are rewritten in place.
 *
 * @param {string[]} columns
 * @param {(string | Node)[][]} names of the rows
 */
export function textTable(columns, names) {
  const head = columns.map((name) => el("th", { scope: "col" }, name));
  const rows = names.map((name) => tableRow(name, columns.map(() => "")));
  return {
    node: el("table", {}, el("thead", {}, el("tr", {}, el("td"), ...head)), el("tbody", {}, ...rows)),
    /** @param {string[][]} lines */
    show(lines) {
      lines.forEach((line, i) => line.forEach((text, k) => (rows[i].children[k + 1].textContent = text)));
    },
    /** What stands in each row, its name first. */
    read: () => rows.map((row) => Array.from(row.children, (cell) => cell.textContent)),
  };
}

/** The numbers behind a chart, folded away. @param {string} title @param {string[]} columns */
export function numbersBehind(title, columns) {
  const head = el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)));
  const rows = el("tbody");
  return {
    node: el("details", {}, el("summary", {}, title), el("table", {}, el("thead", {}, head), rows)),
    /** @param {string[][]} lines the first of each is its name */
    show: (lines) => rows.replaceChildren(...lines.map(([name, ...cells]) => tableRow([name], cells))),
  };
}

/** A figure: something with a caption below. @param {Node} node @param {string | Node} caption */
export const captioned = (node, caption) => el("figure", {}, node, el("figcaption", {}, caption));

/** One of several columns, see `.row` in style.css. @param {...(Node | string)} children */
export const column = (...children) => el("div", { class: "column" }, ...children);

/** A part of a layout, see `.lab` in style.css. @param {string} name @param {...(Node | string)} children */
export const area = (name, ...children) => el("div", { class: `at-${name}`, style: `--area: ${name}` }, ...children);

/** Numbers as texts of one width, with a real minus. @param {ArrayLike<number>} values @returns {string[]} */
export const figures = (values, places = 2) => Array.from(values, (v) => v.toFixed(places).replace("-", "\u2212"));

/** Call `work` once before the next frame, however often it is asked for. @param {() => void} work */
export function onFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

/** Call several works, one before each of the next frames, so that none is late; all again, whenever it is asked for. @param {(() => void)[]} works */
export function oneAFrame(works) {
  let [next, left] = [0, 0];
  const step = () => {
    works[next]();
    next = (next + 1) % works.length;
    left--;
    if (left > 0) requestAnimationFrame(step);
  };
  return () => {
    if (left === 0) requestAnimationFrame(step);
    left = works.length;
  };
}

/** Call `work` when nothing was asked for a while. @param {number} ms @param {() => void} work */
export function afterPause(ms, work) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
}

/** Whether the reader asked for less motion. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * A Play/Pause button that moves a place from 0 to 1 and back; in steps and once if less motion is wanted.
 *
 * @param {(place: number) => void} show
 * @param {{seconds?: number, bounce?: boolean, where: () => number, node?: HTMLElement}} options
 */
export function playButton(show, { seconds = 4, bounce = true, where }) {
  let playing = false;
  let direction = 1;
  const node = button("Play", () => (playing ? pause() : play()), { class: "play" });
  function pause() {
    playing = false;
    node.textContent = "Play";
  }
  function play() {
    playing = true;
    node.textContent = "Pause";
    if (where() >= 1) {
      if (bounce && !calm()) direction = -1;
      else show(0);
    } else if (where() <= 0) direction = 1;
    let before = performance.now();
    const still = calm();
    if (still) direction = 1;
    const next = (/** @type {number} */ now) => {
      if (!playing || !node.isConnected) return pause();
      const step = still ? 1 / 6 : Math.max(0, now - before) / 1000 / seconds; // a frame may be older than the click
      before = now;
      let place = where() + direction * step;
      if (direction > 0 ? place >= 1 : place <= 0) {
        place = Math.min(1, Math.max(0, place));
        if (still || !bounce) {
          show(place);
          return pause();
        }
        direction = -direction;
      }
      show(place);
      if (still) setTimeout(() => next(performance.now()), 1000);
      else requestAnimationFrame(next);
    };
    if (still) next(before);
    else requestAnimationFrame(next);
  }
  return { node, pause };
}
