"""Stationary states of lattices beyond 400 levels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

import hpcneq
from hpcneq.config.load import load
from hpcneq.driver import catalogue
from hpcneq.maths import lead_fits
from hpcneq.maths.pole_leads import LeadPoles, normal_lead
from hpcneq.solvers.pole_leads.large import density_entries
from hpcneq.solvers.pole_leads.stationary import stationary
from hpcneq.systems.lattice.shared.setup import setup_of

from .test_stability import ring

HOPS = [{"from": "s", "to": "s", "shift": shift, "value": -1.0} for shift in ([1, 0], [0, 1])]


LEAD = {"kind": "wide", "gamma": 0.5, "T": 0.1}
TREE = {
    "system": "lattice",
    "interaction": {"U": 3.0},
    "leads": {
        "left": {**LEAD, "sites": {"x": "min"}, "bias": 0.5},
        "right": {**LEAD, "sites": {"x": "max"}, "bias": -0.5},
    },
}


def model(size):
    """A square lattice, closed along its second direction."""
    cell = {
        "vectors": [[1.0, 0.0], [0.0, 1.0]],
        "orbitals": [{"name": "s", "at": [0.0, 0.0]}],
        "size": size,
        "periodic": [False, True],
    }
    return {"cell": cell, "hop": HOPS}


@pytest.mark.nightly
def test_columns_of_a_sparse_factorisation_give_the_dense_state():
    """A strip of 220 sites with pairs, 440 levels, between biased metals at different T: entries of
    rho beside, on and far from the diagonal.
    """
    width, sites = 4, 220
    fit = lead_fits.wide_fit(0.05, window=60.0, error=1e-7)
    warm = lead_fits.wide_fit(0.1, window=60.0, error=1e-7)
    edges = [np.arange(width), np.arange(sites - width, sites)]
    leads = [
        normal_lead(one, edge, sites + edge, 0.8 * np.eye(width))
        for one, edge in zip((fit, warm), edges)
    ]
    poles = LeadPoles(2 * sites, leads)
    along = sparse.diags([-1.0, -1.0], [-width, width], (sites, sites))
    across = sparse.kron(sparse.eye(sites // width), sparse.diags([-1.0, -1.0], [-1, 1], (4, 4)))
    D = sparse.diags(0.4 * np.exp(0.01j * np.arange(sites)))
    h = along + across + 0.3 * sparse.identity(sites)
    H = sparse.bmat([[h, -D], [-D.conj(), -h]], "csr")
    rho = stationary(poles, H.toarray(), [0.3, -0.3]).rho(2 * sites)
    rows = np.array([0, 0, 111, 111, 50, 219, 7])
    columns = np.array([0, 4, 115, 111 + sites, 52, 219 + sites, 190])
    values = density_entries(poles, H, [0.3, -0.3], [0.05, 0.1], (rows, columns), 1e-7)
    np.testing.assert_allclose(values, rho[rows, columns], atol=1e-6)


@pytest.mark.nightly
def test_states_and_rates_beyond_400_levels():
    """A ring of 210 sites, 420 levels: its states, and the rates of Arnoldi's method, are those of
    40 sites, of which all deviations are looked at: widths of 0.2 forget faster than 40 sites.
    """
    small, large = ring("yes", 40), ring("auto", 210)
    assert len(small) == len(large)
    for one, other in zip(small, large):
        assert one["delta_max"] == pytest.approx(other["delta_max"], abs=1e-4)
        assert one["stability"] == other["stability"]
        assert one["growth_rate"] == pytest.approx(other["growth_rate"], abs=5e-3)


@pytest.mark.nightly
def test_a_large_state_gives_back_its_mean_field():
    """8 x 28 sites between biased edges, 448 levels, found by momenta: the dense equation of all
    levels has the same pairs, densities and current.
    """
    tree = {**TREE, "task": "steady", "parameters": {"eV": 0.6}}
    tree["model"] = model([8, 28])
    tree["numerics"] = {"seeds": 0, "stability": False, "fit_error": 1e-4}
    result = hpcneq.run(tree)
    state = result.summary["states"][0]
    setup = setup_of(load(tree, catalogue()))
    D = np.asarray(result.delta)[0]
    assert np.abs(D).max() == pytest.approx(state["delta_max"]) and np.abs(D).max() > 0.3
    h = setup.field.dense(setup.field.values(np.zeros(setup.field.fields, complex)))
    sites = len(D)
    h[:sites, sites:], h[sites:, :sites] = -np.diag(D), -np.diag(D.conj())
    h -= state["mu_c"] * np.diag(np.repeat([1.0, -1.0], sites))
    leads = setup.leads(setup.fits())
    density = stationary(leads, h, np.array([0.3, -0.3]) - state["mu_c"])
    rho = density.rho(2 * sites)
    np.testing.assert_allclose(3.0 * np.diagonal(rho, sites), D, atol=1e-7)
    filled = 1 + np.diagonal(rho).real[:sites] - np.diagonal(rho).real[sites:]
    np.testing.assert_allclose(filled, np.asarray(result.density)[0], atol=1e-7)
