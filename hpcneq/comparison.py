"""Two results of one task: do they agree within their errors, and where do they not?

A number or data set agrees where it differs by at most the sum of both its errors. Its error is
the entry of its name among the result's errors, or the data set that its declaration names, or
that of the quantity whose error it is said to have ("as of delta_final"). A data set that has none
has errors as large, against its largest value, as the summary's numbers in the same units; other
numbers agree to a part ``rtol`` of the largest. Rows are compared where both results have them: at
the same times, or values of a sweep. What differs by rounding of the largest quantity in its units
agrees too: a current that vanishes by symmetry has other last bits on other numbers of ranks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config.words import shown
from .differences import Difference, difference, largest_of, leaves, without_rounding
from .errors import InputError
from .files.reader import Result
from .maths.coordinates import common_places
from .tasks.task import WORK, Quantity

RTOL = 1e-6
AN_ERROR = re.compile(r"error itself|an error\b|residual|a monitor")
EXACT = re.compile(r"^(an input|exact|a coordinate|given|chosen|counted|a setting|a point)")
OF_ITSELF = re.compile(r"(\d[\d.]*(?:e-?\d+)?) of (?:it|itself)\b")


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
    compared = tuple(without_rounding([*pair.numbers(), *pair.arrays()]))
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
                yield difference(name, *known, leaves(one[name]), leaves(other[name]), self.rtol)
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
        return name in self.apart or is_error(name, self._declared(name))

    def _declared(self, name: str) -> str:
        """What the declaration of a quantity says of its error."""
        return (self.quantities[name].error if name in self.quantities else None) or ""

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
        return difference(name, one.units, allowed, mine, theirs, self.rtol, where)

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
        error = self._declared(name)
        if error in result:
            return np.abs(np.asarray(result[error], float))
        share = OF_ITSELF.search(error)
        if share is not None and name in result:
            return float(share[1]) * np.abs(np.asarray(result[name]))
        for word in (name, *re.findall(r"\w+", error)):
            if word in result.errors:
                known = leaves(result.errors[word])
            elif word.endswith("_error") and word in result.summary:
                known = leaves(result.summary[word])
            else:
                continue
            if known.dtype.kind == "f" and np.any(np.isfinite(known)):
                return np.nanmax(np.abs(known)) if word != name else np.abs(known)
        return None

    def _share(self, result: Result, name: str) -> float | None:
        """The error of a data set from those of numbers in its units; None where there are none."""
        if EXACT.search(self._declared(name)):
            return None
        sizes, errors = [], []
        for number, error in result.errors.items():
            if number in result.summary and self._unit(number) == result[name].units:
                sizes.append(largest_of(leaves(result.summary[number])))
                errors.append(largest_of(leaves(error)))
        if max(sizes, default=0.0) == 0 or result[name].units in ("1", ""):
            return None
        share = max(self.rtol, max(errors) / max(sizes))
        return share * largest_of(np.asarray(result[name]))


def _coordinates(result: Result, name: str, axis: int) -> NDArray[Any]:
    """Values of the coordinate along an axis of a data set; numbers from 0 where it has none."""
    data = result[name]
    label = data.axes[axis]
    if label in result and result[label].shape == (data.shape[axis],):
        return np.asarray(result[label])
    return np.arange(data.shape[axis])


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
