"""Inputs of the exciton-bec tasks that are refused.

Every docstring names a change of the code under which the test was seen to fail.
"""

import pytest

from hpcneq.config.load import load
from hpcneq.errors import InputError
from hpcneq.systems import Catalogue


@pytest.mark.parametrize(
    "task, tables, words",
    [
        ("modes", {"parameters": {"ratio": 0.1, "q": []}}, "q = \\[\\]"),
        ("modes", {"parameters": {"ratio": 0.1, "q": [0.0, 0.1]}}, "q: must be > 0, got 0"),
        ("modes", {"sweep": {"q": [0.1, 0.0]}}, "\\[sweep\\] q: must be > 0"),
        ("boundary", {"sweep": {"p_c": [1.0, 50.0]}}, "p_c: must be >= 5, got 1"),
        ("branches", {"sweep": {"ratio": [0.0], "p_c": [2e5]}}, "p_c: must be <= 100000"),
        ("branches", {"sweep": {"ratio": [0.1, 0.0]}}, "ascending"),
        ("branches", {"sweep": {"inv_kfas": [0.0, 1.0]}}, "ratio: branches are followed"),
        ("spectrum", {"sweep": {"p": [-0.1, 0.1]}}, "p: momenta must be >= 0, got -0.1"),
        ("response", {"parameters": {"ratio": 0.1, "growth": -0.5}}, "growth = -0.5"),
        ("response", {"parameters": {"ratios": [0.5, 0.1], "growth": -1.1e-3}}, "-0.0011 only"),
        ("response", {"parameters": {"ratios": []}}, "ratios = \\[\\]"),
        ("response", {"sweep": {"q": [-0.1, 0.1]}}, "q = -0.1"),
        ("phase-diagram", {"sweep": {"ratio": [0.1]}}, "needs inv_kfas and ratio"),
        (
            "phase-diagram",
            {"sweep": {"inv_kfas": [0.0], "ratio": [0.1]}, "numerics": {"growth": True}},
            'needs boundaries = "modes"',
        ),
        (
            "phase-diagram",
            {
                "sweep": {"inv_kfas": [0.0], "ratio": [0.2, 0.1]},
                "numerics": {"growth": True, "boundaries": "modes"},
            },
            "ratio: growth rates are followed",
        ),
    ],
)
def test_inputs_that_cannot_be_used_are_refused_before_anything_is_computed(task, tables, words):
    """By check as by run, in one line that names the key.

    Below the analytic half plane nothing is computed; momenta are not negative; cutoffs count in a
    sweep too. Fails if any is let through.
    """
    with pytest.raises(InputError, match=words):
        load({"system": "exciton-bec", "task": task, **tables}, Catalogue())
