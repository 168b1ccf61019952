"""Figures of the exciton-bec system."""

from __future__ import annotations

import tomllib

import numpy as np

from ....figures import style
from .modes import stability

KEYS = {
    "inv_kfas": r"(k_Fa_s)^{-1}",
    "gamma_b": r"\gamma_b/\varepsilon_F",
    "T_b": r"T_b/\varepsilon_F",
    "p_c": r"p_c/k_F",
}


def _title(result, hide=()):
    """The parameters of an input in words."""
    tree = tomllib.loads(result.input)
    p, n = tree.get("parameters", {}), tree.get("numerics", {})
    words = [
        f"${KEYS[name]}={value:g}$"
        for name, value in (
            ("inv_kfas", p.get("inv_kfas", 0.0)),
            ("gamma_b", p.get("gamma_b", 1e-3)),
            ("T_b", p.get("T_b", 0.0)),
            ("p_c", n.get("p_c", 100.0)),
        )
        if name not in hide
        and (name != "T_b" or value)
        and (name != "p_c" or n.get("number") != "subtracted")
    ]
    return "electron-hole condensate, " + ", ".join(words)


def _colours(count):
    import matplotlib

    return matplotlib.colormaps["viridis"](np.linspace(0.05, 0.85, count))


def steady(result):
    """Occupation and pair amplitude of the steady state."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    p = np.asarray(result.p)
    axes.plot(p, result.n_p, color=style.COLOURS[0], label=r"occupation $n_p$")
    if "pair_p" in result:
        pair = np.asarray(result.pair_p)
        axes.plot(
            p, pair.real, color=style.COLOURS[1], label=r"${\rm Re}\,\langle h_{-p}e_p\rangle$"
        )
        axes.plot(
            p,
            pair.imag,
            "--",
            color=style.COLOURS[1],
            label=r"${\rm Im}\,\langle h_{-p}e_p\rangle$",
        )
    axes.set(xlabel=r"momentum $p/k_F$", xlim=(0, 3))
    axes.legend()
    axes.set_title(_title(result))
    return figure


def branches(result):
    """Order parameter and chemical potentials against decay (Fig. 4 of the paper); a family of curves for a slow key."""
    slow = next((key for key in tomllib.loads(result.input)["sweep"] if key != "ratio"), None)
    figure = style.figure(10.5, 4.2)
    left, right = figure.subplots(1, 2)
    ratio = np.asarray(result.ratio)
    rows = np.asarray(result[slow]) if slow else [None]
    ends = np.atleast_1d(np.asarray(result["ratio_c_row" if slow else "ratio_end"]))
    for k, (value, colour) in enumerate(
        zip(rows, _colours(len(rows)) if slow else [style.COLOURS[0]])
    ):
        row = (
            (lambda name: np.asarray(result[name])[k])
            if slow
            else (lambda name: np.asarray(result[name]))
        )
        there = row("delta") > 0
        label = f"${KEYS[slow]}={value:g}$" if slow else None
        left.plot(
            np.append(ratio[there], ends[k]),
            np.append(row("delta")[there], 0),
            color=colour,
            label=label,
        )
        right.plot(
            ratio[there],
            row("mu")[there],
            color=colour,
            label=label if slow else r"$\mu$ (condensate)",
        )
        right.plot(
            ratio,
            row("mu_b"),
            "--",
            color=colour if slow else style.COLOURS[1],
            label=None if slow else r"$\mu_b$ (bath)",
        )
        left.plot(ends[k], 0, "o", ms=5, color=colour, clip_on=False, zorder=5)
    left.set(
        xlabel=r"decay over pumping $\gamma_v/\gamma_b$",
        ylabel=r"order parameter $\Delta_0/\varepsilon_F$",
        xlim=(0, ratio[-1]),
        ylim=(0, None),
    )
    right.set(
        xlabel=r"decay over pumping $\gamma_v/\gamma_b$",
        xlim=(0, ratio[-1]),
        ylabel=(r"$\mu$ (solid), $\mu_b$ (dashed)" if slow else "chemical potential")
        + r" $/\varepsilon_F$",
    )
    (left if slow else right).legend()
    if not slow and np.isfinite(ends[0]):
        left.annotate(
            f"normal from $\\gamma_v/\\gamma_b={ends[0]:.3f}$",
            (ends[0], 0),
            xytext=(0, 110),
            textcoords="offset points",
            ha="center",
            arrowprops={"arrowstyle": "->", "color": "0.4"},
        )
    figure.suptitle(_title(result, hide=(slow,)), fontsize=11)
    return figure


def spectrum(result):
    """Occupied spectral weight over momentum and energy (Fig. 9 of the paper), with the levels +-E and the bath's edge; occupation beside it."""
    from matplotlib.colors import LogNorm

    figure = style.figure(8.6, 4.8)
    axes, side = figure.subplots(1, 2, gridspec_kw={"width_ratios": [3, 1]})
    p, w, L, E = (np.asarray(result[name]) for name in ("p", "w", "L", "E_p"))
    image = axes.pcolormesh(
        p,
        w,
        np.maximum(L.T, 1e-12),
        norm=LogNorm(vmin=1e-3, vmax=max(1.0, L.max())),
        cmap="magma",
        shading="nearest",
        rasterized=True,
    )
    for sign in (1, -1):
        axes.plot(p, sign * E, color="white", lw=0.7, ls=":")
    edge = result.summary["mu_b"] - result.summary["mu"]
    axes.axhline(edge, color="#7fd1ff", lw=1, ls="--")
    axes.text(p[-1], edge, r"$\mu_b-\mu$ ", color="#7fd1ff", ha="right", va="bottom")
    figure.colorbar(image, ax=axes, label=r"$L(p,\omega)\,\varepsilon_F$", pad=0.01)
    axes.set(
        xlabel=r"momentum $p/k_F$",
        ylabel=r"energy $(\omega-\mu)/\varepsilon_F$",
        xlim=(p[0], p[-1]),
        ylim=(w[0], w[-1]),
    )
    side.plot(np.asarray(result.n_p), p, color=style.COLOURS[0])
    side.set(xlabel=r"$n_p$", ylabel=r"$p/k_F$", xlim=(0, 1), ylim=(p[0], p[-1]))
    side.set_title(
        f"above $\\omega=\\mu$: {100 * result.summary['upper_weight']:.2g}%", fontsize=10
    )
    figure.suptitle(
        _title(result) + rf", $\gamma_v/\gamma_b={result.summary['ratio']:g}$", fontsize=11
    )
    return figure


