"""Edges of the fillings inside the window of momenta, where populations jump at T = 0."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

import hpcneq
from hpcneq.systems.laser_semiconductor.inputs import Parameters
from hpcneq.systems.laser_semiconductor.physics import material
from hpcneq.systems.laser_semiconductor.shared.model import material_at

PUMPED = {
    "model": "optical-pumping",
    "V": -2.51134,
    "Omega": 0.28882,
    "Gamma": 0.06569,
    "gamma1": 0.53245,
    "Gamma12": 0.02569,
    "kappa_plus": 1.26772,
    "v_minus": 4.78298,
    "k_max": 0.33019,
    "E_g": 2.44586,
    "mu1": -1.2707,
    "mu2": 5.30779,
}
CASES = [
    PUMPED,
    PUMPED | {"v_plus": 0.9},
    PUMPED | {"T": 0.004},
    {"E_g": 1.0},
    {"E_g": 1.0, "T": 0.003},
]


def by_quad(parameters):
    """V_c from scipy's adaptive quadrature over all k, cut at the edges."""
    m = material_at(Parameters(**parameters))

    def integrand(k):
        band = m.on((np.array([k]), np.array([1 / (2 * np.pi)])))
        return material.gap_sum(m, band, 0.0)

    zeros = [0.0, -m.v_plus / m.kappa_plus]
    near = [z + side * 10.0**-p for z in (*zeros, *m.edges) for side in (-1, 1) for p in (1, 2, 3)]
    points = sorted(x for x in {*zeros, *m.edges, *near} if abs(x) < m.k_max)
    ends = [-m.k_max, *points, m.k_max]
    parts = [quad(integrand, a, b, epsabs=1e-12, limit=200)[0] for a, b in zip(ends, ends[1:])]
    return 1 / sum(parts)


@pytest.mark.parametrize("parameters", CASES)
def test_thresholds_with_edges_in_the_window(parameters):
    """V_c against adaptive quadrature, within its error, on a coarse and on a fine grid.

    Fails with positive momenta alone (a factor of 2 in the optical-pumping case), and with edges
    between the nodes (1e-4, errors that do not hold).
    """
    exact = by_quad(parameters)
    for points in (16, 48):
        found = hpcneq.run(
            {
                "system": "laser-semiconductor",
                "task": "steady",
                "parameters": parameters,
                "numerics": {"points": points},
            }
        )
        error = found.errors["V_c"]
        assert abs(found.summary["V_c"] - exact) <= 1.1 * error + 1e-9
        assert error < 4e-3  # twice what the finer grid changes
    if parameters == PUMPED:
        assert exact == pytest.approx(-1.663630, abs=1e-6)


def test_edges_are_where_bands_cross_their_chemical_potentials():
    """Two bands, E_g = 1: the upper band is empty but for k < -.0732."""
    m = material_at(Parameters(E_g=1.0))
    assert m.edges == pytest.approx([-0.0732051], abs=1e-7) and not m.even
    band = m.on((np.array(m.edges), np.ones(1)))
    assert band.E2[0] + 0.5 == pytest.approx(0.0, abs=1e-12)
    assert material_at(Parameters()).edges == [] and material_at(Parameters()).even


@pytest.mark.nightly
def test_full_self_consistency_pairs_between_quasi_fermi_levels():
    """(17) grows with .16324 + .56368 i there, and the evolution with it; no warning denies it.

    Fails if momenta are dense at k = 0 alone.
    """
    parameters = {
        "model": "optical-pumping",
        "self_consistency": "full",
        "V": 10.0,
        "Gamma": 0.02,
        "Gamma12": 0.02,
        "gamma1": 0.5,
        "kappa_plus": 50.0,
        "v_minus": 1.0,
        "T": 0.02,
        "E_g": 10.0,
        "mu1": -4.75,
        "mu2": 5.25,
    }
    given = {"system": "laser-semiconductor", "parameters": parameters}
    found = hpcneq.run({**given, "task": "growth", "numerics": {"points": 24}})
    assert found.summary["growth_rate"] == pytest.approx(0.16324, abs=2e-5)
    assert found.summary["frequency"] == pytest.approx(0.56368, abs=2e-5)
    steady = hpcneq.run({**given, "task": "steady", "numerics": {"points": 24}})
    assert steady.summary["normal_stable"] is False and steady.summary["stable"] is True
    assert steady.summary["delta"] == pytest.approx(0.0910755, abs=1e-6)
    assert steady.summary["turning"] == pytest.approx(0.5636819, abs=1e-6)
    assert not any("at any V of either sign" in words for words in steady.warnings)
    moved = hpcneq.run(
        {
            **given,
            "task": "evolve",
            "numerics": {"points": 201, "dt": 0.2, "error_estimate": False},
            "initial": {"state": "driven", "delta": 1e-8},
            "run": {"t_max": 400.0, "output_every": 2.0},
        }
    )
    assert moved.summary["delta_steady"] == pytest.approx(0.0910755, abs=1e-6)
    assert moved.summary["delta_final"] == pytest.approx(0.0910755, rel=0.05)
    t, size = np.asarray(moved.t), np.abs(np.asarray(moved.delta)[:, 0])
    late = (t > 30) & (size < 1e-3)
    rate = np.polyfit(t[late], np.log(size[late]), 1)[0]
    assert rate == pytest.approx(0.16324, abs=2e-3)
