"""Small models of the lattice system, as tables of an input."""

from __future__ import annotations

HOP = {"from": "s", "to": "s", "shift": [1], "value": -1.0}


def chain(size, periodic=False, **model):
    """[model] of a chain of s orbitals with hops -1."""
    cell = {
        "vectors": [[1.0]],
        "orbitals": [{"name": "s", "at": [0.0]}],
        "size": [size],
        "periodic": [periodic],
    }
    return {"cell": cell, "hop": [HOP] if size > 1 else [], **model}


def wide(sites, bias=0.0, gamma=0.5, T=0.02, **more):
    """A wide lead."""
    return {"kind": "wide", "sites": sites, "gamma": gamma, "T": T, "bias": bias, **more}
