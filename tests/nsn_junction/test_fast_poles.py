"""Bath modes whose memory is short against a step need no matrices (`fast_poles`)."""

from __future__ import annotations

import numpy as np
import pytest

from hpcneq.maths import drives
from hpcneq.parallel import solo, world
from hpcneq.solvers.auxiliary_modes import chebyshev, fast_poles, mode_passes
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.solvers.output_times import Row
from hpcneq.systems.nsn_junction.physics import junction as model
from hpcneq.systems.nsn_junction.physics import patterns
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench

LEVELS = {"recursions": range(0), "products": range(81)}  # of blocks that products advance
END = 12.0  # of the runs: the order parameter has lost half of its size
CASES = {  # (parity, gamma and mu of the right lead, whether densities shift the levels), 9 x 2
    "parity": (True, 0.01, 0.0, False),
    "unequal leads": (False, 0.02, 0.1, False),
    "hartree": (True, 0.01, 0.0, True),
}


def quench(case, h=0.58, eV=None, pattern=None, Lx=9):
    """A jump of the bias at t = 0, or a constant one, for a pattern on Lx x 2 sites."""
    parity, right, mu, hartree = CASES[case]
    leads = (
        model.Lead("left", 0.01, 0.02, 0.0, +1),
        model.Lead("right", right, 0.02, mu, -1),
    )
    bias = drives.read({"from": 0.0, "to": 0.8} if eV is None else eV)
    poles = model.fit_poles(leads, 0.02, model.window(leads, 0.0, h, bias, END), 1e-6)
    lattice = model.stripe(Lx, 2, 0.0, parity=parity)
    junction = model.Junction(3.0, 0.0, h, leads, lattice, bias, poles, hartree)
    if pattern is None:
        pattern = patterns.cosine(lattice, 2, 0.3) + 0.1 + 0j
    return Quench(junction, pattern)


def evolved(system, dt=0.5, comm=None, kind=complex, end=END):
    """The integrator at the end, and the mean field at all steps."""
    method = Exponential(BlockState(system, comm or solo(), kind))
    method.start(0.0, dt)
    fields = [method.now.c]
    for k in range(round(end / dt)):
        method.advance(k * dt, dt)
        fields.append(method.now.c)
    return method, np.array(fields)


def observed(method, end=END, written=True):
    """The observables at the end, from modes that are written or from what the integrator tells."""
    state = method.state
    modes = state.modes if written else method.row_modes(state)
    return state.observe(Row(end, +1, state.flat, method.now.c, state.green, modes))


@pytest.mark.parametrize("case", CASES)
def test_fast_modes_follow_the_field(case, monkeypatch):
    """Six of twenty groups need no matrices at dt = 0.5. The order parameter then differs from that
    of a run that carries all by less than a hundredth of what the step's error is told to be, from
    twice the step, and the modes, once written, do as well.

    What is observed of fast modes without writing them is what is observed of them once written.

    Fails if the fast modes lag by no time (kappa without its 1/z^2), if kappa has the other sign,
    if their sum times their rates is left out, if they are written for a field at rest, or if their
    diagonals miss what Hdot couples.
    """
    system = quench(case)
    method, fields = evolved(system)
    told = observed(method, written=False)
    assert method.gap is not None  # nothing has been written for it
    currents = observed(method)
    for lead, current in currents["current"].items():
        assert abs(told["current"][lead] - current) < 1e-16
    assert max(told["balance"], currents["balance"]) < 1e-16
    with monkeypatch.context() as context:
        context.setattr(fast_poles, "SHORT", np.inf)
        every, exact = evolved(system)
        twice = evolved(system, 1.0)[1]
    assert every.carried == len(system.groups)
    assert method.carried == pytest.approx(0.7 * len(system.groups))
    error = np.abs(exact[::2] - twice).max() / 15
    assert np.abs(fields - exact).max() < 0.01 * error
    scale = np.abs(every.state.modes.flat).max()
    assert np.abs(method.state.modes.flat - every.state.modes.flat).max() < 0.01 * error * scale
    assert currents["balance"] < 1e-3 * error


@pytest.mark.parametrize("many", [chebyshev.MANY, 1], ids=["compiled", "transform"])
@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS)
def test_fast_modes_of_a_state_at_rest_are_those_of_its_resolvents(levels, many, monkeypatch):
    """Each group by itself, in a condensate: what the start has found by another way stays.

    Fails if the functions of fast groups are 1e-5 off, in either of their two forms.
    """
    monkeypatch.setattr(mode_passes, "LEVELS", levels)
    monkeypatch.setattr(chebyshev, "MANY", many)
    pattern = np.full(9, 0.4 + 0j)
    for _ in range(60):  # to the condensate that agrees with itself
        system = quench("parity", 0.1, 0.1, pattern)
        state = BlockState(system, solo())
        pattern = state.field(state.flat, 0.0)
    assert abs(pattern).max() > 0.1
    before = held(BlockState(system, solo()))
    method, fields = evolved(system)
    assert method.carried < len(system.groups)
    assert abs(fields - fields[0]).max() < 1e-9
    for one, other in zip(held(method.state), before, strict=True):
        assert abs(one - other).max() < 1e-6 * abs(other).max()


