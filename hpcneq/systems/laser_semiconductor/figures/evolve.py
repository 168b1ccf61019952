"""Figure of task evolve: the order parameter in time, and the pair amplitudes at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

LONG = 5e3  # times beyond are drawn in thousands
MARKS = 67  # marks along a curve over k
SETTLED = 0.01  # of the largest |Delta|: what changes less is at rest
EARLY, SHOWN = 0.1, 5.0  # a run at rest after so small a part is drawn for so many times it


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Order parameter in time (left), pair amplitudes of the last momentum-resolved row (right)."""
    style.size(canvas, 10.0, 4.9)
    left, right = canvas.subplots(1, 2)
    in_time(result, left)
    over_momenta(result, right)


def in_time(result: Result, axes: Axes) -> None:
    """|Delta| at each interaction, with the steady states it goes to."""
    t, delta = np.asarray(result["t"]), np.abs(np.asarray(result["delta"]))
    unit, words = 1.0, "time"
    if t[-1] > LONG:
        unit, words = 1e3, r"time $/10^3$"
    steady, formula = result["delta_steady"], result["delta_formula"]
    stable = result.summary.get("delta_steady_stable")
    if not isinstance(stable, list):  # of one run, or of one that has not ended
        stable = [stable] * len(steady)
    for j, v in enumerate(result["V"]):
        colour = style.COLOURS[j % len(style.COLOURS)]
        labels = ("steady state, exact", formula_name(result)) if j == 0 else (None, None)
        axes.plot(t / unit, delta[:, j], color=colour, label=f"$V={v:g}$")
        name, dashes = labels[0], "--"
        if stable[j] is False and steady[j] > 0:
            name = "steady state, unstable"
            dashes = (0, (1, 4))
        axes.axhline(steady[j], color=colour, ls=dashes, lw=1.1, label=name)
        axes.axhline(formula[j], color=colour, ls=":", lw=1.1, label=labels[1])
    axes.set(
        xlabel=words,
        ylabel=r"order parameter $|\Delta|$",
        xlim=(0, _shown_until(t, delta) / unit),
        ylim=(0, None),
    )
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncol=3, fontsize=9)


def _shown_until(t: np.ndarray, delta: np.ndarray) -> float:
    """The end of the run, or the time by which what happens early in it is over."""
    moves = np.abs(delta - delta[-1]).max(axis=1) > SETTLED * delta.max(initial=0.0)
    last = float(t[np.flatnonzero(moves)[-1]]) if moves.any() else float(t[-1])
    return SHOWN * last if 0 < last < EARLY * t[-1] else float(t[-1])


def formula_name(result: Result) -> str:
    """The equation of the formula; a run that has not ended does not tell it yet."""
    if "formula_used" not in result.summary:
        return "formula"
    return f"Eq. ({result.summary['formula_used'].removeprefix('delta ')})"


def over_momenta(result: Result, axes: Axes) -> None:
    """Re s of the last row, with the phase of Delta, beside Eq. (10) at the same |Delta|."""
    k, s = np.asarray(result["k"]), np.asarray(result["s_k"])[-1]
    final = np.asarray(result["delta"])[-1]
    every = max(1, len(k) // MARKS)
    for j, v in enumerate(result["V"]):
        if np.abs(s[:, j]).max() <= 1e-6:
            continue
        colour = style.COLOURS[j % len(style.COLOURS)]
        if "s_stationary" in result:
            stationary = np.asarray(result["s_stationary"])[:, j].real
            axes.plot(k, stationary, color=colour, lw=1.4, label=f"Eq. (10), $V={v:g}$")
        phase = final[j] / abs(final[j]) if final[j] else 1.0
        axes.plot(
            k[::every],
            (s[:, j] * phase).real[::every],
            "o",
            ms=4,
            mfc="none",
            color=colour,
            label="evolution" if j == 0 else None,
        )
    axes.set(xlabel="momentum $k$", ylabel=r"Re $s_k^{21}$")
    axes.locator_params(axis="x", nbins=5)
    if axes.lines:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncol=3, fontsize=9)
