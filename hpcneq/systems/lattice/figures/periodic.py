"""Figure of the task ``periodic`` of the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

FAINT = 1e-4  # of the largest harmonic, below which one is not drawn


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Currents over a period with their means; the pairing, or the density; the multipliers.

    Of a sweep: harmonics and the swing of the pairing over the frequency.
    """
    if "frequency" in result:
        _along(result, canvas)
        return
    style.size(canvas, 12, 4.2)
    flow, site, circle = canvas.subplots(1, 3)
    t, current = np.asarray(result.t), np.asarray(result.current)
    names = [str(name) for name in np.asarray(result.lead)]
    for k, name in enumerate(names):
        colour = style.COLOURS[k % len(style.COLOURS)]
        flow.plot(t, current[:, k], color=colour, label=name)
        flow.axhline(result.summary["mean_current"][name], color=colour, ls="--", lw=0.9)
    flow.set(xlabel="$t$", ylabel="current into the system (mean dashed)")
    flow.legend(fontsize=9)
    paired = bool(result.summary["delta_max"])
    values = np.abs(np.asarray(result.delta)) if paired else np.asarray(result.density)
    site.plot(t, values, color=style.COLOURS[0], alpha=0.7)
    site.set(xlabel="$t$", ylabel="pairing $|D_i|$" if paired else "density")
    turn = np.linspace(0, 2 * np.pi, 200)
    circle.plot(np.cos(turn), np.sin(turn), color="0.8", lw=1)
    for real, imaginary in result.summary["multipliers"]:
        circle.plot(real, imaginary, "o", color=style.COLOURS[1])
    circle.set(aspect="equal", xlabel="Re of the multiplier", ylabel="Im")


def _along(result: Result, canvas: Figure | SubFigure) -> None:
    """Moduli of harmonics over the frequency, of the bulk current or else of the leads'."""
    style.size(canvas, 10, 4.4)
    waves, other = canvas.subplots(1, 2)
    frequency = np.asarray(result.frequency)
    bulk = "bulk_harmonics" in result
    values = np.abs(np.asarray(result["bulk_harmonics" if bulk else "harmonics"]))
    size = np.linalg.norm(values, axis=2)
    shown = [n for n in range(1, size.shape[1]) if np.nanmax(size[:, n]) > FAINT * np.nanmax(size)]
    for number, n in enumerate(shown):
        colour = style.COLOURS[number % len(style.COLOURS)]
        waves.plot(frequency, size[:, n], ".-", color=colour, label=rf"${n}\,\Omega$")
    waves.set(yscale="log", xlabel=r"frequency $\Omega$ of the drive", ylabel="current, modulus")
    waves.legend(fontsize=9)
    paired = bool(result.summary.get("delta_max"))
    name = "delta_swing" if paired else "mean_current_at"
    other.plot(frequency, np.asarray(result[name]), ".-", color=style.COLOURS[1])
    words = r"swing of $|\Delta|$ over a period" if paired else "mean current"
    other.set(xlabel=r"frequency $\Omega$ of the drive", ylabel=words)
    if paired:
        for axes in (waves, other):
            axes.axvline(result.summary["delta_max"], color="0.6", ls="--", lw=1, zorder=0)
        other.plot([], [], color="0.6", ls="--", label=r"$\Omega = \max|\Delta|$")
        other.legend(fontsize=9)
