"""Figure of ``modes``: growth rates and frequencies over momentum; sound over a swept ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style
from .labels import RATIO, ramp

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

MOMENTUM = r"momentum $q/k_F$"


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """The modes of one condensate, or the gapless mode of several; in units of the width g."""
    if "ratio" in result:
        _sound(result, canvas)
        return
    q, g = np.asarray(result.q), result.summary["gamma_b"] + result.summary["gamma_v"]
    rate, frequency = np.asarray(result.growth_rate) / g, np.asarray(result.frequency) / g
    style.size(canvas, 9.6, 4.2)
    left, right = canvas.subplots(1, 2)
    for axes, values in ((left, rate), (right, frequency)):
        _modes(axes, q, values, np.abs(frequency) < 1e-3)
        axes.axhline(0, color="0.6", lw=0.9, zorder=0)
        axes.set(xlabel=MOMENTUM, xlim=(0, 1.03 * q[-1]))
    left.set_ylabel(r"growth rate ${\rm Im}\,\omega_q/\gamma$")
    right.set_ylabel(r"frequency ${\rm Re}\,\omega_q/\gamma$")
    left.legend(fontsize=10)


def _modes(axes, q, values, still):
    """Every mode of every momentum, those at rest as squares."""
    labels = (r"${\rm Re}\,\omega_q=0$", r"${\rm Re}\,\omega_q\neq 0$")
    for column, rest in zip(values.T, still.T):
        at_rest, moving = labels
        axes.plot(q[rest], column[rest], "s", ms=5, color=style.COLOURS[1], label=at_rest)
        axes.plot(q[~rest], column[~rest], "o", ms=5, color=style.COLOURS[0], label=moving)
        labels = (None, None)


def _sound(result, canvas):
    """The two roots of the gapless mode meeting at q = Gamma/2c; c and Gamma over the decay."""
    style.size(canvas, 13.2, 4.3)
    left, middle, right = canvas.subplots(1, 3)
    _dispersions(result, left, middle)
    _velocity(result, right)
    canvas.suptitle("gapless mode", fontsize=11)


def _dispersions(result, left, middle):
    """Frequencies and growth rates over momentum, for some of the ratios."""
    q, ratio = np.asarray(result.q), np.asarray(result.ratio)
    g = (result.summary["gamma_b"] * (1 + ratio))[:, None, None]
    frequency, rate = np.asarray(result.frequency) / g, np.asarray(result.growth_rate) / g
    x = np.repeat(q[:, None], rate.shape[2], axis=1)
    colours = style.COLOURS if len(ratio) <= 3 else ramp(len(ratio))
    for i in range(0, len(ratio), max(1, len(ratio) // 4)):
        there = np.isfinite(rate[i]) & (frequency[i] > -1e-6)
        raised = np.maximum(frequency[i][there], 2e-4)
        label = rf"$\gamma_v/\gamma_b={ratio[i]:g}$"
        left.plot(x[there], raised, "o", ms=4, color=colours[i], label=label)
        middle.plot(x[there], rate[i][there], "o", ms=4, color=colours[i])
        crossover = result.summary["crossover_q"][i]
        if crossover and q[0] < crossover < q[-1]:
            for axes in (left, middle):
                axes.axvline(crossover, color=colours[i], lw=0.8, ls=":")
    left.set(xscale="log", yscale="log", xlabel=MOMENTUM)
    left.set_ylabel(r"frequency ${\rm Re}\,\omega_q/\gamma$")
    left.text(0.03, 0.1, r"bottom: ${\rm Re}\,\omega_q=0$", transform=left.transAxes, fontsize=9)
    left.legend(fontsize=9)
    middle.set(xscale="log", xlabel=MOMENTUM)
    middle.set_ylabel(r"${\rm Im}\,\omega_q/\gamma$  (dotted: $q=\Gamma/2c$)")


def _velocity(result, axes):
    """Velocity and damping of sound over the decay."""
    ratio = np.asarray(result.ratio)
    g = result.summary["gamma_b"] * (1 + ratio)
    c = np.array(result.summary["sound_velocity"], float)
    label = r"velocity $c\,k_F/\varepsilon_F$"
    axes.plot(ratio, c, "o-", color=style.COLOURS[0], label=label)
    damping = np.asarray(result.damping) / g
    axes.plot(ratio, damping, "s-", color=style.COLOURS[1], label=r"damping $\Gamma/\gamma$")
    axes.axhline(0, color="0.6", lw=0.9, zorder=0)
    axes.locator_params(axis="x", nbins=4)
    axes.set(
        xlabel=RATIO,
        ylabel=r"$c$, $\Gamma$ of $\omega^2+i\Gamma\omega-c^2q^2=0$",
        ylim=(0, None),
    )
    axes.legend(fontsize=10)
