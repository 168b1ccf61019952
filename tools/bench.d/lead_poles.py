"""Leads as poles: fits, Lyapunov against scipy, Andreev currents against Floquet, quenches, ranks.

python tools/bench.d/lead_poles.py [sites ...]       # default 50 150; under mpiexec: steps only
"""

import importlib.util
import sys
import time
import tomllib
import tracemalloc
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.linalg import solve_continuous_lyapunov

import hpcneq
from hpcneq.config.load import load
from hpcneq.driver import catalogue
from hpcneq.maths import lead_fits
from hpcneq.maths.pole_leads import LeadPoles, normal_lead, pair_lead
from hpcneq.parallel import world
from hpcneq.solvers.evolution import integrator
from hpcneq.solvers.pole_leads import cost
from hpcneq.solvers.pole_leads.etd import DiagonalExact
from hpcneq.solvers.pole_leads.frozen import Frozen
from hpcneq.solvers.pole_leads.periodic import periodic
from hpcneq.solvers.pole_leads.state import PoleState
from hpcneq.solvers.pole_leads.stationary import fed_back, stationary
from hpcneq.systems.lattice.physics.open_lattice import OpenLattice
from hpcneq.systems.lattice.shared import large_evolutions
from hpcneq.systems.lattice.shared.setup import setup_of
from hpcneq.systems.lattice.tasks import evolve

LATTICES = Path(__file__).parents[2] / "inputs" / "lattice"
METHODS = {"etd": DiagonalExact, "frozen": Frozen}


class Chain:
    """Sites in a row with an attraction, wide leads on both ends at +-eV/2."""

    def __init__(self, sites, U=3.0, bias=1.0):
        fit = lead_fits.wide_fit(0.05, window=20.0, error=1e-4)
        ends = [normal_lead(fit, [s], [sites + s], [[1.0]]) for s in (0, sites - 1)]
        self.leads = LeadPoles(2 * sites, ends)
        self.hop, self.U = sparse.diags([-1.0, -1.0], [-1, 1], (sites, sites)), U
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
        D = sparse.diags(-c)
        return sparse.bmat([[self.hop, D], [D.conj(), -self.hop]], "csr")


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
    H = system.hamiltonian(0, 1, np.full(sites, 0.5 + 0j)).toarray()
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
    """Multiple Andreev reflection, against a plain Keldysh-Floquet inversion at equal error."""
    exact = floquet(20, 1600)
    system = Dot()
    took, state = spent(lambda: periodic(system, np.pi, steps=80))
    current = np.pi * (state.mean_flows * [1, -1]).sum(axis=1)[0]
    error = abs(current - exact)
    print(f"Andreev current at eV = 1: {current:.6f}, error {error:.0e}, {took:.2f} s")
    for harmonics, points in ((4, 50), (6, 100), (8, 200), (12, 400), (16, 800)):
        took, other = spent(lambda h=harmonics, p=points: floquet(h, p))
        if abs(other - exact) <= error:
            break
    print(
        f"  Keldysh-Floquet, {2 * harmonics + 1} harmonics, {points} energies: {other:.6f}, "
        f"error {abs(other - exact):.0e}, {took:.2f} s (a mean current alone, no interaction)"
    )


def superconductor(w, g=0.5, delta=1.0, dynes=1e-3, T=0.02):
    """(Sigma^R, Sigma^<) of a BCS lead at w (n,): (n, 2, 2)."""
    z = w + 1j * dynes
    root = np.sqrt(delta - z) * np.sqrt(delta + z)
    sigma = -g * np.array([[z, delta + 0 * z], [delta + 0 * z, z]]).transpose(2, 0, 1)
    sigma = sigma / root[:, None, None]
    filled = 0.5 * (1 - np.tanh(0.5 * w / T))[:, None, None]
    return sigma, filled * (sigma.conj().swapaxes(1, 2) - sigma)


def shifted(w, potential, bias):
    """(Sigma^R, Sigma^<) of a lead at a potential over harmonics, (2 L, 2 L)."""
    L = len(w)
    parts = np.zeros((2, 2, L, 2, L), complex)
    for i, own in enumerate((1, -1)):
        both = superconductor(w - own * potential)
        for j, other in enumerate((1, -1)):
            row = np.arange(L)
            column = row + round((other - own) * potential / bias)
            inside = (column >= 0) & (column < L)
            for part, sigma in zip(parts, both):
                part[i, row[inside], j, column[inside]] = sigma[inside, i, j]
    return parts.reshape(2, 2 * L, 2 * L)


def floquet(harmonics, points, bias=1.0):
    """pi dN/dt of the dot by the inverse over harmonics, a midpoint rule over energies."""
    n = np.arange(-harmonics, harmonics + 1)
    charge, total = np.repeat([1, -1], len(n)), 0.0
    for w in bias * (np.arange(points) + 0.5) / points:
        left, right = (shifted(w + n * bias, side * bias, bias) for side in (0.5, -0.5))
        G = np.linalg.inv(np.diag(np.tile(w + n * bias, 2)) - left[0] - right[0])
        lesser = G @ (left[1] + right[1]) @ G.conj().T
        flow = np.einsum("ij,ji->i", left[1], G.conj().T) + np.einsum("ij,ji->i", left[0], lesser)
        total -= (charge * flow.real).sum() * bias / points
    return total


