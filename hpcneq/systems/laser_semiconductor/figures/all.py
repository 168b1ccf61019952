"""Figures of the laser-semiconductor: evolution, steady states and their curves, growth, Keldysh functional, maps."""

from __future__ import annotations

import tomllib

import numpy as np
from matplotlib.colors import PowerNorm

from ....figures import style

NAMES = {
    "V": "interaction $V$",
    "Omega": r"Rabi frequency $\Omega$",
    "Gamma": r"decay rate $\Gamma$",
    "gamma1": r"$\gamma_1=\Gamma_1/\Gamma$",
    "gamma2": r"$\gamma_2=\Gamma_2/\Gamma$",
    "v_plus": r"$v_+$",
    "v_minus": r"$v_-$",
    "kappa_plus": r"$\kappa_+$",
    "T": "temperature $T$",
    "k_max": r"cutoff $k_{\max}$",
    "Gamma12": r"$\Gamma_{12}$",
    "Gamma3": r"$\Gamma_3$",
    "tau": r"dephasing time $\tau$",
    "mu1": r"$\mu_1$",
    "mu2": r"$\mu_2$",
}
DASHES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
SHOWN = 4  # formulas beside the exact curve: more cannot be told apart


def given(result):
    """The tables of the input."""
    return tomllib.loads(result.input)


