"""Figure of ``phase-diagram``: normal state, stable and unstable condensate, boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm

from ....figures import style
from .labels import LINE_A, LINE_B, LINE_C, RATIO, STABLE, UNSTABLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

INTERACTION = r"interaction $(k_Fa_s)^{-1}$"


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Fig. 5 of Hanai et al. (2017) where the modes are known, else Fig. 8(c)."""
    if "unstable" not in result:
        _signs(result, canvas)
        return
    style.size(canvas, 12.2, 5.8)
    widths = [1, 1] if "rate" in result else [3, 2]
    axes, side = canvas.subplots(1, 2, gridspec_kw={"width_ratios": widths})
    low = _regions(axes, result)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), fontsize=8.5, ncol=2)
    if "rate" in result:
        _rates(canvas, side, result, low)
    else:
        _momenta(side, result)


def _frame(axes, inv, low):
    """Interaction against decay on a logarithmic scale."""
    axes.set(yscale="log", xlabel=INTERACTION, ylabel=RATIO, xlim=(inv[0], inv[-1]), ylim=(low, 2))


def _lowest(*lines):
    """The decade in which the plot begins."""
    return 10 ** np.floor(np.log10(0.7 * np.nanmin(np.concatenate(lines))))


# ---- lines ----------------------------------------------------------------------------------


def _interactions(result):
    """The interactions at which the lines are known, added ones among them."""
    return np.asarray(result.inv_line if "inv_line" in result else result.inv_kfas)


def _line(result, name):
    """A line at `_interactions`; nan in results of versions that lack it."""
    name = f"{name}_line" if "inv_line" in result else name
    if name not in result:
        return np.full(len(_interactions(result)), np.nan)
    return np.asarray(result[name])


# ---- by the signs of the coefficients -------------------------------------------------------


def _signs(result, canvas):
    """Fig. 8(c): condensate, condensate with a negative coefficient, normal state."""
    style.size(canvas, 7.4, 4.8)
    axes = canvas.add_subplot()
    inv = _interactions(result)
    end, alpha, beta = (_line(result, name) for name in ("ratio_c", "alpha11", "beta22"))
    low = _lowest(alpha, end)
    first = np.fmin(alpha, beta)
    first = np.where(np.isnan(first), end, first)
    label = r"$\alpha_{11}<0$ or $\beta_{22}<0$"
    axes.fill_between(inv, low, end, color=STABLE, lw=0, label=r"condensate, both $>0$")
    axes.fill_between(inv, first, end, color=UNSTABLE, lw=0, label=label)
    axes.plot(inv, end, color="0.1", label=r"$\Delta_0\to 0$")
    axes.plot(inv, alpha, "--", color=LINE_A, label=r"$\alpha_{11}=0$")
    axes.plot(inv, beta, ":", color=LINE_B, lw=2.2, label=r"$\beta_{22}=0$")
    _frame(axes, inv, low)
    axes.text(0.86, 0.93, "normal", transform=axes.transAxes)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=10)


# ---- by the modes ---------------------------------------------------------------------------


def _regions(axes, result):
    """Fig. 5; returns the lowest ratio shown."""
    inv, end = _interactions(result), _line(result, "ratio_c")
    patterns = {name: _line(result, name) for name in ("C_end", "soft_from", "restored")}
    first = _line(result, "unstable")
    low = _lowest(first, end)
    axes.fill_between(inv, low, end, color=STABLE, lw=0, label="stable condensate")
    for k, (begin, stop) in enumerate(_growing(patterns, first, end)):
        label = None if k else "unstable condensate"
        axes.fill_between(
            *_to_the_tip(inv, begin, stop), color=UNSTABLE, lw=0, label=label, zorder=1.5
        )
    if "arc_inv" in result:
        corners = _far_corners(result)
        arc = [np.asarray(result[name]) for name in ("arc_inv", "arc_ratio")]
        outline = [np.concatenate([values, ends]) for values, ends in zip(arc, corners)]
        axes.fill(*outline, color=UNSTABLE, lw=0, zorder=1.5)
    _lines(axes, result)
    _frame(axes, inv, low)
    axes.text(0.86, 0.93, "normal", transform=axes.transAxes)
    return low


def _growing(lines, first, end):
    """[(from, to)] of the ratio, two bands in which patterns and long static waves grow."""
    soft, restored, C_end = (lines[name] for name in ("soft_from", "restored", "C_end"))
    static = np.where(np.isnan(soft), np.nan, np.where(np.isnan(restored), end, restored))
    joined = np.isnan(C_end) | (C_end >= soft)
    pattern = np.where(joined & np.isfinite(static), np.fmax(static, C_end), C_end)
    return [(first, pattern), (soft, static)]


