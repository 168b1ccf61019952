"""Columns over sites: rates of the kernels, three ways to advance the modes, ranks, large lattices.

python tools/bench.d/sites.py [Lx x Ly ...]        # default 11x5 21x11 51x11
Under mpiexec: seconds per unit time of all ranks.
"""

import sys
import time

import numpy as np
from mpi4py import MPI
from scipy.linalg.blas import zgemm

from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers.aligned import aligned_zeros
from hpcneq.solvers.auxiliary_modes import chebyshev
from hpcneq.solvers.auxiliary_modes.stepping import exponential_coefficients
from hpcneq.solvers.site_columns import integrator, kernels
from hpcneq.solvers.site_windows import mode_kernel
from hpcneq.solvers.site_windows.integrator import Windows
from hpcneq.solvers.site_windows.layout import Stack
from hpcneq.solvers.site_windows.ranges import WHOLE, work_of
from hpcneq.solvers.site_windows.state import WindowState
from hpcneq.systems.nsn_junction.physics import junction, lattice_dynamics, patterns

STEP = 0.5
TERMS = 14


def system(Lx, Ly):
    """The paper's junction (h = 0.58, T = 0.02, eV 0 -> 0.8) with a pattern of random sites."""
    leads = (junction.Lead("left", 0.01, 0.02, 0.0, 1), junction.Lead("right", 0.01, 0.02, 0.0, -1))
    bias = drives.read({"from": 0.0, "to": 0.8})
    poles = junction.fit_poles(leads, 0.02, junction.window(leads, 0.0, 0.58, bias, 1.0), 1e-6)
    device = junction.Junction(3.0, 0.0, 0.58, leads, junction.stripe(Lx, Ly, 0.0), bias, poles)
    N = Lx * Ly
    return lattice_dynamics.SiteQuench(
        device,
        lattice_dynamics.Sites(Lx, Ly, np.zeros(N), np.full(N, 3.0)),
        0.3 + patterns.site_noise(N, 0.05, 1),
    )


def timed(call, seconds=0.1, rounds=5):
    """Seconds of one call, in the quickest round."""
    call()
    found = []
    for _ in range(rounds):
        count, begun = 0, time.process_time()
        while count == 0 or time.process_time() - begun < seconds:
            call()
            count += 1
        found.append((time.process_time() - begun) / count)
    return min(found)


def copy_rate():
    """GB/s of copying an array that no cache holds, read and write counted."""
    a, b = np.ones(2**24), np.empty(2**24)
    return 2 * a.nbytes / timed(lambda: np.copyto(b, a)) / 1e9


def gemm_rate(N):
    """GF/s of zgemm."""
    a = np.asfortranarray(np.random.default_rng(0).normal(size=(N, N)) + 0j)
    return 8 * N**3 / timed(lambda: zgemm(1.0, a, a)) / 1e9