def coefficients(result):
    """alpha11, beta22 (Fig. 8(a), (b) of the paper) and Eq. (75), the effective interaction with its two terms, sound; against decay."""
    figure = style.figure(14.2, 4.4)
    left, middle, right = figure.subplots(1, 3)
    ratio = np.asarray(result.ratio)
    alpha, beta, mu, delta = (
        np.asarray(result[name]) for name in ("alpha11", "beta22", "mu", "delta")
    )
    top = np.nanmax(np.abs(alpha))
    left.plot(
        ratio,
        alpha / top,
        "o-",
        ms=3,
        color=style.COLOURS[0],
        label=r"$\alpha_{11}$ / " + _power(top),
    )
    scale = np.nanmax(np.abs(beta))
    left.plot(
        ratio,
        beta / scale,
        "o-",
        ms=3,
        color=style.COLOURS[1],
        label=r"$\beta_{22}$ / " + _power(scale),
    )
    if np.nanmin(mu) > 0:
        left.plot(
            ratio,
            mu * alpha / (3 * delta**2) / scale,
            "--",
            color=style.COLOURS[2],
            label=r"$v_\mu^2\alpha_{11}/12\Delta_0^2$, Eq. (75)",
        )
    left.set_ylabel("coefficients of $M$")
    middle.plot(
        ratio,
        np.asarray(result.U_eff),
        color="0.1",
        lw=2,
        label=r"$U_{\rm eff}n_0=\alpha_{11}/\eta_{12}$",
    )
    middle.plot(
        ratio,
        np.asarray(result.blocking),
        "--",
        color=style.COLOURS[0],
        label=r"Pauli blocking, $\gamma\to 0$",
    )
    middle.plot(
        ratio,
        np.asarray(result.slope_term),
        "--",
        color=style.COLOURS[1],
        label=r"slope of the distribution, $\gamma\to 0$",
    )
    middle.plot(
        ratio,
        np.asarray(result.blocking) + np.asarray(result.slope_term),
        ":",
        color="0.1",
        label="sum of both",
    )
    if np.isfinite(np.asarray(result.blocking_71)).any():
        for name, colour in (("blocking_71", 0), ("slope_71", 1)):
            middle.plot(
                ratio,
                np.asarray(result[name]),
                "-.",
                lw=1,
                color=style.COLOURS[colour],
                label=["Eq. (71) as printed", None][colour],
            )
    middle.set_ylabel(r"effective interaction / $\varepsilon_F$")
    _sound(right, ratio, np.asarray(result.c2), np.asarray(result.damping))
    for axes in (left, middle, right):
        axes.axhline(0, color="0.7", lw=0.9, zorder=0)
        axes.set(xlabel=r"decay over pumping $\gamma_v/\gamma_b$", xlim=(ratio[0], ratio[-1]))
        axes.locator_params(axis="x", nbins=5)
        axes.legend(fontsize=9, loc="lower left" if axes is middle else "best")
    largest = 1.1 * np.nanmax(np.abs([np.asarray(result[name]) for name in ("U_eff", "blocking")]))
    middle.set_ylim(
        max(middle.get_ylim()[0], -3 * largest), min(middle.get_ylim()[1], 1.6 * largest)
    )
    low, high = middle.get_ylim()
    middle.set_ylim(low - 0.45 * (high - low), high)
    figure.suptitle(_title(result), fontsize=11)
    return figure


