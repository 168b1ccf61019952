"""Modes within ranges: cost of a site^2, mode and unit time, the kernels' own rate, large lattices.

python tools/bench.d/ranges.py [RANGE] [Lx x Ly ...]     # default 4 51x11 31x31
Under mpiexec: seconds per unit time of all ranks, against one.
"""

import sys
import time

import numpy as np
from mpi4py import MPI
from sites import STEP, system, timed

from hpcneq.parallel import solo
from hpcneq.solvers.aligned import aligned_zeros
from hpcneq.solvers.site_columns import kernels
from hpcneq.solvers.site_windows.integrator import Windows
from hpcneq.solvers.site_windows.ranges import Ranges, work_of
from hpcneq.solvers.site_windows.state import WindowState

SINGLE = np.dtype(np.complex64)
LARGE = ((51, 11), (101, 11), (51, 51), (101, 51), (101, 101), (151, 151), (201, 201))
TERMS = 14


def kernel_rate(window, real, lanes):
    """GF/s of one polynomial of H on the columns of a window."""
    n, kind = window.size, np.result_type(real, np.complex64)
    P, B, C = (aligned_zeros((2 * n + 2, 2, lanes), real) for _ in range(3))
    given = window.near, np.full((n, 4), -0.2, kind), np.zeros(n, real), np.zeros(n, kind)
    sources = np.zeros((lanes, 2), np.int64), np.zeros((TERMS, lanes, 2), kind)
    u = np.ones(TERMS, kind)
    seconds = timed(lambda: kernels.clenshaw(*given, u, P, B, C, *sources, True))
    return 32 * TERMS * 2 * n * lanes / seconds / 1e9


def step_of(given, ranges, comm):
    """(seconds per step, GF/s of this rank, the method) of the evolution, modes and Y in single
    precision; the quickest of three steps.
    """
    method = Windows(WindowState(given, comm, ranges, SINGLE, start=False))
    method.start(0.0, STEP)
    method.advance(0.0, STEP)
    clock = time.process_time if comm.size == 1 else time.perf_counter
    seconds = np.inf
    for k in (1, 2, 3):
        method.flops = 0.0
        comm.Barrier()
        begun = clock()
        method.advance(k * STEP, STEP)
        comm.Barrier()
        seconds = min(seconds, clock() - begun)
    return seconds, method.flops / seconds / 1e9, method


def together(cases, ranges, comm):
    """Seconds per unit time of all ranks, and of one, on the same lattices."""
    for Lx, Ly in cases:
        given = system(Lx, Ly)
        seconds = step_of(given, ranges, comm)[0] / STEP
        if comm.rank == 0:
            alone = step_of(given, ranges, solo())[0] / STEP
            print(
                f"  {Lx} x {Ly}: {seconds:.3g} s per unit time on {comm.size} ranks, {alone:.3g} s "
                f"on one: strong scaling {alone / seconds / comm.size:.2f}"
            )
        comm.Barrier()


def tell(Lx, Ly, given, ranges, seconds, how):
    """One line of the table."""
    work = work_of(given, ranges, SINGLE.itemsize, 1)
    unit = seconds / STEP
    each = unit / (Lx * Ly) ** 2 / len(given.groups)
    print(
        f"  {Lx} x {Ly}: {work.share:.0%} of the entries, {work.bytes / 1e9:.2f} GB, {unit:.3g} s "
        f"per unit time, {1e9 * each:.2f} ns per site^2, mode and unit time ({how})"
    )
    return work


def main():
    words = sys.argv[1:] or ["4"]
    ranges = Ranges(float(words[0]))
    cases = [tuple(map(int, word.split("x"))) for word in words[1:]] or [(51, 11), (31, 31)]
    comm = MPI.COMM_WORLD
    if comm.rank == 0:
        print(f"range {ranges.modes:g}:")
    if comm.size > 1:
        return together(cases, ranges, comm)
    per_entry = 0.0
    for Lx, Ly in cases:
        given = system(Lx, Ly)
        seconds, rate, method = step_of(given, ranges, solo())
        work = tell(Lx, Ly, given, ranges, seconds, "measured")
        per_entry = seconds / work.entries
        single = kernel_rate(method.state.window, np.dtype(np.float32), 16)
        print(
            f"    whole step {rate:.1f} GF/s; one polynomial, single precision, on sixteen columns "
            f"{single:.1f} GF/s"
        )
    for Lx, Ly in LARGE:
        if (Lx, Ly) not in cases:
            given = system(Lx, Ly)
            entries = work_of(given, ranges, SINGLE.itemsize, 1).entries
            tell(Lx, Ly, given, ranges, per_entry * entries, "extrapolated")


if __name__ == "__main__":
    main()
