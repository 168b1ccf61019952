"""Numbers that are not there: each is told by name and reason, or the result is not converged."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from .task import ERRORS, Outcome, Quantity

NOT_FINITE = {"nan", "inf", "-inf"}


def with_words(
    outcome: Outcome, quantities: Mapping[str, Quantity], data: Mapping[str, tuple[int, int]]
) -> Outcome:
    """An outcome whose warnings name every number that is null or not finite, or has no error.

    A number that is not finite and declared to be always there makes the outcome not-converged.
    quantities : by name, as declared. data : data set -> (values that are not finite, all values).
    """
    if outcome.status == "stopped":
        return outcome
    outcome = replace(outcome, errors=_errors_of_numbers(outcome))
    reasons: dict[str, list[str]] = {}  # reason -> names
    broken = []
    for name, value in outcome.summary.items():
        words = set(_lacks(value))
        missing = quantities[name].missing if name in quantities else None
        if words & NOT_FINITE and missing is None:
            broken.append(f"{name}: {', '.join(sorted(words))}: this number is not finite")
        elif words and not _named(name, outcome.warnings):
            reasons.setdefault(missing or "there is none", []).append(name)
    lines = [f"{', '.join(names)}: no number: {reason}" for reason, names in reasons.items()]
    lines += [
        f"{name}: its error is not finite"
        for name, error in outcome.errors.items()
        if set(_lacks(error)) & NOT_FINITE and not set(_lacks(outcome.summary.get(name)))
    ]
    bare = _without_errors(outcome, quantities)
    if bare:
        lines.append(f"{', '.join(bare)}: no error is known")
    holes = _holes(quantities, data, [*outcome.warnings, *lines])
    if holes:
        lines.append(f"values that are not finite: {', '.join(holes)}")
    if broken:
        warnings = [*outcome.warnings, *lines, *broken]
        return replace(outcome, status="not-converged", warnings=warnings)
    if outcome.status == "not-converged":  # its last warning says why
        return replace(outcome, warnings=[*lines, *outcome.warnings])
    return replace(outcome, warnings=[*outcome.warnings, *lines])


def _errors_of_numbers(outcome: Outcome) -> dict[str, object]:
    """The errors without those of numbers that are not there, which are null in lists."""
    errors: dict[str, object] = {}
    for name, error in outcome.errors.items():
        value = outcome.summary.get(name, 0.0)
        if _no_number(value):
            continue
        if isinstance(value, list) and isinstance(error, list) and len(value) == len(error):
            error = [None if _no_number(v) else e for v, e in zip(value, error)]
        errors[name] = error
    return errors


def _no_number(value: object) -> bool:
    """Whether a value is null, or a number that is not finite."""
    return value is None or (isinstance(value, (float, complex)) and bool(set(_lacks(value))))


def _without_errors(outcome: Outcome, quantities: Mapping[str, Quantity]) -> list[str]:
    """Numbers that should have an error in the result and have none, and no warning says why."""
    if any("error_estimate" in warning for warning in outcome.warnings):
        return []
    return [
        name
        for name, value in outcome.summary.items()
        if isinstance(value, float)
        and name in quantities
        and quantities[name].error == ERRORS
        and name not in outcome.errors
        and not _no_number(value)
        and not _named(name, outcome.warnings)
    ]


def _holes(
    quantities: Mapping[str, Quantity], data: Mapping[str, tuple[int, int]], words: Sequence[str]
) -> list[str]:
    """ "name (3 of 9)" of each data set that should have no holes and is not named in ``words``.

    Errors of such data sets are left out.
    """
    return [
        f"{name} ({bad} of {count})"
        for name, (bad, count) in data.items()
        if (name not in quantities or quantities[name].missing is None)
        and not _named(name, words)
        and name.removesuffix("_error") not in data.keys() - {name}
    ]


def _named(name: str, warnings: Sequence[str]) -> bool:
    """Whether a warning names a number."""
    return any(re.search(rf"\b{re.escape(name)}\b", warning) for warning in warnings)


def _lacks(value: object) -> Iterator[str]:
    """null, nan, inf, -inf: what stands in place of numbers in a value or in lists of it."""
    if value is None:
        yield "null"
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _lacks(item)
    elif isinstance(value, (np.ndarray, np.generic)):
        yield from _lacks(value.tolist())
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _lacks(item)
    elif isinstance(value, (float, complex)):
        for part in (value.real, value.imag):
            if not math.isfinite(part):
                yield str(float(part))
