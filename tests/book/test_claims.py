"""What summaries, the cheat sheet and the epilogue claim is tied, claim by claim, to what bears it.

A claim is `name: (words, *bears)`. In `words`, {} is a number as the page has it, in digits or in words. What bears a
claim is a function that gives the truth about each number, or a bool; or text: a chapter, and the very assertion (or
the setting, an assignment) in its code, where {a}, {b} are the numbers that the words have. A number that is turned
around, a sentence that is gone and an assertion that is gone fail the test of that name.
"""

import ast
import itertools
import math
import re
from functools import cache, partial

import numpy as np
import pytest

from helpers.data import GREY_FLOOR, MEAN_IMAGE_NATS, load_mnist
from helpers.losses import translate_loss
from helpers.places import BOOK, ROOT
from helpers.records import load_collapse, load_rate_distortion, read_record
from helpers.weights import load_likelihood, manifest
from helpers.world.tunes import BAR, STEPS
from tools.check import notebooks

RECORDED, LEAGUE = manifest(), read_record("league")[0]
SMALL, LARGE, ROOMY = (RECORDED[f"darkroom-{name}"] for name in ("2d", "2d-large", "50d"))
RATES = {run["beta"]: run["rate"] for run in load_rate_distortion()[0]["runs"]}
BITS = [each for beta in (0.1, 1, 4, 15, 30, 55) for each in (beta, RATES[beta])]  # as the sheet lists them


def league(recipe):
    """Return the mean -ELBO of a recipe of chapter 9, grey digits."""
    return np.mean([run["scores"]["grey"] for run in LEAGUE["runs"][recipe].values()])


def contest(kind, rule, what):
    """Return a score of chapter 11's second discipline, for each of its three seeds."""
    runs = [run for run in read_record("photocopier")[0]["runs"] if run["epochs"] == 8 and run["left_out"] is None]
    return np.array([run["scores"]["rules"][rule][what] for run in runs if run["kind"] == kind])


def one_curve():
    """Say whether there, too, the photocopier under one fitted bell curve is level with the artist."""
    for what, margin in (("accepted", 0.05), ("frechet", 3)):
        copier, artist = contest("photocopier", "fitted bell curve", what), contest("artist", "standard", what)
        if len(artist) != 3 or abs(copier.mean() - artist.mean()) > margin:
            return False
    return True


def fewer_holes():
    """Say whether there, too, fewer of the artist's draws fell into holes."""
    return contest("artist", "standard", "holes").max() < contest("photocopier", "fitted bell curve", "holes").min()


def in_use():
    """Return how many latents chapter 12's largest model has, and how many of them carry a tenth of a nat."""
    largest = max(load_collapse()["sizes"], key=lambda run: run["latent_dim"])
    return largest["latent_dim"], sum(nats > 0.1 for nats in largest["carried"])


def sharper():
    """Say whether more latents gave better reconstructions."""
    lost = {run["latent_dim"]: run["distortion"] for run in load_collapse()["sizes"]}
    return all(lost[few] > lost[many] + 5 for few, many in itertools.pairwise((1, 2, 4, 8, 16)))


def published():
    """Return how many published figures of A2's table are above ours, and how many below."""
    (rows,) = re.findall(r"^published = (.+)$", "\n".join(stated("a2")), re.MULTILINE)
    figures = np.array([row.elts[0].value for row in ast.parse(rows).body[0].value.elts])
    return sum(figures > ROOMY["likelihood"]["nats"]), sum(figures < ROOMY["likelihood"]["nats"])


def likelihood():
    """Return A2's figure and its margin."""
    nats = load_likelihood("darkroom-50d")[0]
    return nats.mean(), 1.96 * nats.std(ddof=1) / math.sqrt(len(nats))


def lines_of(text):
    """Return how many lines of code there are."""
    return sum(bool(line.strip()) for line in text.splitlines())


def sheet_code():
    """Return the VAE of the cheat sheet."""
    return re.search(r"^```python\n(.*?)^```$", page("cheatsheet"), re.MULTILINE | re.DOTALL)[1]


