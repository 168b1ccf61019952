"""Evolutions of supercells: in what box, what is kicked, what is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..maths import attractors, growing_modes
from ..maths.arrays import ComplexArray, FloatArray
from ..maths.plane_wave_box import PlaneWaveBox, transverse_panels, waves_within
from ..parallel import Communicator
from ..solvers.output_times import Row
from ..solvers.protocols import State
from ..solvers.supercell.medium import harmonic_numbers
from ..solvers.supercell.state import Supercell, SupercellState
from ..solvers.supercell.stepping import explicit_step
from .cost import mode_dtype
from .evolution import run_evolution
from .recorder import Entries, Numbers, Recorder
from .supercell_tables import SupercellTable, bloch_points, cell_of
from .task import Given, Outcome, Output

if TYPE_CHECKING:
    from ..files.writer import ResultFile

POINTS = 8  # of x, for each harmonic
QUIET = 3.0  # widths after which a kick is over
SMALL = 0.05  # of the largest harmonic: a wave that is linear
FORBIDDEN = 1e-3  # no solution: eigenvalues of n so far outside of [0, 1]
VARIANTS = ("step error", "box error", "grid error")
SMALLER_BOX = 0.85
COARSER_BLOCH = 0.75
COARSER_POLES = 5.0
EVEN = (
    "supercell.even = true: the order parameter is kept even in x; what would travel, or grow "
    "unevenly, is not seen"
)


@dataclass(frozen=True, eq=False)
class Kick:
    """A pairing field shape e^{-(t - center)^2/width^2}; shape : (2 h + 1,) harmonics."""

    shape: ComplexArray
    center: float
    width: float

    def __call__(self, t: float) -> ComplexArray:
        """The field at time t."""
        size = math.exp(-(((t - self.center) / self.width) ** 2))
        return self.shape * size

    @property
    def over(self) -> float:
        """When it has ended."""
        return self.center + QUIET * self.width


def kick_shape(
    h: int, periods: int, wave: float, noise: float, seed: int, even: bool
) -> ComplexArray:
    """(2 h + 1,) of a field ``wave`` cos(Gx) with ``periods`` periods in the cell, and noise.

    noise : size of random amplitudes of all harmonics, keyed by (seed, harmonic).
    """
    shape = np.zeros(2 * h + 1, complex)
    shape[[h - periods, h + periods]] += 0.5 * wave
    if noise:
        for m in range(-h, h + 1):
            stream = np.random.Generator(np.random.Philox(key=[seed, m + 2**31]))
            shape[m + h] += noise * complex(*stream.standard_normal(2))
    if even:
        shape = 0.5 * (shape + shape[::-1])
    return shape


def amplitude_over(x: FloatArray, c: ComplexArray, G: float) -> ComplexArray:
    """sum_m c_m e^{imGx} at places (n,)."""
    m = harmonic_numbers(len(c) // 2)
    waves: ComplexArray = np.exp(1j * G * np.outer(x, m)).dot(c)
    return waves


def kick_of(given: Given) -> tuple[int, Kick]:
    """(periods of the kick's wave in the cell, the kick) of an input."""
    cell, start = given.numerics.supercell, given.initial
    _, periods = cell_of(given.numerics.wave_number, cell)
    shape = kick_shape(cell.harmonics, periods, start.kick, start.noise, given.run.seed, cell.even)
    return periods, Kick(shape, start.kick_time, start.kick_width)


def box_of(wave_number: float, cell: SupercellTable, surface: float) -> PlaneWaveBox:
    """The momenta of a cell, transverse panels to the outer Fermi surface (p^2) and beyond."""
    G, _ = cell_of(wave_number, cell)
    y, weights = transverse_panels(surface, cell.panels, cell.y_max)
    waves = max(waves_within(G, cell.p_max), 2 * cell.harmonics + 1)
    return PlaneWaveBox(G, waves, bloch_points(G, cell), y, weights, cell.even)


def with_step(given: Given, system: Supercell) -> Given:
    """The input with its time step: its own, or one whose extrapolation of Delta is stable."""
    checked: Any = given
    numerics = given.numerics
    if numerics.dt is None:
        numerics = replace(numerics, dt=explicit_step(system.medium))
    changed: Given = replace(checked, numerics=numerics)
    return changed


class SupercellRecords(Recorder):
    """Data sets of the evolution of a supercell.

    periods : of the kick's wave in the cell.
    """

    worst = {"min_occupation": min, "max_occupation": max, "balance": max}
    variants = VARIANTS
    safety = 2.0  # of order 2: the error is a third of the difference to twice the step
    traced = ("delta_max", "delta_min")
    caution = 3.0  # the box's share falls as 1/p_max^2, which is less by 1.38 at .85 p_max

    def __init__(self, given: Given, system: Supercell, periods: int, kick: Kick) -> None:
        self.given, self.system = given, system
        self.periods, self.kick = periods, kick
        box = system.medium.box
        self.G, h = box.wave_number, system.h
        self.x = np.arange(POINTS * h) / (POINTS * h) * box.length
        self.p = box.along.ravel()
        if box.even and not box.parity:
            self.p = np.concatenate([-self.p, self.p])
        self.first: float | None = None

    def declare(self, out: ResultFile) -> None:
        """Axes and series. **Collective.**"""
        out.growing_axis("t")
        out.axis("harmonic", harmonic_numbers(self.system.h))
        out.axis("x", self.x)
        out.axis("p_x", np.sort(self.p))
        for name in ("harmonics", "delta_x", "density", "momenta", "delta_max", "delta_min"):
            out.series(name)
        for name in ("relative_density", "condensed", "mean_wave_number", "frequency", "balance_t"):
            out.series(name)
        out.growing_axis("t_monitor")
        out.series("min_occupation_t")
        out.series("max_occupation_t")

    def declare_errors(self, out: ResultFile) -> None:
        """Errors in time. **Collective.**"""
        out.growing_axis("t_error")
        for name in self.traced:
            for kind in self.variants:
                out.series(f"{name}_{kind.replace(' ', '_')}")

    def row(self, t: float, c: ComplexArray, observed: Numbers) -> Entries:
        """One row, replicated."""
        h = self.system.h
        m = harmonic_numbers(h)
        wave = amplitude_over(self.x, c, self.G)
        size = np.abs(wave)
        top = int(size.argmax())
        turning = amplitude_over(self.x[top : top + 1], observed["velocity"], self.G)[0]
        weight = np.abs(c) ** 2
        number = float(observed["density"][0, h].real)
        return {
            "t": t,
            "harmonics": c.copy(),
            "delta_max": float(size.max()),
            "delta_min": float(size.min()),
            "relative_density": number / observed["number_at_start"],
            "condensed": float(observed["pairs"]) / number,
            "mean_wave_number": self.G * float(np.sqrt(m**2 @ weight / max(weight.sum(), 1e-300))),
            "frequency": -float((turning / wave[top]).imag) if size[top] > 0 else 0.0,
            "balance_t": observed["balance"] / number,
            "balance": abs(observed["balance"]) / number,
        }

    def _sorted(self, momenta: FloatArray) -> FloatArray:
        values = momenta.ravel()
        if len(values) < len(self.p):
            values = np.concatenate([values, values])
        return values[np.argsort(self.p, kind="stable")]

    def local(self, row: Numbers, observed: Numbers) -> Entries:
        """What is written of it: what is not needed of the variants is made here."""
        more = {
            "delta_x": np.abs(amplitude_over(self.x, row["harmonics"], self.G)),
            "density": amplitude_over(self.x, observed["density"][0], self.G).real,
            "momenta": self._sorted(observed["momenta"]),
        }
        return more | {name: value for name, value in row.items() if name != "balance"}

    def watch(self, state: State, output: Row, observed: Numbers) -> tuple[Entries, Entries]:
        """The eigenvalues of n. **Collective.**"""
        low, high = np.nan, np.nan
        if isinstance(state, SupercellState):
            low, high = state.occupations()
        rows = {"min_occupation_t": low, "max_occupation_t": high}
        return rows, {"min_occupation": low, "max_occupation": high}

    def headline(self, row: Numbers) -> Entries:
        """Summary numbers of a row."""
        names = ("t", "delta_max", "delta_min", "relative_density", "condensed", "mean_wave_number")
        numbers = {name: row[name] for name in (*names, "frequency")}
        late = np.asarray(row["harmonics"])[self.system.h :]
        return numbers | {"harmonics": [[float(z.real), float(z.imag)] for z in late]}

    def violations(self, worst: Numbers) -> list[str]:
        """Occupations far outside [0, 1]."""
        low, high = worst["min_occupation"], worst["max_occupation"]
        if low >= -FORBIDDEN and high <= 1 + FORBIDDEN:
            return []
        return [
            f"no solution: eigenvalues of n left [0, 1] ({low:.2e} .. {high:.2e}); use a smaller dt"
        ]

    def progress(self, row: Numbers) -> str:
        """The order parameter, in words."""
        return f"|Delta| = {row['delta_min']:.4f} .. {row['delta_max']:.4f}"

    # -- of the whole run --------------------------------------------------------------------------
    def add_history(
        self, outcome: Outcome, out: ResultFile, traces: Sequence[FloatArray] = ()
    ) -> None:
        """What needs all rows: the attractor, growth rates after the kick. **Collective.**

        traces : rows (t, delta_max, delta_min) of the runs that tell the errors.
        """
        t, top = out.read("t"), out.read("delta_max")
        late = t >= 0.5 * t[-1]
        state = attractors.recurrence(t, np.abs(out.read("harmonics")))
        known = state.kind == "limit cycle"
        if self.system.even:
            outcome.warnings.append(EVEN)
        box = self.system.medium.box
        outcome.summary |= {
            "late_max": float(top[late].max()),
            "late_min": float(out.read("delta_min")[late].min()),
            "attractor": state.kind,
            "period": state.period if known else None,
            "length": box.length,
            "waves": box.waves,
            "blocks": box.blocks,
            "modes": self.system.medium.modes,
        }
        if known:
            outcome.errors["period"] = state.errors[0]
        growth, error, window = self.growth(t, out.read("harmonics"))
        outcome.summary["growth"] = growth
        if growth is not None:
            contrast = np.stack([t, top, out.read("delta_min")], axis=1)
            slips = self.slips(contrast, traces, window)
            outcome.errors["growth"] = [[float(x + slips)] * 2 for x in error]

    def further_error(self, key: str, other: Numbers, coarse: Numbers, variant: str = "") -> float:
        """As of every number, but densities have a tail beyond the box that falls as 1/p_max."""
        return box_factor(key) * float(abs(other[key] - coarse[key]))

    def slips(
        self, rows: FloatArray, traces: Sequence[FloatArray], window: tuple[float, float]
    ) -> float:
        """How much the other runs differ in the late slope of ln(delta_max - delta_min)."""
        if not traces:
            return 0.0
        main, coarse, *others = (late_slope(trace, window) for trace in (rows, *traces))
        further = sum(abs(x - coarse) for x in others)
        return abs(coarse - main) / self.safety + self.caution * further

    def growth(
        self, t: FloatArray, harmonics: ComplexArray
    ) -> tuple[list[list[float]] | None, FloatArray, tuple[float, float]]:
        """([[re, im], [re, im]] of the two fastest modes of the kicked wave, the error (2,) of the
        fit of each, when it begins and ends).

        While it is small; None where it is not, or for too short a time.
        """
        places = self.system.h + self.periods * np.array([1, -1])
        place = places[np.argmin(np.abs(self.system.start[places]))]  # a plane wave's opposite
        wave = harmonics[:, place]
        small = np.abs(wave) < SMALL * np.abs(harmonics[0]).max()
        end = len(t)
        if not small.all():
            end = int(np.argmin(small))
        begin = int(np.searchsorted(t, self.kick.over))
        even = np.append(np.abs(np.diff(t) - (t[1] - t[0])) < 1e-6 * (t[1] - t[0]), True)
        if begin < end and not even[begin : end - 1].all():
            end -= 1
        if self.kick.shape[place] == 0 or end - begin < 24:
            return None, np.zeros(0), (0.0, 0.0)
        middle = begin + (end - begin) // 4
        paired = not self.system.start[places].any()
        whole, part = (
            growing_modes.exponents(t[k:end], wave[k:end], paired=paired)[:2]
            for k in (begin, middle)
        )
        error = np.abs(whole - part)
        pairs = [[float(z.real), float(z.imag)] for z in whole]
        return pairs, error, (float(t[begin]), float(t[end - 1]))


def late_slope(rows: FloatArray, window: tuple[float, float]) -> float:
    """Of ln(delta_max - delta_min) in the last half of a window; rows (n, 3) begin with t."""
    begin, end = window
    late = (rows[:, 0] >= 0.5 * (begin + end)) & (rows[:, 0] <= end)
    contrast = np.log(np.maximum(rows[late, 1] - rows[late, 2], 1e-300))
    return float(np.polyfit(rows[late, 0], contrast, 1)[0])


def box_factor(name: str) -> float:
    """The error of a number over how much a box of .85 p_max moves it."""
    if name in ("relative_density", "condensed"):
        return 6.0
    return SupercellRecords.caution


def other_points(points: int) -> int:
    """Bloch points of another grid: fewer, an even number; twice as many where there are few."""
    fewer = round(COARSER_BLOCH * points)
    fewer += fewer % 2
    if 2 <= fewer < points:
        return fewer
    return 2 * points


def varied(given: Given, variant: str | None) -> Given:
    """The input on the smaller box, or the other grid, of a variant."""
    checked: Any = given
    numerics = given.numerics
    cell = numerics.supercell
    if variant == "box error":
        cell = replace(cell, p_max=cell.p_max * SMALLER_BOX, y_max=cell.y_max * SMALLER_BOX**2)
    if variant == "grid error":
        G, _ = cell_of(numerics.wave_number, cell)
        points = other_points(bloch_points(G, cell))
        cell = replace(cell, bloch_points=points, panels=cell.panels + 1)
        numerics = replace(numerics, pole_error=numerics.pole_error * COARSER_POLES)
    changed: Given = replace(checked, numerics=replace(numerics, supercell=cell))
    return changed


def run_cell(
    given: Given,
    comm: Communicator,
    log: Callable[[str], None],
    output: Output,
    made: tuple[Supercell, int, Kick],
    other: Callable[[str], Supercell],
) -> Outcome:
    """An evolution with all its records. **Collective.**

    made : (the equations, periods of the kick's wave in the cell, the kick). other : the equations
    of a variant in another box or on another grid.
    """
    system = made[0]
    records = SupercellRecords(given, *made)

    def make(variant: str | None, begin: bool) -> State:
        equations = system
        if variant not in (None, VARIANTS[0]):
            equations = other(str(variant))
        state: Any = SupercellState(equations, comm, mode_dtype(given.numerics), begin)
        checked: State = state
        return checked

    outcome = run_evolution(given, comm, log, output, make, records)
    if outcome.status == "complete":
        traces: list[FloatArray] = []
        if given.numerics.error_estimate:
            parts = [output.part(name).result for name in records.variants]
            traces = [np.asarray((part or {})["trace"], float) for part in parts]
        records.add_history(outcome, output(), traces)
    return outcome


def words_of(given: Given, system: Supercell) -> str:
    """Blocks, modes and step of an evolution, for the log."""
    medium = system.medium
    return (
        f"{medium.box.blocks} blocks of {medium.box.waves} plane waves, "
        f"{medium.modes} bath modes, dt = {given.numerics.dt:.4g}"
    )
