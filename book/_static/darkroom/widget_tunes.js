/** Chapter 16: tunes to listen to, by Web Audio, with a piano roll that follows. */

import { afterPause, button, calm, el, onFrame, slider } from "./ui.js";

/** @typedef {{start: number, length: number, pitch: number}} Note start and length in sixteenths, pitch as MIDI */

const PITCH_NAMES = ["C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B"];

/** @param {import("./mount.js").Stage} stage */
export function tunes(stage) {
  const { lowest, highest, list } = stage.data;
  const steps = list[0].tokens.length;
  // what sounds, as helpers.world.tunes.notes_of says
  const notesOf = (/** @type {number[]} */ tokens) => {
    const notes = /** @type {Note[]} */ ([]);
    let sounding = false;
    tokens.forEach((token, step) => {
      if (token > 1) notes.push({ start: step, length: 1, pitch: token - 2 + lowest });
      else if (token === 0 && sounding) notes[notes.length - 1].length++;
      sounding = token > 1 || (token === 0 && sounding);
    });
    return notes;
  };
  const spoken = (/** @type {number} */ pitch) => `${PITCH_NAMES[pitch % 12]} ${Math.floor(pitch / 12) - 1}`;

  let chosen = 0;
  let notes = notesOf(list[0].tokens);
  let place = 0; // of the line, 0 to 1
  let tempo = 120;

  let audio = /** @type {AudioContext | null} */ (null);
  let voice = /** @type {GainNode | null} */ (null);
  const silence = () => {
    const old = voice;
    voice = null;
    old?.gain.setTargetAtTime(0, old.context.currentTime, 0.01);
    setTimeout(() => old?.disconnect(), 100);
  };
  /** Sound the rest of the tune from the line on. */
  function sound() {
    silence();
    if (navigator.userActivation?.hasBeenActive === false) return; // browsers stay silent until the reader has acted
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume();
    voice = audio.createGain();
    voice.gain.value = 0.3;
    voice.connect(audio.destination);
    const step = 15 / tempo;
    const now = audio.currentTime + 0.03;
    for (const { start: at, length, pitch } of notes) {
      const begin = now + (at - place * steps) * step;
      const end = begin + length * step;
      if (end <= now + 0.02) continue;
      const from = Math.max(now, begin);
      const tone = audio.createOscillator();
      const swell = audio.createGain();
      tone.type = "triangle";
      tone.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
      swell.gain.setValueAtTime(0, from);
      swell.gain.linearRampToValueAtTime(1, from + 0.01);
      swell.gain.setTargetAtTime(0.35, from + 0.01, 0.4);
      swell.gain.setTargetAtTime(0, Math.max(from + 0.01, end - 0.04), 0.012);
      tone.connect(swell).connect(voice);
      tone.start(from);
      tone.stop(end + 0.05);
    }
  }

  const where = () => {
    const beat = Math.min(steps / 4, Math.floor((place * steps) / 4) + 1);
    return `Beat ${beat} of ${steps / 4}, ${tempo} beats a minute: ${((steps * 15) / tempo).toFixed(1)} seconds.`;
  };
  const canvas = el("canvas", { class: "roll", role: "img", "aria-label": "Piano roll", width: 1280, height: 420 });
  const context = canvas.getContext("2d");
  const draw = onFrame(() => {
    const { width, height } = canvas;
    /** @param {string} colour @param {[number, number, number, number]} box */
    function fill(colour, ...box) {
      context.fillStyle = stage.colour(colour);
      context.fillRect(...box);
    }
    const left = 72;
    const across = (width - left - 8) / steps;
    const row = height / (highest - lowest + 3);
    const y = (/** @type {number} */ pitch) => (highest + 1.5 - pitch) * row;
    fill("card", 0, 0, width, height);
    context.font = "28px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let pitch = lowest; pitch <= highest; pitch++) {
      if (pitch % 12) continue;
      fill("line", left, y(pitch), width - left, 2);
      context.fillStyle = stage.colour("muted");
      context.fillText(`C${pitch / 12 - 1}`, 12, y(pitch));
    }
    // beats; no bar lines, for a window may begin in the middle of a bar
    for (let step = 0; step <= steps; step += 4) fill("line", left + step * across, 0, 2, height);
    const at = place * steps;
    for (const { start, length, pitch } of notes) {
      const now = at >= start && at < start + length && at > 0;
      const high = row * (now ? 1.5 : 0.9);
      fill(now ? "second" : "accent", left + start * across + 2, y(pitch) - high / 2, length * across - 4, high);
    }
    fill("ink", left + at * across - 2, 0, 4, height);
    words.textContent = where();
    settled();
  });

  const settled = afterPause(500, () => {
    const all = notes.map(({ pitch }) => spoken(pitch)).join(", ");
    const text = `Piano roll of ${list[chosen].name}, eight beats: ${all}. The line: ${where()}`;
    canvas.setAttribute("aria-label", text);
    stage.say(`${list[chosen].name}: ${notes.length} notes. ${where()}`);
  });

  // sound and line begin together, each by its own clock: over a few seconds they stay together
  let playing = false;
  const play = button("Play", () => (playing ? stop() : start()), { class: "play" });
  function stop() {
    playing = false;
    play.textContent = "Play";
    silence();
  }
  function start() {
    if (place >= 1) place = 0;
    playing = true;
    play.textContent = "Pause";
    sound();
    const from = place;
    const began = performance.now();
    const next = () => {
      if (!playing) return;
      if (!play.isConnected) return stop();
      const now = from + (performance.now() - began) / ((steps * 15000) / tempo);
      const shown = calm() ? Math.floor((now * steps) / 8) * (8 / steps) : now; // less motion: every second beat
      place = Math.min(1, Math.max(place, shown));
      if (place !== before) {
        before = place;
        line.set(place * steps);
        draw();
      }
      if (now >= 1) return stop();
      requestAnimationFrame(next);
    };
    let before = -1;
    requestAnimationFrame(next);
  }

  const select = el(
    "select",
    { id: "tune", onchange: () => {
      stop();
      chosen = Number(select.value);
      notes = notesOf(list[chosen].tokens);
      place = 0;
      line.set(0);
      draw();
    } },
    ...list.map((/** @type {{name: string}} */ each, /** @type {number} */ i) =>
      el("option", { value: String(i) }, each.name),
    ),
  );
  const pace = slider({
    label: "Tempo", min: 60, max: 180, step: 4, value: tempo, format: (v) => `${v} beats a minute`,
    onInput: (value) => {
      stop();
      tempo = value;
      draw();
    },
  });
  const line = slider({
    label: "The line", max: steps, step: 1, format: (v) => `beat ${(1 + v / 4).toFixed(2)}`,
    onInput: (value) => {
      stop();
      place = value / steps;
      draw();
    },
  });
  const words = el("p", { class: "number" }, where());
  stage.body.append(
    el("div", { class: "tools" }, el("label", { for: "tune" }, "Tune"), select, play),
    canvas, words, line.node, pace.node,
  );
  stage.onTheme(draw);
  draw();
}
