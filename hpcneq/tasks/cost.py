"""Size, memory and time of an evolution before it is run, from a short probe of this machine."""

from __future__ import annotations

import time

import numpy as np

from ..parallel import Layout, clock, solo
from ..solvers.auxiliary_modes import chebyshev
from ..solvers.auxiliary_modes.integrator import Exponential
from ..solvers.auxiliary_modes.state import GROUPS_PER_CHUNK, BlockState
from ..solvers.site_columns.integrator import Columns
from ..solvers.site_columns.state import SiteState

BASE_BYTES = 108 * 2**20  # interpreter, numpy, scipy, PETSc, HDF5, MPI
KERNEL_BYTES = 100 * 2**20  # numba and LLVM


def seconds(call, calls=20, rounds=5):
    """Processor seconds of ``call()``: the best of some rounds, after a first call, which may have to compile."""
    call()
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(calls):
            call()
        taken.append((time.process_time() - begun) / calls)
    return min(taken)


def memory(system, ranks, step, itemsize):
    """(state bytes, working bytes) of the fullest rank: two generations of modes, Green functions, one Chebyshev stack."""
    groups = len(system.groups)
    chunks = -(-groups // GROUPS_PER_CHUNK)
    sizes = [system.size(b) for b in range(system.blocks)]
    columns = [
        sum(cols.stop - cols.start for cols in (system.columns(b, g) for g in range(groups)))
        for b in range(system.blocks)
    ]
    layout = Layout(system.blocks * chunks, ranks, 0)
    most, work = 0, 0
    for rank in range(min(ranks, layout.items)):
        held = [divmod(item, chunks)[0] for item in range(*layout.bounds(rank))]
        state = sum(sizes[b] * columns[b] * itemsize / chunks for b in held) + 16 * sum(
            sizes[b] ** 2 for b in set(held)
        )
        most = max(most, state)
        largest = max(sizes[b] for b in set(held))
        terms = chebyshev.degree(5.0 * step)
        # the stack, one function of H for each group, and what passes between ranks
        scratch = (
            16
            * largest**2
            * (
                terms
                + 8
                + (GROUPS_PER_CHUNK + 2 * (ranks > 1)) * max(held.count(b) for b in set(held))
            )
        )
        # per block: X, Z, history, predictions and propagators, each a full matrix; four of them again in a checkpoint
        work = max(work, state + scratch + 20 * 16 * sum(sizes[b] ** 2 for b in set(held)))
    return int(most), int(work)


def probe(system, step, dtype, seconds=1.0):
    """Seconds per time step of all blocks on one core, measured on as many blocks as fit the time."""
    begun, spent, work = time.monotonic(), 0.0, 0.0
    total = sum(float(system.size(b)) ** 3 for b in range(system.blocks))
    order = sorted(range(system.blocks), key=system.size, reverse=True)
    for b in order:
        method = Exponential(BlockState(OneBlock(system, b), solo(), dtype))
        method.start(0.0, step)
        method.advance(0.0, step)  # the first step makes one more pass
        now = time.monotonic()
        method.advance(step, step)
        spent += time.monotonic() - now
        work += float(system.size(b)) ** 3
        if time.monotonic() - begun > seconds:
            break
    return spent * total / work


class OneBlock:
    """A system cut down to one of its blocks, for timing."""

    blocks = 1

    def __init__(self, system, block):
        self._system, self._block = system, block
        self.groups, self.unknowns, self.damping, self.white = (
            system.groups,
            system.unknowns,
            system.damping,
            system.white,
        )

    def __getattr__(self, name):
        inner = getattr(self._system, name)
        if name in ("size", "columns", "sources", "hamiltonian", "perturbation", "probe", "start"):
            return lambda b, *args: inner(self._block, *args)
        return inner


def evolution(system, run, ranks, rows):
    """Lines for ``hpcneq check``: rows, bytes and seconds of an evolution on ``ranks`` ranks."""
    dtype = np.dtype(complex if run.numerics.precision == "double" else np.complex64)
    step, steps = run.numerics.dt, int(np.ceil(run.run.t_max / run.numerics.dt))
    state, work = memory(system, ranks, step, dtype.itemsize)
    per_step = probe(system, step, dtype)
    seconds = (
        per_step * steps / min(ranks, system.blocks * -(-len(system.groups) // GROUPS_PER_CHUNK))
    )
    extra = 2.0 if run.numerics.error_estimate else 1.0
    return [
        f"  {system.blocks} blocks of up to {max(map(system.size, range(system.blocks)))} levels, {len(system.groups)} bath-mode groups, "
        f"{steps} steps, {rows} output rows",
        f"  memory: {(BASE_BYTES + state + work) / 2**20:.0f} MB a rank ({state / 2**20:.1f} MB of it the state) on {ranks} rank{'s' * (ranks > 1)}",
        f"  time: {clock(seconds * extra)} on {ranks} core{'s' * (ranks > 1)} like this one ({per_step:.3f} s per step on one"
        + (", error estimate included)" if extra > 1 else ")"),
    ]


# ---- columns over sites -------------------------------------------------------------------------------------------------


def columns_memory(N, lanes, ranks, itemsize):
    """(state bytes, working bytes) of the fullest rank: modes and Y; Q, Z, the carried Y, and six more arrays like Y: the vectors of TS,
    an output row, the monitors (measured at 231, 451 and 1111 sites).
    """
    rows, own = -(-2 * N // 16) * 16, -(-N // min(ranks, N))
    state = own * rows * (lanes * itemsize + 2 * 16)
    return int(state), int(state + 32 * rows * 9 * own)


def columns_probe(make, N, lanes, step):
    """Seconds per step on one core, scaled by the size of the matrices from the smaller lattice of the system ``make()``."""
    system = make()
    method = Columns(SiteState(system, solo(), np.dtype(np.complex64), start=False))
    method.start(0.0, step)
    method.advance(0.0, step)
    begun = time.process_time()
    for k in (1, 2):
        method.advance(k * step, step)
    return (time.process_time() - begun) / 2 * (N / len(system.near)) ** 2


def columns(make, N, lanes, run, ranks, rows):
    """Lines for ``hpcneq check`` of an evolution with symmetry = "full"; ``make()``: its system on a smaller lattice."""
    itemsize, step = (16 if run.numerics.precision == "double" else 8), run.numerics.dt
    steps = int(np.ceil(run.run.t_max / step))
    state, work = columns_memory(N, lanes, ranks, itemsize)
    per_step = columns_probe(make, N, lanes, step) * (1.6 if itemsize == 16 else 1.0)
    extra = 2.0 if run.numerics.error_estimate else 1.0
    return [
        f"  {N} sites, {lanes} bath modes a site, {steps} steps, {rows} output rows",
        f"  memory: {(BASE_BYTES + KERNEL_BYTES + work) / 2**20:.0f} MB a rank ({state / 2**20:.1f} MB of it the state) on {ranks} rank{'s' * (ranks > 1)}",
        f"  time: {clock(per_step * steps * extra / min(ranks, N))} on {ranks} core{'s' * (ranks > 1)} like this one ({per_step:.3f} s per step on one"
        + (", error estimate included)" if extra > 1 else ")"),
    ]
