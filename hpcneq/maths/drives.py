"""Numbers that change in time: a constant, a step, a ramp, a pulse, a sine, or a table.

Such as the bias eV(t) of an evolution, in any unit.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .arrays import FloatArray

KEYS = {
    "step": {"from", "to", "at"},
    "ramp": {"from", "to", "at", "duration"},
    "pulse": {"from", "to", "at", "duration"},
    "sine": {"from", "amplitude", "frequency", "at", "duration"},
}
NEEDED = {
    "step": {"to"},
    "ramp": {"to", "duration"},
    "pulse": {"to", "duration"},
    "sine": {"amplitude", "frequency"},
}
LARGEST = 1e3  # values of a drive beyond this are mistakes
LONGEST = 1e6  # times and frequencies beyond this are mistakes
TIMES = ("at", "duration", "frequency")
STRAIGHT = 1e-9  # of the largest value: a row of a table so near to a straight line is no bend
SAME = 1e-9  # of a time step: jumps no further apart are one
TURN = 1.0  # rad: how far a sine, or the phase of a hop, may turn in a step
ENERGY_TURN = 2.0  # rad: how far the levels of a lead may turn in a step
GAUSS = np.polynomial.legendre.leggauss(6)  # nodes in (-1, 1), weights that add up to 2


@dataclass(frozen=True)
class Drive:
    """A number in time; ``start`` is its value before t = 0, in the stationary state.

    kind : constant, step, ramp, pulse, sine (``start + to sin(frequency (t - at))``, angular
    frequency) or table (straight lines between the rows of ``times``, ``values``). near : times no
    further apart are one, see `resolved`.
    """

    start: float
    kind: str = "constant"
    to: float = 0.0
    at: float = 0.0
    duration: float = np.inf
    frequency: float = 0.0
    times: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    near: float = 0.0

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Drive:
        """The drive with these fields, lists read back from a file included."""
        return cls(**{**fields, "times": tuple(fields["times"]), "values": tuple(fields["values"])})

    def resolved(self, step: float) -> Drive:
        """The same for an evolution with this time step: jumps nearer than 1e-9 steps are one."""
        return replace(self, near=SAME * step)

    @property
    def constant(self) -> bool:
        """Whether it never changes."""
        return self.kind == "constant"

    def breakpoints(self, t_max: float) -> list[float]:
        """Times in (0, t_max) at which it or its slope jumps: an integrator must start afresh."""
        points: tuple[float, ...] = ()
        if self.kind == "table":
            points = _bends(self.times, self.values)
        elif self.kind != "constant":
            points = (self.at, self.at + self.duration)
        return sorted({float(p) for p in points if 0 < p < t_max})

    def __call__(self, t: float, side: int = +1) -> float:
        """The value at t; at a jump that after it (``side=+1``) or before it (-1)."""
        if t < 0 or (t == 0 and side < 0):
            return self.start
        if self.kind == "table":
            return self._between_rows(t, side)
        if self.kind == "constant" or not self._passed(self.at, t, side):
            return self.start
        return self._after_begin(t, self._passed(self.at + self.duration, t, side))

    def _passed(self, jump: float, t: float, side: int) -> bool:
        """Whether t lies behind a jump, or at it on the later side."""
        if abs(t - jump) <= self.near:
            return side > 0
        return t > jump

    def _between_rows(self, t: float, side: int) -> float:
        """The value of a table; where rows are one, that of the first of them or of the last."""
        first = int(np.searchsorted(self.times, t - self.near, "left"))
        last = int(np.searchsorted(self.times, t + self.near, "right")) - 1
        if first >= last:
            return float(np.interp(t, self.times, self.values))
        return self.values[last if side > 0 else first]

    def _after_begin(self, t: float, ended: bool) -> float:
        """The value of a step, pulse, ramp or sine that has begun."""
        if self.kind == "step":
            return self.to
        if self.kind == "pulse":
            return self.start if ended else self.to
        if self.kind == "ramp":
            if ended:
                return self.to
            return self.start + (self.to - self.start) * (t - self.at) / self.duration
        if ended:
            return self.start
        return self.start + self.to * float(np.sin(self.frequency * (t - self.at)))

    def slope(self, t: float, side: int = +1) -> float:
        """Its derivative at t, on one side of a jump."""
        if t < 0 or self.kind == "constant":
            return 0.0
        if self.kind == "table":
            k = int(np.searchsorted(self.times, t, "right" if side > 0 else "left"))
            if k in (0, len(self.times)):
                return 0.0
            rise = self.values[k] - self.values[k - 1]
            return rise / (self.times[k] - self.times[k - 1])
        ended = self._passed(self.at + self.duration, t, side)
        if not self._passed(self.at, t, side) or ended:
            return 0.0
        if self.kind == "ramp":
            return (self.to - self.start) / self.duration
        if self.kind == "sine":
            return self.to * self.frequency * float(np.cos(self.frequency * (t - self.at)))
        return 0.0

    def integral(self, t: float) -> float:
        """int_0^t by Gauss nodes between breakpoints: exact, for a sine to rounding."""
        if self.constant and not self.start:
            return 0.0
        edges = [0.0, *self.breakpoints(t), t]
        total = 0.0
        for a, b in zip(edges[:-1], edges[1:]):
            pieces = max(1, int(np.ceil(self.frequency * (b - a))))
            ends = np.linspace(a, b, pieces + 1)
            for low, high in zip(ends[:-1], ends[1:]):
                total += (high - low) * self.moments(low, high - low)[0]
        return float(total)

    def moments(self, t: float, step: float) -> tuple[float, float]:
        """Mean and slope over a smooth interval (t, t + step).

        The slope is the first moment, 12/step^2 <(s - t - step/2) v(s)>, which equals dv/dt for
        a straight line: what a fourth-order step needs.
        """
        nodes, weights = GAUSS
        values = np.array([self(t + 0.5 * step * (1 + node)) for node in nodes])
        return float(weights @ values / 2), float(3 * (weights * nodes) @ values / step)

    def resolving_step(self, phase: bool = False) -> float:
        """The longest time step that resolves it. phase : of a hop is given, else a bias.

        A step may take a radian of a sine; a bias that changes turns the levels of a lead by half
        of it, by two radians a step at most; a phase may turn by a radian a step.
        """
        limit = np.inf
        reach = self.extremes(None)
        if self.kind == "sine":
            limit = TURN / self.frequency
        if phase:
            return float(min(limit, TURN / max(self._speed(), 1e-300)))
        if self.kind == "constant" or reach == 0:
            return limit
        return float(min(limit, ENERGY_TURN / (0.5 * reach)))

    def _speed(self) -> float:
        """Largest |dA/dt| of a sine, or of straight pieces along which A changes by more than 1."""
        if self.kind == "sine":
            return abs(self.to) * self.frequency
        if self.kind == "table":
            times = np.array(sorted({self.times[0], *_bends(self.times, self.values)}))
            values = np.interp(times, self.times, self.values)
        elif self.kind == "ramp":
            times = np.array([0.0, self.duration])
            values = np.array([self.start, self.to])
        else:
            return 0.0
        length = np.diff(times)
        change = np.abs(np.diff(values))
        steep = (change > TURN) & (length > self.near)
        return float(np.max(change[steep] / length[steep], initial=0.0))

    def extremes(self, t_max: float | None) -> float:
        """Largest modulus reached up to t_max; at any time if that is None."""
        if self.kind == "table":
            return float(np.max(np.abs(self.values)))
        if self.kind == "sine":
            return abs(self.start) + abs(self.to)
        if self.kind == "constant":
            return abs(self.start)
        return max(abs(self.start), abs(self.to))


def _bends(times: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    """The times of a table's rows that do not lie on a straight line with their neighbours."""
    t = np.array([2 * times[0] - times[1], *times, 2 * times[-1] - times[-2]])
    v = np.array([values[0], *values, values[-1]])
    length = np.diff(t)
    line = (v[:-2] * length[1:] + v[2:] * length[:-1]) / (length[1:] + length[:-1])
    bent = np.abs(v[1:-1] - line) > STRAIGHT * np.abs(v).max()
    return tuple(np.array(times)[bent])


