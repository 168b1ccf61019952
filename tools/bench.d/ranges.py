"""Modes within ranges: cost of a site^2, mode and unit time, the kernels' own rate, large lattices.

python tools/bench.d/ranges.py [RANGE] [Lx x Ly ...]     # default 4 51x11 31x31
Under mpiexec: seconds per unit time of all ranks, against one.
"""

import sys

import numpy as np
from mpi4py import MPI
from sites import STEP, step_of, system, tell_shares

from hpcneq.parallel import solo
from hpcneq.solvers.site_windows.ranges import Ranges, work_of

SINGLE = np.dtype(np.complex64)
LARGE = ((51, 11), (101, 11), (51, 51), (101, 51), (101, 101), (151, 151), (201, 201))


def together(cases, ranges, comm):
    """Seconds per unit time of all ranks, and of one, on the same lattices."""
    for Lx, Ly in cases:
        given = system(Lx, Ly)
        seconds = step_of(given, ranges, comm, SINGLE)[0]
        if comm.rank == 0:
            alone = step_of(given, ranges, solo(), SINGLE)[0]
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
        unit, rate, method = step_of(given, ranges, solo(), SINGLE)
        seconds = unit * STEP
        work = tell(Lx, Ly, given, ranges, seconds, "measured")
        per_entry = seconds / work.entries
        tell_shares(rate, method)
    for Lx, Ly in LARGE:
        if (Lx, Ly) not in cases:
            given = system(Lx, Ly)
            entries = work_of(given, ranges, SINGLE.itemsize, 1).entries
            tell(Lx, Ly, given, ranges, per_entry * entries, "extrapolated")


if __name__ == "__main__":
    main()
