"""Auxiliary modes: share of the GEMM peak, the plain way, ranks, memory and time against check.

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
from scipy.linalg.blas import zgemm

from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.systems.nsn_junction.physics import junction, patterns
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench


def biased(Lx, Ly=11, error=1e-6, method="aaa"):
    """The paper's junction (h = 0.58, T = 0.02, eV 0 -> 0.8)."""
    leads = (junction.Lead("left", 0.01, 0.02, 0.0, 1), junction.Lead("right", 0.01, 0.02, 0.0, -1))
    bias = drives.read({"from": 0.0, "to": 0.8})
    poles = junction.fit_poles(
        leads, 0.02, junction.window(leads, 0.0, 0.58, bias, 1.0), error, method
    )
    return junction.Junction(3.0, 0.0, 0.58, leads, junction.stripe(Lx, Ly, 0.0), bias, poles)


def peak(N, seconds=0.5):
    """GF/s of zgemm on N x N matrices."""
    a = np.asfortranarray(np.random.default_rng(0).normal(size=(N, N)) + 0j)
    c, count = np.zeros((N, N), complex, order="F"), 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        c = zgemm(1.0, a, a, 0.0, c, overwrite_c=1)
        count += 1
    return 8e-9 * N**3 * count / (time.perf_counter() - begun)


def exponential(system, dt, steps):
    """(seconds per step, GF/s of all matrix products, final mean field) of the exponential
    integrator.
    """
    method = Exponential(BlockState(system, solo()))
    method.start(0.0, dt)
    method.advance(0.0, dt)
    method.flops, begun = 0.0, time.perf_counter()
    for k in range(1, steps):
        method.advance(k * dt, dt)
    spent = time.perf_counter() - begun
    return spent / max(steps - 1, 1), 1e-9 * method.flops / spent, method.now.c


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
    (c,) = state.mean_field(green)
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


def share(Lx, steps=6):
    j = biased(Lx)
    x = np.unique(j.lattice.expand)
    system = Quench(j, patterns.cosine(j.lattice, max(1, round(0.109 * Lx)), 0.4) + 0j * x)
    top = peak(2 * Lx)
    for dt in (0.25, 0.5):
        seconds, rate, _ = exponential(system, dt, steps)
        print(
            f"{Lx} x 11, dt = {dt}: {seconds / dt:.3f} s per unit time, {rate:.1f} GF/s in "
            "matrix products = "
            f"{100 * rate / top:.0f}% of zgemm ({top:.1f} GF/s), {len(j.poles[0].w)} poles a lead"
        )


def against_plain(Lx=21, t=2.0):
    """Time to the same error in Delta(t), with the poles each way needs for the same accuracy of
    the leads.
    """
    fine, coarse = biased(Lx, error=1e-6), biased(Lx, error=1e-6, method="ozaki")
    seed = patterns.cosine(fine.lattice, 2, 0.4) + 0j
    _, _, exact = exponential(Quench(fine, seed), 0.025, round(t / 0.025))
    dt = 0.25
    seconds, _, c = exponential(Quench(fine, seed), dt, round(t / dt))
    error = np.abs(c - exact).max()
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
dt = 0.5
error_estimate = false
[initial]
state = "normal"
[run]
t_max = {t}
output_every = 10.0
"""


def program(Lx, steps=60):
    """A run on one and on two ranks: their ratio, and memory and time against what `hpcneq check`
    says.
    """
    here = [sys.executable, "-m", "hpcneq"]
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OMPI_COMM", "OMPI_MCA_ess", "OMPI_MCA_orte", "PMIX_", "PMI_"))
    }
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "in.toml")
        with open(name, "w", encoding="utf-8") as file:
            file.write(INPUT.format(Lx=Lx, t=0.5 * steps))
        seconds = {}
        for ranks in (1, 2):
            said = subprocess.run(
                [*here, "check", name, "--ranks", str(ranks)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            megabytes = float(re.search(r"memory: (\d+) MB", said)[1])
            each = float(re.search(r"\(([\d.]+) s per step", said)[1]) / ranks
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
        print(
            f"{Lx} x 11: two ranks are {seconds[1] / seconds[2]:.2f} times as fast as one "
            f"(efficiency {seconds[1] / seconds[2] / 2:.2f})"
        )


if __name__ == "__main__":
    for size in [int(word) for word in sys.argv[1:]] or [51, 101]:
        share(size)
        program(size)
    against_plain(21)
    against_plain(51)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
