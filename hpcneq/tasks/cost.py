"""Size, memory and time of an evolution before it is run, from a short probe of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from ..maths.arrays import ComplexArray, FloatArray, IntArray
from ..parallel import Layout, solo
from ..solvers.auxiliary_modes.fast_poles import FORGOTTEN, SHORT
from ..solvers.auxiliary_modes.integrator import Exponential
from ..solvers.auxiliary_modes.share import GROUPS_PER_CHUNK
from ..solvers.auxiliary_modes.state import BlockState
from ..solvers.protocols import AuxiliaryModes
from ..solvers.site_windows.integrator import Windows
from ..solvers.site_windows.ranges import LONGER, WHOLE, PlanarModes, Ranges, work_of
from ..solvers.site_windows.state import WindowState
from .task import Cost, Given

BASE_BYTES = 108 * 2**20  # interpreter, numpy, scipy, PETSc, HDF5, MPI
KERNEL_BYTES = 100 * 2**20  # numba and LLVM
PROBE_SECONDS = 0.3  # processor time of the calls that tell what one takes
BLOCK_MATRICES = 20  # X, Z, history, predictions, propagators; four of them again in a checkpoint


_untimed: ContextVar[bool] = ContextVar("untimed", default=False)


@contextmanager
def sizes_only() -> Iterator[None]:
    """Costs inside of it tell memory alone: nothing is timed, all times are 0."""
    before = _untimed.set(True)
    try:
        yield
    finally:
        _untimed.reset(before)


def untimed() -> bool:
    """Whether only the memory is asked for: a cost then solves nothing that can be left out."""
    return _untimed.get()


def seconds(call: Callable[[], object], calls: int = 20, rounds: int = 5) -> float:
    """Processor seconds of ``call()``: the best of some rounds after a first call, which compiles.

    Fewer of both where they would take longer than `PROBE_SECONDS`; never more than named.
    """
    if untimed():
        return 0.0
    call()
    taken = [_clocked(call, 1)]
    left, most = PROBE_SECONDS - taken[0], calls * rounds - 1
    each = max(1, min(calls, int(PROBE_SECONDS / rounds / max(taken[0], 1e-9))))
    for _ in range(rounds):
        each = min(each, most)
        if not each or each * min(taken) > left:
            break
        taken.append(_clocked(call, each))
        left -= each * taken[-1]
        most -= each
    return min(taken)


def _clocked(call: Callable[[], object], calls: int) -> float:
    """Processor seconds of a call, the mean of some."""
    begun = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - begun) / calls


class Precise(Protocol):
    """Numerical parameters of an evolution with bath modes."""

    @property
    def precision(self) -> str:
        """Of the modes: "double" or "mixed"."""


def mode_dtype(numerics: Precise) -> np.dtype[np.complex128] | np.dtype[np.complex64]:
    """The dtype of the bath modes: [numerics] precision."""
    if numerics.precision == "double":
        return np.dtype(np.complex128)
    return np.dtype(np.complex64)


def step_count(given: Given) -> int:
    """Time steps of an evolution."""
    return int(np.ceil(given.run.t_max / given.numerics.dt))


def runs(given: Given) -> float:
    """Time of all runs over that of the first: two with twice the step tell the errors."""
    return 2.0 if given.numerics.error_estimate else 1.0


# ---- blocks of auxiliary modes -----------------------------------------------------------------


def chunk_count(system: AuxiliaryModes) -> int:
    """Chunks of bath modes of each block, the smallest pieces that ranks share."""
    return -(-len(system.groups) // GROUPS_PER_CHUNK)


def memory(system: AuxiliaryModes, ranks: int, itemsize: int) -> tuple[int, int]:
    """(bytes of the state, bytes in use while it evolves) of the fullest rank.

    In use: two generations of the modes, Green functions and scratch matrices.
    """
    chunks = chunk_count(system)
    sizes = [system.size(b) for b in range(system.blocks)]
    columns = [_columns_of_block(system, b) for b in range(system.blocks)]
    layout = Layout(system.blocks * chunks, ranks, 0)
    state = work = 0.0
    for rank in range(min(ranks, layout.items)):
        blocks = [divmod(item, chunks)[0] for item in range(*layout.bounds(rank))]
        own = sum(sizes[b] * columns[b] * itemsize / chunks for b in blocks) + 16 * sum(
            sizes[b] ** 2 for b in set(blocks)
        )
        state = max(state, own)
        matrices = BLOCK_MATRICES * 16 * sum(sizes[b] ** 2 for b in set(blocks))
        work = max(work, own + _scratch(sizes, blocks, ranks) + matrices)
    return int(state), int(work)


def _columns_of_block(system: AuxiliaryModes, b: int) -> int:
    """Columns of all bath modes of a block."""
    slices = [system.columns(b, g) for g in range(len(system.groups))]
    return sum(part.stop - part.start for part in slices)


def _scratch(sizes: list[int], blocks: list[int], ranks: int) -> int:
    """Bytes of the scratch matrices of the largest block and of what passes between ranks."""
    largest, passing = max(sizes[b] for b in set(blocks)), 0
    if ranks > 1:
        passing = 2 * max(blocks.count(b) for b in set(blocks))
    return 16 * largest**2 * (7 + passing)


def probe(
    system: AuxiliaryModes, step: float, dtype: DTypeLike, seconds: float = PROBE_SECONDS
) -> float:
    """Seconds per time step of all blocks on one core, from as many blocks as fit the time."""
    if untimed():
        return 0.0
    begun = time.monotonic()
    spent = work = 0.0
    total = sum(float(system.size(b)) ** 3 for b in range(system.blocks))
    order = sorted(range(system.blocks), key=system.size, reverse=True)
    for b in order:
        method = Exponential(BlockState(OneBlock(system, b), solo(), dtype))
        method.start(0.0, step)
        method.advance(0.0, step)  # the first step makes one more pass
        late = FORGOTTEN / SHORT * step + step  # from now on fast modes are not carried
        method.advance(late, step)
        now = time.process_time()
        method.advance(late + step, step)
        spent += time.process_time() - now
        work += float(system.size(b)) ** 3
        if time.monotonic() - begun > seconds:
            break
    return spent * total / work


class OneBlock:
    """A system of bath modes cut down to one of its blocks, for timing; observes nothing."""

    blocks, mode_observables = 1, 0

    def __init__(self, system: AuxiliaryModes, block: int) -> None:
        self._system, self._block = system, block
        self.groups, self.unknowns = system.groups, system.unknowns
        self.damping, self.white = system.damping, system.white
        self.rates_at, self.rate_moments = system.rates_at, system.rate_moments
        self.close = system.close

    def size(self, b: int) -> int:
        """Size of the block's matrices."""
        return self._system.size(self._block)

    def columns(self, b: int, g: int) -> slice:
        """The columns that a group has."""
        return self._system.columns(self._block, g)

    def sources(self, b: int, g: int) -> ComplexArray:
        """Source strength of each column of a group."""
        return self._system.sources(self._block, g)

    def hamiltonian(self, b: int, c: ComplexArray) -> sparse.csr_matrix:
        """H of the block for the mean field c."""
        return self._system.hamiltonian(self._block, c)

    def chain(self, b: int) -> tuple[FloatArray, FloatArray]:
        """Hops and levels of the block."""
        return self._system.chain(self._block)

    def local_fields(self, b: int, c: ComplexArray) -> tuple[ComplexArray, FloatArray | None]:
        """Pairing and shifts of the block's levels for the mean field c."""
        return self._system.local_fields(self._block, c)

    def probe(self, b: int) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
        """Which entries of G the mean field reads."""
        return self._system.probe(self._block)

    def start(self, b: int) -> tuple[Callable[[int], ComplexArray], ComplexArray]:
        """Stationary modes and G^< of the block."""
        return self._system.start(self._block)

    def breakpoints(self, t_max: float) -> Sequence[float]:
        """Times at which the drive jumps."""
        return self._system.breakpoints(t_max)

    def observe_modes(self, b: int, diagonals: ComplexArray) -> FloatArray:
        """Nothing, (groups, 0)."""
        return np.zeros((len(diagonals), 0))

    def observe_green(self, b: int, diagonal: ComplexArray) -> ComplexArray:
        """Nothing, (2, unknowns)."""
        return np.zeros((2, self.unknowns), complex)

    def observables(
        self,
        t: float,
        side: int,
        modes: FloatArray,
        green: ComplexArray,
        velocity: ComplexArray,
    ) -> Mapping[str, object]:
        """Nothing."""
        return {}


