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
 * @param {number} options.min
 * @param {number} options.max
 * @param {number} [options.step]
 * @param {number} options.value
 * @param {(value: number) => string} [options.format] the readout, also for screen readers
 * @param {(value: number) => void} options.onInput called for what the reader does, not for `set`
 * @returns {{node: HTMLElement, input: HTMLInputElement, value: number, set: (value: number) => void}}
 */
export function slider({ label, min, max, step = 0.01, value, format = (v) => v.toFixed(2), onInput }) {
  const id = `s${++made}`;
  const input = el("input", { id, type: "range", min, max, step, value });
  const output = el("output", { for: id, "aria-live": "off" });
  const node = el("div", { class: "slider" }, el("label", { for: id }, label), input, output);
  const show = () => {
    output.textContent = format(Number(input.value));
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
    set(v) {
      input.value = String(v);
      show();
    },
  };
}

/** @param {string} label @param {() => void} onclick @param {Record<string, any>} [properties] */
export const button = (label, onclick, properties = {}) => el("button", { type: "button", onclick, ...properties }, label);

/** A button that is on or off. @param {string} label @param {boolean} on @param {(on: boolean) => void} onChange */
export function toggle(label, on, onChange) {
  const node = button(label, () => {
    const now = node.getAttribute("aria-pressed") !== "true";
    node.setAttribute("aria-pressed", String(now));
    onChange(now);
  }, { "aria-pressed": String(on) });
  return node;
}

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

/**
 * A picture of 28 x 28 (or other) values, as a print: ink is light on black.
 *
 * @param {string} label text alternative
 * @param {number} [size] CSS pixels
 */
export function picture(label, size = 140, side = 28) {
  const node = el("canvas", { role: "img", "aria-label": label, class: "print", width: side, height: side });
  node.style.setProperty("--size", `${size}px`);
  const context = node.getContext("2d");
  const image = context.createImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer); // alpha, blue, green, red: every browser's machine is little-endian
  return {
    node,
    /** @param {ArrayLike<number>} values in [0, 1] */
    show(values) {
      for (let i = 0; i < values.length; i++) pixels[i] = 0xff000000 | (Math.round(255 * values[i]) * 0x010101);
      context.putImageData(image, 0, 0);
    },
    /** Paint with a colour for each pixel. @param {(i: number) => number[]} colour red, green, blue, 0 to 255 */
    paint(colour) {
      for (let i = 0; i < side * side; i++) {
        const [red, green, blue] = colour(i);
        pixels[i] = 0xff000000 | (blue << 16) | (green << 8) | red;
      }
      context.putImageData(image, 0, 0);
    },
    /** @param {string} text */
    describe: (text) => node.setAttribute("aria-label", text),
  };
}

/** A figure: something with a caption below. @param {Node} node @param {string | Node} caption */
export const captioned = (node, caption) => el("figure", {}, node, el("figcaption", {}, caption));

/** A part of a layout, see `.lab` in style.css. @param {string} name @param {...(Node | string)} children */
export const area = (name, ...children) => el("div", { class: `at-${name}` }, ...children);

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

/** Call `work` when nothing was asked for a while. @param {number} ms @param {() => void} work */
export function afterPause(ms, work) {
  /** @type {any} */
  let timer;
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
