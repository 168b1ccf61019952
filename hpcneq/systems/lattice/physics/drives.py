"""Numbers that change in time: constant, step, ramp, pulse, sine, or a table; and their integrals.

As the bias of the other systems, for any key.
"""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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
LARGEST = 1e6  # times and values beyond this are mistakes
GAUSS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True)
class Drive:
    """A number in time; ``start`` is its value before t = 0.

    kind : constant, step, ramp, pulse, sine (``start + to sin(frequency (t - at))``) or table
    (straight lines between the rows of ``times``, ``values``).
    """

    start: float
    kind: str = "constant"
    to: float = 0.0
    at: float = 0.0
    duration: float = np.inf
    frequency: float = 0.0
    times: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, fields: Mapping) -> Drive:
        """The drive with these fields, lists read back from a file included."""
        return cls(**{**fields, "times": tuple(fields["times"]), "values": tuple(fields["values"])})

    @property
    def constant(self) -> bool:
        """Whether it never changes."""
        return self.kind == "constant"

    def jumps(self) -> tuple[float, ...]:
        """Times at which it or its slope jumps."""
        if self.kind == "table":
            return self.times
        if self.kind == "constant":
            return ()
        return (self.at, self.at + self.duration)

    def breakpoints(self, t_max: float) -> list[float]:
        """Those in (0, t_max): an integrator must start afresh there."""
        return sorted({float(p) for p in self.jumps() if 0 < p < t_max})

    def __call__(self, t: float, side: int = +1) -> float:
        """The value at t; at a jump that after it (``side=+1``) or before it (-1)."""
        if t < 0 or (t == 0 and side < 0):
            return self.start
        if self.kind == "table":
            return float(np.interp(t, self.times, self.values))
        if self.kind == "constant" or not _passed(self.at, t, side):
            return self.start
        ended = _passed(self.at + self.duration, t, side)
        if self.kind == "ramp" and not ended:
            return self.start + (self.to - self.start) * (t - self.at) / self.duration
        if self.kind in ("step", "ramp") or (self.kind == "pulse" and not ended):
            return self.to
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
        ended = _passed(self.at + self.duration, t, side)
        if not _passed(self.at, t, side) or ended:
            return 0.0
        if self.kind == "ramp":
            return (self.to - self.start) / self.duration
        if self.kind == "sine":
            return self.to * self.frequency * float(np.cos(self.frequency * (t - self.at)))
        return 0.0

    def integral(self, t: float) -> float:
        """int_0^t, exact for all but the sine, whose quadrature is."""
        edges = [0.0, *self.breakpoints(t), t]
        total = 0.0
        for a, b in zip(edges[:-1], edges[1:]):
            pieces = max(1, int(np.ceil(self.frequency * (b - a) / 2)))
            ends = np.linspace(a, b, pieces + 1)
            for low, high in zip(ends[:-1], ends[1:]):
                nodes = 0.5 * (low + high) + 0.5 * (high - low) * GAUSS[0]
                total += (
                    0.5 * (high - low) * sum(w * self(float(s)) for s, w in zip(nodes, GAUSS[1]))
                )
        return float(total)

    def extreme(self) -> float:
        """Largest modulus it reaches."""
        if self.kind == "table":
            return float(np.max(np.abs(self.values)))
        if self.kind == "sine":
            return abs(self.start) + abs(self.to)
        if self.kind == "constant":
            return abs(self.start)
        return max(abs(self.start), abs(self.to))


def _passed(jump: float, t: float, side: int) -> bool:
    """Whether t lies behind a jump, or at it on the later side."""
    return t > jump or (t == jump and side > 0)


def is_drive(value: object) -> bool:
    """Whether a table is a drive: it has a key that only drives have."""
    return isinstance(value, Mapping) and bool({"to", "amplitude"} & set(value))


def read(key: str, value: float | Mapping | str, folder: str | Path = ".") -> Drive:
    """A drive from the input: a number, a table ``{from, to, kind, ...}`` or a file's name.

    key : what messages call it. Raises ValueError in one line.
    """
    if isinstance(value, str):
        return _from_file(key, value, folder)
    if not isinstance(value, Mapping):
        return Drive(float(value))
    kind = value.get("kind", "step")
    if not isinstance(kind, str) or kind not in KEYS:
        raise ValueError(f'{key}: kind = "{kind}": must be one of {", ".join(sorted(KEYS))}')
    _check_keys(key, kind, set(value) - {"kind"})
    numbers = {name: _number(key, name, x) for name, x in value.items() if name != "kind"}
    if numbers.get("at", 0.0) < 0:
        raise ValueError(f"{key}: at = {numbers['at']}: must be >= 0")
    for name in ("duration", "frequency"):
        if name in numbers and numbers[name] <= 0:
            raise ValueError(f"{key}: {name} = {numbers[name]}: must be > 0")
    return Drive(
        start=numbers.get("from", 0.0),
        kind=kind,
        to=numbers.get("to", numbers.get("amplitude", 0.0)),
        at=numbers.get("at", 0.0),
        duration=numbers.get("duration", np.inf),
        frequency=numbers.get("frequency", 0.0),
    )


def _check_keys(key: str, kind: str, given: set[str]) -> None:
    """ValueError for a key that this kind of drive does not know, or lacks."""
    unknown, missing = sorted(given - KEYS[kind]), sorted(NEEDED[kind] - given)
    if unknown:
        near = difflib.get_close_matches(unknown[0], KEYS[kind], 1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(
            f"{key}: unknown key {unknown[0]!r} for a {kind}{hint} "
            f"known keys: {', '.join(sorted(KEYS[kind]))}"
        )
    if missing:
        raise ValueError(f"{key}: a {kind} needs {', '.join(missing)}")


def _number(key: str, name: str, entry: object) -> float:
    """A finite number of a drive; ValueError if it is none."""
    if isinstance(entry, bool) or not isinstance(entry, (int, float)) or not abs(entry) <= LARGEST:
        raise ValueError(f"{key}: {name} = {entry!r}: must be a number, at most {LARGEST:g}")
    return float(entry)


def _from_file(key: str, name: str, folder: str | Path) -> Drive:
    """The drive of a file with two columns, t and the value."""
    table = columns_of(key, name, folder)
    if table.shape[1:] != (2,) or len(table) < 2 or not np.all(np.isfinite(table)):
        raise ValueError(f'{key} = "{name}": must hold two columns of at least two finite rows')
    if np.any(np.diff(table[:, 0]) <= 0):
        raise ValueError(f'{key} = "{name}": the times in the first column must increase')
    start = float(np.interp(0.0, table[:, 0], table[:, 1]))
    return Drive(start, "table", times=tuple(table[:, 0]), values=tuple(table[:, 1]))


def columns_of(key: str, name: str, folder: str | Path) -> np.ndarray:
    """The numbers of a text file, (rows, columns). Raises ValueError in one line."""
    path = Path(folder, name)
    try:
        if not path.is_file():  # a device might never end
            raise FileNotFoundError(2, "no such file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy would warn of an empty file in two lines
            return np.loadtxt(path, ndmin=2)
    except OSError as error:
        reason = str(error.strerror or error)
    except ValueError as error:  # not numbers, or not text
        reason = str(error).splitlines()[0]
    raise ValueError(f'{key} = "{name}": cannot read {path} ({reason})')