def evolution(system: AuxiliaryModes, given: Given, ranks: int, rows: int) -> Cost:
    """The cost of an evolution with bath modes in blocks. rows : rows of output."""
    dtype, step = mode_dtype(given.numerics), given.numerics.dt
    state, work = memory(system, ranks, dtype.itemsize)
    per_step, steps = probe(system, step, dtype), step_count(given)
    largest = max(map(system.size, range(system.blocks)))
    return Cost(
        per_step * steps * runs(given),
        BASE_BYTES + KERNEL_BYTES + work + state,
        system.blocks * chunk_count(system),
        (
            f"{system.blocks} blocks of up to {largest} levels, {len(system.groups)} "
            f"bath-mode groups, {steps} steps, {rows} output rows",
            *_notes(given, state, per_step),
        ),
    )


def _notes(given: Given, state: int, per_step: float) -> tuple[str, ...]:
    """What an evolution's cost is made of."""
    notes = [
        f"state: {state / 2**20:.1f} MB of the memory of a rank",
        f"{per_step:.3f} s per step on one core like this one",
    ]
    if given.numerics.error_estimate:
        notes.append("error estimate included in the time")
    return tuple(notes)


# ---- columns over sites ------------------------------------------------------------------------


def columns(
    make: Callable[[], PlanarModes], system: PlanarModes, given: Given, ranks: int, rows: int
) -> Cost:
    """The cost of an evolution with whole columns of modes over sites.

    make : its system on a smaller lattice, on which steps are timed. rows : rows of output.
    """
    steps = step_count(given)
    work = work_of(system, WHOLE, mode_dtype(given.numerics).itemsize, ranks)
    per_step = windows_probe(make(), WHOLE, given) * work.entries
    lanes = sum(len(groups) for groups in system.held)
    return Cost(
        per_step * steps * runs(given),
        BASE_BYTES + 1.5 * KERNEL_BYTES + work.bytes,
        work.strips,
        (
            f"{len(system.near)} sites, {lanes} bath modes a site, {steps} steps, "
            f"{rows} output rows",
            *_notes(given, work.state, per_step),
        ),
    )


