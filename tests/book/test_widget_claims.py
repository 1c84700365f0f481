"""What the widgets say that can be noticed is so; and what they pack."""

import base64

import numpy as np
import pytest
from living_code import unpacked as packed_vae
from living_code import unpacked_velocity as packed_velocity

from helpers.evaluation import evaluate_elbo, importance_bound
from helpers.judge import judge
from helpers.latent import develop, lerp, slant, slerp, thickness
from helpers.living import pack
from helpers.living.widgets import darkroom, drawing_table, encoder, ledger, morphing, shared, timemachine
from helpers.places import SCRIPTS
from helpers.records import load_rate_distortion
from helpers.weights import load_classifier, load_epochs
from helpers.world.flow import follow


def unpacked(film, shape):
    """Return the greys of a packed film, read as widget_timemachine.js does."""
    steps = []
    for sign in film["text"]:
        zeros = film["runs"].find(sign)
        steps += [film["signs"].index(sign)] if zeros < 0 else [0] * (zeros + 2)
    return np.cumsum(np.reshape(steps, shape), axis=0) % len(film["signs"])


def test_a_packed_film_comes_back_in_64_greys():
    frames = np.random.default_rng(0).integers(0, 256, (4, 3, 5, 5)).astype("uint8")
    frames[1:3, 1:] = frames[0, 1:]  # runs of what does not change
    greys = unpacked(pack.pack_film(frames), frames.shape)
    assert np.abs(greys * (255 / 63) - frames).max() <= 255 / 126 + 1e-9
    assert set(pack.SIGNS).isdisjoint(pack.RUNS) and not set(pack.SIGNS + pack.RUNS) & set("<\"\\'$`")


def test_a_run_longer_than_a_sign_can_say():
    film = pack.pack_film(np.zeros((1, 100), "uint8"))
    assert len(film["text"]) < 6 and unpacked(film, (1, 100)).sum() == 0


def test_the_time_machine_shows_the_recorded_run():
    data, record = timemachine.data(), load_epochs(pack.MODEL)
    greys = unpacked(data["prints"], record["prints"].shape)
    assert np.abs(greys * (255 / 63) - record["prints"]).max() <= 255 / 126 + 1e-9
    assert data["metrics"]["loss"][1][-1] == pytest.approx(record["metric/val_loss"][-1], abs=0.006)
    assert len(data["sorted"]) == len(data["moved"]) == 41 and len(data["labels"]) == 500


def test_what_the_time_machine_says_is_so():
    data, record = timemachine.data(), load_epochs(pack.MODEL)
    notice = timemachine.NOTICE
    assert f"after epoch 3, {data['sorted'][3]:.0f} of 100" in notice
    assert f"after epoch 40 it is {data['sorted'][40]:.0f}." in notice
    training, held_out = (record[f"metric/{name}"] for name in ("loss", "val_loss"))
    above = held_out > training
    assert above[19:].all() and not above[18] and "From epoch 20 on the loss on test digits stays above" in notice
    fell = held_out[31] - held_out[39], training[31] - training[39]
    assert "last eight epochs it falls by {:.1f} nats, the training loss by {:.1f}.".format(*fell) in notice


@pytest.fixture(scope="module")
def plane():
    """Return codes and labels of what the map shows, and a function from codes to the digit around them."""
    (x, labels), _ = shared.mnist()
    codes, labels = shared.z_means(x[:1500]), labels[:1500]

    def among(z):
        squared = np.sum((np.asarray(z)[:, None] - codes) ** 2, axis=-1)
        near = labels[np.argsort(squared, axis=1)[:, :15]]
        return np.array([np.bincount(row, minlength=10).argmax() for row in near])

    return among


def test_the_two_ways_of_the_morphing_table_pass_other_digits(plane):
    images, labels = shared.some_digits()
    assert [labels[i] for i in morphing.MORPH] == [3, 8]
    ends, t = shared.z_means(images[list(morphing.MORPH)]), np.linspace(0, 1, 41)
    straight, spherical = (set(plane(way(*ends, t))) for way in (lerp, slerp))
    assert {9, 7} <= straight and 1 not in straight
    assert 1 in spherical and not {9, 7} & spherical


def test_lean_does_what_the_morphing_table_says():
    """+0.3 on average over 400 test digits, and three of ten the wrong way."""
    directions, scales = morphing._attributes()
    _, (x, _) = shared.mnist()
    codes, decoder = shared.z_means(x[::25]), shared.model().decoder
    before, after = (develop(decoder, z) for z in (codes, codes + directions[0]))
    gain = (slant(after) - slant(before)) / scales[0]
    assert f"+{gain.mean():.1f} on average" in morphing.NOTICE
    assert 0.26 < np.mean(gain < 0) < 0.36 and "about three of ten the wrong way" in morphing.NOTICE
    wider = (thickness(develop(decoder, codes + directions[1])) - thickness(before)) / scales[1]
    assert 0.05 < wider.mean() < 0.3  # thickness, less still


def test_the_spread_does_what_the_encoder_says(plane):
    """At 1 sigma all prints of the first 2 stay among the 2s, at 8 a third strays; of the first 0 and 1 few."""
    images, labels = shared.some_digits()
    z_mean, z_log_var = (np.array(part) for part in shared.model().encoder(images))
    noise = np.random.default_rng(0).normal(size=(1000, 2))

    def strays(i, scale):
        return np.mean(plane(z_mean[i] + scale * np.exp(z_log_var[i] / 2) * noise) != labels[i])

    notice = encoder.NOTICE
    assert strays(4, 1) < 0.01 and 0.28 < strays(4, 8) < 0.39 and "of 100 draws of this 2, about 33 lie" in notice
    assert 0.07 < strays(0, 8) < 0.13 and "only 10 of the first 0" in notice
    assert 0.05 < strays(2, 8) < 0.09 and "7 of the first 1" in notice
    radius = np.linalg.norm(z_mean, axis=1)
    assert radius[4] < 0.8 * min(radius[0], radius[2]) and "of the three, the 2 lies nearest" in notice


