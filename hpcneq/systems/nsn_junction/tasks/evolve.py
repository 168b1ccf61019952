"""Tasks of the nsn-junction system."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....files import writer as store
from ....parallel import Layout, on_root, solo
from ....solvers.auxiliary_modes.state import BlockState
from ....solvers.evolution import row_times
from ....solvers.site_columns.state import SiteState
from ....tasks import cost as estimates
from ....tasks.evolution import Recorder, run_evolution
from .. import site_inputs
from ..physics import junction as model
from ..physics import lattice_dynamics as sites
from ..physics import onsets
from ..physics import patterns as initial
from ..physics import spectra as spectral
from ..physics import uniform_states as static
from ..physics.stripe_dynamics import Quench
from ..shared import previous_run as nsn_continued
from ..shared.initial_state import build, loosened, start
from . import ensemble as nsn_ensemble
from . import modes as nsn_modes
from . import pattern as nsn_sites
from . import phase_diagram as nsn_maps

HARMONICS, MOST_PERIODS = 8, 4  # of the currents under a sine drive


def evolve(run, comm, log, output):
    """Kawamura & Ohashi 2025, Fig. 4: a stationary state at the bias before t = 0, then eV(t). **Collective.**

    With [initial] state = "file" the start is the last state of another run, its bath modes included.
    """
    if run.numerics.symmetry == "full":
        return _evolve_sites(run, comm, log, output)
    if run.tables.get("sites") not in (None, site_inputs.SiteTable()):
        raise InputError('[sites]: goes with [numerics] symmetry = "full" only')
    if run.initial.state in ("crossed", "pattern"):
        raise InputError(
            f'[initial] state = "{run.initial.state}": goes with [numerics] symmetry = "full" only'
        )
    before = nsn_continued.Source(run, comm, output) if run.initial.state == "file" else None
    junction = build(run, comm, output.recall, fits=before.facts["fits"] if before else None)
    delta, found = (
        output.recall("start", start, run, comm, junction, log)
        if before is None
        else (0.0, nsn_continued.words(before, run))
    )
    seed = run.run.seed if run.initial.seed is None else run.initial.seed
    noise = initial.noise(junction.lattice, run.initial.noise, seed)
    dtype = np.dtype(complex if run.numerics.precision == "double" else np.complex64)

    def state(variant, begin):
        """The run's state; that of "pole error" has a looser pole fit."""
        if before is not None and begin:
            window = model.window(
                junction.leads, junction.mu, junction.h, junction.drive, run.run.t_max
            )
            return before.state(junction, dtype, noise, window)
        system = Quench(junction, delta + noise)
        if variant == "pole error":
            system = Quench(loosened(run, comm, junction, output.recall), delta + noise)
        return BlockState(system, comm, dtype, start=begin)

    records = Records(junction, comm, before.facts if before else None)
    outcome = run_evolution(run, comm, log, output, state, records)
    if outcome.status == "complete" and junction.drive.kind == "sine":
        outcome.warnings += records.write_harmonics(output(), comm, outcome)
    outcome.summary.update(
        pole_error=max(fit.error for fit in junction.poles),
        memory_error=max(fit.memory_error for fit in junction.poles),
        eV_initial=junction.drive.start,
        poles=[len(fit.w) for fit in junction.poles],
        **found["summary"],
    )
    outcome.summary.update(regions(junction, comm, outcome.summary["t"]))
    outcome.warnings[:0] = found["warnings"]
    return outcome


