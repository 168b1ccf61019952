"""Two results of one task: do they agree within their errors, and where do they not?

A number or data set agrees where it differs by at most the sum of both its errors. Its error is
the entry of its name among the result's errors, or the data set that its declaration names, or
that of the quantity whose error it is said to have ("as of delta_final"). A data set that has none
has errors as large, against its largest value, as the summary's numbers in the same units; other
numbers agree to a part ``rtol`` of the largest. Rows are compared where both results have them: at
the same times, or values of a sweep.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config.words import shown
from .errors import InputError
from .files.reader import Result
from .maths.coordinates import common_places
from .tasks.task import WORK, Quantity

ROUNDING = 1e-12  # of its largest value, added to the error of a quantity
RTOL = 1e-6
AN_ERROR = re.compile(r"error itself|an error\b|residual|a monitor")
EXACT = re.compile(r"^(an input|exact|a coordinate|given|chosen|counted|a setting|a point)")
OF_ITSELF = re.compile(r"(\d[\d.]*(?:e-?\d+)?) of (?:it|itself)\b")


@dataclass(frozen=True)
class Difference:
    """How far one quantity differs between two results.

    largest : of the differences. allowed : the sum of both errors where it is; inf where nothing
    is known to compare. ratio : the largest ratio of the two over all entries. where : coordinates
    of that entry. why : words, where numbers do not say it.
    """

    name: str
    units: str
    agrees: bool
    largest: float = 0.0
    allowed: float = 0.0
    ratio: float = 0.0
    where: Mapping[str, object] = field(default_factory=dict)
    why: str = ""

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


@dataclass(frozen=True)
class Comparison:
    """Two results compared; true if they agree.

    inputs : {"parameters.T": (of the first, of the second)} of what differs in their inputs.
    """

    first: str
    second: str
    what: str
    inputs: Mapping[str, tuple[object, object]]
    quantities: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return not self.differences

    @property
    def differences(self) -> list[Difference]:
        """What does not agree, the worst first."""
        wrong = [quantity for quantity in self.quantities if not quantity.agrees]
        return sorted(wrong, key=lambda quantity: -quantity.ratio)

    def text(self) -> str:
        """Lines: what differs in the inputs, each quantity, and the verdict."""
        lines = [f"{self.first}, {self.second}: {self.what}"]
        for name, (one, other) in self.inputs.items():
            lines.append(f"  input: {name} = {shown(one)}, {shown(other)}")
        lines += [f"  {quantity.text()}" for quantity in self.quantities]
        wrong = self.differences
        if wrong:
            names = ", ".join(quantity.name for quantity in wrong)
            lines.append(f"they differ in {len(wrong)} of {len(self.quantities)}: {names}")
        else:
            lines.append(f"they agree within their errors, in all {len(self.quantities)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        rows = [
            f"<tr><td>{escape(q.name)}</td><td>{q.verdict}</td><td>{q.largest:.2g}</td>"
            f"<td>{q.allowed:.2g}</td><td>{escape(q.units)}</td><td>{escape(q.why)}</td></tr>"
            for q in self.quantities
        ]
        head = "".join(f"<th>{word}</th>" for word in ("", "", "difference", "allowed", "unit", ""))
        title = escape(f"{self.first}, {self.second}: {self.text().splitlines()[-1]}")
        return f"<p>{title}</p><table><tr>{head}</tr>{''.join(rows)}</table>"

    def as_json_object(self) -> dict[str, object]:
        """A dict that JSON can hold; a number that is not finite is null."""
        return {
            "agree": bool(self),
            "first": self.first,
            "second": self.second,
            "inputs": {name: list(values) for name, values in self.inputs.items()},
            "quantities": {
                quantity.name: {
                    "agrees": quantity.agrees,
                    "difference": _finite(quantity.largest),
                    "allowed": _finite(quantity.allowed),
                    "units": quantity.units,
                    "at": dict(quantity.where),
                    "why": quantity.why,
                }
                for quantity in self.quantities
            },
        }


def compare(
    first: Result,
    second: Result,
    quantities: Mapping[str, Quantity],
    rtol: float = RTOL,
) -> Comparison:
    """Compare two results of one task.

    quantities : what the task declares, by name. rtol : of what has no error of its own, as a part
    of its largest value. Raises InputError if they are of different tasks.
    """
    one, other = (f"{result.system} {result.task}" for result in (first, second))
    if one != other:
        raise InputError(f"{second.path}: is a result of {other}, {first.path} of {one}")
    pair = _Pair(first, second, quantities, rtol)
    compared = (*pair.numbers(), *pair.arrays())
    if not compared:
        raise InputError(f"{first.path}, {second.path}: hold nothing that can be compared")
    return Comparison(str(first.path), str(second.path), one, inputs(first, second), compared)


def is_error(name: str, error: str | None) -> bool:
    """Whether a quantity, declared with this ``error``, tells an error and no physics."""
    return name.endswith("_error") or AN_ERROR.search(error or "") is not None


def inputs(first: Result, second: Result) -> dict[str, tuple[object, object]]:
    """{"parameters.T": (of the first, of the second)}: keys that differ in two inputs."""
    one, other = (dict(flat(result.resolved)) for result in (first, second))
    return {
        name: (one.get(name), other.get(name))
        for name in {**one, **other}
        if one.get(name) != other.get(name)
    }


def flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Dotted names of the keys of nested tables, and their values."""
    if not isinstance(value, Mapping):
        yield path, value
        return
    for name, item in value.items():
        yield from flat(item, f"{path}.{name}" if path else name)


