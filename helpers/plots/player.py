"""An animation that the reader starts, pauses and moves by hand."""

import html
import io
import json
import uuid

import numpy as np
from PIL import Image

from helpers.files import base64_text
from helpers.plots.style import INK, PAPER, SAFELIGHT


def player(frames, title, readout=None, seconds=4.0, size=190, strip=9):
    """Show an animation that the reader starts, pauses and moves by hand; it stands still at first.

    Plain HTML in one piece: no request, no library, works in the page, JupyterLab and Colab. Where
    scripts are off, the strip of a few frames above the controls is what remains.

    Args:
        frames: shape (n, height, width), values in [0, 1]; or a dict from labels to such arrays,
            of one shape, shown side by side.
        title: what moves, for the line above and for screen readers.
        readout: n short texts, one a frame, or None to count the frames.
        seconds: time from the first frame to the last.
        size: width of one panel in CSS pixels.
        strip: frames in the strip.
    """
    from IPython.display import HTML

    panels = frames if isinstance(frames, dict) else {"": frames}
    panels = {label: np.asarray(images, "float64") for label, images in panels.items()}
    shape, *others = {images.shape for images in panels.values()}
    if others or len(shape) != 3 or shape[0] < 2:
        raise ValueError(
            "player takes arrays of one shape (n, height, width), n at least 2, but was given "
            f"{', '.join(str(images.shape) for images in panels.values())}."
        )
    n, height = shape[:2]
    readout = [f"frame {i + 1} of {n}" for i in range(n)] if readout is None else [str(text) for text in readout]
    if len(readout) != n:
        raise ValueError(f"player was given {n} frames, but {len(readout)} texts to read out.")

    uid, title = f"player-{uuid.uuid4().hex[:8]}", html.escape(title)
    few = np.unique(np.linspace(0, n - 1, strip).round().astype(int))
    strips = "".join(
        f'<span>{html.escape(label)}</span><img class="dark-light" alt="{html.escape(label)} {title}: {len(few)} '
        f'frames from first to last" src="{_png(np.concatenate(images[few], axis=1))}">'
        for label, images in panels.items()
    )
    gap = np.full((n, height, 2), 0.5)  # a grey line: it parts black and white panels, on light paper and on dark
    row = [part for images in panels.values() for part in (gap, images)][1:]
    sheet = np.concatenate(row, axis=2)  # (n, height, all panels)
    names = "".join(f"<span>{html.escape(label)}</span>" for label in panels)
    setup = {"id": uid, "n": n, "height": height, "width": sheet.shape[2], "seconds": seconds, "readout": readout}
    setup["sprite"] = _png(np.concatenate(sheet, axis=0))
    columns = f"grid-template-columns:repeat({len(panels)},1fr)"
    return HTML(f"""<style>{_PLAYER_STYLE.replace("ROOT", "#" + uid)}</style>
<figure id="{uid}" role="group" aria-labelledby="{uid}-title">
<figcaption id="{uid}-title">{title}</figcaption>
<div class="strip">{strips}</div>
<div class="screen" style="max-width:{size * len(panels)}px" hidden>
<div class="names" style="{columns}">{names}</div>
<canvas width="{sheet.shape[2]}" height="{height}" role="img" aria-label="{title}"></canvas>
</div>
<div class="controls" hidden>
<button type="button">Play</button>
<label for="{uid}-place">Place</label>
<input id="{uid}-place" type="range" min="0" max="{n - 1}" step="1" value="0">
<output for="{uid}-place" aria-live="off"></output>
</div>
</figure>
<script>({_PLAYER_SCRIPT})({json.dumps(setup).replace("<", chr(92) + "u003c")});</script>""")


def _png(image):
    """Return a grey image (height, width) in [0, 1] as a data address."""
    buffer = io.BytesIO()
    pixels = np.round(255 * np.clip(image, 0, 1)).astype("uint8")
    Image.fromarray(pixels).save(buffer, "png", optimize=True)
    return "data:image/png;base64," + base64_text(buffer.getvalue())


