"""Edges of the parameters: no laser, no interaction."""

from __future__ import annotations

import hpcneq


def test_a_curve_says_where_nothing_pairs():
    """Without a laser the bands stay full and empty; what is known of V_c is said of the rest."""
    result = hpcneq.run(
        {
            "system": "phonon-semiconductor",
            "task": "threshold",
            "parameters": {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "m": [3, 1]},
            "sweep": {"Omega": [0.0, 0.3]},
            "numerics": {"points": 21},
        }
    )
    V_c, errors = result.summary["V_c"], result.errors["V_c"]
    assert result.status == "complete" and V_c[0] is None and V_c[1] > 0 and errors[1] > 0
    words = "; ".join(result.warnings)
    assert "no V_c at Omega = [0.0]: no pairs grow up to V_max" in words
    assert "no error of" not in words and "it is larger by up to 0;" not in words


def test_without_an_interaction_pairs_have_no_onset():
    result = hpcneq.run(
        {
            "system": "phonon-semiconductor",
            "task": "evolve",
            "parameters": {"V": 0.0, "Gamma_ph": 0.05, "Gamma_rr": 0.05, "m": [3, 1]},
            "numerics": {"points": 11},
            "run": {"t_max": 2.0},
        }
    )
    assert result.status == "complete" and result.summary["onset"] is None
    assert "onset: no number: there are no pairs at the end" in result.warnings
    assert "onset" not in result.errors
