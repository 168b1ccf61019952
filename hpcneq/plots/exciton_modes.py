"""Figures of the exciton-bec system's modes and of the boundaries they draw."""
from __future__ import annotations

import tomllib

import numpy as np

from . import style


def modes(result):
    """Growth rates and frequencies of the modes over q, in units of the levels' width."""
    q, g = np.asarray(result.q), result.summary["gamma_b"] + result.summary["gamma_v"]
    rate, frequency = np.asarray(result.growth_rate) / g, np.asarray(result.frequency) / g
    figure = style.figure(9.6, 4.2)
    left, right = figure.subplots(1, 2)
    for j in range(rate.shape[1]):
        still = np.abs(frequency[:, j]) < 1e-3
        for axes, values in ((left, rate[:, j]), (right, frequency[:, j])):
            axes.plot(q[still], values[still], "s", ms=5, color=style.COLOURS[1], label=r"${\rm Re}\,\omega_q=0$" if j == 0 else None)
            axes.plot(q[~still], values[~still], "o", ms=5, color=style.COLOURS[0], label=r"${\rm Re}\,\omega_q\neq 0$" if j == 0 else None)
    for axes in (left, right):
        axes.axhline(0, color="0.6", lw=0.9, zorder=0)
        axes.set(xlabel=r"momentum $q/k_F$", xlim=(0, 1.03 * q[-1]))
    left.set_ylabel(r"growth rate ${\rm Im}\,\omega_q/\gamma$")
    right.set_ylabel(r"frequency ${\rm Re}\,\omega_q/\gamma$")
    left.legend(fontsize=10)
    p = tomllib.loads(result.input).get("parameters", {})
    figure.suptitle(f"electron-hole condensate, $(k_Fa_s)^{{-1}}={p.get('inv_kfas', 0.0):g}$, $\\gamma_v/\\gamma_b={result.summary['ratio']:g}$", fontsize=11)
    return figure


def boundary(result):
    """The ratio at the boundary over the swept key, with the marginal mode's momentum."""
    kind = result.summary["kind"]
    keys = list(tomllib.loads(result.input).get("sweep", {})) or ["point"]
    x, ratio = np.asarray(result[keys[-1]]), np.atleast_2d(np.asarray(result.ratio))
    figure = style.figure(9.6, 4.2)
    left, right = figure.subplots(1, 2)
    for k, (row, q) in enumerate(zip(ratio, np.atleast_2d(np.asarray(result.q_mode)))):
        label = f"{keys[0]} = {np.asarray(result[keys[0]])[k]:g}" if len(keys) > 1 else None
        left.plot(x, row, "o-", ms=4, label=label)
        right.plot(x, q, "o-", ms=4, label=label)
    left.set(ylabel=rf"$\gamma_v/\gamma_b$ at boundary {kind}", xlabel=keys[-1])
    right.set(ylabel=r"momentum $q/k_F$ of the marginal mode", xlabel=keys[-1])
    if len(keys) > 1:
        left.legend(fontsize=9)
    figure.suptitle(f"electron-hole condensate: boundary {kind}", fontsize=11)
    return figure
