"""The answers to the exercises that check themselves (`helpers.exercises`), and the mistakes that have a hint.

Spoilers. Each mistake is written as what somebody who makes it would answer, so that tests/test_exercises.py can make
it: the truth has to pass, and every mistake to get its own hint and no other. An entry's number is that of the
exercise in its chapter; the text of an exercise and its solution stand there.
"""

import math

import numpy as np

from helpers.exercises import Exercise

EXERCISES = {}


# ---- chapter 1

EXERCISES["1.1"] = Exercise(
    truth={"bits_of_negative": 8 * 32, "bits_of_scene": 784 * 8, "factor": 784 * 8 / (8 * 32)},
    mistakes={
        "these are bytes; a float has 32 bits.": {"bits_of_negative": 8 * 4},
        "what is filed is one draw, eight numbers, not `z_mean` and `z_log_var`.": {"bits_of_negative": 16 * 32},
        "these are bytes, or pixels; each has 8 bits.": {"bits_of_scene": 784},
        "a pixel of the scene takes 8 bits, not 32.": {"bits_of_scene": 784 * 32},
        "this divides counts of numbers; divide bits by bits.": {"factor": 784 / 8},
        "upside down: how many times as large is the scene?": {"factor": 8 * 32 / (784 * 8)},
    },
)


def _square(rows=slice(8, 20), colour=1.0, ground=0.0):
    image = np.full((1, 28, 28), ground)
    image[:, rows, rows] = colour
    return image


EXERCISES["1.2"] = Exercise(
    truth=_square(),
    mistakes={
        "The networks take batches, so one image has shape (1, 28, 28).": _square()[0],
        "Pixels go from 0 (black) to 1 (white), not to 255.": _square(colour=255.0),
        "That is a black square on white.": _square(colour=0.0, ground=1.0),
        "One row and column short: the end of a slice is left out, so 8 to 19 is `8:20`.": _square(slice(8, 19)),
        "A row and a column too many: the end of a slice is left out, so 8 to 19 is `8:20`.": _square(slice(8, 21)),
    },
)


# ---- chapter 2

EXERCISES["2.1"] = Exercise(
    truth={"z_mean": 0.0, "sigma": math.exp(-1), "light": -math.log(0.1)},
    atol=0.005,
    mistakes={
        "the mean head subtracts left from right.": {"z_mean": 1.0},
        "that is the variance, exp(`z_log_var`): you forgot the half.": {"sigma": math.exp(-2)},
        "that is `z_log_var`; sigma is exp of half of it.": {"sigma": -2.0},
        "that is `z_log_var` for sigma = 0.1; each unit of light takes 2 from it.": {"light": -2 * math.log(0.1)},
        "the half is lost: for sigma = 0.1, `z_log_var` is log 0.01, not log 0.1.": {"light": -math.log(0.1) / 2},
        "the sign: light makes `z_log_var` smaller, not larger.": {"light": math.log(0.1)},
    },
)


def _codes(rng):
    return [(*rng.normal(size=(2, n, d)), rng.normal(-1, 1.5, (n, d))) for n, d in ((1, 1), (1, 2), (5, 2))]


EXERCISES["2.2"] = Exercise(
    truth=lambda before, after, z_log_var: np.abs(after - before) / np.exp(z_log_var / 2),
    cases=_codes,
    mistakes={
        "You divide by the variance: exp(`z_log_var`) is the square of sigma. You forgot the half.": (
            lambda before, after, z_log_var: np.abs(after - before) / np.exp(z_log_var)
        ),
        "You take `z_log_var` for sigma; it is the logarithm of sigma squared.": (
            lambda before, after, z_log_var: np.abs(after - before) / z_log_var
        ),
        "The square root of a log-variance is no sigma: exp comes first.": (
            lambda before, after, z_log_var: np.abs(after - before) / np.sqrt(z_log_var)
        ),
        "The size of a move has no sign: take the absolute value.": (
            lambda before, after, z_log_var: (after - before) / np.exp(z_log_var / 2)
        ),
        "Divide by sigma: how many of them fit into the move?": (
            lambda before, after, z_log_var: np.abs(after - before) * np.exp(z_log_var / 2)
        ),
        "You summed over the latents; the question asks for each axis by itself.": (
            lambda before, after, z_log_var: np.sqrt(np.sum((after - before) ** 2 / np.exp(z_log_var), axis=1))
        ),
    },
)


# ---- chapter 3

EXERCISES["3.1"] = Exercise(
    truth={"logit": math.log(9), "best_p": 0.8, "doubt": 0.16},
    mistakes={
        "that is the logarithm of p. A logit is the logarithm of the odds, p / (1 - p).": {"logit": math.log(0.9)},
        "upside down: the odds are p / (1 - p).": {"logit": -math.log(9)},
        "these are the odds; take their logarithm.": {"logit": 9.0},
        "use the natural logarithm.": {"logit": math.log10(9)},
        "that is the middle of the three values; the best p is their mean.": {"best_p": 1.0},
        "that is the variance of the three values. The doubt is that of a coin, p (1 - p).": {"doubt": 0.08},
        "that is the standard deviation of the coin; the doubt is its variance.": {"doubt": 0.4},
        "four times p (1 - p) is what the figure shows, to use the whole scale.": {"doubt": 0.64},
    },
)


