"""Auxiliary modes: against the peak of zgemm and cgemm, the plain way, ranks, memory, time.

python tools/bench.d/propagation.py [Lx ...]       # default 51 101
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy import sparse
from scipy.linalg.blas import cgemm, zgemm

from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers.auxiliary_modes.fast_poles import FORGOTTEN, SHORT
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.systems.nsn_junction.physics import junction, patterns
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench

KINDS = {"double": complex, "mixed": np.complex64}
PERIODS = 450.0  # of Fig. 4(b)
ROUNDS = 5


def biased(Lx, Ly=11, error=1e-6, method="aaa", parity=False):
    """The paper's junction (h = 0.58, T = 0.02, eV 0 -> 0.8)."""
    leads = (junction.Lead("left", 0.01, 0.02, 0.0, 1), junction.Lead("right", 0.01, 0.02, 0.0, -1))
    bias = drives.read({"from": 0.0, "to": 0.8})
    poles = junction.fit_poles(
        leads, 0.02, junction.window(leads, 0.0, 0.58, bias, 1.0), error, method
    )
    lattice = junction.stripe(Lx, Ly, 0.0, parity=parity)
    return junction.Junction(3.0, 0.0, 0.58, leads, lattice, bias, poles)


def peak(product, N, seconds=0.5):
    """GF/s of zgemm or cgemm on N x N matrices, the best of five rounds."""
    kind = complex if product is zgemm else np.complex64
    a = np.asfortranarray(np.random.default_rng(0).normal(size=(N, N)).astype(kind))
    c, best = np.zeros((N, N), kind, order="F"), 0.0
    for _ in range(ROUNDS):
        count, begun = 0, time.process_time()
        while time.process_time() - begun < seconds / ROUNDS:
            c = product(1.0, a, a, 0.0, c, overwrite_c=1)
            count += 1
        best = max(best, 8e-9 * N**3 * count / (time.process_time() - begun))
    return best