@cache
def flat_error():
    """Return the mean squared error of an untrained print, 0.5 everywhere."""
    return float(np.mean((load_mnist()[1][0] - 0.5) ** 2))


@cache
def kinds():
    """Return how many digits there are."""
    return len(np.unique(load_mnist()[1][1]))


REAL = "08: quality['test digits'][0] > quality['darkroom-2d'][0] > quality['photocopier, fitted'][0]"
FITTED = "11: all((found['accepted'].min() > artist['accepted'].max() + 0.05 for found in fitted.values()))"
ALONE = "17: 1.3 * ten[2] < alone[2] < 0.8 * min(one[2], free[2])"
BEST = "17: max((run[2] for run in best)) < min(ten_seeds)"
PLAIN = "13: bill['pathwise'][{b - 1}] + 5 < bill['score function'].min()"
BASELINE = "bill['with baseline'][-1]"
GAP = f"13: 2 < {BASELINE} - bill['pathwise'][-1] < 15 < bill['score function'].min() - {BASELINE}"

CLAIMS = {
    "cheatsheet": {
        "bits": ("1 nat = {} bits", lambda: 1 / math.log(2)),
        "length": ("## The code, in {} lines", lambda: lines_of(sheet_code())),
        "ten new": ("{} new digits:", "test_cheatsheet: prints.shape == ({a}, 28, 28)"),
        "digits": ("on the {} test digits", lambda: SMALL["test"]["images"]),
        "latents": ("and {} latents.", lambda: SMALL["architecture"]["latent_dim"]),
        "untrained": ("| {} | untrained: {} log {} |", lambda: (784 * math.log(2), 784, 2)),
        "mean image": ("| {} | the mean image;", lambda: MEAN_IMAGE_NATS),
        "collapsed": ("collapsed VAE scores near it", lambda: abs(league("means") - MEAN_IMAGE_NATS) < 1.5),
        "thirty lines": ("| about {} | the listing that opens [6]", "06: abs(small_nats - {a}) < 4"),
        "Adam": ("| {} | the book's network", lambda: league("Keras example")),
        "its rate": ("Adam at {},", "recipes: vae, rate = (RecipeVAE(recipe, seed), {a})"),
        "its epochs": ("{} epochs |", lambda: LEAGUE["epochs"]),
        "darkroom-2d": ("| {} ± {} | `darkroom-2d`", lambda: (SMALL["test"]["negative_elbo"], SMALL["test"]["ci95"])),
        "its parts": ("`darkroom-2d`: {} + KL {} |", lambda: (SMALL["test"]["reconstruction"], SMALL["test"]["kl"])),
        "floor": ("| {} | the floor:", lambda: GREY_FLOOR),
        "likelihood": ("is at most {} ± {}", likelihood),
        "rates": ("{}: {} nats, {}: {}, {}: {}, {}: {}, {}: {}, {}: {}.", lambda: BITS),
        "near": ("loss near {}]", lambda: MEAN_IMAGE_NATS),
        "sharper": ("| more latents |", sharper),
        "another loss": ("another loss of {}]", flat_error),
    },
    "18_epilogue": {
        "copies": (
            "hardly any of {} prints is as near",
            "07: plain < once / 200",
            "07: prints = develop(vae.decoder, vae.prior.sample({a}, seed=7))",
        ),
        "realistic": ("Realistic, less so", REAL),
        "accepted": ("accepts real digits more often", REAL),
        "crowd": ("further from the collection than other", "15: new > 2 * floor"),
        "glasses": ("puts glasses on them", "15: moved['age'][GLASSES] > 0.2"),
        "smooth": ("way is about as smooth", "11: np.ptp(means['jump']) < 0.25", "11: np.ptp(means['detour']) < 0.25"),
        "cross-fade": ("the most even steps", "11: fade['jump'] + 0.03 < min(means['jump'])"),
        "chance": ("nearer to Bach's than by chance", "16: verdicts['VAE'][1] < verdicts['chance'][1] - 0.1"),
        "chain": ("chain are nearer still", "16: max(draws['Markov chain']) + 0.02 < min(draws['VAE'])"),
        "tunes": ("fewer than {} % exact copies", "16: copies['VAE'] < {a / 100}"),
        "bars": ("{} bars, one voice", lambda: STEPS / BAR),
        "ten Gaussians": ("{} Gaussians, one per digit", kinds),
        "about as well": ("one per digit, do about as well", "17: abs(ten[0] - told[0]) < 0.06"),
        "kept": ("slant and thickness are partly kept", "17: found[1, 1:].min() > 0.5"),
        "longer": ("trained for longer, it is better", BEST),
        "essence": ("of {} latents {} pay their way", in_use, "12: abs(bills[{a}] - bills[32]) < 2"),
        "shared": ("with a larger β too", "15: all((g.mean() < 0.3 for g in gaps.values()))"),
        "one print": ("one negative, one print", "03: np.array_equal(once, again)"),
        "wins": ("the photocopier wins", "01: GREY_FLOOR < copier_nats < from_mean < artist_nats"),
        "fitted": ("it beats the artist", FITTED),
        "eight latents": ("{} latents, dense", "11: LATENT_DIM = {a}"),
        "behind": ("stays behind", GAP),
    },
    "01_darkroom": {
        "eight": (
            "{} numbers for {} pixels",
            "01: latent_dim = {a}",
            "01: numbers = (x.reshape(-1, {b}) - mean_digit) @ pictures.T",
        ),
        "PCA": ("copied better than PCA", "01: max(errors['photocopier'], errors['artist']) < 0.7 * errors['PCA']"),
        "worse": ("copies were slightly worse", "01: GREY_FLOOR < copier_nats < from_mean < artist_nats"),
        "level": ("brought its prints level", "01: abs(by_repaired - by_artist) < 0.5", one_curve),
        "holes": (
            "more of its draws fell into holes",
            "01: holes['artist, its own rule'] < holes['photocopier, fitted bell curve']",
            fewer_holes,
        ),
    },
    "02_encoder": {
        "copies": ("nearly the same picture", "02: within < between / 3"),
        "half": (
            "forget the {}",
            "02: measured = {1 / a} * np.log(draws.std(axis=0))",
            "02: np.allclose(measured, z_log_var[i], atol=0.06)",
        ),
        "follows": ("sigma follows how fast the print changes", "02: 0.93 < half < 1.03", "02: nine_tenths < 1.25"),
        "ambiguous": ("rather smaller sigmas than clear", "02: everywhere < 0.45"),
    },
    "03_decoder": {
        "fixed": ("the print is fixed", "03: np.array_equal(once, again)"),
        "mean": ("is their mean", "03: abs(p[cost.argmin()] - x.mean()) < 0.006"),
        "same means": (
            "nearly the same means",
            "03: root_mean((coin_prints - grain_prints) ** 2) < 0.3 * root_error",
        ),
        "grain": ("the root of the mean squared error", "03: abs(paper_sigma / root_error - 1) < 0.03"),
        "outside": ("Far outside the archive the decoder is confident", "03: unsure[-1] < 0.1 * unsure[1]"),
    },
    "04_reparameterization": {
        "repeated": ("noise that can be repeated", "04: outcome(Sampling(seed=5)) == 'same draws'"),
        "saved": ("can be saved and loaded", "04: outcome(Sampling(seed=5)) == 'same draws'"),
        "slopes": (
            r"1 for the mean and $\sigma\varepsilon/2$",
            "04: by_hand = np.concatenate([2 * drawn, 2 * drawn * np.exp(0.5 * point[2:]) * epsilon / 2])",
            "04: np.allclose(by_hand, by_autodiff)",
        ),
        "differences": ("agree with autodiff and finite differences", "04: np.allclose(by_hand, by_differences)"),
        "noise": ("far more noise", "04: plain[:, 0].min() > 100"),
        "baseline": ("most of the excess", "04: (with_baseline[:, 0] - 1 < 0.5 * (plain[:, 0] - 1)).all()"),
    },
    "05_loss": {
        "bound": (r"bounds $-\log p(x)$ from above", "05: np.all(elbo - 4.5 * error < log_p)"),
        "gap": ("the gap is a KL divergence", "05: np.all(np.abs(elbo + gap - log_p) < 4.5 * error + 0.2)"),
        "weight": ("weight of {}/d", lambda: 2 * translate_loss("bce", "mean", "mean", latent_dim=2).beta),
        "collapsed": (
            "with d = {} the codes collapsed",
            "05: last['means']['val_kl'] < 0.05 < 2 < last['sums']['val_kl']",
            "05: model = kind(build_encoder({a}, 64, 1), build_decoder({a}, 64, 1))",
        ),
    },
    "06_training": {
        "rises": ("KL rises after the first epoch", "06: rise > 0"),
        "gap": ("ends a little higher than on training digits", "06: gap > 0"),
    },
    "07_generation": {
        "copies": ("Hardly any print was a sharp copy", "07: plain < once / 200"),
        "mismatch": ("and some remains", "07: 0.15 < mismatch < 0.35"),
        "less alike": ("in holes were less like digits", "07: inside + 0.03 < min(others)"),
        "crisper": ("arcs gave crisper middles", "07: grey > 2 * abs(grey_on_arc)"),
        "not better": ("better digits is not shown", "07: abs(accepted[0]) < accepted[1]"),
    },
    "08_evaluation": {
        "little": ("little for most", "08: np.median(gap) < 1"),
        "a lot": ("a lot for a few", "08: gap[lost].sum() > 0.7 * gap.sum()"),
    },
    "10_speed": {
        "FLOPs": (
            "{} FLOPs for each weight",
            "10: flops == by_hand",
            "10: by_hand = {a} * (2 * 784 * 192 + 4 * 192 * 192 + 3 * 2 * 192) - 2 * 784 * 192",
        ),
        "zero": ("most pixels are zero", "10: 0.7 < zeros < 0.9"),
    },
    "11_photocopier": {
        "too": ("improves the VAE's inventions too", FITTED),
        "even": ("Even steps do not make a way good", "11: fade['accepted'] + 0.05 < found['accepted'].min()"),
        "better": (
            "better than a VAE under its standard rule",
            FITTED,
            "11: all((1.5 * found['frechet'].max() < artist['frechet'].min() for found in fitted.values()))",
        ),
    },
    "12_collapse": {
        "carried": ("a few hundredths", "12: np.abs(measured - predicted).max() < 0.04"),
        "guide": ("networks collapse altogether", "12: nats.sum() < 0.01", "12: last < bernoulli_lam[0] < first"),
        "price": (
            "β = {} and {}.",
            lambda: (max(b for b, r in RATES.items() if r > 0.01), min(b for b, r in RATES.items() if r < 0.01)),
        ),
        "warm up": ("warm up", "12: warm['rate'].min() > 1.7 * none['rate'].max()"),
    },
    "13_gradients": {
        "same mean": (
            "have the same mean",
            "13: max((worst(kind) for kind in KINDS)) < 4.5 < worst('with baseline', factor=0.5)",
        ),
        "quieter": ("pathwise estimate quieter", "13: lines['pathwise'][0] < 0.01"),
        "noisier": ("score function noisier", "13: lines['score function'][0] > 1000"),
        "growth": ("baseline stops the growth", "13: 8 < lines['with baseline'][0] < 8.1"),
        "epochs": (
            "{} bought less than {} did pathwise",
            "13: LATENTS, EPOCHS, x_small, held_out = (10, {a}, x_train[:12000], x_test[:2000])",
            PLAIN,
        ),
        "choice": ("no pathwise slope", "13: tape.gradient(hard, q_logits) is None"),
        "unbiased": ("The score function is unbiased", "13: unbiased[2] < 1.5 < min(hot[2], warm[2], mild[2])"),
        "few nats": ("was a few nats", GAP),
    },
    "14_museum": {
        "NaN": ("ran into NaN", "14: not np.isfinite(answered[-1])"),
        "length": (
            "The whole VAE is {} lines",
            lambda: [len(code.splitlines()) for code in cells("14") if "class PostVAE" in code],
        ),
    },
    "15_faces": {
        "labels": (
            "{} labels give a direction",
            "15: directions = attribute_directions(codes_of(x[:{a}]), scaled(factors[:{a}]))",
            "15: got[40] > 22",
        ),
        "side effects": (
            "side effects that cancel in the mean",
            "15: sides['age'][k] > 1.5 * noise['age'][k]",
            "15: abs(moved['age'][k]) < 0.6 * sides['age'][k]",
        ),
        "on request": ("draws on request", "15: min((told[name][k] for k, name in enumerate(ENDS))) > 0.6"),
        "gap": ("the gap is larger than with", "15: large > 1.4 * small"),
        "betas": (
            r"With $\beta = {}$ the gap is larger than with {},",
            lambda: [RECORDED[f"portraits-beta{beta}"]["architecture"]["beta"] for beta in (4, 1)],
        ),
        "rare": ("are reproduced worse", "15: few > many + 8"),
    },
    "16_melodies": {
        "chance": ("VAE beats chance", "16: verdicts['VAE'][1] < verdicts['chance'][1] - 0.1"),
        "intervals": ("the Markov chain is nearer", "16: max(draws['Markov chain']) + 0.02 < min(draws['VAE'])"),
        "rhythm": ("in rhythm the VAE is", "16: verdicts['VAE'][2] < verdicts['Markov chain'][2] - 0.01"),
        "hymns": ("{} test hymns", "16: hymns[1] == {a}"),
    },
    "17_art": {
        "holes": ("same decoder, worse prints", "17: prior[2] > 2.5 * filed[2]"),
        "ten Gaussians": ("{} Gaussians, one per digit", kinds),
        "about as well": ("per digit, do about as well", "17: abs(ten[0] - told[0]) < 0.06"),
        "steps": ("a flow of {} steps", "17: live = [make_velocity({a}, seed) for seed in range(3)]"),
        "practice": ("{} times as long", lambda: RECORDED["velocity-12d"]["steps"] / 1000),
        "with its label": ("closer to the archive with its label", BEST),
        "the ten": ("than the {} are", kinds),
        "without a label": ("without a label it is farther", ALONE),
        "one Gaussian": ("but still closer than one Gaussian", ALONE),
        "guidance": ("trades variety for obedience", "17: 0.8 < strong[3] / told[3] < 0.97", "17: strong[1] > 0.97"),
    },
    "a1_your_machine": {
        "time alone": ("changes the time alone", "a1: abs(change['1 step at a time']) < 0.5"),
        "batch": ("the batch size changes what is learned", "a1: change['batch of 50'] < -6"),
        "bit by bit": ("equal bit by bit", "a1: np.array_equal(a, b)"),
    },
    "a2_larger_prints": {
        "two latents": ("With {} latents", lambda: LARGE["architecture"]["latent_dim"]),
        "wider": (
            "about a nat better",
            lambda: 0.5 < SMALL["test"]["negative_elbo"] - LARGE["test"]["negative_elbo"] < 1.5,
        ),
        "noise": ("is not seen to help", "a2: abs(less['darkroom-2d-large', 'grey input']) < 0.1"),
        "fifty": ("{} latents, a prior", lambda: ROOMY["architecture"]["latent_dim"]),
        "Burda": ("below the {} figures", lambda: published()[0]),
        "nine": ("not below {} further", lambda: published()[1]),
        "samples": ("{} samples, all", lambda: ROOMY["likelihood"]["samples"]),
    },
    "a3_your_pictures": {
        "implied": (
            "it assumed $\\sigma = {}$ here",
            lambda: math.sqrt(translate_loss("mse", "mean", n_pixels=48 * 48 * 3).sigma_squared),
            "a3: VALUES = SIZE * SIZE * 3",
            "a3: SIZE = 48",
        ),
        "collapsed": ("the model collapsed", "a3: not active_units(models['squared error, mean'], x_held).any()"),
    },
}


