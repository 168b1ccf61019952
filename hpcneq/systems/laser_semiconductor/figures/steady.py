"""Figure of task steady: curves beside the paper's formulas, or populations and pairs over k."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import LABELS, spans_decades
from .momenta import mirrored

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

DASHES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
SHOWN = 4  # formulas beside the exact curve: more cannot be told apart
PANELS = (("delta", r"order parameter $|\Delta|$"), ("V_c", r"threshold $|V_c|$"))


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Over a swept key: the exact numbers beside the formulas; at a point: the state over k."""
    if result.sweep:
        curves(result, canvas, *result.sweep)
    else:
        momenta(result, canvas)


def curves(result: Result, canvas: Figure | SubFigure, key: str) -> None:
    """Order parameter (left) and threshold (right), exact and by the formulas of the paper."""
    # the three-band model has a threshold alone
    panels = PANELS[1:] if np.nanmax(result["delta"]) <= 0 else PANELS
    style.size(canvas, 5.0 * len(panels), 4.2)
    x = np.asarray(result[key])
    for axes, (what, words) in zip(np.atleast_1d(canvas.subplots(1, len(panels))), panels):
        exact = np.abs(np.asarray(result[what]))
        by_stability(axes, x, exact, result, what)
        nearest = nearest_formulas(result, what, exact)
        for (name, values), dashes, colour in zip(nearest, DASHES, style.COLOURS):
            axes.plot(x, values, ls=dashes, color=colour, label=formula(name))
        if key == "v_plus" and "v_plus_25" in result:
            axes.axvline(
                result["v_plus_25"][0], color="0.5", ls=":", lw=1.4, label=r"$v_+$ of Eq. (25)"
            )
        axes.set(xlabel=LABELS.get(key, key), ylabel=words)
        if spans_decades(x):
            axes.set_xscale("log")
        limit(axes, exact, what)
        axes.legend(fontsize=9)


def by_stability(axes: Axes, x: np.ndarray, exact: np.ndarray, result: Result, what: str) -> None:
    """The exact curve; open circles where the steady state is unstable.

    Of thresholds: crosses where |V| is above, yet the normal state does not pair.
    """
    axes.plot(x, exact, color="k", lw=2.2, label="exact")
    if what == "delta":
        marked = np.asarray(result["stable"]) == 0
        words = "unstable"
        marker = "o"
    else:
        V = np.broadcast_to(result.parameters["V"], x.shape)
        if "V" in result.sweep:
            V = x
        same = V * np.asarray(result["V_c"]) > 0
        beyond = same & (np.abs(V) > exact)
        marked = beyond & (np.asarray(result["normal_stable"]) == 1)
        words = "beyond it, normal state stable again"
        marker = "x"
    if marked.any():
        axes.plot(x[marked], exact[marked], marker, color="k", mfc="w", ms=5, zorder=3, label=words)


def limit(axes: Axes, exact: np.ndarray, what: str) -> None:
    """The vertical axis from 0, or logarithmic for thresholds over decades."""
    finite = exact[np.isfinite(exact)]
    positive = finite[finite > 0]
    if what == "V_c" and len(positive) and positive.max() / positive.min() > 200:
        axes.set_yscale("log")
        return
    top = np.nanmax(finite, initial=1e-12)
    axes.set_ylim(0, 1.4 * top if top > 1e-11 else 1.0)


def nearest_formulas(result: Result, what: str, exact: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """(name, |values|) of the formulas for a number, the nearest to the exact curve first."""
    names = [name for name in result.keys() if name.startswith(what + "_")]
    names = [name for name in names if not name.endswith(("analytic", "_error"))]
    curves = [(name, np.abs(np.asarray(result[name]))) for name in names]
    return sorted(curves, key=lambda named: distance(exact, named[1]))[:SHOWN]


def distance(exact: np.ndarray, other: np.ndarray) -> float:
    """How far a formula is from the exact curve, in the mean of |log ratio|."""
    both = (exact > 0) & (other > 0) & np.isfinite(exact) & np.isfinite(other)
    if not both.any():
        return np.inf
    missing = (len(exact) - both.sum()) / len(exact)
    return np.abs(np.log(other[both] / exact[both])).mean() + 0.2 * missing


def formula(name: str) -> str:
    """A legend text: delta_33_printed -> Eq. (33), printed."""
    number, *words = name.replace("V_c_", "").replace("delta_", "").split("_")
    if words:
        return f"Eq. ({number}), {' '.join(words)}"
    return f"Eq. ({number})"


def momenta(result: Result, canvas: Figure | SubFigure) -> None:
    """Populations (left) and pair amplitude (right) of a steady state."""
    style.size(canvas, 10.0, 4.2)
    left, right = canvas.subplots(1, 2)
    k, s = np.asarray(result["k"]), np.asarray(result["s"])
    blue, red, green, *_ = style.COLOURS
    for name, words, colour in (
        ("n11", "lower band", blue),
        ("n22", "upper band", red),
        ("n", "both", green),
    ):
        left.plot(*mirrored(k, np.asarray(result[name])), color=colour, label=words)
    right.plot(*mirrored(k, s.real), color=blue, label="Re $s_k$")
    right.plot(*mirrored(k, s.imag), color=red, ls="--", label="Im $s_k$")
    left.set(xlabel="momentum $k$", ylabel="population")
    right.set(xlabel="momentum $k$", ylabel="pair amplitude")
    threshold = "nothing pairs at any $V$"
    if np.isfinite(result.number("V_c")):
        threshold = f"$V_c={result.number('V_c'):.5g}$"
    state = {True: " (stable)", False: " (unstable)"}.get(result.summary["stable"], "")
    size = rf"$|\Delta|={result.number('delta'):.5g}${state}"
    canvas.suptitle(f"{size}, {threshold}", fontsize=11)
    for axes in (left, right):
        axes.legend()
        if not np.isfinite(float(result.parameters["k_max"])):
            axes.set_xscale("symlog", linthresh=0.1)
