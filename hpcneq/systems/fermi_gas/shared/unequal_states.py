"""States of equal couplings followed to unequal ones, and where those end that do not arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ....solvers import newton
from .. import inputs
from ..physics import state_curves, unequal_couplings
from ..physics.gap_and_current import Gas
from ..physics.unequal_couplings import Pair, Way
from .polished_states import FAR, GOOD, ROUNDING, SNES

TURNED = {"snes_atol": 1e-10}  # where J/(Q Delta^2) is summed over rays: its rounding
ON_THE_WAY = {"snes_atol": 1e-8, "snes_max_it": 8}  # of states that are only followed
COARSE = 0.25  # share of the panels and angles that do for following states with Q > 0
SMALL = (0.006, 0.004, 0.002)  # Delta from which Delta -> 0 is extrapolated
BLUNT = 0.01  # mu: at smaller Delta J/(Q Delta^2) has more rounding than GOOD
BOUND = 1e-6  # largest residual of what may still be polished
ENDINGS = {"fold": "meets another state and ends", "vanishes": "vanishes", "lost": "is lost"}
End = tuple[np.ndarray, np.ndarray, bool]  # ((x, asymmetry), its errors, whether it was found)


def follow(
    parameters: inputs.SteadyParameters, numerics: inputs.Numerics, gas: Gas
) -> tuple[list[dict], list[dict]]:
    """(records, ends) : states followed to unequal couplings; where the others end on the way."""
    p = parameters
    pair = Pair(p.gamma_left, p.gamma_right, p.T, p.dmu, p.inv_kfas, numerics.dp)
    records, ends = [], []
    for name, D, Q in state_curves.find(gas):
        if Q == 0:
            way = unequal_couplings.steps(pair, (D,), _root)
        else:
            way = unequal_couplings.steps(replace(pair, fine=COARSE), (D, Q), _root)
        if way.arrived:
            records.append(unequal_record(name, way.x, pair))
        else:
            ends.append(end_record(name, way, pair, ends))
    return records, ends


def _root(equations: Callable, seed: np.ndarray) -> np.ndarray | None:
    """The root next to ``seed``, None if SNES loses it."""
    solved = newton.solve_equations(equations, seed, ON_THE_WAY)
    return solved.x if solved.converged else None


def unequal_record(name: str, x: np.ndarray, pair: Pair) -> dict:
    """A state x = (D, nu) or (D, Q, nu) of unequal couplings, polished, as plain numbers.

    Errors are changes on panels and angles half as long.
    """
    options = SNES if len(x) == 2 else TURNED
    grids = [(p, unequal_couplings.nodes(x, p)) for p in (pair, replace(pair, fine=2))]
    last, finer = (
        newton.solve_equations(lambda y, p=p, n=n: unequal_couplings.equations(y, p, n), x, options)
        for p, n in grids
    )
    values, error = last.x, np.abs(finer.x - last.x) + ROUNDING
    residuals = np.abs(unequal_couplings.equations(values, *grids[0]))
    Q, Q_error, J = 0.0, 0.0, 0.0
    if len(x) > 2:
        Q, Q_error = float(values[1]), float(error[1])
        J = float(residuals[2] * values[0] ** 2 * Q)
    blunt = min(1.0, (values[0] / BLUNT) ** 2)  # rounding of J over the Delta^2 it is divided by
    return {
        "name": name,
        "delta": float(values[0]),
        "Q": Q,
        "mu_condensate": float(values[-1]),
        "gap_residual": float(residuals[:2].max()),
        "current_residual": J,
        "snes_reason": last.reason,
        "delta_error": float(error[0]),
        "mu_error": float(error[-1]),
        "Q_error": Q_error,
        "good": bool(residuals[:2].max() < GOOD and residuals[2:].max(initial=0.0) * blunt < GOOD),
    }


# ---- ends --------------------------------------------------------------------------------------


def end_record(name: str, way: Way, pair: Pair, known: list[dict]) -> dict:
    """Where a state that was followed ends: it meets another, or its Delta vanishes.

    known : earlier ends; what is among them already is not computed again.
    """
    last = np.array([*way.x, way.asymmetry])
    kind, y, error = "lost", last, np.full(len(last), np.nan)
    for ending, find in (("fold", meeting), ("vanishes", vanishing)):
        end = _same_end(ending, last, known) or find(way, pair)
        if end[2] and np.abs(end[0] - last).max() < 2 * FAR:
            kind, (y, error, _) = ending, end
            break
    return {
        "name": name,
        "kind": kind,
        "y": y,
        "error": error,
        "errors": _named(error),
        **_named(y),
    }


def _same_end(kind: str, last: np.ndarray, known: list[dict]) -> End | None:
    """An end of this kind next to the last couplings that is known already."""
    for end in known:
        y = end["y"]
        if end["kind"] == kind and len(y) == len(last) and np.abs(y - last).max() < FAR:
            return y, end["error"], True
    return None


def _named(y: np.ndarray) -> dict[str, float]:
    """(D, nu, asymmetry) or (D, Q, nu, asymmetry) by name."""
    Q = y[1] if len(y) > 3 else 0.0
    return {
        "asymmetry": float(y[-1]),
        "delta": float(y[0]),
        "Q": float(Q),
        "mu_condensate": float(y[-2]),
    }


def meeting(way: Way, pair: Pair) -> End:
    """The fold next to the last couplings, by SNES; errors from panels and angles half as long."""
    along = way.slope / np.linalg.norm(way.slope)
    coarse, normal, finer = (
        _fold_equations(way, p, along)
        for p in (replace(pair, fine=COARSE), pair, replace(pair, fine=2))
    )
    y = np.concatenate([way.x, [way.asymmetry], along])
    for function in (coarse, normal):
        last = newton.solve_equations(function, y, TURNED)
        if not last.residual < BOUND:
            return y, y, False
        y = last.x
    step = 1e-6
    slopes = np.array(
        [(coarse(y + step * e) - coarse(y - step * e)) / (2 * step) for e in np.eye(len(y))]
    ).T
    n = len(way.x)
    rounding = ROUNDING
    if n > 2:  # of sums over rays, and of their differences
        rounding = np.append(np.full(n, 1e-9), 3e-10)
    error = np.abs(np.linalg.solve(slopes, finer(y)))[: n + 1] + rounding
    return y[: n + 1], error, last.residual < GOOD and y[0] > 0


def _fold_equations(way: Way, pair: Pair, along: np.ndarray) -> Callable:
    """What is zero at the fold, as a function of (x, asymmetry, direction)."""
    held = unequal_couplings.nodes(way.x, pair)
    return lambda y: unequal_couplings.fold(y, pair, held, along)


def vanishing(way: Way, pair: Pair) -> End:
    """Where Delta -> 0 next to the last couplings: SNES at three small Delta, extrapolated.

    Errors come from the largest Delta, and from panels and angles half as long.
    """
    y, limits = np.append(way.x[1:], way.asymmetry), []
    for p in (pair, replace(pair, fine=2)):
        roots = []
        for D in SMALL:
            held = unequal_couplings.nodes((D, *y[:-1]), p)
            last = newton.solve_equations(
                lambda y, D=D, h=held, p=p: unequal_couplings.fading(y, D, p, h),
                y,
                {"snes_atol": 1e-8},
            )
            y = last.x
            roots.append((y, last.residual < BOUND))
        if not all(good for _, good in roots):
            return np.append(0.0, y), np.append(0.0, y), False
        limits.append(unequal_couplings.faded(SMALL, [root for root, _ in roots]))
        y = roots[0][0]
    (limit, error), (finer, _) = limits
    return np.append(0.0, limit), np.append(0.0, error + np.abs(finer - limit) + ROUNDING), True
