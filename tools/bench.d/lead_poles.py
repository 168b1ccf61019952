"""Leads as poles: fits, Lyapunov against scipy, steps as a share of zgemm, ranks, predictions.

python tools/bench.d/lead_poles.py [sites ...]       # default 50 150; under mpiexec: steps only
"""

import sys
import time
import tracemalloc

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from hpcneq.maths import lead_fits
from hpcneq.maths.pole_leads import LeadPoles, normal_lead, pair_lead
from hpcneq.parallel import world
from hpcneq.solvers.pole_leads import cost
from hpcneq.solvers.pole_leads.etd import DiagonalExact
from hpcneq.solvers.pole_leads.frozen import Frozen
from hpcneq.solvers.pole_leads.periodic import periodic
from hpcneq.solvers.pole_leads.state import PoleState
from hpcneq.solvers.pole_leads.stationary import fed_back, stationary

METHODS = {"etd": DiagonalExact, "frozen": Frozen}


class Chain:
    """Sites in a row with an attraction, wide leads on both ends at +-eV/2."""

    def __init__(self, sites, U=3.0, bias=1.0):
        fit = lead_fits.wide_fit(0.05, window=20.0, error=1e-4)
        ends = [normal_lead(fit, [s], [sites + s], [[1.0]]) for s in (0, sites - 1)]
        self.leads = LeadPoles(2 * sites, ends)
        self.hop, self.U = -np.eye(sites, k=1) - np.eye(sites, k=-1), U
        self.potentials = np.array([0.5 * bias, -0.5 * bias])
        self.entries = (np.arange(sites), sites + np.arange(sites))
        self.observed = self.entries
        self.breakpoints = self.observables = None

    def shifts(self, t, side=+1):
        return self.potentials

    def phases(self, t):
        return self.potentials * t

    def close(self, values):
        return self.U * values

    def hamiltonian(self, t, side, c):
        return np.block([[self.hop, -np.diag(c)], [-np.diag(c.conj()), -self.hop]])


class Dot(Chain):
    """One level between two BCS leads: multiple Andreev reflection."""

    def __init__(self, bias=1.0):
        super().__init__(2, 0.0, bias)
        fit = lead_fits.bcs_fit(1.0, 1e-3, 0.02, error=1e-4)
        lead = pair_lead(fit, [0, 1], [1, -1], [[0, 1], [1, 0]], np.eye(2))
        self.leads, self.potentials = LeadPoles(2, [lead, lead]), np.array([bias, 0.0])
        self.entries = (np.zeros(0, int), np.zeros(0, int))
        self.observed = (np.zeros(1, int), np.zeros(1, int))
        self.H = np.diag([0.5 * bias, -0.5 * bias]).astype(complex)

    def close(self, values):
        return np.zeros(0, complex)

    def hamiltonian(self, t, side, c):
        return self.H


def spent(function):
    """(CPU seconds, answer) of one call."""
    begun = time.process_time()
    answer = function()
    return time.process_time() - begun, answer


def fits():
    """Seconds and poles of fits."""
    for dynes, error in ((1e-2, 1e-3), (1e-3, 1e-4), (1e-4, 1e-6)):
        took, fit = spent(lambda d=dynes, e=error: lead_fits.bcs_fit(1.0, d, 0.02, error=e))
        ok = "ok" if took < 3 else "TOO SLOW"
        print(f"BCS fit, dynes {dynes:g}, error {error:g}: {len(fit)} poles, {took:.2f} s ({ok})")


def lyapunov(sites):
    """The stationary state against scipy's, both in the share of zgemm that 140 n^3 would take."""
    system = Chain(sites)
    H = system.hamiltonian(0, 1, np.full(sites, 0.5 + 0j))
    ours, density = spent(lambda: stationary(system.leads, H, system.potentials))
    A = np.asarray(system.leads.matrix(H, system.potentials, np.zeros(2)))
    C = system.leads.core_source(np.zeros(2)).toarray() + fed_back(system.leads, density.tail)
    scipys, other = spent(lambda: solve_continuous_lyapunov(-1j * A, -C))
    rate = cost.stationary_flops(system.leads) / ours / 1e9
    print(
        f"Lyapunov, size {len(A)}: {ours:.2f} s, {rate:.0f} GF/s, "
        f"{100 * rate / cost.zgemm_rate():.0f}% of zgemm; scipy (core alone) {scipys:.2f} s, "
        f"difference {np.abs(other - density.core).max():.0e}"
    )


def steps(system, name, method, count=8):
    """Seconds a step on these ranks, predicted and taken; arrays counted and predicted."""
    comm = world()
    predicted = cost.step_seconds(system, 0.05, method)
    tracemalloc.start()
    state = PoleState(system, comm, None, method)
    noise = np.random.default_rng(comm.rank).normal(size=(2, state.flat.size))
    state.flat[:] = 0.1 * (noise[0] + 1j * noise[1])
    stepper = METHODS[method](state)
    stepper.start(0.0, 0.05)
    stepper.advance(0.0, 0.05)
    stepper.advance(0.05, 0.05)
    peak = comm.allgather(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    comm.barrier()
    cpu, begun = time.process_time(), time.perf_counter()
    for k in range(2, 2 + count):
        stepper.advance(0.05 * k, 0.05)
    wall = (time.perf_counter() - begun) / count
    cpu = comm.allreduce(time.process_time() - cpu) / count
    size = cost.evolution_bytes(system.leads, comm.size, method)
    if comm.rank == 0:
        print(
            f"{name}, {method}, {system.leads.core} x {system.leads.total}, {comm.size} ranks: "
            f"{1e3 * wall:.1f} ms a step, CPU {1e3 * cpu:.1f} ms, predicted {1e3 * predicted:.1f} "
            f"ms; arrays {max(peak) / 1e6:.1f} MB, predicted {size / 1e6:.1f} MB"
        )


def andreev():
    """One point of the staircase of multiple Andreev reflection."""
    system = Dot()
    took, state = spent(lambda: periodic(system, np.pi, steps=80))
    current = np.pi * (state.mean_flows * [1, -1]).sum(axis=1)[0]
    print(f"Andreev current at eV = 1: {current:.6f} (Floquet .741497), {took:.2f} s")


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]] or [50, 150]
    alone = world().size == 1
    if alone:
        fits()
        andreev()
    for n in sizes:
        if alone:
            lyapunov(n)
        steps(Chain(n), f"chain of {n}", "etd")
    steps(Chain(20), "chain of 20", "frozen")
    steps(Dot(), "dot", "etd")
    steps(Dot(), "dot", "frozen")
