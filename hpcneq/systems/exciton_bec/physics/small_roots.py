"""Roots of small systems by damped Newton: gap and number equation of a state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from hpcneq.errors import NotConverged

TIGHT = 1e-12  # residual at which Newton stops
FAST = 0.1  # of the residual: where a step leaves more, slopes are taken anew


def _differences(function, x, value, scale):
    """The Jacobian by differences of relative size ``scale``."""
    jacobian = np.empty((len(x), len(x)))
    for k in range(len(x)):
        e = np.zeros(len(x))
        e[k] = scale * max(1e-2, abs(x[k]))
        jacobian[:, k] = (function(x + e) - value) / e[k]
    return jacobian


def _step(jacobian, value):
    """The Newton step, shortened to 0.5."""
    step = np.linalg.solve(jacobian, -value)
    return step / max(1.0, np.abs(step).max() / 0.5)


def newton(
    function: Callable[[np.ndarray], np.ndarray],
    x: Sequence[float],
    steps: int = 25,
    scale: float = 1e-7,
) -> tuple[np.ndarray, float]:
    """(x, largest residual) of a root of a small system by damped Newton.

    Slopes are differences of relative size ``scale``, and Broyden's while residuals fall fast; one
    more step of such slopes ends the search. Raises NotConverged.
    """
    x = np.array(x, float)
    value, jacobian = function(x), None
    for _ in range(steps):
        size = np.abs(value).max()
        if size < TIGHT:
            return (x if jacobian is None else x + _step(jacobian, value)), size
        fresh = jacobian is None
        if fresh:
            jacobian = _differences(function, x, value, scale)
        try:
            step = _step(jacobian, value)
        except np.linalg.LinAlgError:
            break
        for _ in range(12 if fresh else 1):
            new = function(x + step)
            if np.all(np.isfinite(new)) and np.abs(new).max() < (1.0 if fresh else FAST) * size:
                break
            step = 0.5 * step
        else:
            if fresh:
                if size < 1e-9:
                    return x, size
                break
            jacobian = None  # differences from here
            continue
        jacobian = jacobian + np.outer(new - value - jacobian @ step, step) / (step @ step)
        x, value = x + step, new
    raise NotConverged(f"steady: Newton stopped at residual {np.abs(value).max():.1e}")


def newton_with_slopes(
    function: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    x: Sequence[float],
    steps: int = 25,
) -> tuple[np.ndarray, float]:
    """As `newton`, for a function that returns its (value (n,), slopes (n, n)), inf outside."""
    x = np.array(x, float)
    value, jacobian = function(x)
    size = np.abs(value).max()
    for _ in range(steps if np.isfinite(size) else 0):
        try:
            step = _step(jacobian, value)
        except np.linalg.LinAlgError:
            break
        if size < TIGHT:
            return x + step, size
        for _ in range(12):
            value, jacobian = function(x + step)
            if np.abs(value).max() < size:
                break
            step = 0.5 * step
        else:
            if size < 1e-9:
                return x, size
            break
        x, size = x + step, np.abs(value).max()
    raise NotConverged(f"steady: Newton stopped at residual {size:.1e}")