def exponential(system, dt, steps, kind=complex):
    """(seconds per step, GF/s done, method at the end) of the exponential integrator.

    The best of five rounds, as of `peak`: what other work takes from the caches is not counted. Not
    timed are the first steps, in which fast modes are still carried, where there are others.
    """
    method = Exponential(BlockState(system, solo(), kind))
    method.start(0.0, dt)
    untimed = min(1 + round(FORGOTTEN / SHORT), steps // 2)
    for k in range(untimed):
        method.advance(k * dt, dt)
    best = np.inf, 0.0
    for own in np.array_split(np.arange(untimed, steps), min(ROUNDS, steps - untimed)):
        method.flops, begun = 0.0, time.process_time()
        for k in own:
            method.advance(k * dt, dt)
        spent = time.process_time() - begun
        best = min(best, (spent / len(own), 1e-9 * method.flops / spent))
    return *best, method


def plain(system, dt, steps):
    """Seconds per step of the plain way: RK4, sparse H times dense columns, one pole at a time; and
    the mean field.
    """
    state = BlockState(system, solo())
    fields = state.flat
    out = [np.zeros_like(fields) for _ in range(4)]
    begun = time.perf_counter()
    for k in range(steps):
        slope(system, state, k * dt, fields, out[0])
        slope(system, state, (k + 0.5) * dt, fields + 0.5 * dt * out[0], out[1])
        slope(system, state, (k + 0.5) * dt, fields + 0.5 * dt * out[1], out[2])
        slope(system, state, (k + 1) * dt, fields + dt * out[2], out[3])
        fields = fields + dt / 6 * (out[0] + 2 * out[1] + 2 * out[2] + out[3])
    return (time.perf_counter() - begun) / steps, state.field(fields)


def slope(system, state, t, array, out):
    """The right-hand side with scipy's sparse product for every mode."""
    green, modes = state.view_green(array), state.view_modes(array[state.green_count :])
    dgreen, dmodes = state.view_green(out), state.view_modes(out[state.green_count :])
    rates = system.rates_at(t, +1)
    c = state.mean_field(green)
    for b, G in green.items():
        H = sparse.csr_matrix(system.hamiltonian(b, c))
        Q = np.zeros_like(G)
        for (_, chunk), runs in ((key, runs) for key, runs in modes.items() if key[0] == b):
            for (groups, cols, M), (_, _, dM) in zip(runs, dmodes[b, chunk]):
                for k, g in enumerate(groups):
                    Q[:, cols] += M[k].T
                    dM[k] = (-1j * (H @ M[k].T) + rates[g] * M[k].T).T
                    j = np.arange(cols.stop - cols.start)
                    dM[k, j, cols.start + j] += system.sources(b, g)
        X = 1j * (Q + Q.conj().T) + 1j * system.white * np.eye(len(G))
        HG = H @ G
        dgreen[b][:] = -1j * (HG - (H @ G.conj().T).conj().T) - system.damping * G + X


def share(Lx, parity, precision, dt=0.5, steps=32):
    """A step on one core against the products of the dense way at the peak of the machine.

    These are one N^3 for each group of modes and eight for G in every block: the share is the time
    they would take at the rates of cgemm (modes in single precision) and zgemm.
    """
    j = biased(Lx, parity=parity)
    wave = 0.4 * np.cos(
        2 * np.pi * max(1, round(0.109 * Lx)) * np.arange(len(j.lattice.count)) / Lx
    )
    system, kind = Quench(j, wave + 0j), KINDS[precision]
    N = j.lattice.blocks[0].size
    double, single = peak(zgemm, N), peak(cgemm, N)
    of_modes = double if kind is complex else single
    seconds, rate, method = exponential(system, dt, steps, kind)
    cubes = 8e-9 * sum(block.size**3 for block in j.lattice.blocks)
    at_peak = cubes * (len(system.groups) / of_modes + 8 / double)
    print(
        f"{Lx} x 11, {'parity' if parity else 'stripe'} {precision}: {1e3 * seconds:.1f} ms a step "
        f"on one core, {100 * at_peak / seconds:.0f}% of zgemm ({double:.1f} GF/s) and cgemm "
        f"({single:.1f} GF/s) for dense products; {rate:.1f} GF/s done, "
        f"{method.carried} of {len(system.groups)} groups of modes with matrices"
    )
    return double


def against_plain(Lx=21, t=2.0):
    """Time to the same error in Delta(t), with the poles each way needs for the same accuracy of
    the leads.
    """
    fine, coarse = biased(Lx, error=1e-6), biased(Lx, error=1e-6, method="ozaki")
    seed = patterns.cosine(fine.lattice, 2, 0.4) + 0j
    _, _, exact = exponential(Quench(fine, seed), 0.025, round(t / 0.025))
    dt = 0.25
    seconds, _, method = exponential(Quench(fine, seed), dt, round(t / dt))
    error = np.abs(method.now.c - exact.now.c).max()
    fastest = 2.6 / max(abs(Quench(coarse, seed).rates_at(1.0)).max(), 1.0)
    steps = 3
    plain_seconds, _ = plain(Quench(coarse, seed), fastest, steps)
    ratio = (plain_seconds / fastest) / (seconds / dt)
    print(
        f"{Lx} x 11: exponential {seconds / dt:.3f} s per unit time at error {error:.1e} "
        f"({len(fine.poles[0].w)} poles); plain RK4 + CSR + "
        f"Ozaki ({len(coarse.poles[0].w)} poles, dt = {fastest:.4f} by stability) "
        f"{plain_seconds / fastest:.2f} s: {ratio:.0f} times slower"
    )


INPUT = """
system = "nsn-junction"
task = "evolve"
[parameters]
h = 0.58
T = 0.02
eV = {{from = 0.0, to = 0.8}}
[numerics]
Lx = {Lx}
Ly = 11
symmetry = "{symmetry}"
precision = "{precision}"
dt = 0.5
error_estimate = false
[initial]
state = "normal"
[run]
t_max = {t}
output_every = 10.0
"""


def told(text):
    """(MB a rank, seconds per step on one core) that `hpcneq check` tells."""
    numbers = [re.search(words, text) for words in (r"memory: (\d+) MB", r"([\d.]+) s per step")]
    if None in numbers:
        raise SystemExit(f"hpcneq check tells no memory, or no time of a step:\n{text}")
    return tuple(float(number[1]) for number in numbers)


def program(Lx, parity, precision, top, steps=60):
    """A run on one and on two ranks: their ratio, and memory and time against what `hpcneq check`
    says. top : GF/s of zgemm.
    """
    symmetry = "stripe-parity" if parity else "stripe"
    here = [sys.executable, "-m", "hpcneq"]
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OMPI_COMM", "OMPI_MCA_ess", "OMPI_MCA_orte", "PMIX_", "PMI_"))
    }
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "in.toml")
        with open(name, "w", encoding="utf-8") as file:
            file.write(INPUT.format(Lx=Lx, t=0.5 * steps, symmetry=symmetry, precision=precision))
        seconds = {}
        for ranks in (1, 2):
            said = subprocess.run(
                [*here, "check", name, "--ranks", str(ranks)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            megabytes, each = told(said)
            each /= ranks
            out = os.path.join(folder, f"{ranks}.h5")
            subprocess.run(
                ["mpiexec", "-n", str(ranks), *here, "run", name, "-o", out, "--quiet"],
                check=True,
                env=clean,
            )
            found = json.loads(
                subprocess.run(
                    [*here, "show", out, "--json"], capture_output=True, text=True, check=True
                ).stdout
            )["summary"]
            seconds[ranks] = found["seconds"] / found["steps"]
            held = max(found["peak_bytes"]) / 2**20
            print(
                f"{Lx} x 11 on {ranks} rank{'s' * (ranks > 1)}: {seconds[ranks]:.3f} s a "
                f"step (check: {each:.3f}, ratio "
                f"{seconds[ranks] / each:.2f}), {held:.0f} MB a rank (check: "
                f"{megabytes:.0f}, ratio {held / megabytes:.2f})"
            )
        figure = seconds[2] * 2 * PERIODS
        print(
            f"{Lx} x 11, {symmetry} {precision}: two ranks are {seconds[1] / seconds[2]:.2f} times "
            f"as fast as one (efficiency {seconds[1] / seconds[2] / 2:.2f}); to t = {PERIODS:g} "
            f"{figure:.0f} s, times the peak of zgemm {figure * top / 1e3:.2f} TF"
        )


if __name__ == "__main__":
    for size in [int(word) for word in sys.argv[1:]] or [51, 101]:
        for parity in (True, False):
            for precision in KINDS:
                program(size, parity, precision, share(size, parity, precision))
    against_plain(21)
    against_plain(51)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
