"""Panels: their callbacks, called as a front end would; and where there is no front end, a note in their place."""

import datetime
import random
import re
import sys
import time

import nbformat
import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from photos import file, on_paper

from helpers import panels
from helpers.latent import slerp
from helpers.models import VAE, build_decoder, build_encoder
from helpers.panels import encode, offer
from helpers.panels.morph import MorphPanel
from helpers.panels.retrain import RetrainPanel
from helpers.weights import load_vae

TINY = {"width": 8, "depth": 0, "settings": {"jit_compile": False, "steps_per_execution": 1}}


# ---- where they are shown


CALLS = {
    "retrain": lambda: panels.retrain_panel(None, None, [1.0]),
    "encode": lambda: panels.encode_panel(None, None, None),
    "morph": lambda: panels.morph_panel(None, None, None),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_without_a_front_end_a_note_stands_in_their_place(call, capsys):
    call()
    assert re.fullmatch(r"\*\*.+\.\*\* This panel needs a running kernel: .+\n", capsys.readouterr().out)


def test_without_ipywidgets_they_say_so(monkeypatch, capsys):
    monkeypatch.setattr(offer, "has_front_end", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    for name in ("encode", "controls"):  # loaded already, perhaps
        monkeypatch.delitem(sys.modules, f"helpers.panels.{name}", raising=False)
    panels.encode_panel(None, None, None)
    assert "pip install ipywidgets" in capsys.readouterr().out


def test_with_a_front_end_they_are_displayed(monkeypatch, mnist):
    shown = []
    monkeypatch.setattr(offer, "has_front_end", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown.append)
    panels.retrain_panel(mnist[0][0][:100], mnist[1][0][:10], [1.0])
    panels.encode_panel(None, np.zeros((3, 2)), np.zeros(3, int))
    panels.morph_panel(toy_archives(mnist[1][0][:20]), mnist[1][0][:20], mnist[1][1][:20])
    assert [type(box).__name__ for box in shown] == ["VBox"] * 3


SHOWN = """
import sys
import numpy as np
from helpers.panels import offer

{setup}
def panel(title):
    from helpers.panels.retrain import RetrainPanel

    return RetrainPanel(title, x, x[:10], [1.0], 8, 0, {{"jit_compile": False}})

offer.offer("Train it yourself", panel)
print("ipywidgets" in sys.modules)
"""
SETUP = "x = np.random.default_rng(0).random((600, 28, 28)).astype('float32')"


def test_a_notebook_executed_as_a_whole_has_no_trace_of_a_widget(root, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SHOWN.format(setup=SETUP))])
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(root)}}).execute()
    note, said = notebook.cells[0].outputs
    assert set(note.data) == {"text/markdown", "text/plain"} and offer.NEEDED in note.data["text/markdown"]
    assert said.text == "False\n" and "widgets" not in notebook.metadata


def test_in_a_running_kernel_the_buttons_work(root, monkeypatch):
    """A front end by hand: run the cell, press Train by message, and wait for the results."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(root))
    try:
        client.execute(SHOWN.format(setup=SETUP), allow_stdin=True)
        messages = list(until(client, lambda m: m["content"].get("execution_state") == "idle"))
        displayed = [m["content"]["data"] for m in messages if m["msg_type"] == "display_data"]
        assert "application/vnd.jupyter.widget-view+json" in displayed[-1], messages
        opened = [m["content"] for m in messages if m["msg_type"] == "comm_open"]
        (button,) = [c["comm_id"] for c in opened if c["data"]["state"].get("description") == "Train"]
        click = {"comm_id": button, "data": {"method": "custom", "content": {"event": "click"}}}
        client.shell_channel.send(client.session.msg("comm_msg", click))
        *_, last = until(client, lambda m: "Done:" in value(m) or "did not work" in value(m))
        assert "Done:" in value(last)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def until(client, good, seconds=90):
    """Yield what a kernel publishes until a message is good."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        message = client.get_iopub_msg(timeout=seconds)
        yield message
        if good(message):
            return
    raise TimeoutError


def value(message):
    """Return the text to which a message sets a widget of text."""
    return str(message["content"].get("data", {}).get("state", {}).get("value", ""))


# ---- training


@pytest.fixture
def retrain(mnist):
    panel = RetrainPanel("Train it yourself", mnist[0][0][:500], mnist[1][0][:40], [5.0, 2.0, 2.0], **TINY)
    panel.BATCH_SIZE = 50
    return panel


