"""What is written of the evolution of a supercell, and what is told of the whole of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..maths import attractors, growing_modes
from ..maths.arrays import ComplexArray, FloatArray
from ..maths.crossed_box import CrossedBox
from ..maths.pair_box import PairBox
from ..maths.plane_wave_box import PlaneWaveBox
from ..solvers.output_times import Row
from ..solvers.protocols import State
from ..solvers.supercell.medium import harmonic_numbers
from ..solvers.supercell.state import Supercell, SupercellState
from .recorder import Entries, Numbers, Recorder
from .task import Given, Outcome

if TYPE_CHECKING:
    from ..files.writer import ResultFile
    from .supercell_kicks import Kick

POINTS = 8  # of x, for each harmonic
SMALL = 0.05  # of the largest harmonic: a wave that is linear
FORBIDDEN = 1e-3  # no solution: eigenvalues of n so far outside of [0, 1]
VARIANTS = ("step error", "box error", "grid error")
LEAST_ROWS = 32  # of which the last half is looked at
GONE = 0.01  # of the largest order parameter ever, below which it has collapsed
ALMOST_ALL = 0.97  # of the square of the order parameter: one wave
MOST = 0.9  # the same: two opposite waves
SHARED = 0.3  # of these two: each
EVEN = (
    "supercell.even = true: the order parameter is kept even in x; what would travel, or grow "
    "unevenly, is not seen"
)


LARGE = (
    f"supercell.pairs = true: the wave has grown beyond {SMALL:g} of the order parameter, pairs of "
    "momenta are right for small waves alone"
)


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
        self.box = system.medium.box
        self.vectors = self.box.vectors(2 * system.h + 1)
        self.along = np.flatnonzero(self.vectors[:, 1] == 0)  # harmonics without a wave across
        self.x, self.y = over_cell(self.box, 2 * system.h + 1)
        self.skew = 1.0  # of the wave numbers across and along
        if isinstance(self.box, CrossedBox):
            self.skew = self.box.wave_number_across / self.box.wave_number

    def declare(self, out: ResultFile) -> None:
        """Axes and series. **Collective.**"""
        out.growing_axis("t")
        out.axis("harmonic", self.vectors[self.along, 0])
        out.axis("x", self.x)
        out.axis("p_x", self.box.p_x)
        for name in ("harmonics", "delta_x", "density", "momenta", "delta_max", "delta_min"):
            out.series(name)
        for name in ("relative_density", "condensed", "mean_wave_number", "frequency", "balance_t"):
            out.series(name)
        out.series("velocity")
        if isinstance(self.box, CrossedBox):
            out.axis("y", self.y)
            out.series("delta_xy")
            out.series("varying_across")
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
        wave = self.amplitude(c).ravel()
        size = np.abs(wave)
        top = int(size.argmax())
        i, j = np.unravel_index(top, (len(self.x), len(self.y)))
        here = self.x[i : i + 1], self.y[j : j + 1]
        turning = amplitude_in(self.box, *here, observed["velocity"])[0, 0]
        weight = np.abs(c) ** 2
        square = self.vectors[:, 0] ** 2 + (self.vectors[:, 1] * self.skew) ** 2
        number = float(observed["density"][0, h].real)
        row: Entries = {
            "t": t,
            "harmonics": c[self.along].copy(),
            "delta_max": float(size.max()),
            "delta_min": float(size.min()),
            "relative_density": number / observed["number_at_start"],
            "condensed": float(observed["pairs"]) / number,
            "mean_wave_number": self.box.wave_number
            * float(np.sqrt(square @ weight / max(weight.sum(), 1e-300))),
            "frequency": -float((turning / wave[top]).imag) if size[top] > 0 else 0.0,
            "velocity": float(observed["current"]) / (2 * number),
            "balance_t": observed["balance"] / number,
            "balance": abs(observed["balance"]) / number,
        }
        if isinstance(self.box, CrossedBox):
            across = self.vectors[:, 1] != 0
            row["delta_xy"] = self.amplitude(c)
            row["varying_across"] = float(weight[across].sum() / max(weight.sum(), 1e-300))
        return row

    def amplitude(self, c: ComplexArray) -> ComplexArray:
        """(x, y) sum of harmonics (2 h + 1,) over the cell."""
        return amplitude_in(self.box, self.x, self.y, c)

    def local(self, row: Numbers, observed: Numbers) -> Entries:
        """What is written of it: what is not needed of the variants is made here."""
        G = self.box.wave_number
        density = observed["density"][0][self.along]
        wave = amplitude_over(self.x, row["harmonics"], G)
        if isinstance(self.box, CrossedBox):
            wave = row["delta_xy"][:, 0]
        more = {
            "delta_x": np.abs(wave),
            "density": amplitude_over(self.x, density, G).real,
            "momenta": self.box.over_p_x(observed["momenta"]),
        }
        return more | {name: value for name, value in row.items() if name != "balance"}

    def watch(self, state: State, output: Row, observed: Numbers) -> tuple[Entries, Entries]:
        """The eigenvalues of n. **Collective.**"""
        low = high = np.nan
        if isinstance(state, SupercellState):
            low, high = state.occupations()
        rows = {"min_occupation_t": low, "max_occupation_t": high}
        return rows, {"min_occupation": low, "max_occupation": high}

    def headline(self, row: Numbers) -> Entries:
        """Summary numbers of a row."""
        names = ("t", "delta_max", "delta_min", "relative_density", "condensed", "mean_wave_number")
        numbers = {name: row[name] for name in (*names, "frequency", "velocity")}
        late = np.asarray(row["harmonics"])[len(self.along) // 2 :]
        return numbers | {"harmonics": [[float(z.real), float(z.imag)] for z in late]}

    def violations(self, worst: Numbers) -> list[str]:
        """Occupations far outside [0, 1]."""
        low, high = worst["min_occupation"], worst["max_occupation"]
        if low >= -FORBIDDEN and high <= 1 + FORBIDDEN:
            return []
        return [
            f"no solution: eigenvalues of n left [0, 1] ({low:.2e} .. {high:.2e}); use a "
            "smaller dt or pole_error"
        ]

    def progress(self, row: Numbers) -> str:
        """The order parameter, in words."""
        return f"|Delta| = {row['delta_min']:.4f} .. {row['delta_max']:.4f}"

    # -- of the whole run --------------------------------------------------------------------------
    def add_history(
        self, outcome: Outcome, out: ResultFile, traces: Sequence[FloatArray] = ()
    ) -> None:
        """What needs all rows: the attractor, growth rates after the kick. **Collective.**

        traces : rows (t, delta_max, delta_min) of the runs that tell the errors; none: growth rates
        have no error, that of the fit alone would be a part of it.
        """
        t, harmonics = out.read("t"), out.read("harmonics")
        top = out.read("delta_max")
        late = t >= 0.5 * t[-1]
        state = attractors.recurrence(t, np.abs(harmonics))
        weight = mean_weight(t, harmonics)
        known = state.kind == "limit cycle"
        if self.system.even:
            outcome.warnings.append(EVEN)
        box = self.box
        if isinstance(box, PairBox) and float(np.abs(harmonics[:, 2]).max()) > SMALL * top[0]:
            outcome.warnings.append(LARGE)
        outcome.summary |= {
            "late_max": float(top[late].max()),
            "late_min": float(out.read("delta_min")[late].min()),
            "attractor": state.kind,
            "form": form_of(weight),
            "fate": fate_of(state.kind, form_of(weight), top),
            "correlation_length": box.length * float(weight @ weight),
            "period": state.period if known else None,
            "length": box.length,
            "waves": box.waves,
            "blocks": box.blocks,
            "modes": self.system.medium.modes,
        }
        if known:
            outcome.errors["period"] = state.errors[0]
        growth, error, window = self.growth(t, harmonics)
        outcome.summary["growth"] = growth
        if growth is not None and traces:
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
        main, coarse, *others = (late_slope(trace, window) for trace in (rows, *traces))
        further = sum(abs(x - coarse) for x in others)
        return abs(coarse - main) / self.safety + self.caution * further

    def growth(
        self, t: FloatArray, harmonics: ComplexArray
    ) -> tuple[list[list[float]] | None, FloatArray, tuple[float, float]]:
        """([[re, im], ...] of the two fastest modes of the kicked wave, fewer where it has fewer,
        the error of the fit of each, when it begins and ends).

        While it is small; None where it is not, or for too short a time.
        """
        middle = len(self.along) // 2
        places = middle + self.periods * np.array([1, -1])
        start = self.system.start[self.along[places]]
        kicked = self.kick.shape[self.along[places]]
        here = int(np.argmin(np.abs(start)))
        place = places[here]  # a plane wave's opposite
        wave = harmonics[:, place]
        small = np.abs(wave) < SMALL * np.abs(harmonics[0]).max()
        end = len(t)
        if not small.all():
            end = int(np.argmin(small))
        begin = int(np.searchsorted(t, self.kick.over))
        even = np.append(np.abs(np.diff(t) - (t[1] - t[0])) < 1e-6 * (t[1] - t[0]), True)
        if begin < end and not even[begin : end - 1].all():
            end -= 1
        if kicked[here] == 0 or end - begin < 2 * growing_modes.LEAST:
            return None, np.zeros(0), (0.0, 0.0)
        paired = not start.any()
        found = growing_modes.fastest(t[begin:end], wave[begin:end], 2, paired)
        pairs = [[float(z.real), float(z.imag)] for z in found.exponents]
        return pairs or None, found.errors, (float(t[begin]), float(t[end - 1]))


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


def mean_weight(t: FloatArray, harmonics: ComplexArray) -> FloatArray:
    """(n,) mean share of each harmonic in |Delta|^2 over the last half of the time."""
    late = t >= 0.5 * t[-1]
    weight = (np.abs(harmonics[late]) ** 2).mean(0)
    return np.asarray(weight / max(float(weight.sum()), 1e-300))


def form_of(weight: FloatArray) -> str:
    """What shares of harmonics (n,) of |Delta|^2 make: uniform, a plane or standing wave, other."""
    middle = len(weight) // 2
    if weight[middle] > ALMOST_ALL:
        return "uniform"
    if weight.max() > ALMOST_ALL:
        return "plane wave"
    both = weight + weight[::-1]
    both[middle] = 0.0
    m = int(both.argmax())
    if both[m] > MOST and min(weight[m], weight[-1 - m]) > SHARED * both[m]:
        return "standing wave"
    return "other"


def fate_of(attractor: str, form: str, top: FloatArray) -> str:
    """What has become of an order parameter whose largest value in time is ``top`` (n,).

    small wave: it is uniform, or a plane wave, but for a wave that changes. unknown: of too few
    rows.
    """
    if len(top) < LEAST_ROWS:
        return "unknown"
    if top[-1] < GONE * top.max():
        return "collapse"
    words = {"limit cycle": "limit cycle", "neither": "irregular"}
    if attractor == "neither" and form in ("uniform", "plane wave"):
        return "small wave"
    if attractor == "fixed point" and form in ("uniform", "plane wave"):
        return form
    return words.get(attractor, "pattern")


# ---- an order parameter over its cell ------------------------------------------------------------


def over_cell(box: PlaneWaveBox, count: int) -> tuple[FloatArray, FloatArray]:
    """Places (x, y) for so many harmonics; one y where the cell is uniform across."""
    h = int(box.vectors(count)[:, 0].max())
    x = np.arange(POINTS * h) / (POINTS * h) * box.length
    if not isinstance(box, CrossedBox):
        return x, np.zeros(1)
    points = POINTS * box.harmonics_across
    return x, np.arange(points) / points * 2 * np.pi / box.wave_number_across


def amplitude_over(x: FloatArray, c: ComplexArray, G: float) -> ComplexArray:
    """sum_m c_m e^{imGx} at places (n,)."""
    m = harmonic_numbers(len(c) // 2)
    waves: ComplexArray = np.exp(1j * G * np.outer(x, m)).dot(c)
    return waves


def amplitude_in(box: PlaneWaveBox, x: FloatArray, y: FloatArray, c: ComplexArray) -> ComplexArray:
    """(x, y) the sum of harmonics over a cell."""
    if not isinstance(box, CrossedBox):
        return amplitude_over(x, c, box.wave_number)[:, None]
    table = c.reshape(-1, box.stride)
    rows = np.array([amplitude_over(y, row, box.wave_number_across) for row in table])
    return np.array([amplitude_over(x, column, box.wave_number) for column in rows.T]).T