# ---- windows around sites -----------------------------------------------------------------------


def windows_probe(system: PlanarModes, ranges: Ranges, given: Given) -> float:
    """Seconds on one core for a complex entry that a step advances once, from three steps."""
    if untimed():
        return 0.0
    step, dtype = given.numerics.dt, mode_dtype(given.numerics)
    method = Windows(WindowState(system, solo(), ranges, dtype, start=False))
    method.start(0.0, step)
    method.advance(0.0, step)
    begun = time.process_time()
    for k in (1, 2):
        method.advance(k * step, step)
    return (time.process_time() - begun) / 2 / work_of(system, ranges, dtype.itemsize, 1).entries


def windows(
    make: Callable[[], PlanarModes], system: PlanarModes, ranges: Ranges, given: Given, ranks: int
) -> Cost:
    """The cost of an evolution with modes within ranges.

    make : its system on a smaller lattice, on which steps are timed.
    """
    itemsize, steps = mode_dtype(given.numerics).itemsize, step_count(given)
    kinds = [(1.0, ranges)]
    if given.numerics.error_estimate:
        kinds += [(0.5, ranges), (0.5, ranges), (0.5, ranges.longer(LONGER))]
    each = windows_probe(make(), ranges, given)
    works = [(share, work_of(system, kept, itemsize, ranks)) for share, kept in kinds]
    seconds = sum(each * (share * steps * work.entries + work.start) for share, work in works)
    largest = works[-1][1]
    reaches = sorted(set(ranges.reaches(system).tolist()), reverse=True)
    return Cost(
        seconds,
        BASE_BYTES + 1.5 * KERNEL_BYTES + max(work.bytes for _, work in works),
        largest.strips,
        (
            f"{len(system.near)} sites, {len(system.groups)} bath-mode groups, {steps} steps",
            f"modes within {', '.join(map(str, reaches))} sites, Y within "
            f"{ranges.of_green(system)}: {works[0][1].share:.0%} of all entries",
            *_notes(given, works[0][1].state, each * works[0][1].entries),
            f"stationary start: {each * works[0][1].start:.0f} s",
        ),
    )
