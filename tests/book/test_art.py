"""helpers.world.flow: the walk of chapter 17 (Art) on velocities whose answer is known."""

import numpy as np
import pytest

from helpers.world.flow import build_velocity, flow_pairs, follow


class Known:
    """A velocity that is a formula."""

    def __init__(self, rule):
        self.rule = rule

    def predict_on_batch(self, inputs):
        return self.rule(*inputs).astype("float32")


def test_a_constant_direction_is_walked_exactly():
    z = np.zeros((3, 2), "float32")
    found = follow(Known(lambda z, t, label: np.full_like(z, 2)), z, [0, 1, 2], steps=3)
    np.testing.assert_allclose(found, 2, atol=1e-5)


def test_heun_is_of_second_order():
    def error(steps):
        return abs(follow(Known(lambda z, t, label: z), np.ones((1, 1)), [0], steps=steps)[0, 0] - np.e)

    assert 3 < error(4) / error(8) < 5


@pytest.mark.parametrize("guidance, end", [(0, 0), (1, 1), (3, 3)])
def test_guidance_goes_from_no_label_to_beyond_the_label(guidance, end):
    rule = Known(lambda z, t, label: np.zeros_like(z) + label[:, :1])  # 1 for the digit 0, else 0
    assert follow(rule, np.zeros((1, 2)), [0], guidance)[0] == pytest.approx(end, abs=1e-5)


def test_a_walk_that_starts_late_goes_the_rest_of_the_way():
    found = follow(Known(lambda z, t, label: np.ones_like(z)), np.zeros((1, 1)), [0], start=0.75)
    assert found[0, 0] == pytest.approx(0.25, abs=1e-5)


def test_pairs_lie_on_straight_lines_from_noise_to_codes():
    z_mean, z_log_var = np.array([[5.0, -3.0]]), np.full((1, 2), -20.0)
    (z, t, label), target = flow_pairs(z_mean, z_log_var, np.array([7]), 5000, np.random.default_rng(0))
    np.testing.assert_allclose(z + (1 - t) * target, np.tile(z_mean, (5000, 1)), atol=1e-3)
    assert set(label.argmax(axis=1)) == {7, 10} and 0.08 < np.mean(label[:, 10]) < 0.12
    assert np.all(label.sum(axis=1) == 1)


def test_a_fresh_network_says_zero():
    model = build_velocity(2, width=8, blocks=1)
    assert not model.predict_on_batch([np.ones((2, 2)), np.ones((2, 1)), np.eye(11)[:2]]).any()
