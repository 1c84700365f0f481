"""The ledger: the loss of one digit term by term, the bound, and the models of the sweep over beta. Chapter 5."""

import numpy as np

from helpers import plots
from helpers.evaluation import evaluate_elbo, importance_bound
from helpers.living.pack import MODEL, pack_images
from helpers.living.widgets.shared import mnist, model, some_digits
from helpers.records import load_rate_distortion

TITLE = "The ledger"
TRY = (
    "Draw a digit and watch the bars follow the pen. Then take the 9 among the test digits, with K = 1 and with K = "
    "200. Below, move beta from 1 up to 30."
)
NOTICE = (
    "Nearly all of a digit's loss is reconstruction. With 50 draws, six of these ten digits gain less than two "
    "nats on average, but the 5, the 6, the 8 and the 9 more. Of the twelve models, that with beta 1 has "
    "the lowest sum. At 15 the prints of the 2 and the 3 are hard to tell apart, at 30 all are one."
)
ALT = (
    "Three marks for each of ten test digits, in nats: reconstruction, -ELBO 6 to 8 nats to the right of it, and the "
    "bound with 200 draws, which lies below -ELBO by less than a nat for five digits and by up to 5 for the others."
)
NETWORK = MODEL


def data():
    (_, _), (x_test, y_test) = mnist()
    (images, labels), (record, pictures) = some_digits(1), load_rate_distortion()
    runs, shown = record["runs"], record["digits"]
    sweep = {name: [run[name] for run in runs] for name in ("rate", "distortion", "active")}
    sweep |= {"betas": [run["beta"] for run in runs], "epochs": record["epochs"]}
    sweep |= {"labels": "".join(map(str, y_test[shown])), "scenes": pack_images(x_test[shown])}
    sweep |= {name: pack_images(pictures[name] / 255) for name in ("prints", "inventions")}
    return {"digits": pack_images(images), "labels": "".join(map(str, labels)), "sweep": sweep}


def figure():
    images, labels = some_digits(1)
    draws = [evaluate_elbo(model(), images, seed) for seed in range(8)]
    reconstruction, kl = np.mean(draws, axis=0)
    bound = -importance_bound(model(), images, 200)[0]
    series = {"reconstruction": reconstruction, "-ELBO": reconstruction + kl, "bound, K = 200": bound}
    return plots.dot_plot([f"a {digit}" for digit in labels], series, "nats", joined=True)