def _crowds(rng):
    def case(n, side):
        return rng.normal(size=2), rng.normal(size=(n, 2)), rng.normal(0, 0.7, (n, 2)), rng.random((n, side, side))

    return [case(2, 1), case(3, 1), case(12, 3)]


def _vote(log_q=lambda squared, v: -0.5 * (squared / np.exp(v) + v), add=np.sum, share=True):
    def vote(place, z_mean, z_log_var, x):
        weight = np.exp(add(log_q((place - z_mean) ** 2, z_log_var), axis=1))
        return np.tensordot(weight / weight.sum() if share else weight, x, axes=1)

    return vote


EXERCISES["3.2"] = Exercise(
    truth=_vote(),
    cases=_crowds,
    mistakes={
        "You divide the squared distance by the log-variance; the variance is exp(`z_log_var`).": (
            _vote(lambda squared, v: -0.5 * (squared / v + v))
        ),
        "You divide the squared distance by sigma; a Gaussian divides it by the variance.": (
            _vote(lambda squared, v: -0.5 * (squared / np.exp(v / 2) + v))
        ),
        "Blurred negatives vote too loudly: a density is divided by sigma, so `z_log_var` belongs into log q.": (
            _vote(lambda squared, v: -0.5 * squared / np.exp(v))
        ),
        "You forgot the half in front of the exponent of (2.1).": _vote(lambda squared, v: -(squared / np.exp(v) + v)),
        "The sign: scenes far from the place have the loudest vote.": (
            _vote(lambda squared, v: 0.5 * (squared / np.exp(v) + v))
        ),
        "The densities of independent latents multiply: sum log q over them, where you take the mean.": (
            _vote(add=np.mean)
        ),
        "You have the sum of the votes; divide by the sum of the weights.": _vote(share=False),
    },
)


# ---- chapter 4

EXERCISES["4.1"] = Exercise(
    truth={"pathwise_variance": 0, "score_mean": 1, "score_variance": 902, "left_by_baseline": 2},
    mistakes={
        "that is the variance of z. Its slope by mu is 1 for every draw.": {"pathwise_variance": 0.01},
        "the score alone has mean 0; f times the score has not.": {"score_mean": 0},
        "that is the mean of f. You are asked for its slope by mu.": {"score_mean": 3},
        "the square of epsilon varies too: add its variance.": {"score_variance": 900},
        "the variance of the square of epsilon is 3 - 1 = 2: fourth moment less the square of the mean.": {
            "score_variance": 901
        },
        "the mean of the fourth power is 3, but for a variance the square of the mean goes off.": {
            "score_variance": 903
        },
        "that is the standard deviation.": {"score_variance": math.sqrt(902)},
        "a variance goes with the square of the factor: mu / sigma has to be squared.": {"score_variance": 3 / 0.1 + 2},
        "the baseline takes mu epsilon / sigma away. The square of epsilon stays, and varies.": {"left_by_baseline": 0},
        "you subtracted too little: with the baseline mu, no mu is left.": {"left_by_baseline": 902},
    },
)


EXERCISES["4.2"] = Exercise(
    truth=lambda d: 2 + d / 2,
    cases=lambda rng: [(2,), (8,), (32,)],
    rtol=0.1,  # the answer may be a measurement from draws
    mistakes={
        "Upside down: the question asks how much larger the score function's variance is.": lambda d: 1 / (2 + d / 2),
        "That is the ratio of the standard deviations; square it.": lambda d: math.sqrt(2 + d / 2),
        "You forgot the half in f.": lambda d: 4 * (2 + d / 2),
        "f is half the sum over the latents; you took half their mean.": lambda d: (2 + d / 2) / d**2,
        "That is without a baseline: subtract the mean of f, d / 2.": lambda d: (15 + 6 * (d - 1) + d**2 - 1) / 4,
        "That is the variance of f. The estimate is f, less the baseline, times the score.": lambda d: d / 2,
    },
)


def _many_draws(layer, low, high):
    """Return of 100,000 draws the mean, the standard deviation, the ends, and their mean slopes by low and high."""
    import tensorflow as tf

    ends = [tf.fill((100_000, 1), tf.constant(end, "float32")) for end in (low, high)]
    with tf.GradientTape() as tape:
        tape.watch(ends)
        z = tf.convert_to_tensor(layer(ends))
    slopes = [math.nan if slope is None else np.mean(slope) for slope in tape.gradient(z, ends)]
    return [np.mean(z), np.std(z), *np.quantile(z, [0.001, 0.999]), *slopes]