def evolve(result):
    """Order parameter in time with the steady states it goes to (left), pair amplitudes of the last momentum-resolved row (right)."""
    figure = style.figure(10.0, 4.2)
    left, right = figure.subplots(1, 2)
    t, delta, V = np.asarray(result.t), np.abs(np.asarray(result.delta)), np.asarray(result.V)
    unit = 1e3 if t[-1] > 5e3 else 1.0
    k, s, steady = np.asarray(result.k), np.asarray(result.s_k)[-1], np.asarray(result.delta_steady)
    final = np.asarray(result.delta)[-1]
    for j, v in enumerate(V):
        colour = style.COLOURS[j % len(style.COLOURS)]
        left.plot(t / unit, delta[:, j], color=colour, label=f"$V={v:g}$")
        left.axhline(
            steady[j],
            color=colour,
            ls="--",
            lw=1.1,
            label="steady state, exact" if j == 0 else None,
        )
        if "delta_formula" in result:
            words = result.delta_formula.long_name.rpartition("Eq. ")[2]
            left.axhline(
                result.delta_formula[j],
                color=colour,
                ls=":",
                lw=1.1,
                label=f"Eq. ({words})" if j == 0 else None,
            )
        if np.abs(s[:, j]).max() > 1e-6:
            phase = final[j] / abs(final[j]) if final[j] else 1.0
            every = max(1, len(k) // 67)
            right.plot(
                k,
                stationary(result, k, abs(final[j])),
                color=colour,
                lw=1.4,
                label=f"Eq. (10), $V={v:g}$",
            )
            right.plot(
                k[::every],
                (s[:, j] * phase).real[::every],
                "o",
                ms=4,
                mfc="none",
                color=colour,
                label="evolution" if j == 0 else None,
            )
    left.set(
        xlabel="time" + (r" $/10^3$" if unit > 1 else ""),
        ylabel=r"order parameter $|\Delta|$",
        xlim=(0, t[-1] / unit),
        ylim=(0, None),
    )
    left.legend()
    right.set(xlabel="momentum $k$", ylabel=r"Re $s_k^{21}$")
    right.locator_params(axis="x", nbins=5)
    if right.lines:
        right.legend(fontsize=9)
    return figure


def stationary(result, k, delta):
    """Re s of (10) with the populations (11), (12) at T = 0, (n,): the paper's lines, from the numbers in the file."""
    p = {
        "model": "two-band",
        "Omega": 0.5,
        "Gamma": 1e-2,
        "kappa_plus": -50.0,
        "v_minus": 10.0,
        "v_plus": 0.0,
    } | given(result).get("parameters", {})
    if p["model"] != "two-band":
        return np.full(len(k), np.nan)
    g1 = p.get("gamma1", 1 - p.get("gamma2", 1e-3))
    E, eps, G = p["v_plus"] * k + p["kappa_plus"] * k**2, p["v_minus"] * k, p["Gamma"]
    drive, pair = p["Omega"] ** 2 / (eps**2 + G**2), 4 * delta**2 / (E**2 + G**2)
    m = (2 * g1 - 1) * drive / (4 * g1 * (1 - g1) + pair + drive * (1 + pair))
    return (-delta * m / (E + 1j * G)).real


def steady(result):
    """Over a swept key: the exact order parameter and threshold beside the formulas; of one point: populations and pair amplitude over k."""
    sweep = list(given(result).get("sweep", {}))
    return curves(result, sweep[0]) if sweep else momenta(result)


def curves(result, key):
    """Order parameter (left) and threshold (right), exact and by the formulas of the paper."""
    panels = [("delta", r"order parameter $|\Delta|$"), ("V_c", r"threshold $|V_c|$")]
    panels = panels[
        np.nanmax(np.asarray(result.delta)) <= 0 :
    ]  # the three-band model has a threshold alone
    figure = style.figure(5.0 * len(panels), 4.2)
    x = np.asarray(result[key])
    log = x[0] > 0 and x[-1] / x[0] > 50
    used = [
        name
        for name in result.keys()
        if name.startswith(("V_c_", "delta_")) and not name.endswith(("analytic", "_error"))
    ]
    for axes, (what, words) in zip(np.atleast_1d(figure.subplots(1, len(panels))), panels):
        exact = np.abs(np.asarray(result[what]))
        axes.plot(x, exact, color="k", lw=2.2, label="exact")
        near = [name for name in used if name.startswith(what + "_")]
        near.sort(key=lambda name: distance(exact, np.abs(np.asarray(result[name]))))
        for name, dashes, colour in zip(near[:SHOWN], DASHES, style.COLOURS):
            axes.plot(
                x, np.abs(np.asarray(result[name])), ls=dashes, color=colour, label=formula(name)
            )
        if key == "v_plus" and "v_plus_25" in result:
            axes.axvline(
                result.v_plus_25[0], color="0.5", ls=":", lw=1.4, label=r"$v_+$ of Eq. (25)"
            )
        top = np.nanmax(exact[np.isfinite(exact)], initial=1e-12)
        axes.set(xlabel=NAMES.get(key, key), ylabel=words)
        if log:
            axes.set_xscale("log")
        positive = exact[np.isfinite(exact) & (exact > 0)]
        if len(positive) and positive.max() / positive.min() > 200 and what == "V_c":
            axes.set_yscale("log")
        else:
            axes.set_ylim(0, 1.4 * top if top > 1e-11 else 1.0)
        axes.legend(fontsize=9)
    return figure


def distance(exact, other):
    """How far a formula is from the exact curve, in the mean of |log ratio|."""
    both = (exact > 0) & (other > 0) & np.isfinite(exact) & np.isfinite(other)
    return (
        np.abs(np.log(other[both] / exact[both])).mean()
        + 0.2 * (len(exact) - both.sum()) / len(exact)
        if both.any()
        else np.inf
    )


def formula(name):
    """A legend text: delta_33_printed -> Eq. (33), printed."""
    parts = name.replace("V_c_", "").replace("delta_", "").split("_")
    return f"Eq. ({parts[0]})" + (", " + " ".join(parts[1:]) if parts[1:] else "")


def momenta(result):
    """Populations (left) and pair amplitude (right) of a steady state."""
    figure = style.figure(10.0, 4.2)
    left, right = figure.subplots(1, 2)
    k = np.asarray(result.k)
    for name, words, colour in (
        ("n11", "lower band", 0),
        ("n22", "upper band", 1),
        ("n", "both", 2),
    ):
        left.plot(*mirrored(k, np.asarray(result[name])), color=style.COLOURS[colour], label=words)
    s = np.asarray(result.s)
    right.plot(*mirrored(k, s.real), color=style.COLOURS[0], label="Re $s_k$")
    right.plot(*mirrored(k, s.imag), color=style.COLOURS[1], ls="--", label="Im $s_k$")
    left.set(xlabel="momentum $k$", ylabel="population")
    right.set(xlabel="momentum $k$", ylabel="pair amplitude")
    figure.suptitle(
        rf"$|\Delta|={result.summary['delta']:.5g}$, $V_c={result.summary['V_c']:.5g}$", fontsize=11
    )
    for axes in (left, right):
        axes.legend()
        if not np.isfinite(given(result).get("parameters", {}).get("k_max", 0.2)):
            axes.set_xscale("symlog", linthresh=0.1)
    return figure


def mirrored(k, values):
    """Even values over positive momenta, on both sides."""
    return (
        (k, values)
        if k[0] < 0
        else (np.concatenate([-k[::-1], k]), np.concatenate([values[::-1], values]))
    )


def growth(result):
    """Growth rate and frequency over a swept key; of one point: what the pairing feeds on over k."""
    sweep = list(given(result).get("sweep", {}))
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    if not sweep:
        axes.plot(
            *mirrored(np.asarray(result.k), np.asarray(result.imbalance)), color=style.COLOURS[0]
        )
        axes.set(
            xlabel="momentum $k$",
            ylabel=r"$n_k^{11}+n_k^{22}-1$",
            title=rf"growth rate ${result.summary['growth_rate']:.6g}$, frequency ${result.summary['frequency']:.6g}$",
        )
        return figure
    key = sweep[0]
    kind = given(result).get("parameters", {}).get("self_consistency", "projected")
    other = {"projected": "full", "full": "projected"}[kind]
    names = {kind: ("growth_rate", "frequency"), other: (f"{other}_rate", f"{other}_frequency")}
    axes.axhline(0, color="0.7", lw=1)
    for which, colour, equation in (
        ("projected", style.COLOURS[1], 18),
        ("full", style.COLOURS[0], 17),
    ):
        rate, frequency = names[which]
        axes.plot(
            result[key],
            result[rate],
            color=colour,
            lw=2,
            label=f"growth rate, {which}, Eq. ({equation})",
        )
        axes.plot(
            result[key],
            result[frequency],
            color=colour,
            ls="--",
            lw=1.2,
            label=f"frequency, {which}",
        )
    axes.set(
        xlabel=NAMES.get(key, key),
        ylabel=r"$\lambda$",
        title="linear growth of pairing in the driven normal state",
        xlim=(result[key][0], result[key][-1]),
    )
    axes.legend(fontsize=9)
    return figure


def keldysh(result):
    """The functional and the gap equation over momenta."""
    figure = style.figure(6.4, 4.2)
    axes = figure.add_subplot()
    k = np.asarray(result.k)
    axes.plot(k, result.gap_equation, color=style.COLOURS[0], label="gap equation")
    axes.plot(
        k,
        result.functional,
        "o",
        mfc="none",
        color=style.COLOURS[1],
        label="Keldysh functional (53), corrected",
    )
    axes.set(
        xlabel="momentum $k$",
        ylabel=r"$\partial_\delta\mathcal{L}/i$",
        title=rf"$|\Delta|={result.summary['delta']:.4g}$: ratio {result.summary['ratio']:.9f}",
    )
    axes.legend()
    return figure


def map(result):  # noqa: A001  (the task's name in the input)
    """Order parameter over two parameters, with the threshold as a line."""
    slow, fast = list(given(result)["sweep"])
    figure = style.figure(6.6, 4.6)
    axes = figure.add_subplot()
    x, y, delta, rate = (np.asarray(result[name]) for name in (slow, fast, "delta", "growth_rate"))
    image = axes.pcolormesh(
        x, y, delta.T, shading="nearest", rasterized=True, norm=PowerNorm(0.5, vmin=0.0)
    )
    if rate.min() < 0 < rate.max():
        axes.contour(x, y, rate.T, levels=[0.0], colors="w", linewidths=1.6, linestyles="--")
    figure.colorbar(image, ax=axes, label=r"order parameter $|\Delta|$")
    axes.set(
        xlabel=NAMES.get(slow, slow),
        ylabel=NAMES.get(fast, fast),
        title="dashed: the driven normal state becomes unstable",
    )
    if x[0] > 0 and x[-1] / x[0] > 50:
        axes.set_xscale("log")
    return figure
