"""Edges of an input: one bias, wave numbers that the lattice has not, states that are normal."""

from __future__ import annotations

import numpy as np
import pytest

import hpcneq

SMALL = {"lattice": "finite", "Lx": 9, "Ly": 3}


def run(task, parameters=None, **tables):
    """A run on a small lattice."""
    given = {"system": "nsn-junction", "task": task, "parameters": parameters or {}}
    return hpcneq.run({**given, "numerics": SMALL, **tables})


def test_one_bias_has_the_current_that_a_sweep_has_there():
    alone = run("iv", {"h": 0.3}, sweep={"eV": [0.2]})
    among = run("iv", {"h": 0.3}, sweep={"eV": [0.1, 0.2, 0.3]})
    assert alone.status == "complete" and alone.summary["I"][0] is not None
    for name in ("I", "dI_dV", "delta", "I_normal"):
        assert alone.summary[name][0] == pytest.approx(among.summary[name][1], rel=1e-8)
    assert any("one bias is no branch" in words for words in alone.warnings)


def test_wave_numbers_are_those_of_the_lattice_and_that_is_said():
    """2 pi/9 = .698: .6 is moved, the lattice's own is not."""
    result = run("modes", {"q": 0.6})
    assert result.q[0] == pytest.approx(2 * np.pi / 9) and result.q_asked[0] == 0.6
    assert any("q = 0.6 is not a wave number" in words for words in result.warnings)
    own = run("modes", {"q": 2 * np.pi / 9})
    assert own.q_asked[0] == own.q[0] and not any("wave number" in w for w in own.warnings)


def test_modes_of_a_condensate_that_is_not_there():
    result = run("modes", {"h": 3.0})
    assert result.status == "complete" and "the state is normal" in result.warnings[0]