@dataclass
class _Pair:
    """Two results, and what is known of what they hold."""

    first: Result
    second: Result
    quantities: Mapping[str, Quantity]
    rtol: float

    def __post_init__(self) -> None:
        named = {str(quantity.error) for quantity in self.quantities.values()}
        self.apart = {quantity.name for quantity in WORK} | named & set(self.quantities)

    def numbers(self) -> Iterator[Difference]:
        """Numbers and words of the summaries."""
        one, other = self.first.summary, self.second.summary
        for name in self._compared(one, other):
            if name in one and name in other:
                known = self._unit(name), self._allowed(name)
                yield _difference(name, *known, _leaves(one[name]), _leaves(other[name]), self.rtol)
            else:
                yield self._alone(name, name in one)

    def arrays(self) -> Iterator[Difference]:
        """Data sets that are no coordinates."""
        one, other = self.first, self.second
        summaries = {*one.summary, *other.summary}
        coordinates = {axis for name in one for axis in one[name].axes}
        for name in self._compared(dict.fromkeys(one), dict.fromkeys(other)):
            if name in coordinates or name in summaries:
                continue
            if name in one and name in other:
                yield self._array(name)
            else:
                yield self._alone(name, name in one)

    def _compared(self, one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
        """Names of what is physics: no errors, no measured times."""
        return [name for name in {**one, **other} if not self._is_apart(name)]

    def _is_apart(self, name: str) -> bool:
        error = self.quantities[name].error if name in self.quantities else None
        return name in self.apart or is_error(name, error)

    def _alone(self, name: str, first: bool) -> Difference:
        path = self.first.path if first else self.second.path
        return Difference(name, self._unit(name), False, ratio=np.inf, why=f"only {path} has it")

    def _unit(self, name: str) -> str:
        if name in self.quantities:
            return str(self.quantities[name].units)
        return "1"

    def _array(self, name: str) -> Difference:
        """A data set, where both results have its coordinates."""
        one, other = self.first[name], self.second[name]
        places: list[tuple[NDArray[Any], NDArray[Any]]] = []
        where: dict[str, NDArray[Any]] = {}
        if one.ndim != other.ndim:
            words = f"has {one.ndim} axes and {other.ndim}"
            return Difference(name, one.units, False, ratio=np.inf, why=words)
        for axis, label in enumerate(one.axes):
            mine = _coordinates(self.first, name, axis)
            theirs = _coordinates(self.second, name, axis)
            common = common_places(mine, theirs)
            if not len(common[0]) and len(mine) + len(theirs):
                words = f"no common values of {label}"
                return Difference(name, one.units, False, ratio=np.inf, why=words)
            places.append(common)
            where[label] = mine[common[0]]
        allowed = self._allowed(name, places)
        mine = np.asarray(one)[np.ix_(*(pair[0] for pair in places))]
        theirs = np.asarray(other)[np.ix_(*(pair[1] for pair in places))]
        return _difference(name, one.units, allowed, mine, theirs, self.rtol, where)

    def _allowed(self, name: str, places: list[Any] | None = None) -> NDArray[Any] | float | None:
        """The sum of both errors, an array of the data set's shape or one number; None if unknown.

        places : the rows of either result that are compared.
        """
        parts = []
        for k, result in enumerate((self.first, self.second)):
            part = self._error(result, name)
            if part is None and places:
                part = self._share(result, name)
            if part is None:
                return None
            if places and np.ndim(part):
                fits = np.shape(part) == result[name].shape
                part = part[np.ix_(*(p[k] for p in places))] if fits else np.nanmax(part)
            parts.append(part)
        one, other = parts
        if np.shape(one) != np.shape(other):
            one, other = np.nanmax(one), np.nanmax(other)
        total: NDArray[Any] | float = one + other
        return total

    def _error(self, result: Result, name: str) -> Any:
        """The error of a quantity in one result: its own, or that which its declaration names."""
        error = (self.quantities[name].error if name in self.quantities else "") or ""
        if error in result:
            return np.abs(np.asarray(result[error], float))
        share = OF_ITSELF.search(error)
        if share is not None and name in result:
            return float(share[1]) * np.abs(np.asarray(result[name]))
        for word in (name, *re.findall(r"\w+", error)):
            if word in result.errors:
                known = _leaves(result.errors[word])
            elif word.endswith("_error") and word in result.summary:
                known = _leaves(result.summary[word])
            else:
                continue
            if known.dtype.kind == "f" and np.any(np.isfinite(known)):
                return np.nanmax(np.abs(known)) if word != name else np.abs(known)
        return None

    def _share(self, result: Result, name: str) -> float | None:
        """The error of a data set from those of numbers in its units; None where there are none."""
        declared = self.quantities[name].error if name in self.quantities else None
        if EXACT.search(declared or ""):
            return None
        sizes, errors = [], []
        for number, error in result.errors.items():
            if number in result.summary and self._unit(number) == result[name].units:
                sizes.append(_largest(_leaves(result.summary[number])))
                errors.append(_largest(_leaves(error)))
        if max(sizes, default=0.0) == 0 or result[name].units in ("1", ""):
            return None
        share = max(self.rtol, max(errors) / max(sizes))
        return share * _largest(np.asarray(result[name]))


def _largest(values: NDArray[Any]) -> float:
    """The largest modulus; 0 of nothing, and of texts."""
    if values.dtype.kind not in "fciub":
        return 0.0
    sizes = np.abs(values)
    return float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))


