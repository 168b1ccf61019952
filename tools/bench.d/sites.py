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
from hpcneq.solvers.site_columns.state import SiteState
from hpcneq.systems.nsn_junction.physics import junction, lattice_dynamics, patterns

STEP = 0.5


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


def timed(call, seconds=0.5):
    """Seconds of one call."""
    call()
    count, begun = 0, time.process_time()
    while time.process_time() - begun < seconds:
        call()
        count += 1
    return (time.process_time() - begun) / count


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


def whole(given, comm):
    """(seconds per unit time, GF/s) of the evolution on a communicator, modes in single
    precision.
    """
    method = integrator.Columns(SiteState(given, comm, np.dtype(np.complex64), start=False))
    method.start(0.0, STEP)
    method.advance(0.0, STEP)
    method.flops = 0.0
    comm.Barrier()
    clock = time.process_time if comm.size == 1 else time.perf_counter
    begun = clock()
    for k in (1, 2, 3):
        method.advance(k * STEP, STEP)
    comm.Barrier()
    spent = clock() - begun
    return spent / 3 / STEP, comm.allreduce(method.flops) / spent / 1e9


def needs(seconds, N0):
    """What larger lattices need, from the rate of N0 sites and the memory of the state (modes in
    single precision).
    """
    for L in (101, 201):
        N, rows = L * L, -(-2 * L * L // 16) * 16
        memory = N * rows * (40 * 8 + 2 * 16 + 6 * 32)
        hours = seconds * (N / N0) ** 2 * 450 / 3600
        print(
            f"  {L} x {L}: {memory / 1e9:.0f} GB, {hours:.0f} core-hours to t = 450: "
            f"{max(1, round(memory / 200e9))} nodes of 256 GB for the memory"
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
        seconds, rate = whole(given, comm)
        if comm.rank == 0:
            print(
                f"  whole step on {comm.size} rank{'s' * (comm.size > 1)}: {seconds:.3g} s "
                f"per unit time, {rate:.1f} GF/s"
            )
        if comm.size > 1:
            alone = whole(given, solo())[0] if comm.rank == 0 else 0.0
            alone = comm.bcast(alone)
            part = system(
                max(3, round(Lx / comm.size**0.5)), Ly
            )  # as many matrix elements a rank, on one rank
            share = comm.bcast(
                whole(part, solo())[0] * (Lx * Ly / len(part.pattern)) ** 2 / comm.size
                if comm.rank == 0
                else 0.0
            )
            if comm.rank == 0:
                print(
                    f"  on one rank {alone:.3g}: strong scaling "
                    f"{alone / seconds / comm.size:.2f}; weak scaling, "
                    f"against {part.lattice_dynamics.Lx} x {Ly} on one rank: {share / seconds:.2f}"
                )
    if comm.rank == 0:
        needs(seconds * comm.size, Lx * Ly)


if __name__ == "__main__":
    main()
