"""What large lattices take, told without computing them."""

from __future__ import annotations

import time

import pytest

from hpcneq.config.load import load
from hpcneq.driver import catalogue
from hpcneq.systems.lattice.shared import cost

HOPS = [{"from": "s", "to": "s", "shift": shift, "value": -1.0} for shift in ([1, 0], [0, 1])]


def evolution(size):
    """The checked input of a square lattice with leads at two edges, closed along the other way."""
    cell = {
        "vectors": [[1.0, 0.0], [0.0, 1.0]],
        "orbitals": [{"name": "s", "at": [0.0, 0.0]}],
        "size": [size, size],
        "periodic": [False, True],
    }
    lead = {"kind": "wide", "gamma": 0.5, "T": 0.1}
    tree = {
        "system": "lattice",
        "task": "evolve",
        "parameters": {"eV": {"from": 0.0, "to": 1.0, "kind": "step"}},
        "model": {"cell": cell, "hop": HOPS},
        "interaction": {"U": 3.0},
        "leads": {
            "left": {**lead, "sites": {"x": "min"}, "bias": 0.5},
            "right": {**lead, "sites": {"x": "max"}, "bias": -0.5},
        },
        "numerics": {"seeds": 0, "dt": 0.1, "fit_error": 1e-3, "error_estimate": False},
        "run": {"t_max": 20.0, "output_every": 1.0, "max_memory": 1000.0},
    }
    return load(tree, catalogue())


@pytest.mark.nightly
def test_check_of_a_large_lattice_is_quick():
    """60 x 60 and 100 x 100: memory by the size of R, (levels with leads) x levels, seconds from a
    few columns; once the check stepped the whole.
    """
    needed = []
    for size in (60, 100):
        begun = time.process_time()
        told = cost.evolve(evolution(size), 1)
        assert time.process_time() - begun < 30
        needed.append(told.bytes_per_rank)
        assert told.core_seconds > 600
    assert 18e9 < needed[0] < 30e9 and 120e9 < needed[1] < 220e9