# ---- quenches of a superconductor of 8 waves ----------------------------------------------------


def ring(baths):
    """A ring of 8 sites whose attraction rises from 2 to 3, each site with a bath or alone."""
    cell = {"vectors": [[1.0]], "orbitals": [{"name": "s", "at": [0.0]}], "size": [8]}
    hop = {"from": "s", "to": "s", "shift": [1], "value": -1.0}
    tree = {
        "system": "lattice",
        "task": "evolve",
        "model": {"cell": {**cell, "periodic": [True]}, "hop": [hop]},
        "interaction": {"U": {"from": 2.0, "to": 3.0}},
        "run": {"t_max": 10.0, "output_every": 10.0},
    }
    if not baths:
        return {**tree, "initial": {"T": 0.1}}
    return {**tree, "leads": {"bath": {"sites": list(range(8)), "gamma": 0.1, "T": 0.1}}}


def quench(baths, step, fit_error=1e-6):
    """(CPU seconds of the steps to t = 10, of all before them, |D| at the end)."""
    tree = ring(baths) | {"numerics": {"dt": step, "fit_error": fit_error, "method": "etd"}}
    begun = time.process_time()
    setup = setup_of(load(tree, catalogue()))
    leads = setup.leads(setup.fits())
    density = evolve.density_of(setup, leads, evolve.start_of(setup, leads))
    system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
    state = PoleState(system, world(), density, evolve.method_of(setup, leads))
    stepper = integrator(state)
    prepared = time.process_time() - begun
    begun = time.process_time()
    stepper.start(0.0, step)
    for k in range(round(10.0 / step)):
        stepper.advance(k * step, step)
    return time.process_time() - begun, prepared, 3 * abs(state.field(state.flat, 10.0)).max()


# (error, seconds that NESSi took for it with memory integrals on such a machine, of our poles)
NESSI = ((3e-5, 3.5, 1e-6), (3.5e-7, 20.8, 1e-7))
COUNTS = (50, 60, 70, 75, 80, 100, 125, 160, 200, 220, 240, 250, 320)


def quenches_at(baths):
    """[(error asked for, steps, seconds, of them before the steps, error, NESSi's seconds)].

    Errors are those of steps and of the baths' poles together.
    """
    quench(True, 0.4)  # compiled, or loaded
    exact, rows = quench(baths, 0.0125, 1e-9)[2], []
    for target, theirs, fit_error in NESSI:
        for count in COUNTS:
            took, prepared, value = quench(baths, 10.0 / count, fit_error)
            if abs(value - exact) <= target:
                break
        took = min(took, quench(baths, 10.0 / count, fit_error)[0])
        rows.append((target, count, took, prepared, abs(value - exact), theirs))
    return rows


def quenches():
    """Seconds at the errors at which NESSi, with memory integrals, took 3.5 s and 20.8 s."""
    for baths in (True, False):
        kind = "with baths" if baths else "closed"
        for _, count, took, prepared, error, theirs in quenches_at(baths):
            print(
                f"quench of 8 waves {kind}, {count} steps: {took:.3f} s, {prepared:.2f} before, "
                f"error {error:.0e}; NESSi's {theirs:g} s: {theirs / took:.0f} times"
            )


def kwants():
    """Conductance of a ring that Kwant builds, by both, where it is installed."""
    if importlib.util.find_spec("kwant") is None:
        print("Kwant: not installed, left out")
        return
    source = LATTICES / "kwant.toml"
    took, result = spent(lambda: hpcneq.run(source))
    print(f"Kwant's ring by transport: {took / len(result.eV):.3f} s a bias, all leads")


def columns(sizes=(12, 24)):
    """Nanoseconds of a step of columns for each entry, whole, within a range, in single precision.

    Square lattices between wide leads at two edges.
    """
    for size in sizes:
        tree = tomllib.loads((LATTICES / "large.toml").read_text(encoding="utf-8"))
        tree["model"]["cell"]["size"] = [size, size]
        setup = setup_of(load(tree, catalogue()))
        leads = setup.leads(setup.fits())
        system = OpenLattice(setup.field, setup.bonds, leads, setup.drives)
        for reach, single in ((None, False), (None, True), (5.0, False)):
            near = None if reach is None else large_evolutions.near_sites(setup.model, reach)
            took = cost.column_step_seconds(system, setup.form.site, near, single, 0.1)
            entries = large_evolutions.kept_entries(setup, leads, reach)
            words = "single" if single else "double"
            print(
                f"columns, {size} x {size}, range {reach}, {words}: {entries:.2g} entries, "
                f"{1e9 * took / entries:.0f} ns a step and entry"
            )


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[1:]] or [50, 150]
    alone = world().size == 1
    if alone:
        fits()
        andreev()
        quenches()
        kwants()
        columns()
    for n in sizes:
        if alone:
            lyapunov(n)
        steps(Chain(n), f"chain of {n}", "etd")
    steps(Chain(20), "chain of 20", "frozen")
    steps(Dot(), "dot", "etd")
    steps(Dot(), "dot", "frozen")