def held(state):
    """The modes of each block and group."""
    return [mode for runs in state.modes.values() for _, _, M in runs for mode in M]


@pytest.mark.parametrize("case, Lx", [*((case, 9) for case in CASES), ("parity", 59)])
@pytest.mark.parametrize(
    "kind",
    [complex, pytest.param(np.complex64, marks=pytest.mark.nightly)],
    ids=["double", "mixed"],
)
def test_matrices_and_recursions_give_the_same(case, Lx, kind, monkeypatch):
    """Products of whole matrices and recursions for eight columns: the same modes to rounding, in
    double and, at night since their kernels compile for seconds, in single precision. Of 58 and 60
    levels modes are multiplied as complex matrices, of fewer as real ones.

    Fails if the columns of holes are not conjugate, or those of the other component are taken; with
    59 x 2 sites if those complex products are left out.
    """
    system = quench(case, Lx=Lx)
    monkeypatch.setattr(mode_passes, "LEVELS", range(81))
    method, _ = evolved(system, kind=kind, end=7.0)
    monkeypatch.setattr(mode_passes, "LEVELS", range(0))
    other, _ = evolved(system, end=7.0)
    error = 1e-13 if kind is complex else 1e-6
    assert np.abs(method.now.c - other.now.c).max() < error
    assert np.abs(method.state.modes.flat - other.state.modes.flat).max() < 0.1 * error


class Vector:
    """What `Exponential.rollback` asks of a TS."""

    def getSolution(self):
        """Itself."""
        return self

    def stateIncrease(self):
        """Nothing."""


@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS)
def test_a_step_back_has_the_modes_of_before(levels, monkeypatch):
    """Modes that nobody has read are written for the state before the last step, too; read or not,
    the next steps are the same to the bit.

    Fails if the modes of before are written for the step that was taken back, or if the steps that
    follow write over matrices that they read.
    """
    monkeypatch.setattr(mode_passes, "LEVELS", levels)
    system = quench("parity")
    read, _ = evolved(system, end=6.0)
    before = read.state.modes.flat.copy()
    method, _ = evolved(system, end=6.5)
    method.rollback(Vector())
    np.testing.assert_array_equal(method.state.modes.flat, before)
    for k in range(3):
        for each in (read, method):
            each.advance(6.0 + 0.5 * k, 0.5)
    np.testing.assert_array_equal(method.now.c, read.now.c)
    for k in (2, 3, 4):  # back from each step, and again
        method.rollback(Vector())
        for t in (6.0 + 0.5 * k, 6.5 + 0.5 * k):
            method.advance(t, 0.5)
        read.advance(6.5 + 0.5 * k, 0.5)
    np.testing.assert_array_equal(method.state.flat, read.state.flat)


def test_a_shorter_step_finds_its_modes(monkeypatch):
    """A last step of a tenth carries modes that were fast before it: they are written first, and
    the modes at the end are those of a run that carries all to 3e-6.

    Fails if a step begins with modes that the one before it did not need.
    """
    system = quench("parity")
    method, _ = evolved(system, end=9.0)
    few = method.carried
    method.advance(9.0, 0.05)
    assert few < method.carried < len(system.groups)
    monkeypatch.setattr(fast_poles, "SHORT", np.inf)
    every, _ = evolved(system, end=9.0)
    every.advance(9.0, 0.05)
    assert np.abs(method.now.c - every.now.c).max() < 1e-5
    assert np.abs(method.state.modes.flat - every.state.modes.flat).max() < 3e-6


@pytest.mark.parallel
@pytest.mark.parametrize("levels", LEVELS.values(), ids=LEVELS)
def test_ranks_share_fast_modes(levels, monkeypatch):
    """The fast modes' sums are the leader's: any number of ranks ends with the same field, and the
    same currents, to rounding.

    Fails if every holder of a block adds them.
    """
    monkeypatch.setattr(mode_passes, "LEVELS", levels)
    system = quench("unequal leads")
    method, fields = evolved(system, comm=world(), end=7.0)
    alone, same = evolved(system, end=7.0)
    assert np.abs(fields - same).max() < 1e-12
    for written in (False, True):
        ours, theirs = (observed(each, 7.0, written) for each in (method, alone))
        for name, current in theirs["current"].items():
            assert abs(ours["current"][name] - current) < 1e-12
