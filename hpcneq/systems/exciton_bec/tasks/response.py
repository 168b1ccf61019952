"""Task ``response``: M(q, w), its determinant and Im M^-1 over momenta and frequencies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ....parallel import Communicator
from ....tasks import Given, Outcome, Output, run_sweep
from ..physics import determinant, response
from ..shared.condensate import WIDE, condensates
from ..shared.drive import input_summary

FEW = 24  # frequencies of one point of the sweep over ranks
COMPONENTS = np.array(["amplitude", "phase"])


def run(given: Given, comm: Communicator, log: Callable[[str], None], output: Output) -> Outcome:
    """Hanai et al. (2017), Eqs. (34)-(37), (72), (73), for one or several ratios. **Collective.**

    Ranks take pieces of the grid of (ratio, q, w). M at q = 0 is the limit taken after that of w.
    """
    parameters = given.parameters
    q, w = grid(given)
    ratios = [parameters.decay] if parameters.ratios is None else parameters.ratios
    family, ratios, left_out = condensates(given, comm, ratios)
    pieces = [
        (i, j, start)
        for i in range(len(family))
        for j in range(len(q))
        for start in range(0, len(w), FEW)
    ]

    def piece(at, previous):
        i, j, start = pieces[at["piece"]]
        z = w[start : start + FEW] + 1j * parameters.growth
        where = (family[i][0], float(q[j]), z, parameters.part)
        M, error = response.with_errors(*where, given.numerics.panels)
        return {"M": M, "error": error + response.by_state(*where, beside=error)}

    axes = {"piece": np.arange(len(pieces))}
    sweep = run_sweep(axes, piece, comm, log, output, "response", everywhere=False)
    swept = ratios if parameters.ratios else None
    return sweep.report(output, lambda out: _report(given, family, swept, sweep, left_out, out))


def _report(given, family, swept, sweep, left_out, out):
    """M and what follows from it written, and told."""
    q, w = grid(given)
    shape = (len(family), len(q), len(w), 2, 2)
    M, error = (np.concatenate(sweep.values(name)).reshape(shape) for name in ("M", "error"))
    elements = determinant.derived(M, error)
    _write(out, swept, q, w, elements)
    return _outcome(given, family, swept, (q, w), elements, left_out)


def grid(given: Given) -> tuple[np.ndarray, np.ndarray]:
    """Momenta and real parts of the frequencies: those of the sweep, else one of each."""
    parameters = given.parameters
    q = given.sweep.get("q", np.array([parameters.q]))
    return q, given.sweep.get("w", np.array([parameters.w]))


def _write(out, ratios, q, w, elements):
    """Axes (ratio,) q, w; M, its error, det M, Im M^-1, the dispersion."""
    if ratios:
        out.axis("ratio", np.asarray(ratios, float))
    out.axis("q", q)
    out.axis("w", w)
    out.axis("component", COMPONENTS)
    out.axis("source", COMPONENTS)
    plane = ("q", "w")
    for name, axes in (
        ("M", (*plane, "component", "source")),
        ("M_error", (*plane, "component", "source")),
        ("det", plane),
        ("det_error", plane),
        ("ImMinv", (*plane, "component", "source")),
    ):
        _put(out, name, elements[name], axes, ratios)
    _put(out, "dispersion", determinant.crossing(w, elements["det"].real), ("q",), ratios)


def _put(out, name, values, axes, ratios):
    """A data set over ``axes``, for a family over the ratio before them."""
    if ratios:
        out.fixed(name, values, ("ratio", *axes))
    else:
        out.fixed(name, values[0], axes)


def _outcome(given, family, ratios, grid, elements, left_out):
    """The Outcome: one number each, and the elements themselves where there is a single point."""
    det, det_error = elements["det"], elements["det_error"]
    smallest = np.unravel_index(np.argmin(np.abs(det)), det.shape)
    summary = {
        "part": given.parameters.part,
        "points": int(det.size),
        "M_error": float(elements["M_error"].max()),
        "det_min": det[smallest],
        "q_min": float(grid[0][smallest[1]]),
        "w_min": float(grid[1][smallest[2]]),
        **input_summary(family[0][0].drive),
        **_states(ratios, [state for state, _ in family]),
        "residual": max(solution.residual for _, solution in family),
    }
    errors = {"det_min": float(det_error[smallest])}
    if det.size == 1:
        for i, j in np.ndindex(2, 2):
            summary[f"M{i + 1}{j + 1}"] = complex(elements["M"][0, 0, 0, i, j])
            errors[f"M{i + 1}{j + 1}"] = float(elements["M_error"][0, 0, 0, i, j])
        summary["det"] = complex(det[0, 0, 0])
        errors["det"] = float(det_error[0, 0, 0])
    return Outcome("complete", summary, errors, [WIDE, *left_out])


def _states(ratios, states):
    """Ratio, order parameter and chemical potential: lists of a family, else numbers."""
    if ratios:
        return {
            "ratio": ratios,
            "delta": [state.delta for state in states],
            "mu": [state.mu for state in states],
        }
    return {"ratio": states[0].ratio, "delta": states[0].delta, "mu": states[0].mu}
