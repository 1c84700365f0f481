/**
 * Keeps what a reader answered, in this browser only, and says in the contents how far they got. On every page.
 *
 * @typedef {{ done: boolean, given: Object<string, string> }} Answer to an exercise its parts, to a question `choice`
 */
globalThis.exerciseProgress = (() => {
  "use strict";

  const KEY = "darkroom.answers.1"; // another number when the form of what is kept changes
  const CHANGED = "answerschanged", CLEARED = "answerscleared"; // events; the second empties the forms of the page
  /** @type {Object<string, string[]>} the ids of what each page asks */
  const asked = JSON.parse(document.getElementById("asked-in-the-book")?.textContent || "{}");
  /** @type {Object<string, Answer>} */
  let answers = {};

  function load() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) || "{}");
      answers = kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
    } catch { /* storage is blocked, or what is in it is not ours: what is answered lasts as long as the page */ }
  }

  function save() {
    try {
      if (Object.keys(answers).length) localStorage.setItem(KEY, JSON.stringify(answers));
      else localStorage.removeItem(KEY);
    } catch { /* blocked, or full */ }
    show();
  }

  /** @param {string} id @returns {Answer | undefined} */
  const recall = (id) => answers[id];

  /** @param {string} id @param {Answer} answer */
  function keep(id, answer) {
    load(); // another tab may have answered since
    answers = { ...answers, [id]: answer };
    save();
  }

  function clear() {
    answers = {};
    save();
    document.dispatchEvent(new Event(CLEARED));
  }

  /** The last part of an address: the name of a page. @param {string} address */
  const pageOf = (address) => new URL(address, location.href).pathname.split("/").pop() || "index.html";

  /** How much of what a page asks is answered. @param {string} page */
  function count(page) {
    const ids = asked[page] ?? [];
    return { done: ids.filter((id) => answers[id]?.done).length, all: ids.length };
  }

  /** @param {string} name @param {Object<string, string>} attributes @param {(Node | string)[]} children */
  function make(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return /** @type {any} */ (made);
  }

  /** A button that takes all answers back, and what it says of itself; seen while there are any.
   * @returns {HTMLElement} */
  function clearing() {
    const [about, line] = [make("div", { class: "answers-kept" }), make("p")];
    const button = make("button", { class: "btn answers-clear", type: "button" }, "Clear my answers");
    line.tabIndex = -1; // what is said where the button was gets its focus
    const update = () => {
      about.hidden = !Object.keys(answers).length;
      button.hidden = false;
      line.textContent = "Your answers stay on this device.";
    };
    button.addEventListener("click", () => {
      if (!confirm("Clear your answers to all questions of the book?")) return;
      clear();
      about.hidden = false;
      button.hidden = true;
      line.textContent = "Your answers are cleared.";
      line.focus();
    });
    document.addEventListener(CHANGED, update);
    update();
    about.append(line, button);
    return about;
  }

  const contents = /** @type {HTMLElement | null} */ (document.querySelector("nav.bd-links"));

  /** Say in the contents how far the reader is, in each chapter that was begun. */
  function show() {
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (contents?.querySelectorAll("a.internal") ?? [])) {
      const { done, all } = count(pageOf(link.href));
      link.querySelector(".answered")?.remove();
      if (!done) continue;
      const seen = make("span", { class: "answered-seen", "aria-hidden": "true" }, `${done}/${all}`);
      const heard = make("span", { class: "unseen" }, `, ${done} of ${all} questions answered`);
      link.append(make("span", { class: "answered" }, seen, heard));
    }
    document.dispatchEvent(new Event(CHANGED));
  }

  load();
  contents?.append(clearing());
  show();
  const follow = () => { // the contents follow another tab; the forms of this page stay as they are
    load();
    show();
  };
  addEventListener("storage", follow);
  addEventListener("pageshow", (event) => { if (event.persisted) follow(); });

  return { make, recall, keep, count: () => count(pageOf(location.href)), clearing, CHANGED, CLEARED };
})();
