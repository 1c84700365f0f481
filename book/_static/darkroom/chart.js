/** Charts as inline SVG: marks whose colours follow the theme, axes, arrows. */

/** A number with a real minus, and without minus zero. @param {number} value @param {number} [places] */
export const numeral = (value, places = 2) => value.toFixed(places).replace(/^-(0\.?0*)$/, "$1").replace("-", "\u2212");

/**
 * Make an SVG element.
 *
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  mark(node, attributes);
  node.append(...children);
  return node;
}

/** Set attributes. @param {Element} node @param {Record<string, string | number>} attributes */
export function mark(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
}

/** @param {Record<string, string | number>} attributes @param {string} [content] */
export const words = (attributes, content = "") => svg("text", attributes, content);

/** The root of a chart; `describe` says what it shows. @param {number} height where the width is 360 */
export function chart(height, ...children) {
  return svg("svg", { class: "chart", viewBox: `0 0 360 ${height}`, role: "img", "aria-label": "" }, ...children);
}

/**
 * @typedef {object} Scale
 * @property {[number, number]} range first and last value
 * @property {[number, number]} span where they lie in the chart
 * @property {number[]} ticks
 * @property {string} label
 */

/** @param {Scale} scale @returns {(value: number) => number} where a value lies */
export const placer = ({ range: [low, high], span: [from, to] }) => (value) =>
  from + ((value - low) / (high - low)) * (to - from);

/** Numbers at even steps, both ends among them. @param {number} from @param {number} to @param {number} step */
export const evenly = (from, to, step) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

/** Two axes with ticks and names. @param {Scale} across @param {Scale} up @returns {SVGGElement} */
export function axes(across, up) {
  const [x, y] = [placer(across), placer(up)];
  const [[left, right], [bottom, top]] = [across.span, up.span];
  const plain = (/** @type {number} */ tick) => String(tick).replace("-", "\u2212");
  return svg(
    "g",
    { class: "axes" },
    svg("path", { d: `M${left} ${top}V${bottom}H${right}` }),
    ...across.ticks.flatMap((tick) => [
      svg("path", { d: `M${x(tick)} ${bottom}v4` }),
      words({ x: x(tick), y: bottom + 16, "text-anchor": "middle" }, plain(tick)),
    ]),
    ...up.ticks.flatMap((tick) => [
      svg("path", { d: `M${left} ${y(tick)}h-4` }),
      words({ x: left - 7, y: y(tick) + 4, "text-anchor": "end" }, plain(tick)),
    ]),
    words({ x: right, y: bottom + 31, "text-anchor": "end" }, across.label),
    words({ x: left - 4, y: top - 8, "text-anchor": "start" }, up.label),
  );
}

/** An arrow from one place to another on the same height, as a path. @param {number} from @param {number} to */
export function arrow(from, to, y, head = 7) {
  const size = Math.sign(to - from) * Math.min(head, Math.abs(to - from));
  const half = 0.7 * Math.abs(size);
  return `M${from} ${y}H${to}m${-size} ${-half}l${size} ${half}l${-size} ${half}`;
}
