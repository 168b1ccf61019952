"""Stability of stationary states: small ones exactly, large ones by Arnoldi's method."""

from __future__ import annotations

import pytest

import hpcneq
from hpcneq.systems.lattice.shared import stability


def ring(uniform, size=6, eV=0.4):
    """The states of a ring between two leads on all sites."""
    cell = {
        "vectors": [[1.0]],
        "orbitals": [{"name": "s", "at": [0.0]}],
        "size": [size],
        "periodic": [True],
    }
    lead = {"sites": list(range(size)), "gamma": 0.1, "T": 0.05}
    return hpcneq.run(
        {
            "system": "lattice",
            "task": "steady",
            "parameters": {"eV": eV},
            "model": {
                "cell": cell,
                "hop": [{"from": "s", "to": "s", "shift": [1], "value": -1.0}],
            },
            "interaction": {"U": 2.5},
            "leads": {"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}},
            "numerics": {"seeds": 0, "uniform": uniform, "fit_error": 1e-3},
        }
    ).summary["states"]


def test_large_states_are_judged_as_small_ones(monkeypatch):
    """Momentum by momentum, without any matrix of responses: the rates of the small route."""
    exact = ring("no")
    monkeypatch.setattr(stability, "SMALL", 0)
    monkeypatch.setattr(stability, "POLISHED", 0)
    for uniform in ("no", "yes"):
        for one, other in zip(ring(uniform), exact):
            assert one["stability"] == other["stability"]
            assert one["growth_rate"] == pytest.approx(other["growth_rate"], abs=5e-3)
