"""Tasks of the nsn-junction system."""
from __future__ import annotations

import dataclasses
import os

import numpy as np

from ..config import Task
from ..errors import InputError, NotConverged
from ..maths import poles as pole_fits
from ..parallel import Layout, on_root, solo
from ..solvers import steady as newton
from ..solvers.bathmodes import State
from ..solvers.evolve import row_times
from ..systems.nsn_junction import drive, initial, inputs, model, onsets, static, stationary
from ..systems.nsn_junction.quench import Quench
from . import estimates, nsn_branches, nsn_maps, nsn_onsets, nsn_steady
from .evolution import Recorder, run_evolution
from .nsn_maps import phase_diagram  # noqa: F401  (the driver finds tasks by name)

TASKS = {
    "evolve": Task(tables={"parameters": inputs.EvolveParameters, "numerics": inputs.EvolveNumerics,
                           "initial": inputs.Initial, "leads": inputs.Leads},
                   timed=True, petsc=("evolve", "initial"),
                   doc="time evolution after a change of the bias, by auxiliary modes"),
    **nsn_maps.TASKS, **nsn_steady.TASKS, **nsn_onsets.TASKS, **nsn_branches.TASKS,
}
steady, tmatrix = nsn_steady.steady, nsn_steady.tmatrix
onset = nsn_onsets.onset
branches, iv = nsn_branches.branches, nsn_branches.iv


def evolve(run, comm, log, output):
    """Kawamura & Ohashi 2025, Fig. 4: a stationary state at the bias before t = 0, then eV(t). **Collective.**"""
    junction = build(run, comm, output.recall)
    delta, found = output.recall("start", start, run, comm, junction, log)
    seed = run.run.seed if run.initial.seed is None else run.initial.seed
    disturbed = delta + initial.noise(junction.lattice, run.initial.noise, seed)
    warnings = list(found["warnings"])

    def state(variant, begin):
        """The run's state; that of "pole error" has a looser pole fit."""
        system = Quench(junction, disturbed)
        if variant == "pole error":
            loose = dataclasses.replace(run.numerics, pole_error=min(0.5, 10 * run.numerics.pole_error))
            system = Quench(build(dataclasses.replace(run, numerics=loose), comm, output.recall, "loose "), disturbed)
        return State(system, comm, complex if run.numerics.precision == "double" else np.complex64, start=begin)

    outcome = run_evolution(run, comm, log, output, state, Records(junction, comm))
    outcome.summary.update(pole_error=max(fit.error for fit in junction.poles),
                           memory_error=max(fit.memory_error for fit in junction.poles), eV_initial=junction.drive.start,
                           poles=[len(fit.w) for fit in junction.poles], **found["summary"])
    outcome.summary.update(regions(junction, comm, outcome.summary["t"]))
    outcome.warnings[:0] = warnings
    return outcome


def regions(junction, comm, t):
    """Region of the phase diagram (of this lattice) before t = 0 and at the bias of time t; None for unequal leads."""
    if not junction.balanced:
        return {"region_initial": None, "region": None}
    lead, lattice = junction.leads[0], junction.lattice
    grid = static.finite(lattice.Lx, lattice.Ly)
    at = [static.Point(junction.U, junction.mu, lead.gamma, junction.h, lead.T, abs(bias))
          for bias in (junction.drive.start, junction.drive(t, -1))]
    names = on_root(comm, lambda: [onsets.region(point, grid) for point in at])
    return {"region_initial": names[0], "region": names[1]}