_PLAYER_STYLE = """
ROOT{all:revert;box-sizing:border-box;max-width:46rem;margin:0.5rem 0;padding:0.9rem 1rem;border-radius:6px;
background:var(--sheet,PAPER);color:var(--sheet-ink,INK);color-scheme:var(--sheet-scheme,light);font-family:system-ui,sans-serif;font-size:1rem;line-height:1.4}
ROOT *{color:inherit;box-sizing:border-box}
ROOT figcaption{margin:0 0 0.6rem;padding:0;font-weight:600;text-align:left}
ROOT .strip{display:grid;grid-template-columns:auto 1fr;gap:2px 0.6rem;align-items:center;font-size:0.875rem}
ROOT .strip img{width:100%;max-width:30rem;height:auto;margin:0;padding:0;border-radius:0;image-rendering:pixelated}
ROOT .screen{margin:0.8rem 0 0}
ROOT .names{display:grid;text-align:center;font-size:0.875rem}
ROOT canvas{display:block;width:100%;height:auto;background:#000;image-rendering:pixelated}
ROOT .controls{display:flex;flex-wrap:wrap;gap:0.4rem 0.8rem;align-items:center;margin:0.8rem 0 0}
ROOT [hidden]{display:none}
ROOT button{min-width:5.5rem;min-height:2.75rem;padding:0 1rem;border:0;border-radius:4px;cursor:pointer;
background:var(--sheet-ink,INK);color:var(--sheet,PAPER);font:inherit;font-weight:600}
ROOT input{flex:1 1 10rem;min-width:8rem;height:2.75rem;margin:0;accent-color:SAFELIGHT;cursor:pointer}
ROOT output{min-width:7rem;font-variant-numeric:tabular-nums}
ROOT button:focus-visible,ROOT input:focus-visible{outline:3px solid var(--sheet-ink,INK);outline-offset:2px}
"""
for _name, _colour in dict(PAPER=PAPER, INK=INK, SAFELIGHT=SAFELIGHT).items():
    _PLAYER_STYLE = _PLAYER_STYLE.replace(_name, _colour)

_PLAYER_SCRIPT = """function (setup) {
  const root = document.getElementById(setup.id);
  const find = (name) => root.querySelector(name);
  const canvas = find("canvas"), button = find("button"), slider = find("input"), output = find("output");
  const sprite = new Image();
  const last = setup.n - 1;
  let timer = null, step = 1;
  function show(i) {
    slider.value = i;
    output.textContent = setup.readout[i];
    slider.setAttribute("aria-valuetext", setup.readout[i]);
    canvas.getContext("2d").drawImage(
      sprite, 0, i * setup.height, setup.width, setup.height, 0, 0, setup.width, setup.height);
  }
  function pause() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }
  function play() {
    // who asks for less motion gets a few still frames, once, instead of a loop
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const stride = calm ? Math.max(1, Math.round(last / 6)) : 1;
    let i = Number(slider.value);
    if (i === last) { if (calm) { i = 0; show(i); } else { step = -1; } }
    if (i === 0 || calm) { step = 1; }
    button.textContent = "Pause";
    timer = setInterval(() => {
      if (!root.isConnected) { pause(); return; }
      i = Math.min(last, Math.max(0, i + step * stride));
      show(i);
      if (i === last && calm) { pause(); return; }
      if (i === last) { step = -1; }
      if (i === 0) { step = 1; }
    }, calm ? 1200 : 1000 * setup.seconds / last);
  }
  button.addEventListener("click", () => { if (timer === null) { play(); } else { pause(); } });
  slider.addEventListener("input", () => { pause(); show(Number(slider.value)); });
  sprite.onload = () => {
    find(".screen").hidden = false;
    find(".controls").hidden = false;
    show(0);
  };
  sprite.src = setup.sprite;
}"""