def step_of_modes(given, Lx, Ly):
    """{way: seconds per unit time for all modes, one core}: Chebyshev stencil, RK4 stencil, GEMM
    with a dense propagator.
    """
    N, lanes = 2 * Lx * Ly, sum(map(len, given.held)) * Lx * Ly
    rng, found = np.random.default_rng(1), {}
    for size, kind, real in ((4, np.complex64, np.float32), (8, complex, float)):
        width = kernels.LANES[size]
        P, B, C = (aligned_zeros((N, 2, width), real) for _ in range(3))
        for plane in (P, B, C):
            plane[:] = rng.normal(size=plane.shape)
        terms = chebyshev.degree(5.0 * STEP, integrator.SINGLE if size == 4 else integrator.DOUBLE)
        u = exponential_coefficients(STEP, 5.0, terms).astype(kind)
        hop, onsite, c = (
            (given.hop_at(0.0) / 5).astype(kind),
            (given.onsite / 5).astype(real),
            (given.pattern / 5).astype(kind),
        )
        at, w = np.zeros((width, 2), np.int64), np.zeros((terms, width, 2), kind)
        seconds = timed(
            lambda size=size, hop=hop, onsite=onsite, c=c, u=u, P=P, B=B, C=C, at=at, w=w: (
                kernels.clenshaw(given.near, hop, onsite, c, u, P, B, C, at, w, True)
            )
        )
        found[f"Chebyshev stencil, complex{16 * size}"] = seconds / width * lanes / STEP
        print(
            f"  kernel, {8 * size} bits: "
            f"{integrator.FLOPS['plain'] * terms * N * width / seconds / 1e9:.1f} GF/s, "
            f"{terms} terms"
        )
        if size == 8:
            twice = np.array([0, 1], kind)  # H itself, with one sweep too many
            apply = timed(
                lambda hop=hop, onsite=onsite, c=c, P=P, B=B, C=C, at=at, w=w, twice=twice: (
                    kernels.clenshaw(given.near, hop, onsite, c, twice, P, B, C, at, w, True)
                )
            )
            found["RK4 stencil, complex128, step 0.25"] = (
                (2 * apply + 4 * P.nbytes * 3 / 20e9) / width * lanes / 0.25
            )
    if N <= 1200:
        U, M = (np.asfortranarray(rng.normal(size=(N, N)) + 0j) for _ in range(2))
        found["GEMM with a dense propagator"] = timed(lambda: zgemm(1.0, U, M)) / N * lanes / STEP
    return found


def kernel_rate(window, real, lanes):
    """GF/s of one polynomial of H on the columns of a window, in a cache."""
    n, kind = window.size, np.result_type(real, np.complex64)
    P, B, C = (aligned_zeros((2 * n + 2, 2, lanes), real) for _ in range(3))
    given = window.near, np.full((n, 4), -0.2, kind), np.zeros(n, real), np.zeros(n, kind)
    sources = np.zeros((lanes, 2), np.int64), np.zeros((TERMS, lanes, 2), kind)
    u = np.ones(TERMS, kind)
    seconds = timed(lambda: kernels.clenshaw(*given, u, P, B, C, *sources, True))
    return 32 * TERMS * 2 * n * lanes / seconds / 1e9


def mode_rate(method):
    """GF/s of the kernel of the modes on four strips of the widest plane, which stay in a cache.

    The kernel of the step, with its rotations, factors and sums; counted are polynomials alone.
    """
    state, plane = method.state, method.state.modes[0]
    real, strips = state.real, min(4, len(state.sites))
    kind, lanes, n = state.dtype, plane.modes.shape[3], plane.window.size
    N = len(state.system.near)
    u = exponential_coefficients(STEP, 5.0, TERMS).astype(kind)
    hop = np.full((N, 4), -0.2, kind).view(real)
    matrix = hop, np.zeros(N, real), np.full((N, 2), 0.02, real), u
    rotation = np.ones(N, real), np.zeros((N, 2), real)
    M = aligned_zeros(4 * lanes * n * strips, real)
    factor = np.tile(np.array([[0.999], [0.0]], real), (1, 1, lanes))
    functions, sources = (
        aligned_zeros(shape, real) for shape in ((1, TERMS, 2, lanes), (1, strips, 2, 2, lanes))
    )
    scratch = state.scratch(plane.window, real, lanes)
    rates = np.ones((1, 2, lanes), real)
    Q, L = (aligned_zeros((strips, 2 * state.memory.size, 2, 8), real) for _ in range(2))
    added = plane.window.inside(state.memory), rates, Q, L
    place = tuple(array[:strips] for array in state.place(plane.window)[:2])
    windows = Stack([plane.window]).arrays
    given = matrix, True, rotation, M, factor, functions, sources, scratch, added
    seconds = timed(lambda: mode_kernel.modes(place, windows, *given))
    return integrator.FLOPS["plain"] * TERMS * M.size / 2 / seconds / 1e9


