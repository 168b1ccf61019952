"""What evolutions of leads in pole form take: memory by counting, time by a probe."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ...maths.arrays import IntArray
from ...maths.pole_leads import LeadPoles
from ...parallel import Layout, solo
from .column_steps import ColumnSteps
from .columns import ColumnState
from .etd import TABLES, DiagonalExact, Steps, kept_tables
from .frozen import Frozen
from .periodic import Prescribed, map_of_period
from .state import PoleState
from .system import OpenSystem

Answer = TypeVar("Answer")
PROBED_COLUMNS = 4e6  # entries of R, of which steps of columns are timed: more than caches hold
PERIOD_STEPS = 4  # of a period, which are timed
PERIOD_DOUBLINGS = 10  # until it repeats
PROBED = 60000  # most entries of R of which a step is timed
# arrays of the size of the columns on a rank: state, start of the step, coefficients, slopes,
# stages, products; those of whole matrices on every rank
LOCAL_ETD, SENT_ETD, PIECES = 17.0, 3.0, 2e5  # and bytes of pieces
LOCAL_FROZEN, WHOLE_FROZEN = 6.0, 31.5


def state_bytes(leads: LeadPoles, ranks: int = 1) -> int:
    """Bytes of the columns on the fullest rank."""
    columns = Layout(leads.total, ranks, 0).count
    return 16 * columns * leads.core


def evolution_bytes(leads: LeadPoles, ranks: int = 1, method: str = "etd") -> float:
    """Bytes of all arrays of an evolution on the fullest rank, the interpreter's not counted."""
    local = state_bytes(leads, ranks)
    if method == "etd":
        more = TABLES * (kept_tables(local // 16) - 1)
        return (LOCAL_ETD + more + SENT_ETD * (ranks > 1)) * local + PIECES
    whole = 16.0 * leads.core * leads.total
    return LOCAL_FROZEN * local + WHOLE_FROZEN * whole


def stationary_flops(leads: LeadPoles) -> float:
    """Of a stationary state: Schur's 100 n^3 and the products; the tail's solves."""
    n = float(leads.core)
    return (100.0 + 40.0) * n**3 + 20.0 * n**2 * leads.tail


def step_seconds(
    system: OpenSystem,
    step: float,
    method: str = "etd",
    steps: int = 3,
    rounds: int = 3,
    probed: float = PROBED,
) -> float:
    """Processor seconds of one step of all columns, from steps of as many as take no time.

    The work of "etd" is the same for every column; "frozen" steps are timed in whole. A generator
    that does not change makes a "frozen" step cheap: the probe takes the steps of the system's own
    drive from t = 0 on, the first left out. probed : most entries of R that are stepped; arrays of
    fewer than a processor keeps near are faster than those of the whole.
    """
    pretended = 1
    if method == "etd":
        pretended = int(np.ceil(system.leads.core * system.leads.total / probed))
    comm: Any = solo()
    if pretended > 1:
        comm = _OneOfMany(pretended)
    state = PoleState(system, comm, None, method)
    # not zero: a mean field that moves
    noise = np.random.default_rng(0).normal(size=(2, state.flat.size))
    state.flat[:] = 0.1 * (noise[0] + 1j * noise[1])
    stepper: DiagonalExact | Frozen = DiagonalExact(state)
    if method == "frozen":
        stepper = Frozen(state)
    stepper.start(0.0, step)
    stepper.advance(0.0, step)
    taken = []
    for r in range(rounds):
        begun = time.process_time()
        for k in range(steps):
            stepper.advance((1 + r * steps + k) * step, step)
        taken.append((time.process_time() - begun) / steps)
    return min(taken) * system.leads.total / max(state.layout.count, 1)


def period_seconds(system: OpenSystem, period: float, steps: int) -> float:
    """Processor seconds of a periodic state: of the map, of doubling it, of the series."""
    still, step = np.zeros(len(system.entries[0]), complex), period / steps
    given = Prescribed(system, lambda t: still)
    few = min(steps, PERIOD_STEPS)
    map_of_period(given, 0.0, step, 1)  # compiles
    part, first = _clocked(lambda: map_of_period(given, 0.0, step, 1))
    whole = _clocked(lambda: map_of_period(given, 0.0, step, 1 + few))[1]
    mapped = max(whole - first, 0.0) / few
    doubled = _clocked(part.twice)[1]
    state = PoleState(given, solo())
    taking = Steps(state)

    def taken_from(k: int) -> None:
        state.seen(state.flat, k * step)
        taking.take(k * step, step)

    taken_from(0)  # makes coefficients
    taken = _clocked(lambda: [taken_from(1 + k) for k in range(few)])[1] / few
    return (mapped + taken) * steps + PERIOD_DOUBLINGS * doubled


def _clocked(call: Callable[[], Answer]) -> tuple[Answer, float]:
    """(answer, processor seconds) of a call."""
    begun = time.process_time()
    answer = call()
    return answer, time.process_time() - begun


def column_step_seconds(
    system: OpenSystem, site: IntArray, near: Sequence[IntArray] | None, single: bool, step: float
) -> float:
    """Processor seconds of a step of all columns of a `ColumnState`, from some of its columns."""
    kept = 1.0
    if near is not None:
        kept = float(np.mean([len(part) for part in near])) / len(near)
    pretended = int(np.ceil(kept * system.leads.size * system.leads.total / PROBED_COLUMNS))
    comm: Any = solo() if pretended == 1 else _OneOfMany(pretended)
    state = ColumnState(system, comm, site, near, single)
    noise = np.random.default_rng(0).normal(size=len(state.values))
    state.values[:] = 0.1 * noise
    stepper = ColumnSteps(state)
    stepper.start(0.0, step)
    stepper.advance(0.0, step)  # compiles
    begun = time.process_time()
    stepper.advance(step, step)
    return (time.process_time() - begun) * state.total_entries / max(state.count, 1)


class _OneOfMany:
    """In place of the communicator of many ranks: the first of them, who hears nothing."""

    def __init__(self, size: int):
        self.size, self.rank = size, 0

    def Allreduce(self, send, receive):
        """Nothing comes."""

    def Recv(self, receive, source, tag=0):
        """Nothing comes."""

    def Alltoall(self, send, receive):
        """Nothing comes."""
        receive[:] = 0

    def Alltoallv(self, send, receive):
        """Nothing comes."""

    def allgather(self, part):
        """Only its own."""
        return [part]


def zgemm_rate(n: int = 400, seconds: float = 0.2) -> float:
    """GF/s of a product of complex matrices (n, n) on this machine."""
    a = np.random.default_rng(0).normal(size=(n, n)) + 0j
    a @ a
    begun, count = time.process_time(), 0
    while time.process_time() - begun < seconds:
        a @ a
        count += 1
    return 8e-9 * n**3 * count / (time.process_time() - begun)