# ---- how pages, numbers and code are read

UNITS = (
    "half two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand twice"
)
WORDS = dict(zip(UNITS.split(), (0.5, *range(2, 13), 20, 30, 40, 50, 100, 1000, 2)))
NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?|\b(?:{'|'.join(WORDS)})(?: hundred| thousand)?\b"
PAIRS = (
    "more fewer, less more, most least, better worse, larger smaller, higher lower, nearer farther, "
    "closer further, longer shorter, softer crisper, sharper softer, quieter noisier, hundredths tenths"
)
TURNED = [pair.split() for pair in PAIRS.split(", ")]
TURNED = {b: a for a, b in TURNED} | dict(TURNED)
COMPARISON = rf"\b(?:{'|'.join(TURNED)})\b"


@cache
def page(name):
    """Return the text of a page: all of it, or the summary of a chapter."""
    if (BOOK / f"{name}.md").exists():
        return (BOOK / f"{name}.md").read_text(encoding="utf-8")
    prose = notebooks.without_signposts(notebooks.prose(notebooks.read(BOOK / f"{name}.ipynb")))
    return "".join(re.findall(r"^## Summary *\n(.*?)(?=^## |^\*\*References|\Z)", prose, re.MULTILINE | re.DOTALL))


def cells(start):
    """Return the code of a chapter, by the start of its name, of a test file here, or of a module of helpers."""
    (path,) = [*BOOK.glob(f"{start}_*.ipynb"), *ROOT.glob(f"tests/book/{start}.py"), *ROOT.glob(f"helpers/{start}.py")]
    if path.suffix == ".py":
        return [path.read_text(encoding="utf-8")]
    return [cell["source"] for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "code"]