def _between(draw):
    def layer(ends):
        import keras

        low, high = ends
        return draw(low, high, keras.random.uniform(low.shape, seed=1), keras.random.normal(low.shape, seed=1))

    return layer


EXERCISES["4.3"] = Exercise(
    truth=_between(lambda low, high, u, e: low + (high - low) * u),
    cases=lambda rng: [(0.0, 1.0), (2.0, 5.0)],
    ask=_many_draws,
    gives="mean, standard deviation, lowest, highest, slope by low and slope by high of the draws are",
    rtol=0.01,
    atol=0.04,
    mistakes={
        "The draws are right and no slope passes: draw standard noise with `keras.random` and do arithmetic with it.": (
            _between(lambda low, high, u, e: np.random.default_rng(0).uniform(low, high))
        ),
        "That noise is normal, and has no ends. Draw it uniformly between 0 and 1.": (
            _between(lambda low, high, u, e: low + (high - low) * e)
        ),
        "That is a normal draw around `low`, with `high` taken for sigma.": _between(
            lambda low, high, u, e: low + high * e
        ),
        "With noise of 1 you should arrive at `high`: stretch the noise by the width, high - low.": (
            _between(lambda low, high, u, e: low + high * u)
        ),
        "The noise is stretched, and not shifted: with noise of 0 you should be at `low`.": (
            _between(lambda low, high, u, e: (high - low) * u)
        ),
    },
)


# ---- chapter 5

EXERCISES["5.1"] = Exercise(
    truth={"best_p": 0.3, "smallest_loss": -0.3 * math.log(0.3) - 0.7 * math.log(0.7), "best_sigma": 0.2},
    mistakes={
        "that is black for sure, and a loss without limit for the white part.": {"best_p": 0.0},
        "of a grey pixel the loss never reaches 0: put p = x into (5.1).": {"smallest_loss": 0.0},
        "you forgot the second term, (1 - x) log(1 - p).": {"smallest_loss": -0.3 * math.log(0.3)},
        "the sign: a loss is minus the logarithm.": {"smallest_loss": 0.3 * math.log(0.3) + 0.7 * math.log(0.7)},
        "these are bits; nats come from the natural logarithm.": {
            "smallest_loss": -0.3 * math.log2(0.3) - 0.7 * math.log2(0.7)
        },
        "that is sigma squared: take the root.": {"best_sigma": 0.04},
        "a half is lost: the derivative of m / (2 sigma²) is -m / sigma³.": {"best_sigma": math.sqrt(0.02)},
        "a half too many: in (5.2), m stands over 2 sigma².": {"best_sigma": math.sqrt(0.08)},
    },
)

EXERCISES["5.2"] = Exercise(
    truth=lambda weight_of_squares, weight_of_kl: math.sqrt(weight_of_kl / (2 * weight_of_squares)),
    cases=lambda rng: [(1.0, 1.0), (1 / 784, 1 / 2), tuple(rng.uniform(1, 3, 2))],
    mistakes={
        "That is sigma squared: take the root.": (
            lambda weight_of_squares, weight_of_kl: weight_of_kl / (2 * weight_of_squares)
        ),
        "You forgot the half: (5.2) divides the squared error by 2 sigma².": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(weight_of_kl / weight_of_squares)
        ),
        "The half stands on the wrong side: solve a = 1 / (2 sigma²) for sigma.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(2 * weight_of_kl / weight_of_squares)
        ),
        "Upside down: a large weight on the squares means a small sigma.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(weight_of_squares / (2 * weight_of_kl))
        ),
        "Divide the whole loss by the weight of the KL term first, so that this term has weight 1.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(1 / (2 * weight_of_squares))
        ),
        "The precision is 1 / sigma, and you have that.": (
            lambda weight_of_squares, weight_of_kl: math.sqrt(2 * weight_of_squares / weight_of_kl)
        ),
    },
)


# ---- chapter 6

EXERCISES["6.1"] = Exercise(
    truth={"steps": 9600, "peak": 480, "reach": 1000.0},
    mistakes={
        "that is one epoch; there are 40.": {"steps": 240},
        "these are images; a step takes 250 of them.": {"steps": 60_000 * 40},
        "these are epochs; count steps.": {"peak": 2, "reach": 1000 / 240},
        "that is two batches of images; an epoch has 60,000 / 250 steps.": {"peak": 500},
        "that is where a weight has sunk to one half; add up all of them.": {"reach": math.log(2) / 0.001},
        "that is the factor itself; add up its powers.": {"reach": 0.999},
    },
)


def _bills(rng):
    return [(*rng.uniform(60, 140, (2, n)), k) for n, k in ((3, 1), (4, 2), (30, 8))]


def _rank(cost, order=lambda cost, n: np.argsort(-cost)[:n]):
    return lambda reconstruction, kl, n: order(cost(reconstruction, kl), n)