def finish(panel):
    panel.thread.join(90)
    assert not panel.thread.is_alive() and not panel.running


def test_it_says_first_how_long_a_run_will_take(retrain):
    assert "3 epochs on 500 images will take about 9 seconds" in retrain.status.value
    retrain.epochs.value = 1
    assert "1 epoch on 500 images will take about 5 seconds" in retrain.status.value
    retrain.epochs.value = 40
    assert "40 epochs on 500 images will take about 83 seconds" in retrain.status.value
    retrain.learn_times([60.0, 30.0])
    retrain.epochs.value = 21
    assert "about 11 minutes" in retrain.status.value


def test_a_run_shows_loss_test_figure_and_prints(retrain):
    retrain.beta.value, retrain.latents.value = 5, 3
    before = random.getstate()
    retrain.start.click()
    assert retrain.start.disabled and retrain.beta.disabled and not retrain.stop.disabled
    finish(retrain)
    assert random.getstate() == before
    assert not retrain.start.disabled and not retrain.beta.disabled and retrain.stop.disabled
    assert retrain.bar.value == retrain.bar.max == 30
    said, shown = retrain.status.value, retrain.results.value
    assert 'role="status"' in said and "Done:" in said and "count KL 5 times" in said
    ((beta, latents, epochs, reconstruction, kl, figure),) = retrain.runs
    assert (beta, latents, epochs) == ("5", 3, "3") and 100 < float(reconstruction) < 560
    mean, margin = map(float, figure.split(" ± "))
    assert mean == pytest.approx(float(reconstruction) + float(kl), abs=0.02) and margin > 0
    assert f"{mean:.2f} nats" in said and figure in shown and "test -ELBO" in shown
    assert shown.count("data:image/png;base64,") == 2 and "Loss over the epochs" in shown and "prints" in shown
    assert len(re.findall(r'<img [^>]*alt="[^"]{30,}"', shown)) == 2


def test_runs_repeat_and_stand_in_one_table(retrain):
    for latents in (2, 2, 1):
        retrain.latents.value, retrain.epochs.value = latents, 2
        retrain.start.click()
        finish(retrain)
    first, again, other = retrain.runs
    assert first == again and other[1] == 1 and other != first
    assert retrain.results.value.count("<tr>") == 4
    assert (retrain.first, retrain.later) != (5, 2)  # by now it goes by what the runs took, not by what it was given


def test_one_run_at_a_time(retrain):
    retrain.begin()
    thread = retrain.thread
    retrain.begin()
    assert retrain.thread is thread
    finish(retrain)
    assert len(retrain.runs) == 1


def test_stop_ends_a_run_and_shows_what_it_came_to(retrain):
    retrain.epochs.value = 40
    retrain.start.click()
    retrain.stop.click()
    assert "Stopping" in retrain.status.value and retrain.stop.disabled
    finish(retrain)
    assert "Stopped after 0.1 epochs" in retrain.status.value
    assert retrain.runs[0][2] == "0.1" and "test -ELBO" in retrain.results.value
    assert retrain.expected(1) == 5  # nothing was learned about whole epochs
    retrain.epochs.value = 2
    retrain.start.click()  # and it can be started again
    finish(retrain)
    assert "Done:" in retrain.status.value


def test_what_goes_wrong_is_said_and_the_panel_lives_on(retrain):
    good, retrain.x_train = retrain.x_train, np.full((500, 28, 28), np.nan)
    retrain.start.click()
    finish(retrain)
    said = retrain.status.value
    assert 'role="alert"' in said and "did not work" in said and "NaN" in said and "Traceback" in said
    assert not retrain.start.disabled and retrain.runs == []
    retrain.x_train = good
    retrain.start.click()
    finish(retrain)
    assert "Done:" in retrain.status.value


# ---- encoding a photo


@pytest.fixture(scope="module")
def camera(mnist):
    vae = load_vae("darkroom-2d")
    return vae, vae.encoder.predict(mnist[1][0][:2000], verbose=0)[0], mnist[1][1][:2000]


def upload(panel, data, name="digit.png"):
    now = datetime.datetime.now(datetime.UTC)
    size = {"size": len(data), "type": "image/png", "last_modified": now}
    panel.upload.value = ({"name": name, "content": memoryview(data), **size},)