@cache
def stated(start):
    """Return what its code asserts (each part of an `and`) and sets, as `ast.unparse` writes it."""
    found = []
    for node in ast.walk(ast.parse("\n".join(cells(start)))):
        if isinstance(node, ast.Assert):
            joined = isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And)
            found += map(ast.unparse, node.test.values if joined else [node.test])
        elif isinstance(node, ast.Assign):
            found.append(ast.unparse(node))
    return found


def value(word):
    """Return the number that a word, or digits, mean."""
    if word[0].isdigit():
        return float(word.replace(",", ""))
    return math.prod(WORDS[part] for part in word.lower().split())


def find(words, text):
    """Return the matches of the words of a claim in a text; their groups are the numbers."""
    pattern = r"\s+".join(re.escape(part) for part in words.split())
    return list(re.finditer(pattern.replace(r"\{\}", f"({NUMBER})"), text, re.IGNORECASE))


def filled(names, hit):
    """Return what stands between braces, computed."""
    return f"{eval(hit[1], names):g}"


def check(name, claim, text, stated=stated):
    """Hold a claim in a text against what bears it."""
    words, *bears = claim
    found = find(words, text)
    assert len(found) == 1, f"{name}: {words!r} stands there {len(found)} times, not once"
    said = found[0].groups()
    for bear in bears:
        if isinstance(bear, str):
            start, wanted = bear.split(": ", 1)
            for letter, word in zip("ab", said):
                wanted = re.sub(rf"{{([^{{}}]*\b{letter}\b[^{{}}]*)}}", partial(filled, {letter: value(word)}), wanted)
            assert wanted in stated(start), f"{name}: {found[0][0]!r}, but {start} does not state {wanted}"
            continue
        truths = np.atleast_1d(bear())
        if truths.dtype == bool:
            assert truths.all(), f"{name}: {found[0][0]!r} is not so"
            continue
        assert len(truths) == len(said), f"{name}: {len(said)} numbers"
        for word, truth in zip(said, truths):
            digits = len(word.partition(".")[2])
            assert f"{value(word):.{digits}f}" == f"{truth:.{digits}f}", f"{name}: {word} is said, {truth:.5g} is true"


