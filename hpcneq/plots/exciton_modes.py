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


def stability(result, title):
    """Fig. 5 of the paper: normal state, stable and unstable condensate, boundaries A, B and C; momentum of the growing pattern beside it."""
    figure = style.figure(11.4, 4.8)
    axes, side = figure.subplots(1, 2, gridspec_kw={"width_ratios": [3, 2]})
    inv, end, alpha, B, C, first = (np.asarray(result[name]) for name in ("inv_kfas", "ratio_c", "alpha11", "B", "C", "unstable"))
    top = np.where(np.isnan(first), end, first)
    low = 10 ** np.floor(np.log10(0.7 * np.nanmin(np.concatenate([first, end]))))
    axes.fill_between(inv, top, end, color="#d9795d", alpha=0.6, lw=0, label="unstable condensate")
    axes.fill_between(inv, low, top, color="#5b8fc9", alpha=0.5, lw=0, label="stable condensate")
    axes.plot(inv, end, color="0.1", label=r"$\Delta_0\to 0$")
    axes.plot(inv, alpha, "--", color="#7a1f12", lw=1.2, zorder=4, label=r"A: $\alpha_{11}=0$")
    axes.plot(inv, B, "-", color="#12294d", lw=1.4, label=r"B: grows at $q\neq 0$, ${\rm Re}\,\omega=0$")
    axes.plot(inv, C, "o-", ms=3.5, color="#2a8f6d", lw=1.4, label=r"C: grows at $q\neq 0$, ${\rm Re}\,\omega\neq 0$")
    axes.set(yscale="log", xlabel=r"interaction $(k_Fa_s)^{-1}$", ylabel=r"decay over pumping $\gamma_v/\gamma_b$", xlim=(inv[0], inv[-1]), ylim=(low, 2))
    axes.text(0.86, 0.93, "normal", transform=axes.transAxes)
    axes.legend(loc="center right", fontsize=9, frameon=True, framealpha=0.85)
    side.plot(inv, np.asarray(result.q_B), color="#12294d", label="B")
    side.plot(inv, np.asarray(result.q_C), "o-", ms=3.5, color="#2a8f6d", label="C")
    side.set(xlabel=r"interaction $(k_Fa_s)^{-1}$", ylabel=r"momentum of the marginal mode $q/k_F$", xlim=(inv[0], inv[-1]), ylim=(0, None))
    side.legend(fontsize=10)
    figure.suptitle(title, fontsize=11)
    return figure
