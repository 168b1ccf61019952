"""Figure of the task ``modes`` of the nsn-junction."""

from __future__ import annotations

import numpy as np

from ....figures import style


def modes(result):
    """Growth rates and frequencies of the modes over the wave number; growing ones in colour, the search's floor dashed."""
    figure = style.figure(7.2, 6.4)
    rates, frequencies = figure.subplots(2, 1, sharex=True)
    q = np.asarray(result.q)
    rate, frequency, error = (
        np.asarray(result[name]) for name in ("growth_rate", "frequency", "mode_error")
    )
    times = np.asarray(result["multiplicity"])
    wave = np.broadcast_to(q[:, None], rate.shape)
    growing = rate > np.maximum(3 * np.nan_to_num(error), 1e-9)
    turning = np.abs(frequency) > 1e-7
    for mask, colour, marker, words in (
        (growing & ~turning, style.COLOURS[1], "o", "grows"),
        (growing & turning, style.COLOURS[1], "D", "grows, oscillates"),
        (~growing & ~turning, style.COLOURS[0], "o", "decays"),
        (~growing & turning, style.COLOURS[0], "D", "decays, oscillates"),
    ):
        mask = mask & np.isfinite(rate)
        if mask.any():
            size = 18 * times[mask]
            rates.scatter(
                wave[mask], rate[mask], s=size, c=colour, marker=marker, label=words, lw=0
            )
            frequencies.scatter(wave[mask], frequency[mask], s=size, c=colour, marker=marker, lw=0)
    floor = (result.summary or {}).get("floor")
    if floor is not None:
        rates.axhline(floor, color="0.6", ls="--", lw=1)
        rates.text(
            0.99,
            floor,
            "not sought below",
            color="0.5",
            fontsize=9,
            ha="right",
            va="top",
            transform=rates.get_yaxis_transform(),
        )
    for axes in (rates, frequencies):
        axes.axhline(0, color="0.8", lw=0.8, zorder=0)
    rates.set_ylabel(r"growth rate $\mathrm{Im}\,z\,/\,t_\parallel$")
    frequencies.set_ylabel(r"frequency $\mathrm{Re}\,z\,/\,t_\parallel$")
    largest = np.nanmax(np.abs(frequency), initial=0.0)
    frequencies.set_ylim(-1.15 * max(largest, 0.05), 1.15 * max(largest, 0.05))
    margin = 0.04 * max(q[-1] - q[0], 0.1)
    frequencies.set_xlim(q[0] - margin, q[-1] + margin)
    frequencies.set_xlabel(r"$q_x$ (1/lattice constant)")
    if rates.get_legend_handles_labels()[0]:
        rates.legend(fontsize=9, loc="best")
    figure.suptitle(_title(result), fontsize=12)
    return figure


def _title(result):
    import tomllib

    p = tomllib.loads(result.input).get("parameters", {})
    D = (result.summary or {}).get("delta", 0.0)
    state = rf"uniform state $\Delta={D:.4g}$" if D else "normal state"
    return rf"Modes of the {state}: $h={p.get('h', 0.0):g}$, $eV={p.get('eV', 0.0):g}$, $T={p.get('T', 0.02):g}$ (units of $t_\parallel$)"