def whole(given, comm, kind):
    """(seconds per unit time, GF/s of all ranks, the method) of the evolution on a communicator."""
    return step_of(given, WHOLE, comm, kind)


def step_of(given, ranges, comm, kind):
    """`whole` within ranges, modes and Y in this precision: the quickest of six steps."""
    method = Windows(WindowState(given, comm, ranges, np.dtype(kind), start=False))
    method.start(0.0, STEP)
    method.advance(0.0, STEP)
    clock = time.process_time if comm.size == 1 else time.perf_counter
    seconds = np.inf
    for k in range(1, 7):
        method.flops = 0.0
        comm.Barrier()
        begun = clock()
        method.advance(k * STEP, STEP)
        comm.Barrier()
        seconds = min(seconds, clock() - begun)
    return seconds / STEP, comm.allreduce(method.flops) / seconds / 1e9, method


def tell_shares(rate, method):
    """A line of a step's rate and its shares of the rates of the kernels."""
    real = method.state.real
    polynomial = kernel_rate(method.state.window, real, 64 // real.itemsize)
    modes = mode_rate(method)
    print(
        f"    {rate:.1f} GF/s; modes in a cache {modes:.1f} GF/s: {rate / modes:.0%}; one "
        f"polynomial in a cache {polynomial:.1f} GF/s: {rate / polynomial:.0%}"
    )


def needs(given, seconds):
    """What larger lattices need, from the seconds per unit time of this one, modes and Y in single
    precision.
    """
    done = work_of(given, WHOLE, 8, 1).entries
    for L in (101, 201):
        work = work_of(system(L, L), WHOLE, 8, 1)
        hours = seconds * work.entries / done * 450 / 3600
        print(
            f"  {L} x {L}: {work.bytes / 1e9:.0f} GB, {hours:.0f} core-hours to t = 450: "
            f"{max(1, round(work.bytes / 200e9))} nodes of 256 GB for the memory"
        )


def main():
    comm = MPI.COMM_WORLD
    cases = [tuple(map(int, text.split("x"))) for text in sys.argv[1:]] or [
        (11, 5),
        (21, 11),
        (51, 11),
    ]
    if comm.rank == 0:
        print(f"copy {copy_rate():.1f} GB/s, zgemm {gemm_rate(600):.1f} GF/s on one core")
    for Lx, Ly in cases:
        given = system(Lx, Ly)
        if comm.rank == 0:
            print(f"{Lx} x {Ly}: {len(given.groups)} groups")
            for way, seconds in step_of_modes(given, Lx, Ly).items():
                print(f"  modes by {way}: {seconds:.3g} s per unit time on one core")
        for kind in (np.complex128, np.complex64):
            seconds, rate, method = whole(given, comm, kind)
            if comm.rank == 0:
                ranks = f"{comm.size} rank{'s' * (comm.size > 1)}"
                print(f"  whole step, {kind.__name__}, {ranks}: {seconds:.3g} s per unit time")
                if comm.size == 1:
                    tell_shares(rate, method)
            if comm.size > 1:
                scaling(given, seconds, comm, kind)
    if comm.rank == 0:
        needs(given, seconds * comm.size)


def scaling(given, seconds, comm, kind):
    """Lines of strong and weak scaling."""
    Lx, Ly = given.shape
    alone = comm.bcast(whole(given, solo(), kind)[0] if comm.rank == 0 else 0.0)
    # as many matrix elements a rank, on one rank
    part = system(max(3, round(Lx / comm.size**0.5)), Ly)
    share = 0.0
    if comm.rank == 0:
        share = whole(part, solo(), kind)[0] * (Lx * Ly / len(part.pattern)) ** 2 / comm.size
    share = comm.bcast(share)
    if comm.rank == 0:
        print(
            f"    on one rank {alone:.3g}: strong scaling {alone / seconds / comm.size:.2f}; weak "
            f"scaling, against {part.shape[0]} x {Ly} on one rank: {share / seconds:.2f}"
        )


if __name__ == "__main__":
    main()
