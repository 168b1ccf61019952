"""What large lattices take, told without computing them."""

from __future__ import annotations

import time

import numpy as np
import pytest
from support.lattices import chain, wide

import hpcneq
from hpcneq import parallel
from hpcneq.config.load import load
from hpcneq.driver import catalogue
from hpcneq.errors import InputError
from hpcneq.systems.lattice.shared import cost, large_evolutions, large_starts
from hpcneq.systems.lattice.shared.model_input import model_of
from hpcneq.systems.lattice.shared.setup import setup_of
from hpcneq.systems.lattice.shared.states import stationary_before

HOPS = [{"from": "s", "to": "s", "shift": shift, "value": -1.0} for shift in ([1, 0], [0, 1])]


def evolution_tree(size, **numerics):
    """The input of a square lattice with leads at two edges, closed along the other way."""
    cell = {
        "vectors": [[1.0, 0.0], [0.0, 1.0]],
        "orbitals": [{"name": "s", "at": [0.0, 0.0]}],
        "size": size,
        "periodic": [False, True],
    }
    lead = {"kind": "wide", "gamma": 0.5, "T": 0.1}
    return {
        "system": "lattice",
        "task": "evolve",
        "parameters": {"eV": {"from": 0.0, "to": 1.0, "kind": "step"}},
        "model": {"cell": cell, "hop": HOPS},
        "interaction": {"U": 3.0},
        "leads": {
            "left": {**lead, "sites": {"x": "min"}, "bias": 0.5},
            "right": {**lead, "sites": {"x": "max"}, "bias": -0.5},
        },
        "numerics": {"seeds": 0, "dt": 0.1, "fit_error": 1e-3, "error_estimate": False, **numerics},
        "run": {"t_max": 20.0, "output_every": 1.0, "max_memory": 1000.0},
    }


def evolution(size, **numerics):
    """That of a square, checked."""
    return load(evolution_tree([size, size], **numerics), catalogue())


@pytest.mark.nightly
def test_check_of_a_large_lattice_is_quick():
    """60 x 60 and 100 x 100 in columns: five arrays of the size of R, (levels with leads) x levels,
    seconds from a few columns; once the check stepped the whole. A range of 20 keeps an eighth.
    """
    needed = []
    for size, numerics in ((60, {}), (100, {}), (100, {"range": 20.0, "precision": "mixed"})):
        begun = time.process_time()
        told = cost.evolve(evolution(size, **numerics), 1)
        assert time.process_time() - begun < 60
        needed.append(told.bytes_per_rank)
        assert 600 < told.core_seconds < 2 * 86400
    assert 4e9 < needed[0] < 6.5e9 and 30e9 < needed[1] < 42e9 and needed[2] < 3e9


CHAIN = {
    "system": "lattice",
    "task": "evolve",
    "parameters": {"eV": {"from": 0.0, "to": 1.0, "kind": "step"}},
    "model": chain(8),
    "interaction": {"U": 3.0},
    "leads": {"a": wide(list(range(8)), 0.5, 0.2, T=0.1), "b": wide([0, 1], -0.5, 0.3, T=0.1)},
    "run": {"t_max": 1.0, "output_every": 0.5},
}
QUICK = {"seeds": 0, "dt": 0.1, "fit_error": 1e-2, "error_estimate": False}


def run(output=None, **numerics):
    """The result of the chain, in this process."""
    return hpcneq.run(CHAIN | {"numerics": {**QUICK, **numerics}}, output=output)


@pytest.fixture(scope="module")
def whole():
    return run(method="etd")


@pytest.mark.parametrize(
    "numerics, error",
    [
        ({"method": "columns"}, 2e-6),
        ({"precision": "mixed"}, 5e-6),
        ({"range": 5.0}, 2e-2),
    ],
)
def test_columns_are_those_of_the_whole_matrix(whole, numerics, error):
    """Another scheme of the same order (2e-6), single precision, rows left out (e^{-r/l})."""
    own = run(**numerics)
    miss = np.abs(np.asarray(own.delta) - np.asarray(whole.delta)).max()
    assert miss < error
    np.testing.assert_allclose(own.current, whole.current, atol=error)
    assert ("range" in numerics and numerics["range"] < 8) == bool(miss > 1e-4)
    for name in ("occupation_min", "occupation_max", "growth_A", "continuity"):
        assert own.summary[name] == pytest.approx(whole.summary[name], abs=1e-4 + error)