EXERCISES["6.2"] = Exercise(
    truth=_rank(lambda r, kl: r + kl),
    cases=_bills,
    mistakes={
        "You forgot the KL term: the bill is reconstruction + KL.": _rank(lambda r, kl: r),
        "The sign: both terms are costs, and add up.": _rank(lambda r, kl: r - kl),
        "These are the cheapest. `argsort` begins with the smallest.": _rank(lambda r, kl: -r - kl),
        "These are the right ones in the wrong order: the dearest first.": (
            _rank(lambda r, kl: r + kl, lambda cost, n: np.argsort(cost)[-n:])
        ),
        "These are the costs. Return at which places they stand: their indices.": (
            _rank(lambda r, kl: r + kl, lambda cost, n: np.sort(cost)[::-1][:n])
        ),
        "That ranks all of them; return the first n.": _rank(lambda r, kl: r + kl, lambda cost, n: np.argsort(-cost)),
    },
)


# ---- chapter 7

EXERCISES["7.1"] = Exercise(
    truth={"straight": math.sqrt(8), "spherical": 4, "angle": 120},
    mistakes={
        "that is the length of a + b; the midpoint is half of it.": {"straight": math.sqrt(32)},
        "that is half of one code; half of a + b is longer: square, add, take the root.": {"straight": 2.0},
        "the codes stand at right angles, so a + b is shorter than 4 + 4.": {"straight": 4.0},
        "that is the straight one; the arc keeps the length.": {"spherical": math.sqrt(8)},
        "that is in radians; give degrees.": {"angle": 2 * math.pi / 3},
        "that is the half of it: in the right triangle stands half the angle.": {"angle": 60},
        "at a right angle the midpoint keeps 0.71 of the length; wider.": {"angle": 90},
    },
)


def _lengths(rng):
    return [(rng.normal(size=(n, d)), length) for n, d, length in ((1, 2, 1.5), (2, 2, 1.5), (6, 4, 0.7))]


def _norm(codes, axis=1):
    return np.sqrt(np.sum(codes**2, axis=axis, keepdims=True))


EXERCISES["7.2"] = Exercise(
    truth=lambda codes, length: codes * length / _norm(codes),
    cases=_lengths,
    mistakes={
        "The norm runs along the wrong axis: one for each code, over its latents (axis 1).": (
            lambda codes, length: codes * length / _norm(codes, axis=0)
        ),
        "That is one norm for the whole array. Give `axis=1` and `keepdims=True`.": (
            lambda codes, length: codes * length / _norm(codes, axis=None)
        ),
        "You shrink all codes by one factor, so their lengths still differ.": (
            lambda codes, length: codes * length / _norm(codes).mean()
        ),
        "Divide by the length that each code has now.": lambda codes, length: codes * length,
        "You divide by the square of the norm: take the root.": lambda codes, length: (
            codes * length / _norm(codes) ** 2
        ),
        "The length is 1 now; multiply by the one that is asked for.": lambda codes, length: codes / _norm(codes),
    },
)


# ---- chapter 8

EXERCISES["8.1"] = Exercise(
    truth={"elbo": -102, "two_exposures": np.logaddexp(-100, -104) - math.log(2), "most": math.inf},
    rtol=0,
    atol=0.01,
    mistakes={
        "that is the sum of the logarithms; take their mean.": {"elbo": -204},
        "the ELBO is the mean of log w. You took the logarithm of a mean.": {
            "elbo": np.logaddexp(-100, -104) - math.log(2)
        },
        "you forgot 1 / K: the mean of the weights, not their sum.": {"two_exposures": np.logaddexp(-100, -104)},
        "that is the mean of the logarithms again; average the weights first.": {"two_exposures": -102},
        "that is the largest weight alone; the mean of the two is about half of it.": {"two_exposures": -100},
        "the sign: weights this small have negative logarithms.": {
            "two_exposures": math.log(2) - np.logaddexp(-100, -104)
        },
        "so far can it fall below the larger weight. How far can the smaller weight pull the ELBO down?": {
            "most": math.log(2)
        },
        "so it is for these two weights. Let the smaller one be as small as you like.": {
            "most": np.logaddexp(-100, -104) - math.log(2) + 102
        },
    },
)


def _joints(rng):
    return [(rng.normal(-100, 5, (n, m)), rng.normal(size=(m, 2))) for n, m in ((1, 2), (2, 3), (4, 9))]


def _posterior_mean(log_joint, codes):
    weight = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return weight @ codes / weight.sum(axis=1, keepdims=True)


EXERCISES["8.2"] = Exercise(
    truth=lambda log_joint, codes: codes[log_joint.argmax(axis=1)],
    cases=_joints,
    mistakes={
        "These are the places in the grid; look up the codes that stand there.": (
            lambda log_joint, codes: log_joint.argmax(axis=1)
        ),
        "The wrong axis: that finds a digit for each code; you want a code for each digit.": (
            lambda log_joint, codes: codes[log_joint.argmax(axis=0)]
        ),
        "The sign: these are the least probable codes.": lambda log_joint, codes: codes[log_joint.argmin(axis=1)],
        "That is the mean of the posterior; the best code is its peak.": _posterior_mean,
        "These are the values at the peak, not the codes.": lambda log_joint, codes: log_joint.max(axis=1),
    },
)


