"""States and edges polished by SNES, with their change on panels of half the length as errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....solvers import newton
from ..physics import gap_and_current, phase_edges, state_curves
from ..physics.gap_and_current import Gas
from ..physics.phase_edges import Edge
from ..physics.state_curves import Curves

SNES = {"snes_atol": 3e-12}
FAR = 0.02  # a polished state farther than this from its seed is another
GOOD = 1e-9  # largest residual of what counts as a root
GOOD_SHARE = 1e-7  # or the largest correction by a further Newton step, as a share of each unknown
DIFFERENCE = 1e-5  # relative step of derivatives by differences
ROUNDING = 2e-11  # of polished numbers


def is_root(function: Callable[..., Sequence[float]], root: newton.Solution) -> bool:
    """Whether SNES has found a root: by its residual, or where equations are steep by what is left.

    The residual alone would ask more of the wave number of a weakly paired gas than rounding gives.
    """
    if root.residual < GOOD:
        return True
    x = np.asarray(root.x, float)
    columns = []
    for shift in np.diag(DIFFERENCE * np.maximum(np.abs(x), DIFFERENCE)):
        difference = np.subtract(function(x + shift), function(x - shift))
        columns.append(difference / (2 * shift.max()))
    try:
        correction = np.linalg.solve(np.array(columns).T, np.asarray(function(x), float))
    except np.linalg.LinAlgError:
        return False
    return bool(np.all(np.abs(correction) < GOOD_SHARE * np.abs(x)))


def polish(gas: Gas, D: float, Q: float) -> tuple[float, float, newton.Solution]:
    """(D, Q, Solution) : a root of gap and, for Q > 0, stiffness, on panels held still."""
    held = gas.held(D, Q)
    if Q == 0:
        root = newton.solve_equations(
            lambda x: [gap_and_current.gap(held, abs(x[0]), 0.0)], [D], SNES
        )
        return float(root.x[0]), 0.0, root
    root = newton.solve_equations(
        lambda x: state_curves.equations(held, abs(x[0]), abs(x[1])), [D, Q], SNES
    )
    return float(root.x[0]), float(root.x[1]), root


def state_record(gas: Gas, name: str, D: float, Q: float) -> dict:
    """A polished state as plain numbers, its errors from panels of half the length.

    good : whether SNES found it where the scan had.
    """
    polished_D, polished_Q, root = polish(gas, D, Q)
    finer = polish(gas.finer, polished_D, polished_Q)
    g, J = gap_and_current.both(gas.held(polished_D, polished_Q), polished_D, polished_Q)
    near = np.hypot(polished_D - D, polished_Q - Q) < FAR
    return {
        "name": name,
        "delta": polished_D,
        "Q": polished_Q,
        "current_residual": abs(J),
        "gap_residual": abs(g),
        "snes_reason": root.reason,
        "delta_error": abs(finer[0] - polished_D) + ROUNDING,
        "Q_error": (abs(finer[1] - polished_Q) + ROUNDING) * (polished_Q > 0),
        "good": bool(root.residual < GOOD and near),
    }


def edge_records(gas: Gas, curves: Curves) -> dict[str, dict]:
    """{name: {dmu, delta, Q, error, good}} : every edge of a gas, polished."""
    records, polished = {}, {}
    for name, edge in phase_edges.seeds(gas, curves).items():
        if (edge.kind, edge.dmu) not in polished:
            polished[edge.kind, edge.dmu] = edge_record(gas, edge)
        records[name] = polished[edge.kind, edge.dmu]
    return records


def edge_record(gas: Gas, edge: Edge) -> dict:
    """One edge polished, its error from panels of half the length."""
    held, start = phase_edges.equations(gas, edge)
    root = newton.solve_equations(held, start, SNES)
    polished = phase_edges.polished(edge, root.x)
    function, start = phase_edges.equations(gas.finer, polished)
    finer = phase_edges.polished(edge, newton.solve_equations(function, start, SNES).x)
    good = is_root(held, root) and abs(polished.dmu - edge.dmu) < FAR
    return {
        "dmu": polished.dmu,
        "delta": polished.delta,
        "Q": polished.Q,
        "error": abs(finer.dmu - polished.dmu) + ROUNDING,
        "good": bool(good),
    }
