"""Figure of ``branches``: order parameter and chemical potentials against decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....errors import InputError
from ....figures import style
from .labels import RATIO, SYMBOLS, ramp

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


WORDS = {"relative_density": "carriers over those at the start", "condensed": "condensed share"}
APART = 0.018  # of the ratio: cells of one wave more


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Fig. 4 of Hanai et al. (2017); a family of curves for a slow key."""
    style.size(canvas, 10.5, 4.2)
    left, right = canvas.subplots(1, 2)
    slow = next((key for key in result.sweep if key != "ratio"), None)
    if slow is None:
        _single(result, left, right)
        potentials = "chemical potential"
        right.legend()
    else:
        _family(result, slow, left, right)
        potentials = r"$\mu$ (solid), $\mu_b$ (dashed)"
        left.legend()
    reach = (0, np.asarray(result.ratio)[-1])
    left.set(
        xlabel=RATIO, ylabel=r"order parameter $\Delta_0/\varepsilon_F$", xlim=reach, ylim=(0, None)
    )
    right.set(xlabel=RATIO, xlim=reach, ylabel=potentials + r" $/\varepsilon_F$")


def draw_fates(result: Result, others: list[Result], canvas: Figure | SubFigure) -> None:
    """The uniform order parameter over the decay, and what evolutions in cells have become.

    others : results of ``evolve``. Bars go from the least to the largest |Delta(x)| of the last
    half of a run; longer cells stand to the right. Raises InputError for a family of branches.
    """
    if len(result.sweep) > 1:
        raise InputError(f"{result.path}: evolutions are drawn beside one branch over the ratio")
    draw(result, canvas)
    left, right = canvas.axes[:2]
    right.clear()
    for name, mark in (("relative_density", "s"), ("condensed", "^")):
        for run in others:
            fill = "none" if _waves(run) == 1 else "0.3"
            right.plot(_place(run), run.summary[name], mark, color="0.3", mfc=fill, ms=6)
        right.plot([], [], mark, color="0.3", mfc="none", label=f"{WORDS[name]} (one wave: open)")
    fates = sorted({str(run.summary["fate"]) for run in others})
    for run in others:
        colour = style.COLOURS[1 + fates.index(str(run.summary["fate"]))]
        ends = [float(run.summary[name]) for name in ("late_min", "late_max")]
        width = 2.0 + 1.5 * _waves(run)
        left.plot(2 * [_place(run)], ends, color=colour, lw=width, solid_capstyle="butt")
    for k, fate in enumerate(fates):
        left.plot([], [], color=style.COLOURS[1 + k], lw=4, label=fate)
    top = max(float(run.summary["late_max"]) for run in others)
    left.set(ylim=(0, 1.08 * top), ylabel=r"$|\Delta(x)|/\varepsilon_F$")
    right.set(xlabel=RATIO, xlim=left.get_xlim(), ylim=(0, None))
    for axes in (left, right):
        axes.legend(fontsize=9)


def _waves(run):
    """Periods of the wave in a cell."""
    return round(run.summary["length"] * run.summary["wave_number"] / (2 * np.pi))


def _place(run):
    """Where a run stands over the ratio."""
    return float(run.summary["ratio"]) + APART * (_waves(run) - 1)


def _single(result, left, right):
    """One curve, and where the condensate ends."""
    ratio, end = np.asarray(result.ratio), float(np.asarray(result.ratio_end)[0])
    delta, mu, mu_b = (np.asarray(result[name]) for name in ("delta", "mu", "mu_b"))
    there = delta > 0
    _order_parameter(left, ratio[there], delta[there], end, style.COLOURS[0])
    if "growth" in result:
        growing = np.asarray(result.growth) > 0
        left.plot(ratio[growing], delta[growing], "o", mfc="none", ms=5, label="unstable")
        left.legend()
    right.plot(ratio[there], mu[there], color=style.COLOURS[0], label=r"$\mu$ (condensate)")
    right.plot(ratio, mu_b, "--", color=style.COLOURS[1], label=r"$\mu_b$ (bath)")
    if np.isfinite(end):
        left.annotate(
            f"normal from $\\gamma_v/\\gamma_b={end:.3f}$",
            (end, 0),
            xytext=(0, 110),
            textcoords="offset points",
            ha="center",
            arrowprops={"arrowstyle": "->", "color": "0.4"},
        )


def _family(result, slow, left, right):
    """A curve for each value of the slow key."""
    ratio, values, ends = (np.asarray(result[key]) for key in ("ratio", slow, "ratio_c_row"))
    columns = [np.asarray(result[name]) for name in ("delta", "mu", "mu_b")]
    colours = ramp(len(values), 0.05, 0.85)
    for value, end, colour, delta, mu, mu_b in zip(values, ends, colours, *columns):
        there, label = delta > 0, f"${SYMBOLS[slow]}={value:g}$"
        _order_parameter(left, ratio[there], delta[there], end, colour, label)
        right.plot(ratio[there], mu[there], color=colour, label=label)
        right.plot(ratio, mu_b, "--", color=colour)


def _order_parameter(axes, ratio, delta, end, colour, label=None):
    """The order parameter, down to 0 at the end of the condensate."""
    axes.plot(np.append(ratio, end), np.append(delta, 0), color=colour, label=label)
    axes.plot(end, 0, "o", ms=5, color=colour, clip_on=False, zorder=5)
