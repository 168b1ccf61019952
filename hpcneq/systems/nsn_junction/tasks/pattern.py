"""The nsn-junction with symmetry = "full": evolution of any pattern, and stationary patterns site by site."""

from __future__ import annotations

import dataclasses
import os

import numpy as np

from ....errors import InputError, NotConverged
from ....files.hdf5 import open_file
from ....parallel import Layout, on_root, solo
from ....solvers import newton
from ....solvers.evolution import row_times
from ....solvers.site_columns.stationary import Stationary
from ....tasks import Outcome
from ....tasks import cost as estimates
from .. import site_inputs
from ..physics import drive
from ..physics import junction as model
from ..physics import lattice_dynamics as sites
from ..physics import patterns as initial
from ..physics import site_patterns as patterns
from ..shared.initial_state import build, loosened, on_root_value, start

# ---- the lattice of an input ----------------------------------------------------------------------------------------


def lattice(run, comm, recall=lambda name, compute, *args: compute(*args)):
    """The `Sites` of an input. **Collective.**"""
    n, table = run.numerics, run.tables.get("sites") or site_inputs.SiteTable()
    vector = []
    for axis, given in (("x", table.A_x), ("y", table.A_y)):
        try:
            found = recall(
                f"A_{axis}",
                lambda: dataclasses.asdict(on_root_value(comm, drive.read, given, run.folder)),
            )
        except ValueError as error:
            raise InputError(f"[sites] A_{axis}: {error}") from None
        vector.append(drive.Drive.of(found))
    count = n.Lx * n.Ly
    held = on_root(comm, _fields, table.file, run.folder, n.Lx, n.Ly) if table.file else {}
    potential = held.get("potential", np.zeros(count)) + sites.disorder(
        count, table.disorder, table.seed
    )
    pairing = held.get("pairing", np.full(count, run.parameters.U)) + sites.disorder(
        count, table.pairing_disorder, table.seed + 2**32
    )
    return sites.Sites(
        n.Lx,
        n.Ly,
        potential,
        pairing,
        table.boundary_x == "open",
        table.boundary_y == "open",
        tuple(vector),
    )


def _fields(name, folder, Lx, Ly):
    """Site fields {"potential", "pairing"} of an HDF5 file, (N,) each."""
    found = _read("sites", name, folder, ("potential", "pairing"), (Lx, Ly), float)
    if not found:
        raise InputError(f'[sites] file = "{name}": holds neither "potential" nor "pairing"')
    return {key: value.ravel() for key, value in found.items()}


def _read(table, name, folder, keys, shape, kind):
    """{key: array of ``shape``} of those ``keys`` that an HDF5 file has; of a series its last row."""
    path, found = os.path.join(folder, name), {}
    try:
        with open_file(path, "r") as file:
            for key in keys:
                if key in file:
                    value = file[key]
                    found[key] = np.asarray(value[-1 if value.ndim == len(shape) + 1 else ()], kind)
    except (OSError, TypeError, ValueError) as error:
        raise InputError(
            f'[{table}] file = "{name}": cannot read {path} ({str(error).splitlines()[0]})'
        ) from None
    for key, value in found.items():
        if value.shape != shape or not np.all(np.isfinite(value)):
            raise InputError(
                f'[{table}] file = "{name}": {key} must be finite numbers of shape {shape}, got shape {value.shape}'
            )
    return found


# ---- the start ----------------------------------------------------------------------------------------------------------


def begin(run, comm, junction, place, log):
    """The stationary order parameter (N,) before t = 0 and what to say about it. **Collective.**"""
    state = run.initial.state
    if state == "normal" or (place.uniform and state not in ("crossed", "pattern")):
        if any(part.start for part in place.vector) and state != "normal":
            raise InputError(
                f'[initial] state = "{state}": with a vector potential before t = 0 only "normal" is known to be stationary'
            )
        delta, found = start(run, comm, junction, log)
        return np.repeat(delta, place.Ly), found
    if state == "auto":
        raise InputError(
            '[initial] state = "auto": free energies are compared on uniform lattices only; use "normal", "bcs", "fflo", "crossed" or "pattern"'
        )
    if not junction.balanced:
        raise InputError(
            f'[initial] state = "{state}": with unequal leads the phase of a condensate turns; only "normal" is stationary'
        )
    found = relax(run, comm, junction, place, log)
    delta = order_parameter(found, place).ravel()
    summary = {
        "initial_state": patterns.describe(delta.reshape(place.Lx, place.Ly))["state"],
        "initial_wave_number": None,
        "initial_residual": found.residual,
        "initial_delta_max": float(np.abs(delta).max()),
    }
    return delta, {"summary": summary, "warnings": []}


