"""The normal state is an answer of every task."""

from __future__ import annotations

import numpy as np
import pytest

import hpcneq

WARM = {"inv_kfas": -1.159, "gamma_b": 1e-3, "T_b": 0.4}  # binds nothing


def run(task, parameters, **tables):
    """A run of a task."""
    return hpcneq.run({"system": "exciton-bec", "task": task, "parameters": parameters, **tables})


@pytest.mark.parametrize("task", ["steady", "spectrum", "coefficients", "response", "modes"])
def test_the_normal_state_is_no_failure(task):
    """And its words name the interaction of the input, not one on the way to it."""
    result = run(task, WARM)
    assert result.status == "complete"
    if task != "steady":
        assert any("no condensate at inv_kfas = -1.159" in words for words in result.warnings)


def test_the_spectrum_of_the_normal_state(tmp_path):
    """Levels of width g filled by the bath: L = 2 gamma_b f(w)/((w - xi)^2 + g^2), w from mu_b."""
    result = run("spectrum", WARM)
    assert result.summary["delta"] == 0 and result.summary["mu"] is None
    p, w, g = np.asarray(result.p)[:, None], np.asarray(result.w), WARM["gamma_b"]
    filled = 1 / (np.exp(w / WARM["T_b"]) + 1)
    expected = 2 * g * filled / ((w - p**2 + result.summary["mu_b"]) ** 2 + g**2)
    assert np.allclose(result.L, expected, rtol=1e-9)
    result.plot(tmp_path / "figure.png")


def test_points_beyond_the_end_are_told_and_the_others_kept():
    """ratio_c of inv = -1 at T_b = .15 lies between .05 and .9."""
    given = {"inv_kfas": -1.0, "gamma_b": 1e-3, "T_b": 0.1}
    ends = run("steady", given | {"ratio": 0.9}).summary
    assert ends["state"] == "normal" and 0.01 < ends["ratio_c"] < 0.9
    result = run("coefficients", given, sweep={"ratio": [0.01, 0.9]})
    assert result.status == "complete" and np.isfinite(result.alpha11[0])
    assert np.isnan(result.alpha11[1])
    assert any("at 1 of 2 points: normal" in words for words in result.warnings)