# ---- chapter 9

EXERCISES["9.1"] = Exercise(
    truth={"kl_weight": 2 / 784, "pixel_weight": 392},
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


# ---- chapter 10

_CONVOLUTIONS = 9 * (1 * 32 * 14**2 + 32 * 64 * 7**2 + 64 * 64 * 7**2 + 64 * 32 * 14**2 + 32 * 1 * 28**2)
_DENSE = 3136 * 16 + 2 * 16 * 2 + 2 * 3136
_WEIGHTS = 9 * (1 * 32 + 32 * 64 + 64 * 64 + 64 * 32 + 32 * 1) + _DENSE
_OURS = 2 * 784 * 192 + 4 * 192**2 + 3 * 2 * 192  # multiplications, and weights, of the book's network

EXERCISES["10.1"] = Exercise(
    truth={"millions": (_CONVOLUTIONS + _DENSE) / 1e6, "times_ours": (_CONVOLUTIONS + _DENSE) / _OURS},
    rtol=0.02,
    mistakes={
        "a filter has 3 × 3 places: 9 weights for each pair of channels.": {
            "millions": (_CONVOLUTIONS / 9 + _DENSE) / 1e6
        },
        "these are additions too; count the multiplications.": {"millions": 2 * (_CONVOLUTIONS + _DENSE) / 1e6},
        "that counts each weight once; a convolution uses it at every place.": {"millions": _WEIGHTS / 1e6},
        "upside down: how many times as many as ours?": {"times_ours": _OURS / (_CONVOLUTIONS + _DENSE)},
        "that compares parameters; compare multiplications.": {"times_ours": _WEIGHTS / _OURS},
    },
)

EXERCISES["10.2"] = Exercise(
    truth=lambda batch, m, n: 2 * batch * m * n / (m * n + batch * m + batch * n),
    cases=lambda rng: [(1, 2, 3), (5, 192, 192), (250, 784, 192)],
    mistakes={
        "You forgot the additions: each product is added to a sum, which makes 2 FLOPs.": (
            lambda batch, m, n: batch * m * n / (m * n + batch * m + batch * n)
        ),
        "The inputs have to be read and the outputs written too.": lambda batch, m, n: 2.0 * batch,
        "The outputs have to be written too.": lambda batch, m, n: 2 * batch * m * n / (m * n + batch * m),
        "The inputs have to be read too.": lambda batch, m, n: 2 * batch * m * n / (m * n + batch * n),
        "The weights are read once for the whole batch, not once an image.": (
            lambda batch, m, n: 2 * batch * m * n / (batch * (m * n + m + n))
        ),
        "Upside down: FLOPs over numbers moved.": (
            lambda batch, m, n: (m * n + batch * m + batch * n) / (2 * batch * m * n)
        ),
    },
)


# ---- chapter 11

EXERCISES["11.1"] = Exercise(
    truth={"auc": 11 / 16, "caught": 0.5, "false_alarms": 0.25},
    mistakes={
        "turned round: count the pairs in which the odd print has the higher score.": {"auc": 5 / 16},
        "that is the number of pairs; divide it by the number of all pairs.": {"auc": 11.0},
        "that is the share of the alarms that are right; asked is the share of the odd ones.": {"caught": 2 / 3},
        "that is a number of odd ones; divide it by how many there are.": {"caught": 2.0},
        "that is the share of the alarms that are false; asked is that of the known ones.": {"false_alarms": 1 / 3},
        "those are the known ones that raise no alarm.": {"false_alarms": 0.75},
    },
)


def _alarms(rng):
    tiny = (np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.5, 4.5, 6.0]), 0.25)
    return [tiny, *((rng.normal(100, 9, 80), rng.normal(113, 15, 70), alarms) for alarms in (0.05, 0.1, 0.3))]


def _caught(limit=lambda known, odd, rate: np.quantile(known, 1 - rate), count=lambda odd, limit: np.mean(odd > limit)):
    return lambda known, odd, rate: count(odd, limit(known, odd, rate))


EXERCISES["11.2"] = Exercise(
    truth=_caught(),
    cases=_alarms,
    mistakes={
        "Take the quantile at 1 - rate: alarms are the highest scores, not the lowest.": _caught(
            lambda known, odd, rate: np.quantile(known, rate)
        ),
        "The limit comes from the known scenes alone; nobody has seen the odd ones when it is set.": _caught(
            lambda known, odd, rate: np.quantile(np.concatenate([known, odd]), 1 - rate)
        ),
        "That limit comes from the odd ones; it has to come from the known.": _caught(
            lambda known, odd, rate: np.quantile(odd, 1 - rate)
        ),
        "Those are the odd ones that get through.": _caught(count=lambda odd, limit: np.mean(odd <= limit)),
        "That is a number of odd ones; return their share.": _caught(count=lambda odd, limit: np.sum(odd > limit)),
    },
)


