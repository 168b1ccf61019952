"""Periodic states, where BCS leads differ in their potential: one period composed, then doubled.

U and I of the map R -> U R U^+ + I over a period come from the steps of `etd`, all columns at once;
R = sum_k U^k I U^+k by doubling, I -> I + U I U^+, U -> U^2. Amplitudes turn with twice the phase:
with leads at V and 0 (and levels between them raised by V/2 for a symmetric bias) the period is
pi/V; with +-V/2 it is twice that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ... import interrupts
from ...errors import HpcneqError
from ...maths.arrays import ComplexArray, FloatArray
from ...maths.exponentials import Tables, advance
from ...maths.pole_leads import Density, LeadPoles
from ...parallel import solo
from .affine import Affine
from .couplings import Couplings
from .etd import Steps
from .state import PoleState, diagonal
from .stationary import UNDAMPED, Undamped, undamped
from .system import OpenSystem

DOUBLINGS = 60
FORGOTTEN = 1e-9  # of U: what is left of the start
DIVERGED = 1e30  # of U: its steps do not resolve the motion


class Unresolved(HpcneqError):
    """The steps of a period are too long for leads and levels, which are damped."""


@dataclass(frozen=True, eq=False)
class Periodic:
    """A periodic state: R at ``t0``, the period, the leads' diagonal currents (leads, size) without
    weights, mean and at the steps ``times``, rho at ``observed`` then, and the multipliers of U.

    field : (steps, unknowns) the mean field that follows from it.
    """

    density: Density
    period: float
    times: FloatArray
    flows: FloatArray
    rho: ComplexArray
    multipliers: ComplexArray
    field: ComplexArray

    @property
    def mean_flows(self) -> FloatArray:
        """(leads, size) mean over the period."""
        return np.asarray(self.flows.mean(axis=0))


def period_of(leads: LeadPoles, shifts: FloatArray) -> float | None:
    """The common period of leads whose amplitudes turn with ``shifts`` (leads,); None: static.

    Only leads that mix charges turn. One of them sets the frame: give it the potential 0.
    """
    turning = leads.turning()
    rates = np.unique(np.round(np.abs(np.asarray(shifts, float)[turning]), 12))
    rates = rates[rates > 0]
    if not len(rates):
        return None
    slowest = rates.min()
    if np.abs(rates / slowest - np.round(rates / slowest)).max() > 1e-9:
        return None
    return float(np.pi / slowest)


def periodic(
    system: OpenSystem,
    period: float,
    steps: int = 80,
    t0: float = 0.0,
    field: Callable[[float], ComplexArray] | None = None,
) -> Periodic:
    """The periodic state of a prescribed mean field ``field(t)`` (none if None).

    Raises `Undamped` if something does not decay, `Unresolved` if it grows by the steps alone.
    """
    given = Prescribed(system, field)
    step = period / steps
    with np.errstate(over="ignore", invalid="ignore"):
        whole = map_of_period(given, t0, step, steps)
        total = whole
        for _ in range(DOUBLINGS):
            if total.size < FORGOTTEN or not total.size < DIVERGED:
                break
            total = total.twice()
    if not total.size < FORGOTTEN:
        H = sparse.csr_matrix(given.hamiltonian(t0, +1, np.zeros(0))).toarray()
        A = system.leads.matrix(H, system.shifts(t0), system.phases(t0))
        growth, components = undamped(np.asarray(A), system.leads.size)
        if growth < -UNDAMPED:
            raise Unresolved(f"{steps} steps do not resolve the period {period:g}")
        raise Undamped(growth, components)
    density = Density(total.core, total.tail)
    state = PoleState(given, solo(), density)
    flows, rho = [], []
    times, columns = t0 + step * np.arange(steps), Steps(state)
    for t in times:
        seen = state.seen(state.flat, t)
        flows.append(seen.flows)
        rho.append(seen.rho)
        columns.take(t, step)
    entries = np.array(rho)
    count = len(system.observed[0])
    return Periodic(
        density,
        period,
        times,
        np.array(flows),
        entries[:, :count],
        np.linalg.eigvals(whole.cc),
        np.array([system.close(row) for row in entries[:, count:]]),
    )


class Prescribed:
    """A system with its mean field given."""

    def __init__(self, system: OpenSystem, field: Callable[[float], ComplexArray] | None):
        self.system, self.given = system, field
        self.leads = system.leads
        self.observed = tuple(map(np.concatenate, zip(system.observed, system.entries)))
        self.shifts, self.phases = system.shifts, system.phases
        self.breakpoints, self.observables = system.breakpoints, system.observables
        self.entries = (np.zeros(0, int), np.zeros(0, int))

    def close(self, values: ComplexArray) -> ComplexArray:
        """No unknowns."""
        return np.zeros(0, complex)

    def hamiltonian(self, t: float, side: int, c: ComplexArray) -> sparse.spmatrix:
        """H of the given mean field."""
        if self.given is not None:
            c = self.given(t)
        return self.system.hamiltonian(t, side, c)


def steps_from(state: PoleState, t0: float, step: float, count: int) -> None:
    """Steps of a state on one rank, its mean field included."""
    steps = Steps(state)
    for k in range(count):
        steps.take(t0 + k * step, step)


def map_of_period(system: Prescribed, t0: float, step: float, steps: int) -> Affine:
    """U and I of the steps from t0 on."""
    leads = system.leads
    zero = Density(
        np.zeros((leads.core, leads.core), complex), np.zeros((leads.core, leads.tail), complex)
    )
    state = PoleState(system, solo(), zero)
    U = np.eye(leads.core, leads.total, dtype=complex)
    e = np.ones(leads.tail, complex)
    couplings = Couplings(leads, np.arange(leads.total), np.arange(leads.total))
    columns = Steps(state)
    for k in range(steps):
        interrupts.stop_if_asked()
        t = t0 + k * step
        U, e = _propagated(system, couplings, U, e, t, step)
        columns.take(t, step)
    inhomogeneous = state.gathered()
    n = leads.core
    return Affine(U[:, :n], U[:, n:], e, inhomogeneous.core, inhomogeneous.tail)


def _propagated(system, couplings, U, e, t, step):
    """(U, e) after one step: the rows' diagonal exact."""
    leads, n = system.leads, system.leads.core
    exact = diagonal(leads, np.asarray(system.shifts(t + 0.5 * step), float))
    tables = Tables.of(-1j * exact[:n, None], step)
    tail, modes = exact[n:], np.arange(n, leads.total)
    M, component = leads.size, leads.tail_couplings()

    def rest(part, columns):
        at, side = t + part * step, 1 - 2 * int(part == 1.0)
        H = system.hamiltonian(at, side, np.zeros(0))
        A, _ = couplings.at(system.shifts(at, side), np.asarray(system.phases(at)), exact)
        out = A @ columns
        out[:M] += H @ columns[:M]
        out[component, modes] += e * np.exp(-1j * tail * part * step)
        return -1j * out

    return advance(U, tables, rest), e * np.exp(-1j * tail * step)
