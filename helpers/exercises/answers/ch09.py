"""Answers of chapter 9. Spoilers."""

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["9.1"] = Exercise(
    truth={"kl_weight": 2 / 784, "pixel_weight": 392},
    labels={"kl_weight": "weight on the KL term", "pixel_weight": "weight on the pixels instead"},
    mistakes={
        "the mean over the two latents halves the KL term too: undo it.": {"kl_weight": 1 / 784},
        "upside down: the KL term has too much weight, not too little.": {"kl_weight": 392},
        "that is the weight it has now, and it means sigma² = 196.": {"kl_weight": 1},
        "the KL term keeps its mean over two latents, so less is needed.": {"pixel_weight": 784},
        "that is the sigma² of the means; you want the factor that makes it 1/2.": {"pixel_weight": 196},
        "the mean over the latents makes the KL term smaller, so it needs less, not more.": {"pixel_weight": 2 * 784},
    },
)


def _scores(rng):
    cases = []
    for n in (1, 3, 20):
        log_p = rng.normal(-130, 20, n)
        cases.append((log_p - rng.gamma(1, 2, n), log_p))
    return cases


EXERCISES["9.2"] = Exercise(
    truth=lambda elbo, log_p: (-log_p.mean(), (log_p - elbo).mean()),
    cases=_scores,
    mistakes={
        "The sign of the gap: the ELBO lies below log p(x), so the gap is above 0.": (
            lambda elbo, log_p: (-log_p.mean(), (elbo - log_p).mean())
        ),
        "The sign of the first: nats that are paid are minus a log-probability.": (
            lambda elbo, log_p: (log_p.mean(), (log_p - elbo).mean())
        ),
        "These are sums over the digits; take means.": lambda elbo, log_p: (-log_p.sum(), (log_p - elbo).sum()),
        "The other way round: the decoder's nats first.": lambda elbo, log_p: ((log_p - elbo).mean(), -log_p.mean()),
        "The first is -ELBO, and holds the encoder's share too.": (
            lambda elbo, log_p: (-elbo.mean(), (log_p - elbo).mean())
        ),
        "These are the shares of each digit; return their means.": lambda elbo, log_p: (-log_p, log_p - elbo),
    },
)