def _difference(
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
    largest = max(_largest(one), _largest(other))
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
    return Difference(name, units, most <= 1.0, worst, limit, most, place)


def _words_difference(name: str, units: str, one: NDArray[Any], other: NDArray[Any]) -> Difference:
    """Texts are the same or not."""
    wrong = np.nonzero(one.astype(str).ravel() != other.astype(str).ravel())[0]
    if not len(wrong):
        return Difference(name, units, True, why="the same words")
    first, second = (shown(str(values.ravel()[wrong[0]])) for values in (one, other))
    words = f"{first}, {second}" + (f" and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    return Difference(name, units, False, ratio=np.inf, why=words)


def _coordinates(result: Result, name: str, axis: int) -> NDArray[Any]:
    """Values of the coordinate along an axis of a data set; numbers from 0 where it has none."""
    data = result[name]
    label = data.axes[axis]
    if label in result and result[label].shape == (data.shape[axis],):
        return np.asarray(result[label])
    return np.arange(data.shape[axis])


def _leaves(value: object) -> NDArray[Any]:
    """All entries of a number, text, list or table of a summary; None counts as nan."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        return np.array([np.nan if value is None else value])
    parts = [_leaves(item) for item in value]
    if not parts:
        return np.empty(0)
    return np.concatenate(parts)


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