# ---- the tests

ALL = [pytest.param(at, name, id=f"{at}: {name}") for at, claims in CLAIMS.items() for name in claims]


@pytest.mark.parametrize(("at", "name"), ALL)
def test_claim(at, name):
    check(f"{at}: {name}", CLAIMS[at][name], page(at))


def turned(words, text):
    """Yield the text with each number of a claim turned around, or a comparison, or else with its words taken out."""
    (found,) = find(words, text)
    spans = [found.span(group + 1) for group in range(len(found.groups()))]
    spans += [hit.span() for hit in re.compile(COMPARISON, re.IGNORECASE).finditer(text, *found.span())]
    for start, end in spans or [found.span()]:
        old = text[start:end]
        if re.fullmatch(r"[\d,.]+", old):
            new = old[:-1] + str((int(old[-1]) + 1) % 10)
        elif (word := old.lower().split()[0]) in WORDS:
            new = old.lower().replace(word, "three" if WORDS[word] != 3 else "four")
        else:
            new = TURNED.get(old.lower(), "")
        yield text[:start] + new + text[end:]


@pytest.mark.parametrize(("at", "name"), ALL)
def test_a_claim_turned_around_fails_by_its_name(at, name):
    words, *bears = CLAIMS[at][name]
    for text in turned(words, page(at)):
        with pytest.raises(AssertionError, match=re.escape(f"{at}: {name}: ")):
            check(f"{at}: {name}", (words, *bears), text)
    if any(isinstance(bear, str) for bear in bears):
        with pytest.raises(AssertionError, match=re.escape(f"{at}: {name}: ")):
            check(f"{at}: {name}", (words, *bears), page(at), stated=lambda start: [])


