"""Errors from the same calculation with half the step in k."""

from __future__ import annotations

from collections.abc import Sequence

GRID_FACTOR = 2.5  # of a change with half the step in k, in errors: it does not fall smoothly


def missing_errors(error_estimate: bool, errors: Sequence[float | None]) -> list[str]:
    """Warnings for errors that are not known: those of points are None."""
    if not error_estimate:
        return ["no error estimates: [numerics] error_estimate = false"]
    count = sum(error is None for error in errors)
    if not count:
        return []
    return [
        f"no error of {count} of {len(errors)} points: no state with half the step in k was found"
    ]
