"""Figure of the task ``modes`` of the nsn-junction: growth rates and frequencies over q."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

AT_REST = 1e-7  # of t: smaller frequencies are none
GROWS, DECAYS = style.COLOURS[1], style.COLOURS[0]


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Growth rates and frequencies; growing modes in colour, the search's floor dashed.

    Frequencies have no panel where all modes are at rest.
    """
    largest = np.nanmax(np.abs(np.asarray(result["frequency"])), initial=0.0)
    moving = largest > AT_REST
    style.size(canvas, 7.2, 6.4 if moving else 4.4)
    rows = canvas.subplots(1 + moving, 1, sharex=True, squeeze=False)[:, 0]
    rates = rows[0]
    _draw_modes(rows, result)
    _draw_floor(rates, result.summary.get("floor"))
    for axes in rows:
        axes.axhline(0, color="0.8", lw=0.8, zorder=0)
    rates.set_ylabel(r"growth rate $\mathrm{Im}\,z\,/\,t_\parallel$")
    words = "" if moving else ": all at rest"
    if moving:
        rows[1].set_ylabel(r"frequency $\mathrm{Re}\,z\,/\,t_\parallel$")
        rows[1].set_ylim(-1.15 * max(largest, 0.05), 1.15 * max(largest, 0.05))
    q = np.asarray(result.q)
    margin = 0.04 * max(q[-1] - q[0], 0.1)
    rows[-1].set_xlim(q[0] - margin, q[-1] + margin)
    rows[-1].set_xlabel(r"$q_x$ (1/lattice constant)")
    if rates.get_legend_handles_labels()[0]:
        rates.legend(fontsize=9, loc="best")
    canvas.suptitle(f"{_title(result)}{words}", fontsize=12)


def _draw_modes(rows, result) -> None:
    """A marker a mode, by what it does; its size is the multiplicity.

    rows : the panel of growth rates, and that of frequencies if there is one.
    """
    rate, frequency, error = (
        np.asarray(result[name]) for name in ("growth_rate", "frequency", "mode_error")
    )
    times = np.asarray(result["multiplicity"])
    wave = np.broadcast_to(np.asarray(result.q)[:, None], rate.shape)
    growing = rate > np.maximum(3 * np.nan_to_num(error), 1e-9)
    oscillating = np.abs(frequency) > AT_REST
    for mask, colour, marker, words in (
        (growing & ~oscillating, GROWS, "o", "grows"),
        (growing & oscillating, GROWS, "D", "grows, oscillates"),
        (~growing & ~oscillating, DECAYS, "o", "decays"),
        (~growing & oscillating, DECAYS, "D", "decays, oscillates"),
    ):
        mask = mask & np.isfinite(rate)
        if not mask.any():
            continue
        look = {"s": 18 * times[mask], "c": colour, "marker": marker, "lw": 0}
        for axes, values in zip(rows, (rate, frequency)):
            axes.scatter(wave[mask], values[mask], label=words, **look)


def _draw_floor(axes, floor: float | None) -> None:
    """The rate below which no mode was sought."""
    if floor is None:
        return
    axes.axhline(floor, color="0.6", ls="--", lw=1)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, floor - 0.07 * (high - floor)), high)  # room for the words
    axes.text(
        0.99,
        floor,
        "not sought below",
        color="0.5",
        fontsize=9,
        ha="right",
        va="top",
        transform=axes.get_yaxis_transform(),
    )


def _title(result) -> str:
    """The state."""
    D = result.summary.get("delta")
    state = rf"uniform state $\Delta={D:.4g}\,t_\parallel$" if D else "normal state"
    return f"modes of the {state}"
