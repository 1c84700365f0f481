"""Answers of chapter 11. Spoilers."""

import numpy as np

from helpers.exercises.kinds import Exercise

EXERCISES = {}


EXERCISES["11.1"] = Exercise(
    truth={"auc": 11 / 16, "caught": 0.5, "false_alarms": 0.25},
    labels={"auc": "AUC", "caught": "share caught", "false_alarms": "share of false alarms"},
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
