"""Fixtures that several test files use, and what is measured."""

import math

import pytest
from machine import disturbed

from helpers.places import ROOT

MEASURED = "measured"  # what is measured travels with the reports of the tests, which may run in other processes
TOLERANCE = 3  # for times


@pytest.fixture(scope="session")
def root():
    """The repository's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def mnist():
    """All digits, as `load_mnist` returns them; to be read only.

    A test file that asks for them has to import helpers.data, however indirectly: tools.build.concern goes by imports.
    """
    from helpers.data import load_mnist

    return load_mnist()


@pytest.fixture(scope="session")
def x_train(mnist):
    return mnist[0][0]


@pytest.fixture(scope="session")
def x_test(mnist):
    return mnist[1][0]


@pytest.fixture
def measure(request):
    """Return a function that keeps a figure for the summary and holds it against its budget, if it has one.

    A time fails only beyond three times its budget: a busy machine may be as slow. Where others use the machine, or it
    hardly lets this process run, no time means anything, and the test is skipped as not judged.
    """

    def keep(what, value, budget, unit):
        request.node.user_properties.append((MEASURED, [what, value, budget, unit]))
        limit = math.inf if budget is None else budget * (TOLERANCE if unit in ("ms", "s") else 1)
        if value <= limit:
            return
        late = f"{what}: {value:.4g} {unit}, more than {limit:g} {unit}"
        if unit in ("ms", "s", "times") and (why := disturbed()):
            pytest.skip(f"not judged, since {why}: {late}")
        pytest.fail(late)

    return keep


def pytest_terminal_summary(terminalreporter):
    reports = [
        each for group in terminalreporter.stats.values() for each in group if getattr(each, "when", "") == "call"
    ]
    rows = [value for report in reports for name, value in report.user_properties if name == MEASURED]
    if rows:
        terminalreporter.section("measured")
    for what, value, budget, unit in rows:
        beside = "" if budget is None else f"budget {budget:g}" + " OVER" * (value > budget)
        terminalreporter.write_line(f"{what:64s}{value:10.3f} {unit:3s} {beside}")