def read(
    value: float | Mapping[str, object] | str,
    folder: str | Path = ".",
    name: str = "eV",
    largest: float = LARGEST,
) -> Drive:
    """A Drive from the input: a number, a table ``{from, to, kind, ...}`` or a file's name.

    name : of the driven key, for messages. largest : bound of its modulus at all times. Raises
    ValueError with one line for an unknown kind or key, a missing one, a value out of bounds, or a
    file that is not two finite columns with increasing times.
    """
    try:
        drive = _read(value, folder, largest)
    except ValueError as error:
        raise ValueError(f"{name}{error}") from None
    reached = drive.extremes(None)
    if not reached <= largest:
        raise ValueError(f"{name}: reaches {reached:g}: must be >= {-largest:g} and <= {largest:g}")
    return drive


def _read(value: float | Mapping[str, object] | str, folder: str | Path, largest: float) -> Drive:
    """`read`; the messages of its errors begin behind the name of the key."""
    if isinstance(value, str):
        return _from_file(value, folder)
    if not isinstance(value, Mapping):
        return Drive(float(value))
    kind = value.get("kind", "step")
    if not isinstance(kind, str) or kind not in KEYS:
        raise ValueError(f': kind = "{kind}": must be one of {", ".join(sorted(KEYS))}')
    _check_keys(kind, set(value) - {"kind"})
    numbers = {key: _number(key, entry, largest) for key, entry in value.items() if key != "kind"}
    if numbers.get("at", 0.0) < 0:
        raise ValueError(f": at = {numbers['at']}: must be >= 0")
    for key in ("duration", "frequency"):
        if key in numbers and numbers[key] <= 0:
            raise ValueError(f": {key} = {numbers[key]}: must be > 0")
    return Drive(
        start=numbers.get("from", 0.0),
        kind=kind,
        to=numbers.get("to", numbers.get("amplitude", 0.0)),
        at=numbers.get("at", 0.0),
        duration=numbers.get("duration", np.inf),
        frequency=numbers.get("frequency", 0.0),
    )