def relax(run, comm, junction, place, log, tolerance=1e-9):
    """A stationary pattern by Anderson-accelerated self-consistency from the seed of [initial]; raises NotConverged. **Collective.**"""
    n, state, bias = run.numerics, run.initial.state, junction.drive.start
    wave = run.initial.wave_number
    if wave is None and state not in ("bcs", "pattern"):
        strength = on_root(
            comm,
            lambda: [
                initial.pair_susceptibility(junction, bias, k) for k in range(1, n.Lx // 2 + 1)
            ],
        )
        wave = 1 + int(np.argmax(strength))
    if wave is not None and wave > n.Lx // 2:
        raise InputError(f"[initial] wave_number = {wave}: must be <= Lx // 2 = {n.Lx // 2}")
    if state == "pattern":
        held = on_root(
            comm,
            _read,
            "initial",
            run.initial.file,
            run.folder,
            ("delta",),
            (place.Lx, place.Ly),
            complex,
        )
        if not held:
            raise InputError(
                f'[initial] file = "{run.initial.file}": holds no order parameter "delta"'
            )
        seed = held["delta"].ravel()
    else:
        seed = patterns.seed(place.Lx, place.Ly, state, wave, 0.2 * run.parameters.U).ravel() + 0j
    if run.initial.noise and run.task == "pattern":
        seed = seed + initial.site_noise(
            place.count,
            run.initial.noise,
            run.run.seed if run.initial.seed is None else run.initial.seed,
        )
    problem = problem_of(junction, place)
    found = accelerated(problem, comm, np.concatenate([seed.real, seed.imag]), tolerance)
    log(
        f"initial: {state} seed"
        + (f" with {wave} periods" if wave else "")
        + f": residual {found.residual:.1e} after {found.iterations} iterations"
    )
    if not found.residual < 1e3 * tolerance:
        raise NotConverged(
            f"initial: SNES stopped with residual {found.residual:.1e} ({found.reason}); try another state or wave_number, "
            "or [petsc] initial_relax.snes_max_it"
        )
    return found


def accelerated(problem, comm, x, tolerance):
    """Anderson-accelerated self-consistency from x. **Collective.**"""
    return newton.relax(
        problem,
        comm,
        x,
        {
            "snes_type": "anderson",
            "snes_anderson_m": 12,
            "snes_atol": tolerance,
            "snes_max_it": 300,
        },
    )


def polish(problem, comm, found, log):
    """(root by Newton with phase and position fixed, largest step from ``found`` per residual of ``found``). **Collective.**"""
    better = newton.solve(
        problem, comm, found.x, {"ksp_rtol": 1e-2, "snes_max_it": 3, "snes_atol": 1e-12}
    )
    if not better.residual < found.residual:
        return found, 30.0
    log(f"pattern: Newton: residual {better.residual:.1e} ({better.reason})")
    return better, float(np.abs(better.x - found.x).max() / found.residual)


def starting(run, comm, junction, place, delta):
    """``delta`` with its noise, (N,)."""
    seed = run.run.seed if run.initial.seed is None else run.initial.seed
    if run.initial.noise_sites:
        return delta + initial.site_noise(place.count, run.initial.noise, seed)
    return delta + np.repeat(
        initial.noise(model.stripe(place.Lx, 1, 0.0), run.initial.noise, seed), place.Ly
    )


def estimate(run, ranks):
    """Lines for ``hpcneq check`` of an evolution."""
    junction, place = build(run, solo()), lattice(run, solo())
    system = sites.SiteQuench(junction, place, np.zeros(place.count))
    rows = row_times(
        run.run.t_max, system.breakpoints(run.run.t_max), run.numerics.dt, run.run.output_every
    )
    lanes = sum(len(held) for held in system.held)

    def make():
        Lx, Ly = min(place.Lx, 24), min(place.Ly, 11)
        small = sites.Sites(
            Lx,
            Ly,
            np.zeros(Lx * Ly),
            np.full(Lx * Ly, run.parameters.U),
            place.open_x,
            place.open_y,
            place.vector,
        )
        return sites.SiteQuench(junction, small, np.zeros(Lx * Ly))

    return [
        f"  poles: {len(junction.poles[0].w)} a lead, error {max(fit.error for fit in junction.poles):.1e}",
        *estimates.columns(make, place.count, lanes, run, ranks, len(rows)),
    ]


def refuse(run):
    """InputError for what symmetry = "full" does not know."""
    if run.initial.state == "file":
        raise InputError(
            '[initial] state = "file": not with symmetry = "full"; a stopped run goes on with --resume, a stationary order parameter is taken up by state = "pattern"'
        )
    if run.numerics.corrector:
        raise InputError(
            f'[numerics] corrector = {run.numerics.corrector}: must be 0 with symmetry = "full", whose modes are advanced in place'
        )


# ---- task pattern -----------------------------------------------------------------------------------------------------------


def pattern(run, comm, log, output):
    """Delta_j = -i U_j G^<_{j up, j hole} with nothing assumed of the pattern (Kawamura & Ohashi 2025, Eq. (21)). **Collective.**

    Self-consistency accelerated, then Newton. Errors: what ten times the pole error changes, and the residual times the largest
    step that Newton took per residual. Not every pattern found is stable: evolve it.
    """
    junction, place = build(run, comm, output.recall), lattice(run, comm, output.recall)
    if not junction.balanced:
        raise InputError(
            "[parameters] unequal leads: the phase of a condensate turns; no pattern is stationary"
        )
    try:
        found, status = relax(run, comm, junction, place, log), "complete"
    except NotConverged as error:
        return Outcome("not-converged", {}, {}, [str(error)])
    found, reach = polish(problem_of(junction, place), comm, found, log)
    delta = order_parameter(found, place)
    out = output()
    out.axis("x", np.arange(place.Lx), "lattice constant", "site along x")
    out.axis("y", np.arange(place.Ly), "lattice constant", "site along y")
    for name, value, units, text in (
        ("delta", delta, "t_par", "order parameter"),
        ("potential", place.potential.reshape(delta.shape), "t_par", "energy of the site"),
        ("pairing", place.pairing.reshape(delta.shape), "t_par", "attraction on the site"),
    ):
        out.fixed(name, value, ("x", "y"), units, text)
    numbers = patterns.describe(delta)
    errors = {}
    if run.numerics.error_estimate:
        other = accelerated(
            problem_of(loosened(run, comm, junction, output.recall), place), comm, found.x, 1e-10
        )
        there = patterns.describe(order_parameter(other, place))
        errors = {
            key: abs(there[key] - numbers[key])
            + 10 * max(reach, 1.0) * (found.residual + other.residual)
            for key in ("delta_max", "delta_rms")
        }
    return Outcome(
        status,
        {
            **numbers,
            "residual": found.residual,
            "iterations": found.iterations,
            "pole_error": max(fit.error for fit in junction.poles),
        },
        errors,
        [],
    )


def problem_of(junction, place):
    """The gap equation of every site."""
    return Stationary(sites.SiteQuench(junction, place, np.zeros(place.count)))


def order_parameter(found, place):
    """(Lx, Ly) complex."""
    return (found.x[: place.count] + 1j * found.x[place.count :]).reshape(place.Lx, place.Ly)


# ---- records of an evolution --------------------------------------------------------------------------------------------


def records(base):
    """The recorder of an evolution of any pattern, made from that of stripes (``base``)."""

    class SiteRecords(base):
        """Data sets over (x, y): order parameter, its structure factor, densities; currents and monitors as for stripes."""

        def __init__(self, junction, comm, place):
            super().__init__(junction, comm)
            self.place = place
            self.layout = Layout.over(place.Lx, comm)

        def declare(self, out):
            """Axes and series of the result file. **Collective.**"""
            place = self.place
            out.growing_axis("t", "1/t_par", "time")
            out.axis("x", np.arange(place.Lx), "lattice constant", "site along x")
            out.axis("y", np.arange(place.Ly), "lattice constant", "site along y")
            out.axis("n_x", np.arange(place.Lx // 2 + 1), "2 pi / Lx", "wave number along x")
            out.axis("n_y", np.arange(place.Ly // 2 + 1), "2 pi / Ly", "wave number along y")
            out.fixed(
                "potential",
                place.potential.reshape(place.Lx, place.Ly),
                ("x", "y"),
                "t_par",
                "energy of the site",
            )
            for name, dtype, units, text in (
                ("delta", complex, "t_par", "order parameter"),
                ("density", float, "per site", "particles per site, both spins"),
                ("magnetization", float, "per site", "particles per site, up minus down"),
            ):
                out.series(name, dtype, ("t", "x", "y"), units, text, layout=self.layout)
            out.series(
                "structure",
                float,
                ("t", "n_x", "n_y"),
                "t_par^2",
                "|Delta_q|^2 summed over the signs of q_x and q_y; adds up to the mean of |Delta|^2",
            )
            self.declare_numbers(out)

        def row(self, t, c, seen):
            """One row, replicated on every rank."""
            up, down = seen["density_up"], seen["density_down"]
            shape = (self.place.Lx, self.place.Ly)
            delta = c.reshape(shape)
            return {
                "t": t,
                "delta": delta,
                "structure": patterns.structure(delta),
                "density": (up + down).reshape(shape),
                "magnetization": (up - down).reshape(shape),
                "eV": seen["eV"],
                "current_left": seen["current"]["left"],
                "current_right": seen["current"]["right"],
                "balance": seen["balance"],
            }

        @staticmethod
        def headline(row):
            """Summary numbers of one row."""
            return {
                "t": row["t"],
                **patterns.describe(row["delta"]),
                "current_left": row["current_left"],
                "current_right": row["current_right"],
                "density": float(np.mean(row["density"])),
                "magnetization": float(np.mean(row["magnetization"])),
            }

    return SiteRecords