def build(run, comm, recall=lambda name, compute, *args: compute(*args), which=""):
    """The Junction of an input: leads, lattice, drive, poles fitted once by rank 0. **Collective.**

    recall : gives the drive and the poles the run was begun with, where it is continued; ``which`` tells fits apart.
    """
    p, n = run.parameters, run.numerics
    need, have = 8.0 * n.Lx ** 2 * (n.Ly // 2 + 1), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > have:
        raise InputError(f"[numerics] Lx = {n.Lx}, Ly = {n.Ly}: the blocks of the hopping matrix alone need {need / 2 ** 30:.0f} GB, "
                         f"this machine has {have / 2 ** 30:.0f} GB")
    try:
        bias = drive.Drive.of(recall("drive", lambda: dataclasses.asdict(on_root_value(comm, drive.read, p.eV, run.folder))))
    except ValueError as error:
        raise InputError(f"[parameters] {error}") from None
    table = run.tables.get("leads") or inputs.Leads()
    leads = tuple(model.Lead(name, *(getattr(own, key) if getattr(own, key) is not None else getattr(p, key)
                                     for key in ("gamma", "T", "mu")), sign)
                  for name, own, sign in (("left", table.left, +1), ("right", table.right, -1)))
    width = sum(lead.gamma for lead in leads)
    window = n.pole_window or model.window(leads, p.mu, p.h, bias, run.run.t_max)
    fits = recall(which + "poles", lambda: [dataclasses.asdict(fit) for fit in on_root(
        comm, model.fit_poles, leads, width, window, n.pole_error, n.poles)])
    poles = tuple(pole_fits.Poles(**fit) for fit in fits)
    lattice = model.stripe(n.Lx, n.Ly, p.mu, parity=n.symmetry == "stripe-parity")
    return model.Junction(p.U, p.mu, p.h, leads, lattice, bias, poles)


def estimate(run, ranks):
    """Lines for ``hpcneq check``."""
    if run.task in nsn_maps.TASKS:
        return nsn_maps.estimate(run, ranks)
    if run.task != "evolve":
        return ["  seconds on one core; what is swept is spread over ranks, row by row"]
    junction = build(run, solo())
    system = Quench(junction, np.zeros(len(junction.lattice.count)))
    rows = row_times(run.run.t_max, system.breakpoints(run.run.t_max), run.numerics.dt, run.run.output_every)
    return [f"  poles: {len(junction.poles[0].w)} a lead, error {max(fit.error for fit in junction.poles):.1e}",
            *estimates.evolution(system, run, ranks, len(rows))]


def on_root_value(comm, function, *args):
    """Like ``parallel.on_root`` for functions that raise ValueError."""
    def guarded():
        try:
            return function(*args), None
        except ValueError as error:
            return None, str(error)
    value, fault = on_root(comm, guarded)
    if fault:
        raise ValueError(fault)
    return value


# ---- the start ----------------------------------------------------------------------------------------------------

def start(run, comm, junction, log):
    """The stationary order parameter before t = 0 and what to say about it. **Collective.**"""
    state, bias = run.initial.state, junction.drive.start
    nothing = np.zeros(len(junction.lattice.count), complex)
    if state == "auto" and (bias != 0 or not junction.balanced):
        raise InputError(f'[initial] state = "auto": states are compared by their free energy, which exists at zero bias and equal '
                         f'leads only (got eV = {bias:g} before t = 0); use "normal", "bcs" or "fflo"')
    if state != "normal" and not junction.balanced:
        raise InputError(f'[initial] state = "{state}": with unequal leads the phase of a condensate turns; only "normal" is stationary')
    summary = {"initial_state": state}
    if state == "normal":
        return nothing, {"summary": summary, "warnings": []}
    candidates = list(_candidates(run, comm, junction, state, log))
    if state == "auto" and not candidates:
        return nothing, _normal(comm, junction, bias)
    if not candidates:
        raise NotConverged(f"initial: no {state} state was found at eV={bias:g}, h={junction.h:g}, T={junction.leads[0].T:g} "
                           f"on {junction.lattice.Lx} x {junction.lattice.Ly} sites; try another state or wave_number")
    energy, name, n, delta = min(candidates, key=lambda c: c[0])
    if state == "auto" and energy > on_root(comm, stationary.free_energy, junction, nothing) - 1e-12:
        return nothing, _normal(comm, junction, bias)
    delta, residual = polish(comm, junction, bias, delta, n)
    log(f"initial: {name} state" + (f" with {n} periods" if n else "") + f", max|Delta| = {np.abs(delta).max():.5f}, residual {residual:.1e}")
    summary.update(initial_state=name, initial_wave_number=n, initial_residual=residual,
                   initial_delta_max=float(np.abs(delta).max()))
    return delta, {"summary": summary, "warnings": []}


def _normal(comm, junction, bias):
    """The normal state as the answer of "auto", with a warning if pairing would grow from it all the same."""
    strength = on_root(comm, lambda: [initial.pair_susceptibility(junction, bias, n) for n in range(junction.lattice.Lx // 2 + 1)])
    n = int(np.argmax(strength))
    warnings = []
    if strength[n] > 1:
        warnings.append(f'initial: the normal state is unstable (U C = {strength[n]:.4f} at n = {n}) but no condensed state of lower '
                        'free energy was found; give [initial] state and wave_number')
    return {"summary": {"initial_state": "normal"}, "warnings": warnings}


def _candidates(run, comm, junction, state, log):
    """(free energy or 0, name, n, delta) of every converged real, even candidate on the mirror lattice."""
    n = run.numerics
    mirror = dataclasses.replace(junction, lattice=model.stripe(n.Lx, n.Ly, junction.mu, parity=True))
    bias = junction.drive.start
    problem = stationary.GapProblem(mirror, bias, real=True)
    expand = mirror.lattice.expand if len(junction.lattice.expand) == len(junction.lattice.count) else slice(None)
    waves = ([0] if state in ("auto", "bcs") else []) + (_wave_numbers(run, mirror, bias) if state in ("auto", "fflo") else [])
    seen = set()
    for k in waves:
        seed = np.full(len(mirror.lattice.count), 0.25 * junction.U) if k == 0 else initial.cosine(mirror.lattice, k, 0.2 * junction.U)
        found = newton.relax(problem, comm, problem.flat(seed))
        found = newton.solve(problem, comm, found.x)
        delta = found.x[expand] + 0j
        named = initial.describe(found.x[mirror.lattice.expand] + 0j)
        n_found = named["wave_number"]
        if not found.converged or named["state"] == "normal" or n_found in seen:
            continue
        if n_found != k and (state != "auto" or run.initial.wave_number is not None):
            continue  # it was asked for by name
        seen.add(n_found)
        k = n_found
        energy = on_root(comm, stationary.free_energy, mirror, found.x + 0j) if bias == 0 else 0.0
        log(f"initial: {'bcs' if k == 0 else f'fflo n={k}'}: max|Delta| = {named['delta_max']:.5f}"
            + (f", free energy {energy:.8f}" if bias == 0 else ""))
        yield energy, "bcs" if k == 0 else "fflo", k, delta


def _wave_numbers(run, junction, bias):
    """Wave numbers worth trying: the given one, else those around the largest pair susceptibility."""
    if run.initial.wave_number is not None:
        if run.initial.wave_number > run.numerics.Lx // 2:
            raise InputError(f"[initial] wave_number = {run.initial.wave_number}: must be <= Lx // 2 = {run.numerics.Lx // 2}")
        return [run.initial.wave_number]
    top = run.numerics.Lx // 2
    strength = [initial.pair_susceptibility(junction, bias, n) for n in range(1, top + 1)]
    if not strength:
        return []
    peak = 1 + int(np.argmax(strength))
    reach = max(2, top // 10)
    return [n for n in range(1, top + 1) if abs(n - peak) <= reach]


def polish(comm, junction, bias, delta, n):
    """Newton on the junction's own lattice with phase and translation fixed; (delta, largest residual). **Collective.**

    A pattern found off the lattice's mirror axis keeps a pinning force, seen as a multiplier; it is then
    centred and solved again.
    """
    problem = stationary.GapProblem(junction, bias)
    found = newton.solve(problem, comm, problem.flat(delta))
    if found.residual > 1e-12 and n and len(delta) == junction.lattice.Lx:
        moved = initial.centre(problem.complex(found.x), n)
        found = newton.solve(problem, comm, problem.flat(moved))
    if not found.converged or found.residual > 1e-9:
        raise NotConverged(f"initial: SNES stopped with residual {found.residual:.1e} ({found.reason}); "
                           "try [petsc] initial.snes_max_it, another wave_number, or a smaller Lx")
    return problem.complex(found.x), found.residual


# ---- what is recorded ---------------------------------------------------------------------------------------------

class Records(Recorder):
    """Data sets of an evolution: the order parameter, its harmonics, densities, currents, monitors."""

    worst = {"antihermiticity": max, "occupation_min": min, "occupation_max": max, "balance": max}
    variants = ("step error", "pole error")

    def __init__(self, junction, comm):
        self.junction = junction
        self.lattice = junction.lattice
        self.layout = Layout.over(self.lattice.Lx, comm)

    def declare(self, out):
        """Axes and series of the result file. **Collective.**"""
        L = self.lattice.Lx
        out.growing_axis("t", "1/t_par", "time")
        out.axis("x", np.arange(L), "lattice constant", "site along x")
        out.axis("n", np.arange(L // 2 + 1), "2 pi / Lx", "wave number")
        for name, dtype, axes, units, text in (
                ("delta", complex, ("t", "x"), "t_par", "order parameter"),
                ("density", float, ("t", "x"), "per site", "particles per site, both spins"),
                ("magnetization", float, ("t", "x"), "per site", "particles per site, up minus down")):
            out.series(name, dtype, axes, units, text, layout=self.layout)
        out.series("delta_n", float, ("t", "n"), "t_par", "modulus of the order parameter's harmonics, larger of +n and -n")
        for name, units, text in (("eV", "t_par", "bias"), ("current_left", "t_par per site", "particle current from the left lead"),
                                  ("current_right", "t_par per site", "particle current from the right lead"),
                                  ("balance", "t_par per site", "|dn/dt - sum of the currents|")):
            out.series(name, float, ("t",), units, text)
        out.growing_axis("t_monitor", "1/t_par", "times of the costly monitors")
        for name, text in (("antihermiticity", "largest |G + G^+|"), ("occupation_min", "smallest eigenvalue of -i G^<"),
                           ("occupation_max", "largest eigenvalue of -i G^<")):
            out.series(name, float, ("t_monitor",), "1", text)

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        expand = self.lattice.expand
        up, down = seen["density_up"][expand], seen["density_down"][expand]
        delta = c[expand]
        return {"t": t, "delta": delta, "delta_n": initial.harmonics(delta), "density": up + down, "magnetization": up - down,
                "eV": seen["eV"], "current_left": seen["current"]["left"], "current_right": seen["current"]["right"],
                "balance": seen["balance"]}

    @staticmethod
    def headline(row):
        """Summary numbers of one row; the list of keys is in the README."""
        return {"t": row["t"], **initial.describe(row["delta"]),
                "current_left": row["current_left"], "current_right": row["current_right"],
                "density": float(np.mean(row["density"])), "magnetization": float(np.mean(row["magnetization"]))}

    def watch(self, state, found, seen):
        """Anti-Hermiticity of G and the range of the occupations. **Collective.**"""
        numbers = dict(zip(("antihermiticity", "occupation_min", "occupation_max"), state.extremes(found.green)))
        return numbers, numbers

    def warnings(self, worst):
        """A warning if occupations left [0, 1]."""
        if worst["occupation_min"] < -1e-6 or worst["occupation_max"] > 1 + 1e-6:
            return [f"occupations left [0, 1]: {worst['occupation_min']:.2e} .. {worst['occupation_max']:.2e}; "
                    "use a smaller pole_error or dt"]
        return []

    def local(self, row, seen):
        """The row as this rank writes it."""
        mine = slice(*self.layout.bounds())
        return {name: value[mine] if name in ("delta", "density", "magnetization") else value for name, value in row.items()}

    def progress(self, row):
        """A few words for the progress line."""
        return f"max|Delta| = {np.abs(row['delta']).max():.4f}"