def test_the_error_of_a_range_is_told(whole):
    """From a run with three quarters of it: above the true one, not a hundred times."""
    own = run(range=5.0, error_estimate=True)
    miss = abs(own.summary["current_largest"] - whole.summary["current_largest"])
    assert 0.5 * miss < own.errors["current_largest"] < 100 * max(miss, 1e-3)


def test_the_start_of_columns_is_that_of_all_levels():
    """9 x 6 disordered sites with densities that shift levels: Anderson's method on blocks of G
    finds a root of the dense equation, Krylov's on the exponential the level damped least.

    Mutation: the blocks below the diagonal in place of those above.
    """
    tree = evolution_tree([9, 6], seeds=0, fit_error=1e-2)
    tree |= {"disorder": {"onsite": 0.5}, "interaction": {"U": 3.0, "hartree": True}}
    setup = setup_of(load(tree, catalogue()))
    leads = setup.leads(setup.fits())
    lines = []
    large = large_starts.start_of(setup, leads, parallel.solo(), lines.append)
    whole = stationary_before(setup, leads, setup.drives)
    c = large["c"]
    assert large["residual"] < 1e-9 and large["lost"] == [] and large["delta_max"] > 0.2
    np.testing.assert_allclose(whole.image(c, 0.0), c, atol=1e-8)
    growth = whole.growth(c, 0.0)
    assert -0.1 < growth < -1e-6
    assert large["growth_A"] == pytest.approx(growth, rel=2e-2)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"numerics": {"method": "etd", "range": 3.0}}, 'goes with method = "columns"'),
        ({"leads": {"a": wide([0], 0.5, T=0.1), "b": wide([7], T=0.2)}}, "one T"),
        ({"leads": {"a": wide([0], 0.5, mu=0.1)}}, "mu and h = 0"),
        ({"parameters": {"eV": 0.5}}, "no bias"),
        (
            {"leads": {"a": {"kind": "chain", "sites": [0], "hopping": 1.0, "contact": 0.5}}},
            'all of kind "wide"',
        ),
    ],
)
def test_what_columns_cannot_do(change, words):
    tree = CHAIN | {"numerics": {**QUICK, "range": 3.0}} | change
    with pytest.raises(InputError, match=words):
        hpcneq.run(tree)


def test_sites_that_no_lead_reaches_are_named():
    """Every second site of a broken chain is alone."""
    apart = CHAIN | {"leads": {"a": wide([0], 0.5, T=0.1)}, "interaction": {}}
    apart["model"] = chain(2) | {"hop": []}
    with pytest.raises(InputError, match="states on sites 1 are not damped"):
        hpcneq.run(apart | {"numerics": {**QUICK, "range": 3.0}})


def test_near_sites_go_round_rings():
    ring = model_of(load(CHAIN | {"model": chain(8, True)}, catalogue()))[0]
    near = large_evolutions.near_sites(ring, 2.0)
    assert list(near[0]) == [0, 1, 2, 6, 7] and all(len(part) == 5 for part in near)


@pytest.mark.parallel
def test_ranks_agree_on_columns(shared_tmp):
    """Ranks share columns and send those of neighbours; a stopped run goes on with its bits."""
    straight, stopped = shared_tmp / "a.h5", shared_tmp / "b.h5"
    own = run(straight, range=5.0)
    np.testing.assert_allclose(own.current[-1], KNOWN, atol=1e-11)
    half = CHAIN | {"numerics": {**QUICK, "range": 5.0}, "run": {"t_max": 0.5, "output_every": 0.5}}
    hpcneq.run(half, output=stopped)
    later = hpcneq.resume(stopped, run={"t_max": 1.0})
    np.testing.assert_array_equal(later.delta, own.delta)


KNOWN = [0.33030164258535355, -0.17208158926993194]  # of one rank
