"""A model from a Kwant builder, where Kwant is installed, and Kwant's own transmission."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import hpcneq

kwant = pytest.importorskip("kwant")


@pytest.fixture
def example(monkeypatch):
    """The example's folder is the one that inputs start from."""
    folder = f"{hpcneq.__path__[0]}/../inputs/lattice"
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    yield
    sys.modules.pop("kwant_ring", None)


def transmission(energy, flux=0.3, contact=0.7):
    """That of the example's ring between two chains, by Kwant."""
    lattice = kwant.lattice.square(norbs=1)
    builder = kwant.Builder()
    side = 3
    edge = [(x, 0) for x in range(side)] + [(side, y) for y in range(side)]
    edge += [(side - x, side) for x in range(side)] + [(0, side - y) for y in range(side)]
    for place in edge:
        builder[lattice(*place)] = 0.0
    for a, b in zip(edge, edge[1:] + edge[:1]):
        builder[lattice(*b), lattice(*a)] = -np.exp(2j * np.pi * flux / len(edge))
    ends = [lattice(-1, 0), lattice(side + 1, side)]
    for end, place in zip(ends, [(0, 0), (side, side)]):
        builder[end] = 0.0
        builder[end, lattice(*place)] = -contact
    for direction in ((-1, 0), (1, 0)):
        lead = kwant.Builder(kwant.TranslationalSymmetry(direction))
        y = {-1: 0, 1: side}[direction[0]]
        lead[lattice(0, y)] = 0.0
        lead[lattice(1, y), lattice(0, y)] = -1.0
        builder.attach_lead(lead)
    return kwant.smatrix(builder.finalized(), energy).transmission(1, 0)


def test_conductance_is_kwants_transmission(example):
    """At a low temperature and bias, in 2e^2/h, at half filling and shifted by the leads' mu."""
    for mu in (0.0, 0.55):
        lead = {"kind": "chain", "hopping": 1.0, "contact": 0.7, "T": 1e-3, "mu": mu}
        result = hpcneq.run(
            {
                "system": "lattice",
                "task": "transport",
                "model": {"python": "kwant_ring.py:build", "arguments": {"N": 12, "flux": 0.3}},
                "leads": {
                    "left": {**lead, "sites": "left", "bias": 0.5},
                    "right": {**lead, "sites": "right", "bias": -0.5},
                },
                "sweep": {"eV": [1e-3]},
                "numerics": {"energies": "window"},
            }
        )
        assert np.asarray(result.conductance)[0, 0] == pytest.approx(transmission(mu), abs=2e-4)
