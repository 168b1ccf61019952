"""A row of a validation table: how it is computed, judged, written and compared."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

HEAD = "| quantity | paper | here | error | independent route | its value |"
DIGITS = 10  # significant ones at most
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")


@dataclass(frozen=True)
class Numbers:
    """What one row compares.

    ``here`` (n,) from a run, with its ``error`` (n,) or a common one; ``other`` (n,) by the
    independent route, good to ``off`` (a common number or one each).
    """

    here: tuple
    error: tuple
    other: tuple
    off: tuple

    @property
    def excess(self) -> float:
        """Largest difference in units of what both errors allow; above 1 the routes disagree."""
        rows = zip(self.here, self.error, self.other, self.off)
        return max(abs(a - b) / (error + off) for a, error, b, off in rows)


def numbers(here, error, other, off) -> Numbers:
    """Numbers from single ones or sequences."""
    here = _many(here, 1)
    return Numbers(here, *(_many(value, len(here)) for value in (error, other, off)))


def _many(value, count):
    values = list(value) if hasattr(value, "__len__") else [value] * count
    return tuple(float(x) for x in values)


@dataclass(frozen=True)
class Row:
    """A quantity, the paper's value in words ("" where it has none), and both routes."""

    quantity: str
    paper: str
    route: str
    compute: Callable[[], Numbers]

    def line(self, values: Numbers) -> str:
        """The row of the table."""
        here = ", ".join(map(_shown, values.here, values.error))
        error = ", ".join(dict.fromkeys(f"{error:.0e}" for error in values.error))
        other = ", ".join(map(_shown, values.other, values.off))
        cells = (self.quantity, self.paper, here, error, self.route, other)
        return "| " + " | ".join(cells) + " |"


def row(quantity: str, route: str, paper: str = ""):
    """Decorator: a function that gives Numbers becomes a Row."""
    return lambda compute: Row(quantity, paper, route, compute)


def _shown(value, error):
    """Digits down to the error's, DIGITS at most; 0 for what is less than half of it."""
    if not math.isfinite(value):
        return f"{value:g}"
    if abs(value) < 0.5 * error:
        return "0"
    first = math.floor(math.log10(abs(value)))
    last = max(math.floor(math.log10(max(error, 1e-300))), first - DIGITS + 1)
    last = min(last, first)
    if first < -3:
        return f"{value:.{first - last}e}"
    return f"{value:.{max(-last, 0)}f}"


def same(one: str, other: str) -> bool:
    """Two rows of a table, up to two units of the last digit and to sizes of errors."""
    cells = [[cell.strip() for cell in text.strip("| ").split(" | ")] for text in (one, other)]
    if len(cells[0]) != len(cells[1]):
        return False
    for k, (a, b) in enumerate(zip(*cells)):
        if k not in (2, 3, 5):
            if a != b:
                return False
            continue
        pairs = (NUMBER.findall(a), NUMBER.findall(b))
        if len(pairs[0]) != len(pairs[1]) and k != 3:
            return False
        near = _alike if k == 3 else _equal
        if not all(map(near, *pairs)):
            return False
    return True


def _equal(a, b):
    unit = max(map(_unit, (a, b)))
    return abs(float(a) - float(b)) <= 2.01 * unit


def _unit(text):
    """Size of the last digit of a number."""
    mantissa, _, power = text.partition("e")
    return 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))


def _alike(a, b):
    """Errors of at most a factor 20 between them, or of rounding."""
    low, high = sorted((float(a), float(b)))
    return high <= 20 * low or high < 1e-9