def _power(x):
    """x in TeX, two digits."""
    mantissa, exponent = f"{x:.1e}".split("e")
    return rf"${mantissa}\cdot 10^{{{int(exponent)}}}$"


def _sound(axes, ratio, c2, damping):
    """c of the gapless mode where it propagates, and the momentum below which it diffuses."""
    there = c2 > 0
    c = np.sqrt(np.where(there, c2, np.nan))
    axes.plot(ratio, c, color=style.COLOURS[0], label=r"sound velocity $c/(\varepsilon_F/k_F)$")
    with np.errstate(invalid="ignore", divide="ignore"):
        crossover = 0.5 * np.abs(damping) / c
    axes.plot(
        ratio,
        crossover / np.nanmax(crossover),
        color=style.COLOURS[1],
        label=r"$q=|\Gamma|/2c$ / " + _power(np.nanmax(crossover)) + ", diffusive below",
    )
    axes.set(ylabel="gapless mode", ylim=(0, 1.35 * max(1.0, np.nanmax(np.append(c, 0.0)))))


def phase_diagram(result):
    """Fig. 8(c) of the paper: normal state, condensate, condensate with a negative coefficient; decay on a logarithmic scale."""
    if "unstable" in result:
        return stability(result, _title(result, hide=("inv_kfas",)))
    figure = style.figure(6.8, 4.8)
    axes = figure.add_subplot()
    inv, end, alpha, beta = (
        np.asarray(result[name]) for name in ("inv_kfas", "ratio_c", "alpha11", "beta22")
    )
    low = 10 ** np.floor(np.log10(0.7 * np.nanmin(np.concatenate([alpha, end]))))
    first = np.fmin(alpha, beta)
    axes.fill_between(
        inv,
        np.where(np.isnan(first), end, first),
        end,
        color="#d9795d",
        alpha=0.6,
        lw=0,
        label=r"$\alpha_{11}<0$ or $\beta_{22}<0$",
    )
    axes.fill_between(
        inv,
        low,
        np.where(np.isnan(first), end, first),
        color="#5b8fc9",
        alpha=0.5,
        lw=0,
        label=r"condensate, both $>0$",
    )
    axes.plot(inv, end, color="0.1", label=r"$\Delta_0\to 0$")
    axes.plot(inv, alpha, "--", color="#7a1f12", label=r"$\alpha_{11}=0$")
    axes.plot(inv, beta, ":", color="#12294d", label=r"$\beta_{22}=0$")
    axes.set(
        yscale="log",
        xlabel=r"interaction $(k_Fa_s)^{-1}$",
        ylabel=r"decay over pumping $\gamma_v/\gamma_b$",
        xlim=(inv[0], inv[-1]),
        ylim=(low, 2),
    )
    axes.text(0.86, 0.9, "normal", transform=axes.transAxes)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=10)
    axes.set_title(_title(result, hide=("inv_kfas",)))
    return figure
