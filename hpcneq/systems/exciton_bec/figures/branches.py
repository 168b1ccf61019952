"""Figure of ``branches``: order parameter and chemical potentials against decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import RATIO, SYMBOLS, ramp

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


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