def _evolve_sites(run, comm, log, output):
    """The same with symmetry = "full": Delta free on every site, columns of the modes over ranks. **Collective.**"""
    nsn_sites.refuse(run)
    junction, place = build(run, comm, output.recall), nsn_sites.lattice(run, comm, output.recall)
    delta, found = output.recall("start", nsn_sites.begin, run, comm, junction, place, log)
    delta = nsn_sites.starting(run, comm, junction, place, np.asarray(delta))
    dtype = np.dtype(complex if run.numerics.precision == "double" else np.complex64)

    def state(variant, begin):
        """The run's state; that of "pole error" has a looser pole fit."""
        made = loosened(run, comm, junction, output.recall) if variant == "pole error" else junction
        return SiteState(sites.SiteQuench(made, place, delta), comm, dtype, start=begin)

    outcome = run_evolution(
        run, comm, log, output, state, nsn_sites.records(Records)(junction, comm, place)
    )
    outcome.summary.update(
        pole_error=max(fit.error for fit in junction.poles),
        memory_error=max(fit.memory_error for fit in junction.poles),
        eV_initial=junction.drive.start,
        poles=[len(fit.w) for fit in junction.poles],
        **found["summary"],
    )
    outcome.warnings[:0] = found["warnings"]
    return outcome


def regions(junction, comm, t):
    """Region of the phase diagram (of this lattice) before t = 0 and at the bias of time t; None for unequal leads."""
    if not junction.balanced:
        return {"region_initial": None, "region": None}
    lead, lattice = junction.leads[0], junction.lattice
    grid = static.finite(lattice.Lx, lattice.Ly)
    at = [
        static.Point(junction.U, junction.mu, lead.gamma, junction.h, lead.T, abs(bias))
        for bias in (junction.drive.start, junction.drive(t, -1))
    ]
    names = on_root(comm, lambda: [onsets.region(point, grid) for point in at])
    return {"region_initial": names[0], "region": names[1]}


def estimate(run, ranks):
    """Lines for ``hpcneq check``."""
    if run.task == "phase-diagram":
        return nsn_maps.estimate(run, ranks)
    if run.task == "ensemble":
        return nsn_ensemble.estimate(run, ranks)
    if run.task == "modes":
        return nsn_modes.estimate(run, ranks)
    if run.task == "evolve" and run.numerics.symmetry == "full":
        return nsn_sites.estimate(run, ranks)
    if run.task != "evolve":
        return ["  seconds on one core; what is swept is spread over ranks, row by row"]
    if run.initial.state == "file":
        return ["  starts from a file: size and time are about those of the run that wrote it"]
    junction = build(run, solo())
    system = Quench(junction, np.zeros(len(junction.lattice.count)))
    rows = row_times(
        run.run.t_max, system.breakpoints(run.run.t_max), run.numerics.dt, run.run.output_every
    )
    return [
        f"  poles: {len(junction.poles[0].w)} a lead, error {max(fit.error for fit in junction.poles):.1e}",
        *estimates.evolution(system, run, ranks, len(rows)),
    ]


# ---- what is recorded ---------------------------------------------------------------------------------------------