# ---- chapter 12

EXERCISES["12.1"] = Exercise(
    truth={"nats": 0.5 * math.log(10), "code_variance": 0.1, "w_squared": 4.5},
    mistakes={
        "the half in front of the logarithm is lost.": {"nats": math.log(10)},
        "these are bits; nats come from the natural logarithm.": {"nats": 0.5 * math.log2(10)},
        "upside down: the eigenvalue stands above the pixels' variance.": {"nats": -0.5 * math.log(10)},
        "that is the standard deviation s; its square is asked for.": {"code_variance": math.sqrt(0.1)},
        "that is the variance of a pixel; divide it by v.": {"code_variance": 0.5},
        "at the optimum v is the eigenvalue, so s² + a² times the eigenvalue is 1; this is the other part.": {
            "code_variance": 0.9
        },
        "that is v, which holds the variance of a pixel too.": {"w_squared": 5.0},
        "that is w; its square is asked for.": {"w_squared": math.sqrt(4.5)},
        "the other way: v is w² plus the variance of a pixel.": {"w_squared": 5.5},
    },
)


def _spectra(rng):
    return [
        (np.array([5.0, 3.0, 1.5, 0.5, 0.1]), d) for d in (2, 80, 200, 300, 1000)
    ] + [(np.sort(rng.uniform(1, 60, 60))[::-1], d) for d in (8, 15, 30, 60)]  # fmt: skip


def _kept(variance, most=lambda kept, latent_dim: min(kept, latent_dim), keep=lambda lam, limit: lam > limit):
    """Return a function that counts the eigenvalues above what a recipe takes for the variance of a pixel."""
    return lambda eigenvalues, latent_dim: most(int(np.sum(keep(eigenvalues, variance(latent_dim)))), latent_dim)


EXERCISES["12.2"] = Exercise(
    truth=_kept(lambda d: 784 / (2 * d)),
    cases=_spectra,
    mistakes={
        "You forgot the half: squared errors stand over 2 sigma².": _kept(lambda d: 784 / d),
        "A factor of two too many below: sigma² is 784 / (2 d).": _kept(lambda d: 784 / (4 * d)),
        "An eigenvalue is a variance: compare it with sigma², not with sigma.": _kept(
            lambda d: math.sqrt(784 / (2 * d))
        ),
        "Upside down: more latents make sigma² smaller, not larger.": _kept(lambda d: 2 * d / 784),
        "That is the variance for sums over the latents; the guide divides the KL term by their number too.": _kept(
            lambda d: 784 / 2
        ),
        "That is the variance for two sums; the guide takes means.": _kept(lambda d: 0.5),
        "No more latents can be kept than there are.": _kept(lambda d: 784 / (2 * d), most=lambda kept, d: kept),
        "Those are the ones that die.": _kept(lambda d: 784 / (2 * d), keep=lambda lam, limit: lam <= limit),
    },
)


# ---- chapter 13

EXERCISES["13.1"] = Exercise(
    truth={"slope": -3, "variance": 361 / 3, "best_baseline": 4.75, "left": 0},
    mistakes={
        "the sign: more of p means more of f(1), which is the smaller.": {"slope": 3},
        "that is the mean of f; you are asked for its slope by p.": {"slope": 6.25},
        "the score alone has mean 0; f times the score has not.": {"slope": 0},
        "that is the mean of the square; take the square of the mean off.": {
            "variance": 16**2 / 4 + (28 / 3) ** 2 * 0.75
        },
        "that is the standard deviation.": {"variance": math.sqrt(361 / 3)},
        "that is the variance of f itself; multiply f by the score first.": {"variance": 9 * 3 / 16},
        "you forgot to weigh the two squares by their probabilities.": {"variance": 16**2 + (28 / 3) ** 2 - 9},
        "that is the mean of f: a good baseline, and not the best.": {"best_baseline": 6.25},
        "that is halfway between the two; the rarer draw has the larger score and counts more.": {"best_baseline": 5.5},
        "that is what the mean of f leaves.": {"left": 12},
        "that is what halfway between the two leaves.": {"left": 3},
        "that is the mean of the square, 9; the square of the mean goes off.": {"left": 9},
    },
)


def _losses_and_scores(rng):
    z, wide = rng.normal(1, 0.5, 50), rng.normal(size=200)
    return [
        (np.array([1.0, 4.0]), np.array([-1.0, 2.0])),
        (z**2, 4 * (z - 1)),
        (150 + 5 * wide**2 + 3 * wide, 3 * wide),
    ]