NO_RESULT = (  # what is looked at for no number: rules first, then words that no rule finds
    r"```.*?```|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$",  # code, names and formulas
    r"\[[^]]*\]\(references\.md[^)]*\)|\[\w+\]\(\w+\.ipynb\)|\]\([^)]*\)",  # citations, chapters, addresses
    r"^# \d+\.|\b[Cc]hapters?\s+\d+|\(\d+(?:\.\d+)?\)",  # titles, chapters, formulas
    r"^(?:Next\b|\*\*What comes next).*?(?=\n\n|\Z)",  # what comes next
    r"\b(?:[Tt]wo|three) (?:things|ways|boxes|vectors|networks|wishes|weaknesses)\b",  # what a sentence itself counts
    r"twenty years|smaller steps|more than one seed|less arithmetic|shorter than|Sharper exposures",
)


def unclaimed(at, text):
    """Return the numbers and comparisons of a page that belong to no claim, with the words around them."""
    taken = [hit.span() for words, *_ in CLAIMS.get(at, {}).values() for hit in find(words, text)]
    for rule in NO_RESULT:
        taken += [hit.span() for hit in re.finditer(rule, text, re.MULTILINE | re.DOTALL)]
    hits = re.finditer(rf"(?<![\w.-])(?:{NUMBER})(?!\w)|{COMPARISON}", text, re.IGNORECASE)
    free = [hit for hit in hits if hit[0] not in "01" and not any(a <= hit.start() < b for a, b in taken)]
    return [text[max(hit.start() - 30, 0) : hit.end() + 20] for hit in free]


@pytest.mark.parametrize("at", [*sorted(path.stem for path in BOOK.glob("*_*.ipynb")), "cheatsheet", "18_epilogue"])
def test_every_number_and_comparison_belongs_to_a_claim(at):
    assert page(at) and not unclaimed(at, page(at))
    planted = page(at).replace("\n\n", " Of 1,234, half won by 7.5 % in chapter 3, twice better than `x2`.\n\n", 1)
    assert len(unclaimed(at, planted)) == 5
