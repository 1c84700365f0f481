/** Runs the trainer's desk in a worker, or, where a page may have none (Colab's frames, a strict policy), on the page. */

import { desk } from "./desk.js";

const [IN_A_WORKER, ON_THE_PAGE] = [25, 8]; // milliseconds at a time

/** What a worker is made of, behind the modules. */
const SERVE = `
const { port1, port2 } = new MessageChannel();
let next = () => {};
port1.onmessage = () => next();
const receive = desk((message) => postMessage(message), ${IN_A_WORKER}, (work) => { next = work; port2.postMessage(0); });
onmessage = (event) => receive(event.data);
postMessage({ say: "ready" });`;

/**
 * @param {string} source of `desk.js` and all that it imports, as one text
 * @param {(message: any) => void} hear
 * @returns {{ask: (message: any) => void, where: () => "worker" | "page", stop: () => void}}
 */
export function engine(source, hear) {
  /** @type {any[]} */ const waiting = []; // what was asked before a worker answered
  /** @type {Worker | null} */ let worker = null;
  /** @type {((message: any) => void) | null} */ let receive = null;
  /** @type {any} */ let handed = null; // the digits that the worker has: they are large, and it keeps them

  /** @param {Worker} to @param {any} message */
  function post(to, message) {
    to.postMessage(message.digits === handed ? { ...message, digits: undefined } : message);
    handed = message.digits ?? handed;
  }

  function onThePage() {
    if (receive) return;
    worker = null;
    receive = desk(hear, ON_THE_PAGE, (work) => setTimeout(work, 0));
    waiting.splice(0).forEach(receive);
  }
  try {
    const made = new Worker(URL.createObjectURL(new Blob([source, SERVE], { type: "text/javascript" })));
    made.onerror = (event) => {
      event.preventDefault();
      made.terminate();
      onThePage();
    };
    made.onmessage = ({ data }) => {
      if (data.say !== "ready") return hear(data);
      worker = made;
      waiting.splice(0).forEach((message) => post(made, message));
    };
    setTimeout(() => worker ?? (made.terminate(), onThePage()), 3000); // a policy may refuse it without a word
  } catch {
    onThePage();
  }
  return {
    ask: (message) => (worker ? post(worker, message) : receive ? receive(message) : waiting.push(message)),
    where: () => (worker ? "worker" : "page"),
    stop: () => worker?.terminate(),
  };
}