EXERCISES["13.2"] = Exercise(
    truth=lambda f, score: np.mean(f * score**2) / np.mean(score**2),
    cases=_losses_and_scores,
    mistakes={
        "That is the mean of f: every draw counts the same, and a draw with a large score should count more.": (
            lambda f, score: np.mean(f)
        ),
        "Weigh by the square of the score, not by the score.": (lambda f, score: np.mean(f * score) / np.mean(score)),
        "Weigh by the square of the score, not by its size.": (
            lambda f, score: np.mean(f * np.abs(score)) / np.mean(np.abs(score))
        ),
        "You divide by the mean of the score where that of its square belongs.": (
            lambda f, score: np.mean(f * score**2) / np.mean(score)
        ),
        "Divide by the mean of the squared score: the weights have to add up to 1.": (
            lambda f, score: np.mean(f * score**2)
        ),
        "The loss enters once: the square belongs to the score alone.": (
            lambda f, score: np.mean((f * score) ** 2) / np.mean(score**2)
        ),
        "Upside down: the mean that has f in it stands above.": (
            lambda f, score: np.mean(score**2) / np.mean(f * score**2)
        ),
        "One draw of f is not multiplied by the mean of its weight: multiply first, then take the mean.": (
            lambda f, score: np.mean(f) * np.mean(score**2)
        ),
        "That is the slope itself, the mean of f times the score; find the baseline.": (
            lambda f, score: np.mean(f * score)
        ),
        "That is f on score by least squares, a slope: the square belongs to the score above as well.": (
            lambda f, score: np.mean(f * score) / np.mean(score**2)
        ),
    },
)


# ---- chapter 14

EXERCISES["14.1"] = Exercise(
    truth={"kl": 5, "listing_3": -10, "listing_4": -0.25},
    mistakes={
        "you forgot the half in front.": {"kl": 10},
        "upside down: no KL divergence is negative.": {"kl": -5},
        "that is the mean over the latents; sum them.": {"kl": 2.5},
        "square first, then sum; you squared the sum.": {"kl": 2},
        "listing 3 has lost the factor of minus one half.": {"listing_3": 5},
        "its minus is lost, and that turns the sign.": {"listing_3": 10},
        "sum over the latents; this is their mean.": {"listing_3": -5},
        "the factor of -0.5 stands in front.": {"listing_4": 0.5},
        "there is a second half, inside the bracket.": {"listing_4": -0.5},
        "listing 4 takes the mean of the latents first, then squares it.": {"listing_4": -1.25},
    },
)


def _museum_loss(square=lambda error: error**2, pixels=np.sum, kl=None, latents=np.sum, join=lambda a, b: a + b):
    if kl is None:
        kl = lambda m, v: -0.5 * (1 + v - m**2 - np.exp(v))  # noqa: E731
    return lambda x, x_hat, z_mean, z_log_var: join(
        pixels(square(x - x_hat), axis=1), latents(kl(z_mean, z_log_var), axis=1)
    )


def _prints(rng):
    def case(n, pixels, d):
        return rng.random((n, pixels)), rng.random((n, pixels)), rng.normal(size=(n, d)), rng.normal(size=(n, d))

    return [case(1, 2, 2), case(2, 3, 2), case(5, 9, 3)]


EXERCISES["14.2"] = Exercise(
    truth=_museum_loss(),
    cases=_prints,
    mistakes={
        "Sum over the pixels; you take their mean (exhibit 7).": _museum_loss(pixels=np.mean),
        "Sum over the latents; you take their mean (exhibit 7).": _museum_loss(latents=np.mean),
        "Two means. Both terms are sums (exhibit 7).": _museum_loss(pixels=np.mean, latents=np.mean),
        "The KL has no factor of minus one half: it is upside down, and twice its size (exhibit 5).": (
            _museum_loss(kl=lambda m, v: 1 + v - m**2 - np.exp(v))
        ),
        "The KL is upside down (exhibit 5).": _museum_loss(kl=lambda m, v: 0.5 * (1 + v - m**2 - np.exp(v))),
        "The half in front of the KL is lost.": _museum_loss(kl=lambda m, v: -(1 + v - m**2 - np.exp(v))),
        "The square of the mean is lost: as printed, listing 3 has no `z_mean` in it (exhibit 4).": (
            _museum_loss(kl=lambda m, v: -0.5 * (1 + v - np.exp(v)))
        ),
        "You take `z_mean` where its square belongs.": _museum_loss(kl=lambda m, v: -0.5 * (1 + v - m - np.exp(v))),
        "You take exp of half the log-variance, which is sigma; the variance belongs there.": (
            _museum_loss(kl=lambda m, v: -0.5 * (1 + v - m**2 - np.exp(v / 2)))
        ),
        "Square the mean of each latent, then sum; you square their mean (exhibit 11).": (
            _museum_loss(kl=lambda m, v: -0.5 * (1 + v - m.mean(axis=1, keepdims=True) ** 2 - np.exp(v)))
        ),
        "One number for each image: you averaged over the batch as well.": (
            _museum_loss(join=lambda a, b: np.mean(a + b))
        ),
        "One number for each image: you summed over the batch as well.": _museum_loss(join=lambda a, b: np.sum(a + b)),
        "The errors of the pixels have to be squared before they are added up.": _museum_loss(square=np.abs),
    },
)


