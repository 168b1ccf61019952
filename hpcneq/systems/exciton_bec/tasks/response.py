"""Task ``response`` of the exciton-bec system: M(q, w), its determinant and Im M^-1 over momenta and frequencies."""

from __future__ import annotations

import numpy as np

from ....errors import InputError
from ....solvers import farm as maps
from ....tasks import Outcome
from ..physics import response as theory
from .steady import WIDE, condensate, drive_of, given, refuse_unused

FEW = 24  # frequencies of one task of the map
UNITS = "kF^3/eF"


def response(run, comm, log, output):
    """Hanai et al. (2018), Eqs. (34)-(37), (72), (73): one condensate or a family over ``ratios``. **Collective.**

    Ranks take pieces of the grid of (ratio, q, w). M at q = 0 is the limit taken after that of w.
    """
    refuse_unused(run)
    p, n = run.parameters, run.numerics
    q, w = run.sweep.get("q", np.array([p.q])), run.sweep.get("w", np.array([p.w]))
    family = [
        condensate(run, comm, drive_of(run, ratio=ratio))
        for ratio in (p.decay,)
        if p.ratios is None
    ]
    family = family or [condensate(run, comm, drive_of(run, ratio=ratio)) for ratio in p.ratios]
    narrow = min(state.g for state, _ in family)
    if p.growth <= -narrow:
        raise InputError(
            f"[parameters] growth = {p.growth:g}: M is analytic above -(gamma_b + gamma_v) = -{narrow:g} only"
        )
    pieces = [
        (i, j, start)
        for i in range(len(family))
        for j in range(len(q))
        for start in range(0, len(w), FEW)
    ]

    def solve(k, _, warm):
        i, j, start = pieces[k]
        M, error = theory.with_errors(
            family[i][0], float(q[j]), w[start : start + FEW] + 1j * p.growth, p.part, n.panels
        )
        return {"M": M, "error": error}

    out = output()
    records, stopped = maps.farm((len(pieces), 1), solve, comm, log, output.points(), "response")
    if stopped:
        return Outcome("stopped", {}, {}, [f"stopped by {stopped}"])
    M, error = (
        np.concatenate([np.asarray(row[0][name]) for row in records]).reshape(
            len(family), len(q), len(w), 2, 2
        )
        for name in ("M", "error")
    )
    found = derived(M, error)
    write(out, run, q, w, p.ratios, found)
    return headline(run, family, q, w, found)


def derived(M, error):
    """{M, M_error, det, det_error, inverse} : det and Im M^-1 of M (..., 2, 2), and det's error from M's."""
    det = M[..., 0, 0] * M[..., 1, 1] - M[..., 0, 1] * M[..., 1, 0]
    cofactor = np.abs(M[..., [1, 1, 0, 0], [1, 0, 1, 0]]).reshape(M.shape)
    inverse = np.stack([M[..., 1, 1], -M[..., 0, 1], -M[..., 1, 0], M[..., 0, 0]], axis=-1).reshape(
        M.shape
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        spectral = (inverse / det[..., None, None]).imag
    return {
        "M": M,
        "M_error": error,
        "det": det,
        "det_error": (cofactor * error).sum(axis=(-2, -1)),
        "inverse": spectral,
    }


def write(out, run, q, w, ratios, found):
    """Axes (ratio,) q, w; M, its error, det, Im M^-1, and the lowest w > 0 where Re det M changes sign. **Collective.**"""
    axes = ("ratio",) if ratios else ()
    if ratios:
        out.axis("ratio", np.asarray(ratios, float), "1", "gamma_v/gamma_b")
    out.axis("q", q, "kF", "momentum")
    out.axis(
        "w", w, "eF", "real part of the frequency, from twice the condensate's chemical potential"
    )
    out.axis(
        "component", np.array(["amplitude", "phase"]), "1", "component of M: 1 amplitude, 2 phase"
    )
    out.axis("source", np.array(["amplitude", "phase"]), "1", "second component of M")

    def put(name, values, more, units, text):
        out.fixed(name, values if ratios else values[0], (*axes, *more), units, text)

    put(
        "M",
        found["M"],
        ("q", "w", "component", "source"),
        UNITS,
        f"M(q, w), part = {run.parameters.part}",
    )
    put(
        "M_error",
        found["M_error"],
        ("q", "w", "component", "source"),
        UNITS,
        "error of every element of M",
    )
    put("det", found["det"], ("q", "w"), UNITS + " squared", "det M(q, w)")
    put("det_error", found["det_error"], ("q", "w"), UNITS + " squared", "error of det M")
    put("ImMinv", found["inverse"], ("q", "w", "component", "source"), "eF/kF^3", "Im M^-1(q, w)")
    put(
        "dispersion",
        crossing(w, found["det"].real),
        ("q",),
        "eF",
        "lowest w > 0 where Re det M changes sign; nan: nowhere in the sweep",
    )


def crossing(w, values):
    """(...) : the lowest w > 0 at which values (..., n) change sign, by linear interpolation; nan where they do not."""
    if len(w) < 2:
        return np.full(values.shape[:-1], np.nan)
    flips = (values[..., 1:] * values[..., :-1] < 0) & (w[:-1] > 0)
    first = np.argmax(flips, axis=-1)[..., None]
    a, b = (np.take_along_axis(values, first + k, axis=-1)[..., 0] for k in (0, 1))
    low, high = w[first[..., 0]], w[first[..., 0] + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flips.any(axis=-1), low + (high - low) * a / (a - b), np.nan)


def headline(run, family, q, w, found):
    """The Outcome: one number each, and the elements themselves where there is a single point."""
    p = run.parameters
    smallest = np.unravel_index(np.argmin(np.abs(found["det"])), found["det"].shape)
    summary = {
        "part": p.part,
        "points": int(found["det"].size),
        "M_error": float(found["M_error"].max()),
        "det_min": found["det"][smallest],
        "q_min": float(q[smallest[1]]),
        "w_min": float(w[smallest[2]]),
        **given(family[0][0].drive),
        "ratio": p.ratios or family[0][0].ratio,
        "delta": [s.delta for s, _ in family] if p.ratios else family[0][0].delta,
        "mu": [s.mu for s, _ in family] if p.ratios else family[0][0].mu,
        "residual": max(solution.residual for _, solution in family),
    }
    errors = {"det_min": float(found["det_error"][smallest])}
    if found["det"].size == 1:
        for i, j in np.ndindex(2, 2):
            summary[f"M{i + 1}{j + 1}"] = complex(found["M"][0, 0, 0, i, j])
            errors[f"M{i + 1}{j + 1}"] = float(found["M_error"][0, 0, 0, i, j])
        summary["det"], errors["det"] = (
            complex(found["det"][0, 0, 0]),
            float(found["det_error"][0, 0, 0]),
        )
    return Outcome("complete", summary, errors, [WIDE])