def test_an_ellipse_holds_what_the_darkroom_says():
    radius = np.linalg.norm(np.random.default_rng(0).normal(size=(200_000, 2)), axis=1)
    inner, outer = (round(100 * float(np.mean(radius < r))) for r in (1, 2))
    assert f"{inner} of 100 fall in the inner ellipse and {outer} in the outer" in darkroom.NOTICE


def test_the_bill_is_as_the_ledger_says():
    images, labels = shared.some_digits(1)
    draws = [evaluate_elbo(shared.model(), images, seed) for seed in range(200)]
    elbo = np.mean(np.sum(draws, axis=1), axis=0)
    bounds = [-importance_bound(shared.model(), images, 50, seed)[0] for seed in range(20)]
    gain = elbo - np.mean(bounds, axis=0)
    notice = ledger.NOTICE
    assert np.sum(gain < 2) == 6 and "six of these ten digits gain less than two nats on average" in notice
    assert set(labels[gain > 2]) == {5, 6, 8, 9} and "the 5, the 6, the 8 and the 9 more" in notice
    assert np.mean(draws, axis=0)[0].sum() > 0.95 * elbo.sum()


def test_the_prices_do_what_the_ledger_says():
    record, pictures = load_rate_distortion()
    betas = [run["beta"] for run in record["runs"]]
    total = [run["rate"] + run["distortion"] for run in record["runs"]]
    assert betas[int(np.argmin(total))] == 1
    prints = dict(zip(betas, pictures["prints"].astype(float) / 255))
    apart = {beta: np.abs(each[1] - each[2]).mean() for beta, each in prints.items()}  # the 2 and the 3
    assert apart[15] < 0.5 * min(value for beta, value in apart.items() if beta < 15)
    assert np.ptp(prints[30], axis=0).max() < 0.05


@pytest.fixture(scope="module")
def table():
    """Return a function from digits, labels and a strength to artworks, by the two packed networks of the page."""
    vae = packed_vae(pack.packed_model(drawing_table.NETWORK), drawing_table.NETWORK)
    velocity = pack.pack_velocity(drawing_table.VELOCITY)
    velocity = packed_velocity(base64.b64decode(velocity), drawing_table.VELOCITY)

    def artworks(images, labels, strength, steps=10):
        z = np.array(vae.encoder(images)[0])
        noise = np.random.default_rng(0).normal(size=z.shape)
        start = (1 - strength) * z + strength * noise
        there = follow(velocity, start, labels, drawing_table.DRAWING["guidance"], start=1 - strength, steps=steps)
        return develop(vae.decoder, there)

    return artworks


def agreement(measure, before, after, labels):
    """Return the correlation of a measure before and after, within each kind of digit."""
    pair = np.array([measure(before), measure(after)], "float64")
    for digit in range(10):
        pair[:, labels == digit] -= pair[:, labels == digit].mean(axis=1, keepdims=True)
    return np.corrcoef(pair)[0, 1]


def test_the_drawing_table_obeys_and_forgets_as_it_says(table):
    _, (x, labels) = shared.mnist()
    x, labels = x[::10], labels[::10]
    new, classifier, notice = (labels + 5) % 10, load_classifier(), drawing_table.NOTICE
    found = {}
    for strength in (0.2, 0.5, 0.8, 1):
        prints = table(x, new, strength)
        obeyed = np.mean(judge(classifier, prints)[0].argmax(axis=1) == new)
        found[strength] = obeyed, *(agreement(measure, x, prints, labels) for measure in (slant, thickness))
    assert len(x) == 1000 and "1,000 test digits" in notice
    assert 0.11 < found[0.2][0] < 0.14 and "at strength 0.2 one in eight does" in notice
    assert 0.98 < found[0.5][0] < 1 and "at 0.5 about 99 in 100" in notice
    assert all(0.5 < each < 0.65 for each in found[0.5][1:]) and "correlations of more than 0.5" in notice
    assert found[0.8][0] > 0.99 and all(0 < each < 0.25 for each in found[0.8][1:]) and "less than 0.25" in notice
    assert found[1][0] > 0.99 and all(abs(each) < 0.1 for each in found[1][1:])
    assert drawing_table.DRAWING["strength"] == 0.5


def test_the_quick_walk_of_the_drawing_table_is_as_near_as_its_module_says(table):
    source = (SCRIPTS / "widget_drawing_table.js").read_text(encoding="utf-8")
    assert "const QUICK = 3; // while something moves: a pixel is off by less than 0.01 on average" in source
    _, (x, labels) = shared.mnist()
    for strength in (0.3, 0.6, 1):
        quick, whole = (table(x[:100], (labels[:100] + 3) % 10, strength, steps) for steps in (3, 10))
        assert 0 < np.abs(quick - whole).mean() < 0.01


def test_the_figure_of_the_drawing_table_shows_what_its_text_says(table):
    images, labels = shared.some_digits()
    three = images[[drawing_table.DRAWING["start"]] * 10]
    assert labels[drawing_table.DRAWING["start"]] == 3 and slant(three[:1])[0] < -0.4
    (lean, _), (_, read) = (
        (slant(prints), judge(load_classifier(), prints)[0].argmax(axis=1))
        for prints in (drawing_table.drawing_prints(strength) for strength in (0.4, 0.8))
    )
    assert np.sum(lean < -0.1) >= 3 and read.tolist() == list(range(10))