def _to_the_tip(inv, low, high):
    """(inv, low, high) of a region from where both its sides meet, if that is inside the plot.

    Sides meet as the arms of a parabola do: the square of ln high/low is straight in inv.
    """
    there = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    if len(there) < 2 or there[0] == 0 or high[there[0]] == low[there[0]]:
        return inv, low, high
    k, after = there[:2]
    square, wider = np.log(high[[k, after]] / low[[k, after]]) ** 2
    if wider <= square:
        return inv, low, high
    tip = max(inv[k] - square / (wider - square) * (inv[after] - inv[k]), inv[k - 1])
    middle = np.sqrt(low[[k, after]] * high[[k, after]])
    meeting = middle[0] * (middle[0] / middle[1]) ** ((inv[k] - tip) / (inv[after] - inv[k]))
    sides = (tip, meeting, meeting)
    return tuple(np.insert(one, k, value) for one, value in zip((inv, low, high), sides))


def _lines(axes, result):
    """The end of the condensate and the boundaries of stability."""
    inv = _interactions(result)
    alpha = _line(result, "alpha11")
    thin = {"lw": 1.4}
    axes.plot(inv, _line(result, "ratio_c"), color="0.1", label=r"$\Delta_0\to 0$")
    axes.plot(
        inv,
        np.where(inv > -0.4, alpha, np.nan),
        "--",
        color=LINE_A,
        zorder=4,
        label=r"A: $\alpha_{11}=0$",
        **thin,
    )
    label = r"B: grows at $q\neq 0$, ${\rm Re}\,\omega=0$"
    axes.plot(inv, _line(result, "B"), "-", color=LINE_B, label=label, **thin)
    label = r"C: grows at $q\neq 0$, ${\rm Re}\,\omega\neq 0$"
    axes.plot(*_around_the_tip(result), "-", color=LINE_C, label=label, **thin)
    restored = _line(result, "restored")
    axes.plot(inv, restored, ":", color=LINE_A, label="stable again at small $q$", **thin)
    for name, label in (("gap", r"gapped mode: ${\rm Re}\,\det M(0,\omega)=0$"), ("gap_end", None)):
        axes.plot(inv, _line(result, name), "-.", color="0.35", label=label, **thin)


def _around_the_tip(result):
    """(inv, ratio) of C and, through the tip if it is known, of its far side."""
    inv = _interactions(result)
    C, C_end = (_line(result, name) for name in ("C", "C_end"))
    near, far = np.isfinite(C), np.isfinite(C_end)
    between = [np.array([np.nan])] * 2
    if "arc_inv" in result:
        between = [np.asarray(result[name])[::-1] for name in ("arc_inv", "arc_ratio")]
        near, far = near & (C != C_end), far & (C != C_end)  # the tip is on the arc
    return (
        np.concatenate([inv[far][::-1], between[0], inv[near]]),
        np.concatenate([C_end[far][::-1], between[1], C[near]]),
    )


def _far_corners(result):
    """(interactions (2,), ratios (2,)) at which the arc around the tip goes on as C_end and C."""
    inv = _interactions(result)
    C, C_end = (_line(result, name) for name in ("C", "C_end"))
    first = np.flatnonzero(np.isfinite(C) & np.isfinite(C_end) & (C != C_end))[0]
    return np.full(2, inv[first]), np.array([C_end[first], C[first]])


def _momenta(axes, result):
    """Momenta of the marginal modes."""
    inv = _interactions(result)
    for name, colour in (("B", LINE_B), ("C", LINE_C)):
        axes.plot(inv, _line(result, f"q_{name}"), color=colour, label=name)
        swept = np.asarray(result[f"q_{name}"])
        axes.plot(np.asarray(result.inv_kfas), swept, ".", ms=5, color=colour)
    axes.set(
        xlabel=INTERACTION,
        ylabel=r"momentum of the marginal mode $q/k_F$",
        xlim=(inv[0], inv[-1]),
        ylim=(0, None),
    )
    axes.legend(fontsize=10)


def _rates(canvas, axes, result, low):
    """Map of the largest growth rate over all momenta."""
    inv, ratio, rate, end = (
        np.asarray(result[name]) for name in ("inv_kfas", "ratio", "rate", "ratio_c")
    )
    grows = np.ma.masked_less_equal(np.ma.masked_invalid(rate), 0)
    image = axes.pcolormesh(
        inv,
        ratio,
        grows.T,
        norm=LogNorm(vmin=max(1e-5, grows.min()), vmax=grows.max()),
        cmap="magma",
        shading="nearest",
        rasterized=True,
    )
    axes.plot(inv, end, color="0.1")
    axes.plot(inv, np.asarray(result.unstable), color=LINE_C, lw=1.4)
    _frame(axes, inv, low)
    label = r"largest growth rate ${\rm Im}\,\omega_q/\varepsilon_F$"
    canvas.colorbar(image, ax=axes, label=label, pad=0.02)
