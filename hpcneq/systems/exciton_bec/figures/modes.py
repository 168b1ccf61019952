"""Figures of the exciton-bec system's modes and of the boundaries they draw."""

from __future__ import annotations

import tomllib

import numpy as np

from ....figures import style

STABLE, UNSTABLE = "#5b8fc9", "#d9795d"
LABELS = {
    "inv_kfas": r"interaction $(k_Fa_s)^{-1}$",
    "gamma_b": r"pumping rate $\gamma_b/\varepsilon_F$",
    "T_b": r"bath temperature $T_b/\varepsilon_F$",
    "p_c": r"cutoff $p_c/k_F$",
}
SHORT = {"inv_kfas": r"(k_Fa_s)^{-1}", "gamma_b": r"\gamma_b", "T_b": r"T_b", "p_c": r"p_c"}


def modes(result):
    """Growth rates and frequencies of the modes over q, in units of the levels' width; sound over ratio where that is swept."""
    if "ratio" in result:
        return sound(result)
    q, g = np.asarray(result.q), result.summary["gamma_b"] + result.summary["gamma_v"]
    rate, frequency = np.asarray(result.growth_rate) / g, np.asarray(result.frequency) / g
    figure = style.figure(9.6, 4.2)
    left, right = figure.subplots(1, 2)
    for j in range(rate.shape[1]):
        still = np.abs(frequency[:, j]) < 1e-3
        for axes, values in ((left, rate[:, j]), (right, frequency[:, j])):
            axes.plot(
                q[still],
                values[still],
                "s",
                ms=5,
                color=style.COLOURS[1],
                label=r"${\rm Re}\,\omega_q=0$" if j == 0 else None,
            )
            axes.plot(
                q[~still],
                values[~still],
                "o",
                ms=5,
                color=style.COLOURS[0],
                label=r"${\rm Re}\,\omega_q\neq 0$" if j == 0 else None,
            )
    for axes in (left, right):
        axes.axhline(0, color="0.6", lw=0.9, zorder=0)
        axes.set(xlabel=r"momentum $q/k_F$", xlim=(0, 1.03 * q[-1]))
    left.set_ylabel(r"growth rate ${\rm Im}\,\omega_q/\gamma$")
    right.set_ylabel(r"frequency ${\rm Re}\,\omega_q/\gamma$")
    left.legend(fontsize=10)
    p = tomllib.loads(result.input).get("parameters", {})
    figure.suptitle(
        f"electron-hole condensate, $(k_Fa_s)^{{-1}}={p.get('inv_kfas', 0.0):g}$, $\\gamma_v/\\gamma_b={result.summary['ratio']:g}$",
        fontsize=11,
    )
    return figure