def test_a_photo_is_encoded(mnist, camera):
    panel = encode.EncodePanel("Photograph a digit", *camera)
    assert "at most 8 MB" in panel.status.value
    digit = mnist[1][0][0]
    upload(panel, file(on_paper(digit)))  # dark on light, off its centre, larger
    assert "digit.png was read" in panel.status.value
    code = np.array([float(m) for m in re.findall(r"(-?\d+\.\d+) ± ", panel.results.value)])
    assert code.shape == (2,) and np.linalg.norm(code - camera[1][0]) < 0.5
    assert re.search(r"nearest test digits on the map: \d+ × 7", panel.results.value)
    assert re.search(r'alt="[^"]*camera saw', panel.results.value)


def test_a_file_of_no_use_is_refused_with_a_reason(mnist, camera):
    panel = encode.EncodePanel("Photograph a digit", *camera)
    upload(panel, file(on_paper(mnist[1][0][0])), "good.png")
    upload(panel, b"Dear diary", "bad.png")
    assert 'role="alert"' in panel.status.value and "no image" in panel.status.value
    assert "Traceback" not in panel.status.value and panel.results.value == ""
    upload(panel, file(on_paper(mnist[1][0][1])), "better.png")
    assert "better.png was read" in panel.status.value and panel.results.value


def test_a_name_is_text_and_no_markup(mnist, camera):
    panel = encode.EncodePanel("Photograph a digit", *camera)
    upload(panel, file(on_paper(mnist[1][0][0])), "<img src=x>.png")
    assert "<img" not in panel.status.value and "&lt;img src=x&gt;.png was read" in panel.status.value


def test_an_upload_is_read_from_ipywidgets_7_too():
    older = {"digit.png": {"metadata": {"name": "digit.png", "size": 3}, "content": b"abc"}}
    assert encode.uploaded(older) == ("digit.png", b"abc")
    assert encode.uploaded(({"name": "a", "content": memoryview(b"abc")},)) == ("a", b"abc")


# ---- morphing by index


def toy_archives(x):
    size = dict(latent_dim=2, width=8, depth=0)
    vae = VAE(build_encoder(**size), build_decoder(**size))
    codes = np.random.default_rng(0).normal(size=(len(x), 2))
    codes[3] = -codes[4]
    return {"2 latents": (vae, codes), "the same, larger": (vae, 10 * codes)}


@pytest.fixture
def morph(mnist):
    x, labels = (part[:20] for part in mnist[1])
    return MorphPanel("Choose two digits", toy_archives(x), x, labels, 5, 6)


def test_it_morphs_what_the_indices_say(morph):
    codes = morph.archives["2 latents"][1]
    assert "From test digit 5 (a 1) to test digit 6 (a 4), with 2 latents" in morph.status.value
    first = morph.results.value
    morph.end.value = 7
    assert "to test digit 7 (a 9)" in morph.status.value and morph.results.value != first
    (middle,) = slerp(codes[5], codes[7], [0.5])
    assert f"{np.linalg.norm(codes[[5, 7]].mean(axis=0)):.2f} on the straight way" in morph.status.value
    assert f"{np.linalg.norm(middle):.2f} on the arc" in morph.status.value
    assert re.search(r'alt="Two strips of 7 prints[^"]*digit 7', morph.results.value)


def test_it_changes_the_archive(morph):
    before = morph.results.value
    morph.archive.value = "the same, larger"
    assert "with the same, larger" in morph.status.value and morph.results.value != before


def test_it_takes_no_index_out_of_range(morph):
    morph.start.value = 9999
    assert morph.start.value == 19 and "From test digit 19" in morph.status.value


def test_it_chooses_two_by_chance(morph):
    morph.archives["2 latents"][1][4] = [1, 2]  # no pair without an arc may come up
    seen = set()
    for _ in range(4):
        morph.chance.click()
        assert f"From test digit {morph.start.value} " in morph.status.value
        seen.add((morph.start.value, morph.end.value))
    assert len(seen) > 1 and all(start != end for start, end in seen)


def test_what_has_no_arc_is_said(morph):
    morph.start.value, morph.end.value = 3, 4
    assert 'role="alert"' in morph.status.value and "opposite codes" in morph.status.value
    assert morph.results.value == ""
    morph.end.value = 5
    assert "to test digit 5" in morph.status.value and morph.results.value
