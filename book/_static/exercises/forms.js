/**
 * Makes forms of what a page asks (book/_ext/exercises.py): exercises by hand, and questions before an experiment.
 *
 * @typedef {{ id: string, question: string, choices: [string, true | string][] }} Question true: the run bears it out
 */
(() => {
  "use strict";

  const { read, judge, text } = globalThis.exerciseJudge;
  const { make, recall, keep, count, clearing, CHANGED, CLEARED } = globalThis.exerciseProgress;

  /** Text in which `names` stand in code. @param {string} words */
  function rich(words) {
    return words.split("`").map((piece, index) => {
      if (index % 2 === 0) return piece;
      const code = document.createElement("code");
      code.textContent = piece;
      return code;
    });
  }

  /** The fold that follows an element, below the same heading. @param {Element} from @param {string} title */
  function foldAfter(from, title) {
    for (let next = from.nextElementSibling; next; next = next.nextElementSibling) {
      if (next.matches("details") && next.querySelector("summary")?.textContent.startsWith(title)) return next;
    }
    return null;
  }

  /** @param {any} fold */
  function open(fold) {
    fold.open = true;
    fold.querySelector("summary").focus();
  }

  /** Says what came out, by words and by a sign. @param {HTMLElement} where @param {boolean | null} right
   * @param {string} words */
  function say(where, right, words) {
    where.replaceChildren(...(words ? [right ? "✓ " : right === false ? "✗ " : "", ...rich(words)] : []));
    where.classList.toggle("right", right === true);
    where.classList.toggle("wrong", right === false);
  }

  /** The fields of one part: a line to write in, or a few texts to choose from. */
  function fieldsOf(exercise, part) {
    const id = `answer-${exercise.id}-${part.name}`.replace(/\W+/g, "-");
    const hint = make("p", { class: "asked-hint", id: `${id}-hint` });
    if (part.choices.length) {
      const radios = part.choices.map((choice) => make("input", { type: "radio", name: id, value: choice }));
      const labels = radios.map((radio) => make("label", {}, radio, ` ${radio.value}`));
      const legend = make("legend", {}, ...rich(part.label));
      const all = make("fieldset", { class: "asked-part", "aria-describedby": hint.id }, legend, ...labels, hint);
      const get = () => radios.find((radio) => radio.checked)?.value ?? "";
      const set = (value) => radios.forEach((radio) => (radio.checked = radio.value === value));
      return { all, hint, get, set, read: (given) => ({ value: given || undefined }), mark: () => {} };
    }
    const input = make("input", {
      id, type: "text", inputmode: exercise.keypad, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      "aria-describedby": hint.id,
    });
    const all = make("div", { class: "asked-part" }, make("label", { for: id }, ...rich(part.label)), input, hint);
    const mark = (wrong) => (wrong ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid"));
    return { all, hint, get: () => input.value, set: (value) => (input.value = value), read, mark };
  }

  /** Put a form in the place of the cell that checks an exercise, which is folded. */
  function askExercise(script, exercise) {
    const cell = script.nextElementSibling;
    const parts = exercise.parts.map((part) => ({ part, ...fieldsOf(exercise, part) }));
    const status = make("p", { class: "asked-status", role: "status" });
    const solution = make("button", { type: "button", class: "btn", hidden: "" }, "Open the solution");
    const actions = make("div", { class: "asked-actions" }, make("button", { class: "btn" }, "Check"), solution);
    const form = make("form", { class: "asked-form", "aria-label": `Your answer to exercise ${exercise.id}` },
      ...parts.map((each) => each.all), actions, status);
    form.noValidate = true;

    function check() {
      const remarks = {};
      for (const { part, hint, get, read: reading, mark } of parts) {
        const { value, remark } = reading(get());
        const found = remark ?? judge(exercise, part, value);
        remarks[part.name] = found;
        say(hint, found === null ? null : found === true, found === true ? "right." : found ?? "");
        mark(found !== true && found !== null);
      }
      const found = Object.values(remarks);
      const right = found.filter((remark) => remark === true).length;
      const done = right === parts.length;
      form.dataset.said = text(exercise, remarks);
      if (found.every((remark) => remark === null)) {
        say(status, null, "Write an answer first.");
        return done;
      }
      say(status, done ? true : null, done ? `Exercise ${exercise.id}: right.` : `Not yet: ${right} of ${parts.length} right.`);
      if (!done) { // what is seen beside the fields is heard here
        const hints = parts.filter((each) => each.hint.textContent).map((each) => `${each.part.label}: ${each.hint.textContent}`);
        status.append(make("span", { class: "unseen" }, ` ${hints.join(" ")}`.replaceAll("`", "")));
      }
      solution.hidden = false;
      return done;
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const done = check();
      const given = Object.fromEntries(parts.map(({ part, get }) => [part.name, get()]).filter(([, value]) => value));
      if (Object.keys(given).length) keep(exercise.id, { done, given });
    });
    const fold = foldAfter(cell, "Solution");
    solution.addEventListener("click", () => open(fold));
    document.addEventListener(CLEARED, () => {
      for (const { hint, set, mark } of parts) {
        set("");
        mark(false);
        say(hint, null, "");
      }
      say(status, null, "");
      solution.hidden = true;
    });

    const folded = make("details", { class: "asked-code" }, make("summary", {}, "In Jupyter or Colab"));
    script.after(form, folded);
    folded.append(cell);
    const kept = recall(exercise.id)?.given;
    if (kept) {
      for (const { part, set } of parts) set(kept[part.name] ?? "");
      check();
    }
  }

  /** Offer a few answers above the fold that has the one which the run bears out. */
  function askBefore(script, question) {
    const fold = foldAfter(script, question.question.slice(0, 20));
    const status = make("p", { class: "asked-status", role: "status" });
    const title = make("p", { class: "asked-title", id: question.id }, ...rich(question.question));
    const buttons = question.choices.map(([choice]) => make("button", { type: "button", class: "btn" }, ...rich(choice)));

    function show(index) {
      const said = question.choices[index]?.[1];
      buttons.forEach((button, each) => {
        button.setAttribute("aria-pressed", String(each === index));
        button.classList.toggle("right", each === index && said === true);
      });
      if (said) say(status, said === true, said === true ? "The run bears it out." : `The run does not bear it out: ${said}`);
      else say(status, null, "");
    }

    buttons.forEach((button, index) => button.addEventListener("click", () => {
      show(index);
      keep(question.id, { done: true, given: { choice: question.choices[index][0] } });
    }));
    document.addEventListener(CLEARED, () => show(-1));
    script.after(make("div", { class: "asked-form asked-before", role: "group", "aria-labelledby": question.id },
      title, make("div", { class: "asked-choices" }, ...buttons), status));
    fold.querySelector("summary").textContent = "What the run shows";
    fold.classList.add("asked-fold");
    show(question.choices.findIndex(([choice]) => choice === recall(question.id)?.given?.choice));
  }

  /** Say below the heading of the exercises how much of the page is answered. @param {Element} first its first form */
  function askedHere(first) {
    const line = make("p", {});
    const update = () => {
      const { done, all } = count();
      line.textContent = `Questions on this page that it checks: ${all}. You answered ${done}.`;
    };
    const about = make("div", { class: "answers-here" }, line, clearing());
    first.closest("section")?.querySelector("h2")?.after(about);
    document.addEventListener(CHANGED, update);
    update();
  }

  for (const script of document.querySelectorAll("script.asked")) {
    const data = JSON.parse(script.textContent ?? "");
    (data.parts ? askExercise : askBefore)(script, data);
  }
  const first = document.querySelector("form.asked-form");
  if (first) askedHere(first);
})();
