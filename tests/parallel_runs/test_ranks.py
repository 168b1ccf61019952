"""Any number of ranks gives the same physics, and more ranks hold less each.

``mpiexec -n 3 python -m pytest tests/parallel_runs -m parallel``.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from hpcneq import driver, petsc
from hpcneq.config import load
from hpcneq.files.writer import Result
from hpcneq.parallel import logger, solo
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.solvers.evolution import Evolution
from hpcneq.systems.nsn_junction.physics import patterns
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench
from hpcneq.systems.nsn_junction.shared.initial_state import start_of
from hpcneq.systems.nsn_junction.shared.input_junction import build_junction

pytestmark = pytest.mark.parallel
SAME = 1e-11  # what ranks may differ by: rounding, where nothing grows by more than 1e4

BASE = {"system": "nsn-junction", "task": "evolve"}
STEP = {"from": 0.0, "to": 0.5, "at": 0.7}  # inside a step of 0.25
UNEQUAL = {"left": {"gamma": 0.02, "T": 0.15, "mu": 0.1}, "right": {"gamma": 0.01}}
CASES = {
    "9x3": {
        "parameters": {"h": 0.2, "T": 0.1, "eV": STEP},
        "numerics": {"Lx": 9, "Ly": 3, "dt": 0.25},
    },
    # five sites and two blocks: fewer than seven ranks, and than three
    "5x2": {
        "parameters": {"h": 0.2, "T": 0.1, "eV": STEP},
        "numerics": {"Lx": 5, "Ly": 2, "dt": 0.25},
    },
    "parity": {
        "parameters": {"h": 0.2, "T": 0.1, "eV": STEP},
        "numerics": {"Lx": 5, "Ly": 2, "dt": 0.25, "symmetry": "stripe-parity"},
    },
    # no lead's hole columns can use another's modes: twice the groups; the order parameter turns
    # and grows from noise
    "unequal": {
        "parameters": {"U": 4.0, "T": 0.1, "eV": STEP},
        "numerics": {"Lx": 5, "Ly": 2, "dt": 0.25, "pole_error": 1e-5},
        "initial": {"state": "normal", "noise": 1e-2},
        "leads": UNEQUAL,
    },
}


def read(name, **tables):
    """The checked input of a case: a run to t = 2 without the second run for the errors."""
    tree = {**BASE, "initial": {"noise": 1e-3}, "run": {"t_max": 2.0}, **CASES[name], **tables}
    tree["numerics"] = {**tree["numerics"], "error_estimate": False}
    return load.load(tree, driver.catalogue())


def quench(run, comm):
    """The disturbed start of an input, found by all ranks of a communicator together."""
    petsc.start()
    junction = build_junction(run, comm)
    start = start_of(run, comm, junction, logger(comm, quiet=True))
    noise = patterns.noise(junction.lattice, run.initial.noise, seed=3)
    return Quench(junction, start.delta + noise)


def evolved(run, comm):
    """(rows of t, delta, densities, currents; state bytes; mode bytes of both generations) of an
    evolution over a communicator.
    """
    system = quench(run, comm)
    state, rows = BlockState(system, comm), []

    def on_row(row):
        seen = state.observe(row)
        rows.append(
            np.concatenate(
                [
                    [row.t],
                    row.c,
                    seen["density_up"],
                    seen["density_down"],
                    list(seen["current"].values()),
                ]
            )
        )

    with petsc.Options({}) as options:
        evolution = Evolution(state, 2.0, run.numerics.dt, options)
        try:
            evolution.run(on_row)
        finally:
            evolution.destroy()
    return np.array(rows), state


@functools.lru_cache(maxsize=None)
def alone(name):
    """The same by this rank alone; every rank repeats it."""
    return evolved(read(name), solo())


@pytest.mark.parametrize("name", CASES)
def test_a_quench_is_the_same_on_any_number_of_ranks(comm, name):
    """Order parameter, densities and currents at every row, through a jump of the bias in mid-run.

    Every rank also computes it alone. Each rank must hold the same rows to the last bit, or ranks
    would decide differently.
    """
    rows, _ = evolved(read(name), comm)
    expected, _ = alone(name)
    assert rows.shape == expected.shape and np.isfinite(rows).all()
    assert np.abs(rows - expected).max() < SAME
    assert len(set(comm.allgather(rows.tobytes()))) == 1
    assert np.abs(expected[-1, 1:] - expected[0, 1:]).max() > 1e-4  # something happens


@pytest.mark.parametrize("name", ["9x3", "unequal"])
def test_the_start_is_the_same_on_any_number_of_ranks(comm, name):
    """The stationary modes and Green functions of each held block are those one rank alone would
    fill in.
    """
    state = BlockState(quench(read(name), comm), comm)
    one = BlockState(quench(read(name), solo()), solo())
    for key, runs in state.modes.items():
        for (groups, columns, mine), (same, same_columns, whole) in zip(runs, one.modes[key]):
            assert (groups, columns) == (same, same_columns) and np.abs(mine - whole).max() < SAME
    for b, G in state.green.items():
        assert np.abs(G - one.green[b]).max() < SAME


@pytest.mark.parametrize("name", ["5x2", "unequal"])
def test_state_falls_as_ranks_grow(comm, name):
    """No rank holds a global array of modes: the ranks' shares add up to the whole, and none
    exceeds its share of chunks.

    Both generations of modes count. Green functions are held by one rank a block.
    """
    state = BlockState(quench(read(name), comm), comm)
    _, one = alone(name)
    largest = max(sum(array.size for _, _, array in runs) for runs in one.modes.values())
    shares = comm.allgather(
        (
            state.mode_count,
            state.green_count,
            state.nbytes,
            state.modes.flat.nbytes + state.allocate().flat.nbytes,
        )
    )
    modes, green, sizes, held = zip(*shares)
    assert (
        sum(modes) == one.mode_count and sum(green) == one.green_count and sum(sizes) == one.nbytes
    )
    assert max(modes) <= -(-len(one.modes) // comm.size) * largest
    assert all(both == 2 * 16 * count for both, count in zip(held, modes))
    if comm.size > 1:
        assert max(modes) < one.mode_count and max(sizes) < one.nbytes


def test_mixed_precision_agrees_to_single_precision(comm):
    """Modes in single precision differ between ranks by single rounding only: sums are made in
    double.
    """
    run = read("9x3")
    system = quench(run, comm)
    found = []
    for ranks, dtype in ((comm, np.complex64), (solo(), np.complex64), (solo(), complex)):
        last = []
        with petsc.Options({}) as options:
            evolution = Evolution(BlockState(system, ranks, dtype), 2.0, 0.25, options)
            try:
                evolution.run(lambda row, last=last: last.append(row.c.copy()))
            finally:
                evolution.destroy()
        found.append(np.array(last))
    assert np.abs(found[0] - found[1]).max() < 1e-6 and 0 < np.abs(found[1] - found[2]).max() < 1e-5


def test_the_result_file_is_the_same_on_any_number_of_ranks(comm, shared_tmp):
    """Every data set of the file written by all ranks equals that of one rank, with the same names,
    shapes and units.
    """
    source = {**BASE, "initial": {"seed": 3}, "run": {"t_max": 1.0}, **CASES["9x3"]}
    assert driver.run(source, output=shared_tmp / "many.h5", quiet=True, comm=comm) == 0
    if comm.rank == 0:
        assert driver.run(source, output=shared_tmp / "one.h5", quiet=True, comm=solo()) == 0
    comm.barrier()
    many, one = Result(shared_tmp / "many.h5"), Result(shared_tmp / "one.h5")
    assert many.keys() == one.keys() and many.status == one.status == "complete"
    for key in one.keys():
        assert (many[key].shape, many[key].units, many[key].axes) == (
            one[key].shape,
            one[key].units,
            one[key].axes,
        ), key
        assert np.abs(np.asarray(many[key]) - np.asarray(one[key])).max() < SAME, key
    for key in one.errors:
        assert many.summary[key] == pytest.approx(one.summary[key], abs=SAME) and many.errors[
            key
        ] == pytest.approx(one.errors[key], abs=SAME)
    assert many.provenance["ranks"] == comm.size and len(many.summary["state_bytes"]) == comm.size


def test_more_ranks_than_sites_do_no_harm(comm, shared_tmp):
    """Three sites without any symmetry: on seven ranks some hold none."""
    source = {
        **BASE,
        "parameters": {"T": 0.1},
        "numerics": {
            "Lx": 3,
            "Ly": 1,
            "symmetry": "full",
            "dt": 0.25,
            "pole_error": 1e-3,
            "error_estimate": False,
        },
        "initial": {"state": "normal", "noise": 1e-2},
        "run": {"t_max": 0.5},
    }
    assert driver.run(source, output=shared_tmp / "many.h5", quiet=True, comm=comm) == 0
    if comm.rank == 0:
        assert driver.run(source, output=shared_tmp / "one.h5", quiet=True, comm=solo()) == 0
    comm.barrier()
    many, one = Result(shared_tmp / "many.h5"), Result(shared_tmp / "one.h5")
    for key in ("delta", "density", "current_left"):
        assert np.abs(np.asarray(many[key]) - np.asarray(one[key])).max() < SAME, key
