/** The search page: reads the book's sentences (search-text.js) through, and shows those that have the words. */
(() => {
  "use strict";

  /**
   * @typedef {{ title: string, url: string, text: [string, string][], code?: string, kind?: string }} Entry
   * @typedef {{ words: Set<string>, weight: number }} Term what one word of the query may look like in the text
   * @typedef {{ entry: Entry, page: string, rank: number, score: number, url: string, excerpt: string }} Result
   */
  /** @type {{ page: string, entry: Entry }[]} */
  const entries = /** @type {any} */ (window).BOOK_TEXT.flatMap((/** @type {any} */ page) =>
    page.entries.map((/** @type {Entry} */ entry) => ({ page: page.title, entry })));
  const { Stemmer, stopwords } = /** @type {any} */ (window); // of Sphinx, in language_data.js
  const stemmer = new Stemmer();
  const ASKING = "a am an can could did do does first from get give has have how i if many much my need one or " +
    "should so than them use want what when where which who why would you your";
  const empty = new Set([...stopwords, ...ASKING.split(" ")]);
  const WORD = /\p{L}+|\p{N}+(?:\.\p{N}+)*/gu;
  const MOST = 20; // results at first
  const LONG = 260; // characters of an excerpt
  const ALL = 1 - 1e-9; // the share of the words that counts as all of them

  /** @param {string} text @returns {string[]} */
  const wordsOf = (text) => plain(text).match(WORD) ?? [];

  /** In small letters without accents, and as long as before. @param {string} text */
  const plain = (text) => text.toLowerCase().replace(/ø/g, "o").replace(/[à-ž]/g, (sign) => sign.normalize("NFD")[0]);

  /** One spelling for British and American words. @param {string} word */
  const spelt = (word) => word.replace("our", "or").replace("grey", "gray").replace(/(t)re$/, "$1er")
    .replace(/is(e|ed|er|ers|es|ing|ation)$/, "iz$1");

  /** @param {string} word */
  const stemOf = (word) => stemmer.stemWord(spelt(word));

  /** Whether two stems are of one word: the stemmer leaves blurri of blurry, and blur of blurred.
   * @param {string} a @param {string} b */
  const akin = (a, b) => a === b || (Math.min(a.length, b.length) > 3 && Math.abs(a.length - b.length) < 3 &&
    (a.startsWith(b) || b.startsWith(a)));

  /** How many entries have each word of the book. @type {Map<string, number>} */
  const known = new Map();
  const sets = entries.map(({ entry }) => {
    const set = new Set(wordsOf(`${entry.title} ${entry.text.map((part) => part[1]).join(" ")} ${entry.code ?? ""}`));
    for (const word of set) known.set(word, (known.get(word) ?? 0) + 1);
    return set;
  });

  /** How many letters have to be changed, put in or left out. @param {string} a @param {string} b */
  function distance(a, b) {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      }
      row = next;
    }
    return row[b.length];
  }

  /** What a newcomer may say, and the book's word for it. */
  const ALSO = new Map(Object.entries({
    bibtex: "cite", dimension: "latent", image: "picture", photo: "picture", photograph: "picture", rgb: "colour",
  }).map(([said, word]) => [stemOf(said), word]));

  /** The words of the book that are forms of a word, else those spelt nearly so. @param {string} word */
  function forms(word) {
    const stem = stemOf(word);
    const near = [...known.keys()].filter((other) => other.startsWith(word.slice(0, 2)));
    let found = word.length < 3 ? near.filter((other) => other === word)
      : near.filter((other) => other.startsWith(word) || akin(stemOf(other), stem));
    if (!found.length && word.length > 3) {
      const most = word.length > 6 ? 2 : 1;
      const far = [...known.keys()].map((other) => /** @type {const} */ ([distance(word, other), other]));
      const least = Math.min(...far.map(([steps]) => steps));
      found = least <= most ? far.filter(([steps]) => steps === least).map(([, other]) => other) : [];
    }
    return found;
  }

  /** What a word of the query stands for. @param {string} word @returns {Term} */
  function term(word) {
    const also = ALSO.get(stemOf(word));
    const found = [...(also ? forms(also) : []), ...(also && !known.has(word) ? [] : forms(word))];
    const places = Math.max(1, ...found.map((other) => known.get(other) ?? 0));
    return { words: new Set(found), weight: Math.log(1 + entries.length / places) };
  }

  /** The words of a query that are worth looking for. @param {string} query @returns {Term[]} */
  function terms(query) {
    const all = [...new Set(wordsOf(query))];
    const worth = all.filter((word) => !empty.has(word));
    return (worth.length ? worth : all).map(term);
  }

  /** @param {Term[]} wanted @param {string} text @returns {Term[]} those that the text has */
  function had(wanted, text) {
    const words = wordsOf(text);
    return wanted.filter((each) => words.some((word) => each.words.has(word)));
  }

  /** @param {Term[]} some */
  const weigh = (some) => some.reduce((sum, each) => sum + each.weight, 0);

  /** The best sentence of an entry, the address of its paragraph, and how well it fits.
   * @param {Entry} entry @param {Term[]} wanted */
  function best(entry, wanted) {
    const [first] = entry.text[0]?.[1].split("\n") ?? [""];
    let found = { score: 0, url: entry.url, excerpt: first };
    for (const [anchor, text] of entry.text) {
      const lines = text.split("\n");
      for (const [at, line] of lines.entries()) {
        const score = weigh(had(wanted, line));
        if (score > found.score) {
          const url = anchor ? entry.url.replace(/#.*/, `#${anchor}`) : entry.url;
          const short = line.length < LONG / 2 && at + 1 < lines.length;
          found = { score, url, excerpt: short ? `${line} ${lines[at + 1]}` : line };
        }
      }
    }
    return found;
  }

  /** Whether a word of the glossary is what is looked for: "latents" means latent, not latent diffusion.
   * @param {Entry} entry @param {Term[]} wanted */
  function means(entry, wanted) {
    const whole = entry.title.split(", ").filter((name) =>
      wordsOf(name).every((word) => wanted.some((each) => each.words.has(word))));
    return had(wanted, whole.join(" ")).length === wanted.length;
  }

  /** What has the words, or half of them by weight, the best first: words of the glossary, titles and questions, text;
   * a question comes before text if it has much of what is asked.
   * @param {Term[]} wanted @returns {Result[]} */
  function find(wanted) {
    const total = weigh(wanted);
    /** @type {Result[]} */
    const results = [];
    for (const [at, { entry, page }] of entries.entries()) {
      const share = weigh(wanted.filter((each) => [...each.words].some((word) => sets[at].has(word)))) / total;
      if (!(share >= 0.5)) continue;
      const titled = weigh(had(wanted, entry.title)) / total;
      const asked = entry.kind === "question" && titled >= 0.4; // in other words than the reader's
      const rank = share < ALL ? (asked ? 1 : 3) : titled < ALL ? 2 : entry.kind === "glossary" && means(entry, wanted) ? 0 : 1;
      const place = best(entry, wanted);
      const brief = rank < 2 ? 1 / wordsOf(entry.title).length : 0;
      const score = share + place.score / total + titled + brief + (entry.kind ? 0.3 : 0);
      results.push({ entry, page, rank, score, url: place.url, excerpt: place.excerpt });
    }
    results.sort((a, b) => a.rank - b.rank || b.score - a.score);
    const first = new Map([...results].reverse().map((result) => [result.url, result])); // one for each place
    return results.filter((result) => first.get(result.url) === result);
  }

  /** Put text into a node, the words that were looked for marked. @param {HTMLElement} node @param {string} text
   * @param {Term[]} wanted */
  function mark(node, text, wanted) {
    let last = 0;
    for (const match of plain(text).matchAll(WORD)) {
      if (!wanted.some((each) => each.words.has(match[0]))) continue;
      const marked = document.createElement("mark");
      marked.textContent = text.slice(match.index, match.index + match[0].length);
      node.append(text.slice(last, match.index), marked);
      last = match.index + match[0].length;
    }
    node.append(text.slice(last));
  }

  /** A piece of a long sentence around the first of the words. @param {string} text @param {Term[]} wanted */
  function piece(text, wanted) {
    if (text.length <= LONG) return text;
    const match = [...plain(text).matchAll(WORD)].find((word) => wanted.some((each) => each.words.has(word[0])));
    const middle = match?.index ?? 0;
    const start = middle < LONG / 2 ? 0 : text.indexOf(" ", middle - LONG / 2) + 1;
    const end = start + LONG >= text.length ? text.length : text.lastIndexOf(" ", start + LONG);
    return `${start ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
  }

  const field = /** @type {HTMLInputElement} */ (document.querySelector(".bd-search-container input[name=q]"));
  const [summary, list, more] = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#search-results > *")]);

  /** @param {Result} result @param {Term[]} wanted @returns {HTMLLIElement} */
  function item(result, wanted) {
    const [row, link, where, excerpt] = ["li", "a", "span", "p"].map((name) => document.createElement(name));
    mark(link, result.entry.title, wanted);
    link.setAttribute("href", result.url);
    where.className = "search-where";
    where.textContent = result.entry.kind === "glossary" ? "Glossary" : result.page;
    where.hidden = result.page === result.entry.title;
    const before = document.createElement("span");
    before.className = "unseen";
    before.textContent = ". "; // a pause, where it is read out
    mark(excerpt, piece(result.excerpt, wanted), wanted);
    row.append(link, before, where, excerpt);
    const words = new Set([...row.querySelectorAll("mark")].map((node) => node.textContent?.toLowerCase()));
    const remember = () => localStorage.setItem("found", JSON.stringify([...words])); // site.js marks them on the page
    link.addEventListener("click", remember);
    link.addEventListener("auxclick", remember);
    return /** @type {HTMLLIElement} */ (row);
  }

  /** Show what a query finds. @param {string} query */
  function show(query) {
    const wanted = terms(query);
    const results = find(wanted);
    const add = (/** @type {Result[]} */ some) => list.append(...some.map((result) => item(result, wanted)));
    list.replaceChildren();
    add(results.slice(0, MOST));
    more.hidden = results.length <= MOST;
    more.textContent = `Show all ${results.length}`;
    more.onclick = () => {
      const row = list.children.length;
      add(results.slice(row));
      more.hidden = true;
      list.children[row]?.querySelector("a")?.focus();
    };
    summary.textContent = query ? said(results, wanted.length > 1) : "";
  }

  /** What is announced. @param {Result[]} results @param {boolean} several whether more than one word was wanted */
  function said(results, several) {
    if (!results.length) return "Nothing in the book has these words.";
    const whole = results.filter((result) => result.rank < 3).length;
    const places = whole ? `${whole} ${whole === 1 ? "place" : "places"}` : "No place";
    const rest = results.length > whole ? `, ${results.length - whole} with some of them` : "";
    return `${places}${several ? ` with all of the words${rest}` : ""}.`;
  }

  const asked = () => new URLSearchParams(location.search).get("q")?.trim() ?? "";
  const answer = () => {
    field.value = asked();
    show(asked());
  };
  field.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    history.pushState(null, "", `?${new URLSearchParams({ q: field.value })}`);
    field.blur(); // a phone's keyboard would cover the results
    show(field.value.trim());
  });
  addEventListener("popstate", answer);
  answer();
  if (!asked()) field.focus();
})();
