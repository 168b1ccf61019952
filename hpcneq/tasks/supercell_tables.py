"""Input table and quantities of supercells, the same for every system that has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..config.schema import key
from ..errors import InputError
from .task import ERRORS, WORK, Given, Quantity, missing_where

COSINES = 12  # of pairs
WIDEST_SPACING = 0.13  # of two Bloch points, twice what is aimed at: their number is even
CELL_POLES, PAIR_POLES = 1e-3, 1e-4  # long waves of pairs grow slower than levels are wide
CHOSEN, EXACT = "a coordinate", "exact"
AN = "an error itself"
OF_MAX = "as of delta_max"
MODES = "1e-9: zeros of det M on this grid"
STABLE_AGAINST = "of changes with the cell's period, of the even ones in an even cell"
PERIODS = 1e-6  # by how much the periods in the cell may differ from a whole number
FATES = (
    "of the last half: collapse, uniform, plane wave, small wave, pattern, limit cycle, irregular, "
    "or unknown of fewer than 32 rows"
)
POTENTIAL = "functional that steady states make stationary, less its value without pairs"


@dataclass(frozen=True)
class SupercellTable:
    """A cell, periodic along x and uniform across, and the momenta in it."""

    length: float | None = key(
        None,
        doc="length of the cell, a whole number of periods 2 pi/wave_number; default: one",
        above=0,
        max=1e4,
    )
    harmonics: int = key(
        6, doc="harmonics of the cell that the order parameter has, each way", min=1, max=512
    )
    bloch_points: int | None = key(
        None,
        doc="Bloch momenta over the zone of the cell; default: about .065 apart, even in number",
        min=1,
        max=4096,
    )
    panels: int = key(
        2,
        doc="panels of p_perp^2, of 4 points each, up to the outer Fermi surface; "
        "wider ones beyond",
        min=1,
        max=64,
    )
    p_max: float = key(3.4, doc="plane waves reach so far along x", above=0.5, max=100)
    y_max: float = key(10.0, doc="end of p_perp^2", above=0.2, max=1e4)
    even: bool = key(
        True, doc="the order parameter is even in x: half of the momenta; false: it may travel"
    )
    parity: bool = key(
        False,
        doc="two Bloch momenta are 0 and G/2, where even and odd waves are blocks of their own: "
        "half of the work; for even cells with bloch_points = 2",
    )
    pairs: bool = key(
        False,
        doc="pairs of momenta P +- G/2 alone on a fine grid of |P| < p_max: a small wave on a "
        "uniform state, of any wave number; bloch_points: cosines of P to x, default 12",
    )
    across: float | None = key(
        None,
        doc="wave number of the cell across the stripes, along y; default: uniform across",
        above=0,
        max=20,
    )
    harmonics_across: int = key(2, doc="harmonics across, each way, with across", min=1, max=64)
    bloch_across: int = key(1, doc="Bloch momenta across, with across", min=1, max=64)


def cell_of(wave_number: float, table: SupercellTable) -> tuple[float, int]:
    """(G of the cell, periods of ``wave_number`` in it). Raises InputError for one that misfits."""
    if table.pairs:
        return wave_number, 1
    period = 2 * 3.141592653589793 / wave_number
    periods = 1
    if table.length is not None:
        periods = round(table.length / period)
        if periods < 1 or abs(table.length / period - periods) > PERIODS * periods:
            raise InputError(
                f"[numerics] supercell.length = {table.length:g}: must be a whole number of "
                f"periods 2 pi/wave_number = {period:.9g}"
            )
    waves = 2 * -(-(2 * table.p_max * periods / wave_number - 1) // 2) + 1
    if 2 * table.harmonics + 1 > waves:
        raise InputError(
            f"[numerics] supercell.harmonics = {table.harmonics}: must be <= "
            f"{int(waves - 1) // 2}, what the plane waves up to p_max resolve"
        )
    if periods > table.harmonics:
        raise InputError(
            f"[numerics] supercell.harmonics = {table.harmonics}: must be >= {periods}, the "
            "periods of wave_number in the cell"
        )
    return wave_number / periods, periods


def harmonic_count(table: SupercellTable) -> int:
    """Harmonics of the order parameter of a cell."""
    if table.pairs:
        return 3
    along = 2 * table.harmonics + 1
    if table.across is None:
        return along
    return along * (2 * table.harmonics_across + 1)


def refuse_kinds(table: SupercellTable) -> None:
    """InputError for keys of different kinds of cells together."""
    where = "[numerics] supercell."
    if table.parity and (not table.even or bloch_points_given(table) != 2):
        raise InputError(f"{where}parity = true: needs even = true and bloch_points = 2")
    if table.across is None:
        if table.pairs and (table.length is not None or (table.bloch_points or 2) % 2):
            raise InputError(
                f"{where}pairs = true: takes no length, and an even number of bloch_points"
            )
        return
    if table.pairs or table.parity:
        raise InputError(f"{where}across = {table.across:g}: takes neither pairs nor parity")
    waves = 2 * -(-(2 * table.p_max / table.across - 1) // 2) + 1
    if 2 * table.harmonics_across + 1 > waves:
        raise InputError(
            f"{where}harmonics_across = {table.harmonics_across}: must be <= "
            f"{int(waves - 1) // 2}, what the plane waves up to p_max resolve"
        )


def refuse_flat(table: SupercellTable) -> None:
    """InputError for cells in which patterns are not sought."""
    refuse_kinds(table)
    if table.pairs or table.across is not None:
        raise InputError(
            "[numerics] supercell: pattern takes neither pairs nor across, which are for evolve"
        )


class Poles(Protocol):
    """Numerics with poles that stand for baths."""

    @property
    def pole_error(self) -> float | None:
        """Their error, by default what the kind of cell needs."""

    @property
    def supercell(self) -> SupercellTable:
        """The cell."""


def pole_error(numerics: Poles) -> float:
    """Error of the poles that stand for the bath: the key, or what the kind of cell needs."""
    given = numerics.pole_error
    if given is not None:
        return float(given)
    return PAIR_POLES if numerics.supercell.pairs else CELL_POLES


def bloch_points_given(table: SupercellTable) -> int:
    """The key, 2 by default."""
    return table.bloch_points or 2


def refuse_late_kick(given: Given) -> None:
    """InputError for the pulse of a kick that has begun before t = 0, or is shorter than a step."""
    start = given.initial
    if start.kick_time < 3 * start.kick_width * (1 - 1e-9):  # .6 is three times .2
        raise InputError(
            f"[initial] kick_time = {start.kick_time:g}: must be >= 3 kick_width = "
            f"{3 * start.kick_width:g}, so that the pulse begins smoothly"
        )
    dt, kicked = given.numerics.dt, start.kick or start.noise or start.kick_across
    if dt is not None and dt > start.kick_width and kicked:
        raise InputError(
            f"[numerics] dt = {dt:g}: must be <= kick_width = {start.kick_width:g}, "
            "so that the pulse is resolved"
        )


def bloch_points(cell: float, table: SupercellTable) -> int:
    """Bloch points over the zone of a cell with wave number ``cell``."""
    if table.parity:
        return 2
    return table.bloch_points or 2 * max(1, round(cell / WIDEST_SPACING))


def evolution_quantities(energy: str, momentum: str) -> tuple[Quantity, ...]:
    """What an evolution of a supercell writes, in these units of energy and momentum."""
    time, place = f"1/{energy}", f"1/{momentum}"
    return (
        *_axes(time, place, momentum),
        *_rows(energy, momentum),
        *_errors(energy, time),
        *_numbers(energy, place),
        *WORK,
    )


def _number(
    name: str, units: str, words: str, error: str = ERRORS, dtype: type = float
) -> Quantity:
    """A number of the summary."""
    return Quantity(name, units, words, dtype=dtype, kind="summary", error=error)


def _axes(time: str, place: str, momentum: str) -> tuple[Quantity, ...]:
    """Coordinates."""
    return (
        Quantity("t", time, "time", kind="both", error="an output time"),
        Quantity("harmonic", "1", "harmonic of the cell", dtype=int, error=CHOSEN),
        Quantity("x", place, "place along the cell", error=CHOSEN),
        Quantity("y", place, "place across the stripes", error=CHOSEN),
        Quantity("p_x", momentum, "momentum along x; of pairs, |P| of their middle", error=CHOSEN),
        Quantity("t_monitor", time, "times of the eigenvalues", error="an output time"),
        Quantity("t_error", time, "times at which errors are told", error="an output time"),
    )


def _rows(energy: str, momentum: str) -> tuple[Quantity, ...]:
    """What is written at every output time, its last value in the summary."""

    def over_time(name: str, units: str, words: str, kind: str = "both") -> Quantity:
        return Quantity(name, units, words, ("t",), kind=kind, error=ERRORS)

    return (
        Quantity(
            "harmonics",
            energy,
            "harmonics of the order parameter; in the summary [re, im] of m = 0, 1, ... at the end",
            ("t", "harmonic"),
            complex,
            kind="both",
            error=OF_MAX,
        ),
        Quantity("delta_x", energy, "|Delta| over the cell", ("t", "x"), error=OF_MAX),
        Quantity(
            "density", "1", "carriers of one species", ("t", "x"), error="as of relative_density"
        ),
        Quantity("momenta", "1", "carriers over p_x", ("t", "p_x"), error="as of relative_density"),
        over_time("delta_max", energy, "largest |Delta(x)|; in the summary at the end"),
        over_time("delta_min", energy, "least |Delta(x)|; in the summary at the end"),
        over_time("relative_density", "1", "density over that at the start"),
        over_time("condensed", "1", "condensed pairs over carriers"),
        over_time("mean_wave_number", momentum, "root mean square wave number of Delta(x)"),
        over_time("frequency", energy, "-d arg Delta/dt where |Delta(x)| is largest"),
        over_time("velocity", momentum, "mean velocity of the carriers along x, 2m = 1"),
        Quantity("delta_xy", energy, "Delta over the cell", ("t", "x", "y"), complex, error=OF_MAX),
        Quantity("varying_across", "1", "share of |Delta|^2 in waves across", ("t",), error=OF_MAX),
        Quantity(
            "balance_t",
            "1",
            "share of carriers not from pumping and decay",
            ("t",),
            error="none; it is an error itself",
        ),
        Quantity("min_occupation_t", "1", "least eigenvalue of n", ("t_monitor",), error=EXACT),
        Quantity("max_occupation_t", "1", "largest eigenvalue of n", ("t_monitor",), error=EXACT),
    )


def _errors(energy: str, time: str) -> tuple[Quantity, ...]:
    """Errors in time, and the largest."""
    parts = tuple(
        Quantity(f"{name}_{kind}_error", energy, f"{kind} error of {name}", ("t_error",), error=AN)
        for name in ("delta_max", "delta_min")
        for kind in ("step", "box", "grid")
    )
    return (
        *parts,
        _number("delta_max_error", energy, "largest error of delta_max in time", AN),
        _number("delta_min_error", energy, "largest error of delta_min in time", AN),
        _number("balance", "1", "largest share of carriers that is not accounted for", AN),
    )


def _numbers(energy: str, place: str) -> tuple[Quantity, ...]:
    """What is told of the whole run, and of the grid."""
    sampled = "that of the rows of output"
    perhaps = (
        _number("period", f"1/{energy}", "period of all |Delta_m| in a cycle"),
        _number(
            "growth",
            energy,
            "[re, im] growth rates of up to two modes at wave_number, the fastest, fitted together",
            dtype=list,
        ),
    )
    reason = "no limit cycle, or no time in which the kick is small"
    return (
        _number("min_occupation", "1", "least eigenvalue of n", EXACT),
        _number("max_occupation", "1", "largest eigenvalue of n", EXACT),
        _number("late_max", energy, "largest delta_max of the last half of the time", sampled),
        _number("late_min", energy, "least delta_min of the last half of the time", sampled),
        _number("attractor", "1", "what all |Delta_m| have come to", "a word", str),
        _number("form", "1", "uniform, plane wave, standing wave or other", "a word", str),
        _number("fate", "1", FATES, "a word", str),
        _number(
            "correlation_length",
            place,
            "int dx |g1|^2 over the cell, g1 = <Delta^*(0) Delta(x)>/<|Delta|^2>, in the last half",
            sampled,
        ),
        *missing_where(perhaps, reason, "period growth"),
        _number("length", place, "length of the cell", "given"),
        _number("waves", "1", "plane waves of a block", "counted", int),
        _number("blocks", "1", "blocks of Bloch and transverse momenta", "counted", int),
        _number("modes", "1", "bath modes of a block", "counted", int),
    )


def pattern_quantities(energy: str, momentum: str) -> tuple[Quantity, ...]:
    """What a stationary pattern is told by, in these units of energy and momentum."""
    place = f"1/{momentum}"
    pair = "[re, im]"
    growing = (
        _number("growth_rate", energy, "of the mode of the cell that grows fastest", MODES),
        _number("growth_frequency", energy, "|Re w| of that mode", MODES),
    )
    return (
        Quantity("harmonic", "1", "harmonic of the cell", dtype=int, error=CHOSEN),
        Quantity("x", place, "place along the cell", error=CHOSEN),
        Quantity("delta_x", energy, "Delta over the cell", ("x",), complex, error=OF_MAX),
        Quantity("density", "1", "carriers of one species", ("x",), error="as of relative_density"),
        Quantity(
            "harmonics",
            energy,
            f"harmonics of the order parameter; in the summary {pair} of m = 0, 1, ...",
            ("harmonic",),
            complex,
            kind="both",
            error=OF_MAX,
        ),
        _number("delta_max", energy, "largest |Delta(x)|"),
        _number("delta_min", energy, "least |Delta(x)|"),
        _number("frequency", energy, "2 (mu_c - mu), by which the order parameter turns"),
        _number("velocity", momentum, "with which the pattern travels along x, 2m = 1"),
        _number("relative_density", "1", "density over that of the uniform state"),
        _number("last_harmonic", energy, "|Delta_h|, the highest that is kept", AN),
        *missing_where(
            (_number("potential", f"{energy} {momentum}^3", POTENTIAL),),
            "baths that pump and drain a condensate leave it without a potential",
            "potential",
        ),
        _number("stability", "1", STABLE_AGAINST, "a decision", str),
        *missing_where(
            growing, "nothing grows, or it was not looked for", "growth_rate growth_frequency"
        ),
        _number("modes_found", energy, f"{pair} growth rate and frequency of modes", MODES, list),
        _number("patterns", energy, "Delta_0, Delta_1, ... of every pattern found", "listed", list),
        _number("residual", energy, "largest residual of the gap equation", AN),
        _number("snes_reason", "1", "why SNES stopped", "as it reports", str),
        _number("length", place, "length of the cell", "given"),
        _number("waves", "1", "plane waves of a block", "counted", int),
        _number("blocks", "1", "blocks of Bloch and transverse momenta", "counted", int),
    )