def sound(result):
    """The gapless mode for several decays: its two roots meeting at q = Gamma/2c, from diffusing to propagating; c and Gamma over the decay."""
    q, ratio = np.asarray(result.q), np.asarray(result.ratio)
    g = result.summary["gamma_b"] * (1 + ratio)
    frequency, rate = (
        np.asarray(result.frequency) / g[:, None, None],
        np.asarray(result.growth_rate) / g[:, None, None],
    )
    figure = style.figure(13.2, 4.3)
    left, middle, right = figure.subplots(1, 3)
    colours = style.COLOURS if len(ratio) <= 3 else _ramp(len(ratio))
    step = max(1, len(ratio) // 4)
    for i in range(0, len(ratio), step):
        x = np.repeat(q[:, None], rate.shape[2], axis=1)
        here = np.isfinite(rate[i]) & (frequency[i] > -1e-6)
        left.plot(
            x[here],
            np.maximum(frequency[i][here], 2e-4),
            "o",
            ms=4,
            color=colours[i],
            label=rf"$\gamma_v/\gamma_b={ratio[i]:g}$",
        )
        middle.plot(x[here], rate[i][here], "o", ms=4, color=colours[i])
        crossover = result.summary["crossover_q"][i]
        if crossover and q[0] < crossover < q[-1]:
            for axes in (left, middle):
                axes.axvline(crossover, color=colours[i], lw=0.8, ls=":")
    left.set(
        xscale="log",
        yscale="log",
        xlabel=r"momentum $q/k_F$",
        ylabel=r"frequency ${\rm Re}\,\omega_q/\gamma$",
    )
    left.text(0.03, 0.1, r"bottom: ${\rm Re}\,\omega_q=0$", transform=left.transAxes, fontsize=9)
    middle.set(
        xscale="log",
        xlabel=r"momentum $q/k_F$",
        ylabel=r"${\rm Im}\,\omega_q/\gamma$  (dotted: $q=\Gamma/2c$)",
    )
    left.legend(fontsize=9)
    c = np.array([np.nan if x is None else x for x in result.summary["sound_velocity"]])
    right.plot(ratio, c, "o-", color=style.COLOURS[0], label=r"velocity $c\,k_F/\varepsilon_F$")
    right.plot(
        ratio,
        np.asarray(result.damping) / g,
        "s-",
        color=style.COLOURS[1],
        label=r"damping $\Gamma/\gamma$",
    )
    right.axhline(0, color="0.6", lw=0.9, zorder=0)
    right.locator_params(axis="x", nbins=4)
    right.set(
        xlabel=r"decay over pumping $\gamma_v/\gamma_b$",
        ylabel=r"$c$, $\Gamma$ of $\omega^2+i\Gamma\omega-c^2q^2=0$",
        ylim=(0, None),
    )
    right.legend(fontsize=10)
    p = tomllib.loads(result.input).get("parameters", {})
    figure.suptitle(
        f"gapless mode of the electron-hole condensate, $(k_Fa_s)^{{-1}}={p.get('inv_kfas', 0.0):g}$",
        fontsize=11,
    )
    return figure


def _ramp(count):
    import matplotlib

    return matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, count))


def boundary(result):
    """The ratio at the boundary over the swept key, with the marginal mode's momentum; one curve for each value of a slow key."""
    kind = result.summary["kind"]
    keys = list(tomllib.loads(result.input).get("sweep", {})) or ["point"]
    x, ratio = np.asarray(result[keys[-1]]), np.atleast_2d(np.asarray(result.ratio))
    single = kind == "A"
    figure = style.figure(6.4 if single else 9.8, 4.3)
    left, *right = np.atleast_1d(figure.subplots(1, 1 if single else 2))
    colours = _ramp(len(ratio)) if len(ratio) > 1 else [style.COLOURS[0]]
    late = np.atleast_2d(np.asarray(result.growth)) > 0
    for k, (row, q) in enumerate(zip(ratio, np.atleast_2d(np.asarray(result.q_mode)))):
        label = (
            f"${SHORT.get(keys[0], keys[0])}={np.asarray(result[keys[0]])[k]:g}$"
            if len(keys) > 1
            else None
        )
        for axes, values in zip((left, *right), (row, q)):
            axes.plot(x, values, "o-", ms=4, color=colours[k], label=label)
            axes.plot(x[late[k]], values[late[k]], "o", ms=4, color=colours[k], mfc="white")
    if late.any():
        left.plot([], [], "o", ms=4, color="0.3", mfc="white", label="another mode grows before")
    wide = np.nanmax(ratio) > 8 * np.nanmin(ratio)
    left.set(
        ylabel=rf"$\gamma_v/\gamma_b$ at boundary {kind}",
        xlabel=LABELS.get(keys[-1], keys[-1]),
        yscale="log" if wide else "linear",
    )
    for axes in right:
        axes.set(
            ylabel=r"momentum $q/k_F$ of the marginal mode",
            xlabel=LABELS.get(keys[-1], keys[-1]),
            ylim=(0, None),
        )
    for axes in (left, *right):
        if keys[-1] in ("gamma_b", "p_c"):
            axes.set_xscale("log")
    if len(keys) > 1 or late.any():
        left.legend(fontsize=9)
    figure.suptitle(f"electron-hole condensate: boundary {kind}", fontsize=11)
    return figure


