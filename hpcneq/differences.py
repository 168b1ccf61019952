"""How far one quantity differs between two results: its size, what is allowed, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config.words import shown

ROUNDING = 1e-12  # of the largest value, of a quantity or of all in its units: no difference


@dataclass(frozen=True)
class Difference:
    """How far one quantity differs between two results.

    largest : of the differences. allowed : the sum of both errors where it is; inf where nothing
    is known to compare. ratio : the largest ratio of the two over all entries. where : coordinates
    of that entry. why : words, where numbers do not say it. size : the largest value of both.
    """

    name: str
    units: str
    agrees: bool
    largest: float = 0.0
    allowed: float = 0.0
    ratio: float = 0.0
    where: Mapping[str, object] = field(default_factory=dict)
    why: str = ""
    size: float = 0.0

    @property
    def verdict(self) -> str:
        """In a word."""
        return "agrees" if self.agrees else "differs"

    def text(self) -> str:
        """One line."""
        if self.why:
            return f"{self.name:24s} {self.verdict}: {self.why}"
        units = "" if self.units == "1" else f" {self.units}"
        place = ", ".join(f"{name} = {_short(value)}" for name, value in self.where.items())
        words = f"by {self.largest:.2g}{units} (allowed {self.allowed:.2g})"
        return f"{self.name:24s} {self.verdict}: {words}" + (place and f", at {place}")


def largest_of(values: NDArray[Any]) -> float:
    """The largest modulus; 0 of nothing, and of texts."""
    if values.dtype.kind not in "fciub":
        return 0.0
    sizes = np.abs(values)
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))


def difference(
    name: str,
    units: str,
    allowed: NDArray[Any] | float | None,
    one: NDArray[Any],
    other: NDArray[Any],
    rtol: float,
    where: Mapping[str, NDArray[Any]] | None = None,
) -> Difference:
    """Compare values at the same places; where : coordinates along each axis."""
    if one.shape != other.shape:
        words = f"has {one.size} values and {other.size}"
        return Difference(name, units, False, ratio=np.inf, why=words)
    if one.size == 0:
        return Difference(name, units, True, why="empty in both")
    if one.dtype.kind not in "fciub" or other.dtype.kind not in "fciub":
        return _words_difference(name, units, one, other)
    with np.errstate(invalid="ignore"):
        apart = np.abs(one.astype(complex) - other.astype(complex))
        equal = (one == other) | (np.isnan(one.astype(complex)) & np.isnan(other.astype(complex)))
    apart = np.where(equal, 0.0, apart)
    apart = np.where(np.isnan(apart), np.inf, apart)  # a number in one of them alone
    largest = max(largest_of(one), largest_of(other))
    error: Any = rtol * largest
    if allowed is not None:
        error = np.where(np.isnan(allowed), np.inf, allowed) + ROUNDING * largest
    error = np.broadcast_to(error, apart.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(apart == 0, 0.0, apart / np.where(error == 0, 1e-300, error))
    ratio = np.where(np.isnan(ratio), np.inf, ratio)  # both without bound
    at = np.unravel_index(int(np.argmax(ratio)), apart.shape)
    worst, limit = float(apart[at]), float(error[at])
    most = float(ratio[at])
    place = {key: values[at[k]].item() for k, (key, values) in enumerate((where or {}).items())}
    return Difference(name, units, most <= 1.0, worst, limit, most, place, size=largest)


def without_rounding(compared: list[Difference]) -> Iterator[Difference]:
    """Let agree what is nothing but rounding of the largest quantity in its units."""
    sizes: dict[str, float] = {}
    for quantity in compared:
        sizes[quantity.units] = max(quantity.size, sizes.get(quantity.units, 0.0))
    for quantity in compared:
        limit = ROUNDING * sizes[quantity.units]
        if quantity.units in ("1", "") or quantity.why or quantity.size > limit:
            limit = 0.0
        yield replace(quantity, agrees=quantity.agrees or quantity.size < limit)


def _words_difference(name: str, units: str, one: NDArray[Any], other: NDArray[Any]) -> Difference:
    """Texts are the same or not."""
    wrong = np.nonzero(one.astype(str).ravel() != other.astype(str).ravel())[0]
    if not len(wrong):
        return Difference(name, units, True, why="the same words")
    first, second = (shown(str(values.ravel()[wrong[0]])) for values in (one, other))
    words = f"{first}, {second}" + (f" and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    return Difference(name, units, False, ratio=np.inf, why=words)


def leaves(value: object) -> NDArray[Any]:
    """All entries of a number, text, list or table of a summary; None counts as nan."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        return np.array([np.nan if value is None else value])
    parts = [leaves(item) for item in value]
    if not parts:
        return np.empty(0)
    return np.concatenate(parts)


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
