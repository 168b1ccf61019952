"""What the tasks with a probe share: the evolution, its two-time functions, their errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .... import interrupts
from ....files.writer import ResultFile
from ....maths.pole_leads import Density
from ....parallel import Communicator
from ....solvers.pole_leads.two_times import Columns, March
from ....tasks import Given
from ..physics import observables
from ..physics.open_lattice import Drive, OpenLattice
from ..physics.probes import REACH, Envelopes, Vectors
from ..tasks.evolve import before, density_of, start_of
from .chosen_state import pairing_miss, words_of_lost
from .periodic_states import period_of
from .setup import LOOSE, LatticeLeads, Setup, lead_facts, model_facts, write_model

FACTS = ("delta_max", "mu_c", "residual", "continuity", "redundancy", "pair_source", "growth_A")
Record = dict[str, Any]


class Earlier:
    """Drives with a time before t = 0, when nothing changed; phases count from ``start``."""

    def __init__(self, drives: Drive, start: float) -> None:
        self.drives, self.start = drives, start
        self.U, self.eV = drives.U, drives.eV

    def breakpoints(self, t_max: float) -> list[float]:
        """Times at which something jumps."""
        return sorted({0.0, *self.drives.breakpoints(t_max)})

    def shifts(self, t: float, side: int = +1) -> np.ndarray:
        """Potentials of the leads."""
        return self.drives.shifts(t, side)

    def phases(self, t: float) -> np.ndarray:
        """Their integrals."""
        before = self.drives.shifts(-1.0)
        if t <= 0:
            return before * (t - self.start)
        return self.drives.phases(t) - before * self.start

    def vector_potential(self, t: float, side: int = +1) -> np.ndarray:
        """A (d,)."""
        return self.drives.vector_potential(t, side)


@dataclass
class Probe:
    """What is looked at: vectors, times and energies; the envelope's sigma; the tip's T."""

    vectors: Vectors
    times: np.ndarray
    energies: np.ndarray
    sigma: float
    thermal: float = 0.0

    def grid(self, step: float) -> tuple[int, int]:
        """(first, last) of the times k ``step`` that the envelopes cover."""
        reach = REACH * self.sigma
        first = np.floor((self.times.min() - reach) / step)
        last = np.ceil((self.times.max() + reach) / step)
        return int(min(first, 0)), int(max(last, 0))


def probe_of(given: Given, vectors: Vectors, thermal: float = 0.0) -> Probe:
    """The probe of an input."""
    numerics, table = given.numerics, given.tables["probe"]
    energies = np.linspace(numerics.energy_min, numerics.energy_max, numerics.points)
    times = np.array(table.times, float)
    return Probe(vectors, times, energies, table.width, thermal)


def probed(
    setup: Setup, leads: LatticeLeads, start: Record, probe: Probe, step: float, comm: Communicator
) -> Record:
    """{filled, single (times, energies, items), occupation, delta_max}. **Collective.**

    Every rank evolves the state; the columns of earlier times are shared.
    """
    first, last = probe.grid(step)
    begin = first * step
    end = last * step
    drives = Earlier(setup.drives, begin)
    system = OpenLattice(setup.field, setup.bonds, leads, drives)
    density: Density = density_of(setup, leads, start)
    march = March(system, density, begin, step, end)
    sums = Envelopes(
        probe.times, probe.sigma, probe.energies, probe.vectors.items, step, probe.thermal
    )
    pairs = _Earlier(probe, comm)
    delta = []
    for k in range(first, last + 1):
        interrupts.stop_if_asked()
        t = k * step
        pairs.take(k, t, march.density)
        pairs.add_to(sums, t)
        H = system.values(t, +1, march.field)
        delta.append(observables.largest_pairing(setup.field, H))
        if k < last:
            pairs.move(march.advance(), t + step)
    for part in (sums.filled, sums.single):
        part[:] = comm.allreduce(part)
    grid = step * np.arange(first, last + 1)
    return {
        "filled": sums.filled,
        "single": sums.single,
        "occupation": sums.occupation,
        "delta_max": np.interp(probe.times, grid, delta),
    }


class _Earlier:
    """Columns of the earlier times of this rank."""

    def __init__(self, probe: Probe, comm: Communicator) -> None:
        self.probe, self.comm = probe, comm
        self.t2: list[float] = []
        self.filled: Columns | None = None
        self.single: Columns | None = None
        self.now: np.ndarray = np.zeros(0)

    def take(self, k: int, t: float, density: Density) -> None:
        """Begin the columns of time k, on the rank whose turn it is."""
        K = self.probe.vectors.columns
        filled, single = Columns.at(density, K)
        first = self._seen(filled), self._seen(single)
        self.now = self.probe.vectors.summed(self.probe.vectors.both(*first)[0])[0].real
        if k % self.comm.size != self.comm.rank or not self._covered(t):
            return
        self.t2.append(t)
        if self.filled is not None and self.single is not None:
            filled = Columns.joined([self.filled, filled])
            single = Columns.joined([self.single, single])
        self.filled, self.single = filled, single

    def _covered(self, t: float) -> bool:
        reach = REACH * self.probe.sigma * (1 + 1e-9)
        return bool(np.any(np.abs(self.probe.times - t) <= reach))

    def _seen(self, columns: Columns) -> np.ndarray:
        """K^+ of the columns (t2, p)."""
        K = self.probe.vectors.columns
        M, p = K.shape
        blocks = columns.core[:M].reshape(M, -1, p)
        return np.einsum("mp,mjp->jp", K.conj(), blocks)

    def add_to(self, sums: Envelopes, t: float) -> None:
        """The terms of t1 = t."""
        sums.add_occupation(t, self.now)
        if not self.t2 or self.filled is None or self.single is None:
            return
        vectors = self.probe.vectors
        both = vectors.both(self._seen(self.filled), self._seen(self.single))
        sums.add(t, np.array(self.t2), *(vectors.summed(part) for part in both))

    def move(self, maps: list, t: float) -> None:
        """Move all columns by a step to t; those too old are let go."""
        if self.filled is None or self.single is None:
            return
        old = sum(t2 < t - 2 * REACH * self.probe.sigma for t2 in self.t2)
        p = self.probe.vectors.columns.shape[1]
        self.t2 = self.t2[old:]
        self.filled = self.filled.without(old * p).moved(maps)
        self.single = self.single.without(old * p).moved(maps)


def with_errors(
    setup: Setup, probe: Probe, comm: Communicator, recall: Callable, log: Callable
) -> tuple[Record, Record, Record]:
    """(`probed`, the same with looser fits and twice the step, the start). **Collective.**"""
    numerics = setup.given.numerics
    setup = replace(setup, drives=setup.drives.resolved(numerics.dt))
    leads = setup.leads(setup.fits())
    start = recall("start", start_of, setup, leads)
    first, last = probe.grid(numerics.dt)
    log(f"{last - first} steps, {probe.vectors.columns.shape[1]} vectors of {leads.total} levels")
    fine = probed(setup, leads, start, probe, numerics.dt, comm)
    if not numerics.error_estimate:
        return fine, {}, start
    loose = setup.leads(setup.fits(LOOSE))
    start = start | {"delta_max_error": pairing_error(setup, loose, start)}
    return fine, probed(setup, loose, start, probe, 2 * numerics.dt, comm), start


def pairing_error(setup: Setup, loose: LatticeLeads, start: Record) -> float:
    """What looser fits change of the largest pairing before t = 0.

    Of a start that repeats in time the residual alone.
    """
    error = float(start["residual"]) + 1e-12
    if not setup.interacting or period_of(setup, setup.drives.eV(-1.0)) is not None:
        return error
    return error + pairing_miss(before(setup, loose), start["c"], start["mu_c"])


def misses(fine: Record, coarse: Record, name: str) -> np.ndarray:
    """(times,) the largest difference of a transform; nan where it was not estimated."""
    if not coarse:
        return np.full(len(fine[name]), np.nan)
    change = np.abs(fine[name] - coarse[name]).reshape(len(fine[name]), -1)
    return np.asarray(change.max(axis=1) + 1e-12)


def write_probe(setup: Setup, out: ResultFile, probe: Probe, fine: Record) -> None:
    """What both tasks with a probe write. **Collective.**"""
    write_model(setup, out)
    out.axis("t", probe.times)
    out.axis("energy", probe.energies)
    out.fixed("delta_max_at", fine["delta_max"])


def words_of(given: Given, start: Record) -> list[str]:
    """What a reader has to know of the state before t = 0, and of the errors."""
    words = words_of_lost(start.get("lost", ()))
    if not given.numerics.error_estimate:
        words.append("no error estimates: [numerics] error_estimate = false")
    return words


def facts(setup: Setup, start: Record) -> Record:
    """What the summary says of model, leads and the state before t = 0."""
    summary = {**model_facts(setup), **lead_facts(setup, setup.fits())}
    return summary | {name: start[name] for name in FACTS}