# ---- chapter 15

EXERCISES["15.1"] = Exercise(
    truth={"units": 1.0, "units_seen": 1.25},
    mistakes={
        "ages run over 80 years, which are 2 units, not 1.": {"units": 0.5},
        "these are years; 40 of them are one unit.": {"units": 40.0},
        "that many units are *seen* if you ask for 1; here you want 1 to be seen.": {"units_seen": 0.8},
        "you added the missing share; divide by the share that arrives.": {"units_seen": 1.2},
    },
)


def _best(nats, entropy):
    best = np.sort(nats, axis=1)
    return (best[:, -1] - best[:, -2]) / entropy


EXERCISES["15.2"] = Exercise(
    truth=_best,
    cases=lambda rng: [
        (rng.uniform(size=(3, 4)), 2.0),
        (rng.uniform(size=(2, 5)), np.log(20)),
        (rng.uniform(size=(4, 3)), 1.5),
    ],
    mistakes={
        "You forgot to divide by the entropy.": lambda nats, entropy: _best(nats, 1.0),
        "One number for each factor: compare latents within a row, not factors within a column.": (
            lambda nats, entropy: _best(nats.T, entropy)
        ),
        "Take the best minus the second best, not the best alone.": lambda nats, entropy: nats.max(axis=1) / entropy,
        "Take the best minus the second best, not minus the least.": (
            lambda nats, entropy: (nats.max(axis=1) - nats.min(axis=1)) / entropy
        ),
        "The difference is the wrong way round.": lambda nats, entropy: -_best(nats, entropy),
    },
)


# ---- chapter 16

EXERCISES["16.1"] = Exercise(
    truth={"even": math.log(27), "half": math.log(2), "nothing_common": math.log(2)},
    mistakes={
        "these are bits; nats come from the natural logarithm.": {"even": math.log2(27)},
        "that is the probability of a token; its cost is minus the logarithm.": {"even": 1 / 27},
        "the sign: a cost is minus the logarithm of a probability.": {"even": -math.log(27)},
        "only the probability of the right token counts, not how the rest is shared.": {
            "half": math.log(2) + math.log(26) / 2
        },
        "this is the probability; take minus its logarithm.": {"half": 0.5},
        "both KLs are log 2, and the mean of two equal numbers is that number.": {"nothing_common": math.log(2) / 2},
        "nothing in common is the largest distance, not the smallest.": {"nothing_common": 0.0},
    },
)


def _softmax(logits, axis=-1):
    odds = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return odds / odds.sum(axis=axis, keepdims=True)


EXERCISES["16.2"] = Exercise(
    truth=lambda logits, temperature: _softmax(logits / temperature),
    cases=lambda rng: [
        (rng.normal(size=(1, 2, 3)), 0.5),
        (rng.normal(size=(2, 4, 5)), 2.0),
        (rng.normal(size=(2, 3, 27)), 1.5),
    ],
    mistakes={
        "The temperature divides the logits; you multiply by it.": lambda logits, temperature: _softmax(
            logits * temperature
        ),
        "You forgot the temperature.": lambda logits, temperature: _softmax(logits),
        "The shares have to add up to 1 over the tokens, the last axis; yours do over the steps.": (
            lambda logits, temperature: _softmax(logits / temperature, axis=1)
        ),
        "Divide by the sum over the tokens, so that the shares add up to 1.": lambda logits, temperature: np.exp(
            logits / temperature
        ),
        "Each token got a probability of its own, as a pixel does; 27 of them have to share 1.": (
            lambda logits, temperature: 1 / (1 + np.exp(-logits / temperature))
        ),
        "Those are logarithms of probabilities: leave the last logarithm out.": lambda logits, temperature: np.log(
            _softmax(logits / temperature)
        ),
    },
)


# ---- chapter 17

EXERCISES["17.1"] = Exercise(
    truth={"factor": 48.0},
    mistakes={
        "you counted the area only; the picture has 3 channels and the latents 4.": {"factor": 64.0},
        "you divided the sides only; count all numbers of both.": {"factor": 8.0},
        "that is the share that is left; the question was by what factor there are fewer.": {"factor": 1 / 48},
    },
)

EXERCISES["17.2"] = Exercise(
    truth=lambda told, free, weight: free + weight * (told - free),
    cases=lambda rng: [
        (rng.normal(size=(1, 2)), rng.normal(size=(1, 2)), 0.5),
        (rng.normal(size=(4, 5)), rng.normal(size=(4, 5)), 3.0),
    ],
    mistakes={
        "At weight 1 the result has to be the direction with the label; yours starts from there.": (
            lambda told, free, weight: told + weight * (told - free)
        ),
        "The difference points from the direction without the label to the one with it; yours is the other way.": (
            lambda told, free, weight: free + weight * (free - told)
        ),
        "You forgot the weight.": lambda told, free, weight: told,
    },
)