class Records(Recorder):
    """Data sets of an evolution: the order parameter, its harmonics, densities, currents, monitors."""

    worst = {"antihermiticity": max, "occupation_min": min, "occupation_max": max, "balance": max}
    variants = ("step error", "pole error")

    def __init__(self, junction, comm, before=None):
        self.junction, self.before = junction, before
        if before is not None:  # poles cannot be exchanged under a state in motion
            self.variants = ("step error",)
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
            ("magnetization", float, ("t", "x"), "per site", "particles per site, up minus down"),
        ):
            out.series(name, dtype, axes, units, text, layout=self.layout)
        out.series(
            "delta_n",
            float,
            ("t", "n"),
            "t_par",
            "modulus of the order parameter's harmonics, larger of +n and -n",
        )
        self.declare_numbers(out)

    def declare_numbers(self, out):
        """Series of the bias, the currents and the monitors. **Collective.**"""
        for name, units, text in (
            ("eV", "t_par", "bias"),
            ("current_left", "t_par per site", "particle current from the left lead"),
            ("current_right", "t_par per site", "particle current from the right lead"),
            ("balance", "t_par per site", "|dn/dt - sum of the currents|"),
        ):
            out.series(name, float, ("t",), units, text)
        out.growing_axis("t_monitor", "1/t_par", "times of the costly monitors")
        for name, text in (
            ("antihermiticity", "largest |G + G^+|"),
            ("occupation_min", "smallest eigenvalue of -i G^<"),
            ("occupation_max", "largest eigenvalue of -i G^<"),
        ):
            out.series(name, float, ("t_monitor",), "1", text)
        if self.before is not None:
            out.axis("previous", np.arange(len(self.before["eV"])), "1", "rows of the run before")
            out.fixed(
                "previous_eV", self.before["eV"], ("previous",), "t_par", "bias in the run before"
            )
            out.fixed(
                "previous_delta_max",
                self.before["delta_max"],
                ("previous",),
                "t_par",
                "largest |Delta| in the run before",
            )

    def write_harmonics(self, out, comm, outcome):
        """Fourier content of the currents under a sine drive, over its last whole periods; warnings. **Collective.**"""
        drive, out_of = self.junction.drive, on_root(comm, lambda: store.Result(out.path))
        period = 2 * np.pi / drive.frequency
        end = min(out_of.t[-1], drive.at + drive.duration)
        whole = min(int((end - drive.at) / period * (1 + 1e-9)), MOST_PERIODS)
        inside = (out_of.t >= end - whole * period - 1e-9) & (out_of.t <= end + 1e-9)
        if whole < 1 or inside.sum() < 4 * HARMONICS:
            return [
                f"no Fourier content of the currents: it needs a whole period ({period:.4g}) with {4 * HARMONICS} rows of output or more"
            ]
        out.axis("harmonic", np.arange(HARMONICS + 1), "drive frequency", "harmonic of the drive")
        for side in ("left", "right"):
            values, misfit = spectral.harmonics(
                np.asarray(out_of.t[inside]) - drive.at,
                np.asarray(out_of[f"current_{side}"][inside]),
                drive.frequency,
                HARMONICS,
            )
            out.fixed(
                f"current_{side}_harmonics",
                values,
                ("harmonic",),
                "t_par per site",
                f"c_k of the current from the {side} lead, Re sum c_k exp(-i k Omega (t - at)), over the last {whole} periods",
            )
            outcome.summary[f"current_{side}_first_harmonic"] = complex(values[1])
            outcome.errors[f"current_{side}_first_harmonic"] = misfit
        return []

    def row(self, t, c, seen):
        """One row, replicated on every rank."""
        expand = self.lattice.expand
        up, down = seen["density_up"][expand], seen["density_down"][expand]
        delta = c[expand]
        return {
            "t": t,
            "delta": delta,
            "delta_n": initial.harmonics(delta),
            "density": up + down,
            "magnetization": up - down,
            "eV": seen["eV"],
            "current_left": seen["current"]["left"],
            "current_right": seen["current"]["right"],
            "balance": seen["balance"],
        }

    @staticmethod
    def headline(row):
        """Summary numbers of one row; the list of keys is in the README."""
        return {
            "t": row["t"],
            **initial.describe(row["delta"]),
            "current_left": row["current_left"],
            "current_right": row["current_right"],
            "density": float(np.mean(row["density"])),
            "magnetization": float(np.mean(row["magnetization"])),
        }

    def watch(self, state, found, seen):
        """Anti-Hermiticity of G and the range of the occupations. **Collective.**"""
        numbers = dict(
            zip(
                ("antihermiticity", "occupation_min", "occupation_max"), state.extremes(found.green)
            )
        )
        return numbers, numbers

    def warnings(self, worst):
        """A warning if occupations left [0, 1]."""
        if worst["occupation_min"] < -1e-6 or worst["occupation_max"] > 1 + 1e-6:
            return [
                f"occupations left [0, 1]: {worst['occupation_min']:.2e} .. {worst['occupation_max']:.2e}; "
                "use a smaller pole_error or dt"
            ]
        return []

    def local(self, row, seen):
        """The row as this rank writes it."""
        mine = slice(*self.layout.bounds())
        return {
            name: value[mine] if name in ("delta", "density", "magnetization") else value
            for name, value in row.items()
        }

    def progress(self, row):
        """A few words for the progress line."""
        return f"max|Delta| = {np.abs(row['delta']).max():.4f}"
