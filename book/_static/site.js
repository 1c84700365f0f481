/** Small repairs to what the theme emits, and what wide or printed pages need. On every page, deferred. */
(() => {
  "use strict";

  /** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const page = document.documentElement;
  const main = document.getElementById("main-content");

  const status = document.createElement("div");
  status.setAttribute("role", "status");
  status.className = "unseen";
  document.body.append(status);

  /** Landmarks and names that the theme leaves out. */
  function name() {
    const sidebar = document.getElementById("pst-primary-sidebar");
    sidebar?.setAttribute("role", "complementary");
    sidebar?.setAttribute("aria-label", "Book");
    for (const node of all("#pst-back-to-top")) main.append(node); // it is fixed: where it stands does not matter
    for (const button of all(".search-button__button")) {
      const shown = button.textContent.replace(/\s+/g, " ").trim(); // a control's name has the words that it shows
      button.setAttribute("aria-label", shown || "Search");
    }
    for (const summary of all("details.hide > summary")) summary.removeAttribute("aria-label"); // its text says more
  }

  /** The theme switch says what it is set to, and the change is announced. */
  function nameTheme() {
    const words = { light: "light", dark: "dark", auto: "as the system" };
    let said = "";
    const say = () => {
      const text = `Colours: ${words[page.dataset.mode] ?? words.auto}`;
      if (text === said) return;
      for (const button of all(".theme-switch-button")) button.setAttribute("aria-label", text);
      if (said) status.textContent = text;
      said = text;
    };
    say();
    new MutationObserver(say).observe(page, { attributes: true, attributeFilter: ["data-mode"] });
  }

  const WIDE = {
    "div.math": "Formula",
    ".pst-scrollable-table-container, .cell_output .text_html": "Table",
    ".cell_output pre, .cell_output > .output": "Output",
    "pre": "Code",
    "div.cell_output": "Figure",
  };

  /** What scrolls sideways can be reached by keyboard, and says what it is; some parts at a time. */
  function nameWide() {
    const left = Object.entries(WIDE).flatMap(([selector, label]) => all(selector, main).map((node) => ({ node, label })));
    const some = () => {
      const parts = left.splice(0, 40);
      const scrolls = ({ node }) =>
        node.scrollWidth > node.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(node).overflowX);
      const wide = parts.map(scrolls); // all are asked before the first is changed: one layout
      parts.forEach(({ node, label }, i) => {
        if (wide[i] && !node.hasAttribute("role")) {
          node.setAttribute("data-wide", label);
          node.setAttribute("role", "group");
          node.setAttribute("aria-label", `${label}, scrolls sideways`);
          node.tabIndex = 0;
        } else if (!wide[i] && node.hasAttribute("data-wide")) { // by an earlier call, for another width
          for (const attribute of ["data-wide", "role", "aria-label", "tabindex"]) node.removeAttribute(attribute);
        }
      });
      if (left.length) setTimeout(some);
    };
    some();
  }

  /** @type {number | undefined} */
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(nameWide, 400);
  };

  /** What widgets carry comes after the pictures that are seen first; a widget starts three screens before it is seen. */
  async function fetchLater() {
    const pictures = /** @type {HTMLImageElement[]} */ (all("img[fetchpriority]"));
    const end = (/** @type {HTMLImageElement} */ picture) =>
      picture.complete || new Promise((done) => { picture.onload = picture.onerror = done; });
    await Promise.all(pictures.map(end));
    for (const place of all("script[data-later]")) {
      const [src, host] = [place.dataset.later ?? "", place.previousElementSibling];
      const run = () => place.replaceWith(Object.assign(document.createElement("script"), { src }));
      if (!("fresh" in page.dataset && host?.matches(".living-page"))) {
        run();
        continue;
      }
      document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", as: "script", href: src }));
      const near = new IntersectionObserver((seen) => {
        if (!seen.some((each) => each.isIntersecting)) return;
        near.disconnect();
        run();
      }, { rootMargin: "300%" });
      near.observe(host);
    }
  }

  /** What book.css leaves aside at first is laid out, one section at a time: all at once would hold a phone up. */
  function layOut() {
    const left = "fresh" in page.dataset ? all(".bd-article > section > section") : [];
    const next = () => {
      const section = left.shift();
      if (!section) return soon();
      section.style.contentVisibility = "visible";
      section.getBoundingClientRect();
      setTimeout(next);
    };
    setTimeout(next);
  }

  /** Paper is light and has nothing to click: print in light colours and unfolded, then put back what was. */
  function readyForPaper() {
    /** @type {HTMLDetailsElement[]} */
    let folded = [];
    let theme = page.dataset.theme;
    addEventListener("beforeprint", () => {
      folded = /** @type {any} */ (all(".bd-article details:not([open], .hide)"));
      for (const each of folded) each.open = true;
      for (const each of all("img[loading]")) each.setAttribute("loading", "eager");
      theme = page.dataset.theme;
      page.dataset.theme = "light";
    });
    addEventListener("afterprint", () => {
      for (const each of folded) each.open = false;
      page.dataset.theme = theme;
    });
  }

  /** Mark the words of the search that led here, until Escape is pressed. The page itself stays as it is. */
  function markFound() {
    /** @type {string[]} */
    let words = [];
    try {
      words = JSON.parse(localStorage.getItem("found") ?? "[]");
      localStorage.removeItem("found");
    } catch { /* storage is blocked, or what is in it is not ours: nothing is marked */ }
    const { highlights } = /** @type {any} */ (CSS);
    if (!words.length || !highlights) return;
    const any = words.map((word) => word.replace(".", "\\.")).join("|");
    const found = new RegExp(`(?:^|[^\\p{L}\\p{N}])(${any})(?![\\p{L}\\p{N}])`, "giu");
    const walk = document.createTreeWalker(document.querySelector(".bd-article") ?? main, NodeFilter.SHOW_TEXT);
    const ranges = [];
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (node.parentElement.closest("script, style")) continue;
      for (const match of node.data.matchAll(found)) {
        const range = new Range();
        range.setStart(node, match.index + match[0].length - match[1].length);
        range.setEnd(node, match.index + match[0].length);
        ranges.push(range);
      }
    }
    highlights.set("found", new /** @type {any} */ (window).Highlight(...ranges));
    addEventListener("keydown", (event) => event.key === "Escape" && highlights.delete("found"));
  }

  /** A figure that a narrow screen makes much smaller than a wide one is enlarged by a tap, and made small by the next. */
  function enlarge(/** @type {MouseEvent} */ event) {
    const picture = /** @type {Element} */ (event.target).closest?.(".cell_output > img");
    if (!(picture instanceof HTMLImageElement)) return;
    const [width, box, frame] = [Math.min(720, picture.naturalWidth), picture.getBoundingClientRect(), picture.parentElement];
    const larger = !picture.classList.contains("enlarged");
    if (larger && width < 1.25 * box.width) return;
    picture.classList.toggle("enlarged", larger);
    picture.style.width = larger ? `${width}px` : "";
    // what was pressed comes to the middle
    frame.scrollLeft = ((event.clientX - box.left) / box.width) * width - frame.clientWidth / 2;
    soon();
  }

  /** The contents, opened on a phone, begin where one is. */
  function openAtPlace(/** @type {Event} */ event) {
    if (!(/** @type {Element} */ (event.target).closest?.(".primary-toggle"))) return;
    setTimeout(() => document.querySelector("dialog[open] a.current")?.scrollIntoView({ block: "center" }));
  }

  layOut();
  fetchLater();
  name();
  nameTheme();
  readyForPaper();
  markFound();
  document.addEventListener("click", (event) => {
    if (/** @type {Element} */ (event.target).closest?.(".copybtn")) status.textContent = "Copied";
  });
  document.addEventListener("click", enlarge);
  document.addEventListener("click", openAtPlace, true); // the theme lets it go no further
  document.addEventListener("toggle", soon, true);
  addEventListener("resize", soon);
})();
