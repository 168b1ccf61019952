"""Figure of ``coefficients``: M at small q and w, effective interaction, sound; over decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import RATIO, power

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Fig. 8(a), (b) of Hanai et al. (2017) and Eq. (75); U_eff with its two terms; sound."""
    style.size(canvas, 14.2, 4.4)
    left, middle, right = canvas.subplots(1, 3)
    ratio = np.asarray(result.ratio)
    _of_M(left, result)
    _interaction(middle, result)
    _sound(right, ratio, np.asarray(result.c2), np.asarray(result.damping))
    for axes in (left, middle, right):
        axes.axhline(0, color="0.7", lw=0.9, zorder=0)
        axes.set(xlabel=RATIO, xlim=(ratio[0], ratio[-1]))
        axes.locator_params(axis="x", nbins=5)
    left.legend(fontsize=9, loc="best")
    middle.legend(fontsize=9, loc="lower left")
    right.legend(fontsize=9, loc="best")
    _limit_interaction(middle, result)


def _of_M(axes, result):
    """alpha11 and beta22, and what Eq. (75) says of them on the BCS side."""
    ratio, alpha, beta, mu, delta = (
        np.asarray(result[name]) for name in ("ratio", "alpha11", "beta22", "mu", "delta")
    )
    top, scale = np.nanmax(np.abs(alpha)), np.nanmax(np.abs(beta))
    for values, size, name, colour in (
        (alpha, top, r"$\alpha_{11}$", style.COLOURS[0]),
        (beta, scale, r"$\beta_{22}$", style.COLOURS[1]),
    ):
        label = f"{name} / {power(size)}"
        axes.plot(ratio, values / size, "o-", ms=3, color=colour, label=label)
    if np.nanmin(mu) > 0:
        axes.plot(
            ratio,
            mu * alpha / (3 * delta**2) / scale,
            "--",
            color=style.COLOURS[2],
            label=r"$v_\mu^2\alpha_{11}/12\Delta_0^2$, Eq. (75)",
        )
    axes.set_ylabel("coefficients of $M$")


def _interaction(axes, result):
    """The effective interaction and its two terms; those of Eq. (71) where they hold."""
    ratio, interaction, blocking, slope = (
        np.asarray(result[name]) for name in ("ratio", "U_eff", "blocking", "slope_term")
    )
    limit = r", $\gamma\to 0$"
    label = r"$U_{\rm eff}n_0=\alpha_{11}/\eta_{12}$"
    axes.plot(ratio, interaction, color="0.1", lw=2, label=label)
    for values, colour, words in (
        (blocking, style.COLOURS[0], "Pauli blocking"),
        (slope, style.COLOURS[1], "slope of the distribution"),
    ):
        axes.plot(ratio, values, "--", color=colour, label=words + limit)
    axes.plot(ratio, blocking + slope, ":", color="0.1", label="sum of both")
    printed = [np.asarray(result[name]) for name in ("blocking_71", "slope_71")]
    if np.isfinite(printed[0]).any():
        labels = ("Eq. (71) as printed", None)
        for values, colour, label in zip(printed, style.COLOURS, labels):
            axes.plot(ratio, values, "-.", lw=1, color=colour, label=label)
    axes.set_ylabel(r"effective interaction / $\varepsilon_F$")


def _limit_interaction(axes, result):
    """Limits of the ordinate that leave large terms out and make room for the legend."""
    shown = [np.asarray(result[name]) for name in ("U_eff", "blocking")]
    largest = 1.1 * np.nanmax(np.abs(shown))
    low, high = axes.get_ylim()
    low, high = max(low, -3 * largest), min(high, 1.6 * largest)
    axes.set_ylim(low - 0.45 * (high - low), high)


def _sound(axes, ratio, c2, damping):
    """c of the gapless mode where it propagates, and the momentum below which it diffuses."""
    c = np.sqrt(np.where(c2 > 0, c2, np.nan))
    axes.plot(ratio, c, color=style.COLOURS[0], label=r"sound velocity $c/(\varepsilon_F/k_F)$")
    with np.errstate(invalid="ignore", divide="ignore"):
        crossover = 0.5 * np.abs(damping) / c
    top = np.nanmax(crossover)
    label = r"$q=|\Gamma|/2c$ / " + power(top) + ", diffusive below"
    axes.plot(ratio, crossover / top, color=style.COLOURS[1], label=label)
    axes.set(ylabel="gapless mode", ylim=(0, 1.35 * max(1.0, np.nanmax(np.append(c, 0.0)))))
