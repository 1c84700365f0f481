"""Answers of appendix A3. Spoilers."""

import math

from helpers.exercises.kinds import Exercise

EXERCISES = {}

VALUES = 64 * 64 * 3


EXERCISES["A3.1"] = Exercise(
    truth={"sigma": math.sqrt(VALUES * 0.001 / 2), "kl_weight": 2 * 0.1**2 / VALUES},
    labels={"sigma": "sigma that it assumes", "kl_weight": "factor for sigma = 0.1"},
    rtol=0.02,
    atol=1e-9,
    mistakes={
        "that is sigma squared: take the root.": {"sigma": VALUES * 0.001 / 2},
        "a half is lost: the squared error stands over 2 sigma².": {"sigma": math.sqrt(VALUES * 0.001)},
        "you forgot that colour has three values a pixel.": {"sigma": math.sqrt(64 * 64 * 0.001 / 2)},
        "that is for a KL term of full weight; 0.001 makes sigma² a thousand times smaller.": {
            "sigma": math.sqrt(VALUES / 2)
        },
        "you divided by 0.001; a KL term of small weight means a small sigma.": {
            "sigma": math.sqrt(VALUES / 0.001 / 2)
        },
        "a 2 is lost: the squared error stands over 2 sigma².": {"kl_weight": 0.1**2 / VALUES},
        "square sigma: the factor is 2 sigma² over the number of values.": {"kl_weight": 2 * 0.1 / VALUES},
        "colour has three values a pixel; you counted one.": {"kl_weight": 2 * 0.1**2 / (64 * 64)},
        "upside down: the number of values stands below.": {"kl_weight": VALUES / (2 * 0.1**2)},
    },
)