def _check_keys(kind: str, given: set[str]) -> None:
    """ValueError for a key that this kind of drive does not know, or lacks."""
    unknown, missing = sorted(given - KEYS[kind]), sorted(NEEDED[kind] - given)
    if unknown:
        near = difflib.get_close_matches(unknown[0], KEYS[kind], 1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(
            f": unknown key {unknown[0]!r} for a {kind}{hint} "
            f"known keys: {', '.join(sorted(KEYS[kind]))}"
        )
    if missing:
        raise ValueError(f": a {kind} needs {', '.join(missing)}")


def _number(key: str, entry: object, largest: float) -> float:
    """A finite number of a drive; ValueError if it is none, or out of bounds."""
    if key in TIMES:
        largest = LONGEST
    if isinstance(entry, bool) or not isinstance(entry, (int, float)):
        raise ValueError(f": {key} = {entry!r}: must be a number")
    if not abs(entry) <= largest:
        raise ValueError(f": {key} = {entry!r}: must be a number, at most {largest:g}")
    return float(entry)


def _from_file(name: str, folder: str | Path) -> Drive:
    """The drive of a file with two columns, t and the value."""
    path = Path(folder, name)
    table = _columns(name, path)
    if table.shape[1:] != (2,) or len(table) < 2 or not np.all(np.isfinite(table)):
        raise ValueError(
            f' = "{name}": {path} must hold two columns of at least two finite rows, t and value'
        )
    if np.any(np.diff(table[:, 0]) <= 0):
        raise ValueError(f' = "{name}": {path}: the times in the first column must increase')
    if np.abs(table[:, 0]).max() > LONGEST:
        raise ValueError(f' = "{name}": {path}: times must be at most {LONGEST:g}')
    start = float(np.interp(0.0, table[:, 0], table[:, 1]))
    return Drive(start, "table", times=tuple(table[:, 0]), values=tuple(table[:, 1]))


def is_drive(value: object) -> bool:
    """Whether a table is a drive: it has a key that only drives have."""
    return isinstance(value, Mapping) and bool({"to", "amplitude"} & set(value))


def columns_of(value: str, folder: str | Path, name: str) -> FloatArray:
    """The numbers of a text file, (rows, columns); name : of its key, for messages.

    Raises ValueError in one line.
    """
    try:
        return _columns(value, Path(folder, value), "columns of numbers")
    except ValueError as error:
        raise ValueError(f"{name}{error}") from None


def refuse_unresolved(dt: float, named: Sequence[tuple[str, Drive, bool]]) -> None:
    """InputError for time steps that do not resolve a drive.

    named : (its name in the input, the drive, whether it is a phase).
    """
    for name, drive, phase in named:
        longest = drive.resolved(dt).resolving_step(phase)
        if dt > longest * (1 + 1e-9):
            raise InputError(
                f"[numerics] dt = {dt:g}: must be <= {longest:.4g}, so that steps resolve {name} "
                f"(kind {drive.kind}, up to {drive.extremes(None):g})"
            )


def _columns(
    name: str, path: Path, wanted: str = "two columns of numbers, t and value"
) -> FloatArray:
    """The numbers of a text file, (rows, columns)."""
    try:
        if not path.is_file():  # a device might never end
            raise FileNotFoundError(2, "no such file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy would warn of an empty file in two lines
            return np.loadtxt(path, ndmin=2)
    except OSError as error:
        reason = str(error.strerror or error)
    except UnicodeDecodeError as error:
        reason = str(error)
    except ValueError as error:
        raise ValueError(
            f' = "{name}": {path} must hold {wanted} ({str(error).splitlines()[0]})'
        ) from None
    raise ValueError(f' = "{name}": cannot read the file {path} ({reason})')