def stability(result, title):
    """Fig. 5 of the paper: normal state, stable and unstable condensate, boundaries A, B and C; the growing pattern's momentum, or the growth rate."""
    figure = style.figure(12.2, 4.9)
    axes, side = figure.subplots(
        1, 2, gridspec_kw={"width_ratios": [3, 2] if "rate" not in result else [1, 1]}
    )
    low = _regions(axes, result)
    axes.legend(
        loc="center", bbox_to_anchor=(0.45, 0.69), fontsize=8.5, frameon=True, framealpha=0.6
    )
    if "rate" in result:
        _rates(figure, side, result, low)
    else:
        inv = np.asarray(result.inv_kfas)
        side.plot(inv, np.asarray(result.q_B), color="#12294d", label="B")
        side.plot(inv, np.asarray(result.q_C), "o-", ms=3.5, color="#2a8f6d", label="C")
        side.set(
            xlabel=LABELS["inv_kfas"],
            ylabel=r"momentum of the marginal mode $q/k_F$",
            xlim=(inv[0], inv[-1]),
            ylim=(0, None),
        )
        side.legend(fontsize=10)
    figure.suptitle(title, fontsize=11)
    return figure


def _regions(axes, result):
    """Draw Fig. 5; returns the lowest ratio shown."""
    inv, end, alpha, B, C, first, C_end, soft, restored = (
        np.asarray(result[name])
        for name in (
            "inv_kfas",
            "ratio_c",
            "alpha11",
            "B",
            "C",
            "unstable",
            "C_end",
            "soft_from",
            "restored",
        )
    )
    low = 10 ** np.floor(np.log10(0.7 * np.nanmin(np.concatenate([first, end]))))
    axes.fill_between(inv, low, end, color=STABLE, alpha=0.5, lw=0, label="stable condensate")
    top = np.where(
        np.isnan(soft),
        C_end,
        np.where(
            np.isnan(restored), end, np.fmax(restored, np.where(np.isnan(C_end), restored, C_end))
        ),
    )
    axes.fill_between(inv, first, top, color="white", lw=0)
    axes.fill_between(inv, first, top, color=UNSTABLE, alpha=0.6, lw=0, label="unstable condensate")
    axes.plot(inv, end, color="0.1", label=r"$\Delta_0\to 0$")
    axes.plot(
        inv,
        np.where(inv > -0.4, alpha, np.nan),
        "--",
        color="#7a1f12",
        lw=1.4,
        zorder=4,
        label=r"A: $\alpha_{11}=0$",
    )
    axes.plot(
        inv, B, "-", color="#12294d", lw=1.4, label=r"B: grows at $q\neq 0$, ${\rm Re}\,\omega=0$"
    )
    axes.plot(
        inv,
        C,
        "o-",
        ms=3.5,
        color="#2a8f6d",
        lw=1.4,
        label=r"C: grows at $q\neq 0$, ${\rm Re}\,\omega\neq 0$",
    )
    axes.plot(inv, restored, ":", color="#7a1f12", lw=1.4, label="stable again at small $q$")
    axes.set(
        yscale="log",
        xlabel=LABELS["inv_kfas"],
        ylabel=r"decay over pumping $\gamma_v/\gamma_b$",
        xlim=(inv[0], inv[-1]),
        ylim=(low, 2),
    )
    axes.text(0.86, 0.93, "normal", transform=axes.transAxes)
    return low


def _rates(figure, axes, result, low):
    """Map of the largest growth rate over all momenta."""
    from matplotlib.colors import LogNorm

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
    axes.plot(inv, np.asarray(result.unstable), color="#2a8f6d", lw=1.4)
    axes.set(
        yscale="log",
        xlabel=LABELS["inv_kfas"],
        ylabel=r"decay over pumping $\gamma_v/\gamma_b$",
        xlim=(inv[0], inv[-1]),
        ylim=(low, 2),
    )
    figure.colorbar(
        image, ax=axes, label=r"largest growth rate ${\rm Im}\,\omega_q/\varepsilon_F$", pad=0.02
    )
