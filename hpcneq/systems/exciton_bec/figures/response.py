"""Figures of M(q, w) of the exciton-bec system: curves over q, dispersions, spectra."""

from __future__ import annotations

import tomllib

import numpy as np

from ....figures import style

PARTS = {
    "full": "",
    "inter": r", inter-band part of $\Pi$ only",
    "intra": r", intra-band part of $\Pi$ only",
}


def response(result):
    """det M over q (Figs. 6(a2), (b2), 7), where Re det M = 0 for a family (Figs. 6(a1), (b1)), or spectra (Figs. 13, 14)."""
    q, w = np.asarray(result.q), np.asarray(result.w)
    if len(q) > 1 and len(w) > 1:
        return dispersions(result, q) if "ratio" in result else spectra(result, q, w)
    return determinant(result, q, w)


def _rows(result):
    """[(ratio, index or ...)] of a family or a single condensate."""
    return (
        list(enumerate(np.asarray(result.ratio)))
        if "ratio" in result
        else [(..., result.summary["ratio"])]
    )


def _title(result):
    p = tomllib.loads(result.input).get("parameters", {})
    return f"electron-hole condensate, $(k_Fa_s)^{{-1}}={p.get('inv_kfas', 0.0):g}$, $\\gamma_b/\\varepsilon_F={p.get('gamma_b', 1e-3):g}$"


def determinant(result, q, w):
    """Re det M and, where it is not zero, Im det M along the one axis that is swept."""
    figure = style.figure(6.6, 4.4)
    axes = figure.add_subplot()
    over_q = len(q) > 1
    rows, x = _rows(result), q if over_q else w
    largest = 0.0
    for (at, ratio), colour in zip(rows, style.COLOURS * 4):
        det = np.asarray(result.det)[at]
        det = det[:, 0] if over_q else det[0]
        axes.plot(
            x,
            det.real,
            color=colour,
            label=rf"$\gamma_v/\gamma_b={ratio:.4g}$" if len(rows) > 1 else r"${\rm Re}\,\det M$",
        )
        if np.abs(det.imag).max() > 1e-6 * np.abs(det).max():
            axes.plot(
                x,
                det.imag,
                "--",
                color=colour if len(rows) > 1 else style.COLOURS[1],
                label=None if len(rows) > 1 else r"${\rm Im}\,\det M$",
            )
        largest = max(largest, np.abs(det).max())
    axes.axhline(0, color="0.6", lw=0.9, zorder=0)
    axes.set(
        xlabel=r"momentum $q/k_F$" if over_q else r"frequency $\omega/\varepsilon_F$",
        xlim=(x[0], x[-1]),
        ylabel=r"$\det M(q,\omega)$  [$(k_F^3/\varepsilon_F)^2$]",
    )
    axes.ticklabel_format(axis="y", scilimits=(-2, 2), useMathText=True)
    axes.legend(fontsize=10)
    fixed = rf"$\omega={w[0]:.3g}\,\varepsilon_F$" if over_q else rf"$q={q[0]:.3g}\,k_F$"
    extra = "" if len(rows) > 1 else rf", $\gamma_v/\gamma_b={rows[0][1]:.4g}$"
    axes.set_title(f"{_title(result)}\n{fixed}{extra}{PARTS[result.summary['part']]}")
    return figure


def dispersions(result, q):
    """Where Re det M(q, w) = 0 on the real axis, for each decay of a family: the paper's dispersions, all of their branches."""
    figure = style.figure(6.2, 4.4)
    axes = figure.add_subplot()
    w = np.asarray(result.w)
    for (at, ratio), colour in zip(_rows(result), style.COLOURS * 4):
        axes.contour(
            q, w, np.asarray(result.det)[at].real.T, levels=[0.0], colors=[colour], linewidths=1.6
        )
        axes.plot([], [], color=colour, label=rf"$\gamma_v/\gamma_b={ratio:.4g}$")
    axes.set(
        xlabel=r"momentum $q/k_F$",
        ylabel=r"$\omega_q^{\rm Re}/\varepsilon_F$:  ${\rm Re}\,\det M=0$",
        xlim=(0, q[-1]),
        ylim=(0, w[-1]),
    )
    axes.locator_params(axis="x", nbins=6)
    axes.legend(fontsize=10, loc="upper left")
    axes.set_title(_title(result))
    return figure


def spectra(result, q, w):
    """|Im Pi_11| = |Im M_11| and |Im M^-1_11| over momentum and frequency, the threshold of pairs at q = 0; circles: Re det M = 0 at the lowest frequency."""
    from matplotlib.colors import LogNorm

    s = result.summary
    alone = s["part"] == "intra"  # no M^-1 without the pairs' own propagation
    figure = style.figure(5.8 if alone else 10.6, 4.6)
    gap, label = (
        (2 * s["delta"], r"$2\Delta_0$ ")
        if s["mu"] > 0
        else (2 * np.hypot(s["mu"], s["delta"]), r"$2\sqrt{\mu^2+\Delta_0^2}$ ")
    )
    for axes, values, name in zip(
        figure.subplots(1, 1 if alone else 2, squeeze=False)[0],
        (np.asarray(result.M)[..., 0, 0].imag, np.asarray(result.ImMinv)[..., 0, 0]),
        (r"$|{\rm Im}\,\Pi_{11}(q,\omega)|$", r"$|{\rm Im}\,[M^{-1}]_{11}(q,\omega)|$"),
    ):
        values = np.abs(values)
        top = np.nanpercentile(values, 99.7)
        image = axes.pcolormesh(
            q,
            w,
            np.clip(values.T, 1e-3 * top, None),
            norm=LogNorm(1e-3 * top, top),
            cmap="magma",
            shading="nearest",
            rasterized=True,
        )
        figure.colorbar(image, ax=axes, label=name, pad=0.01)
        axes.set(
            xlabel=r"momentum $q/k_F$",
            ylabel=r"frequency $\omega/\varepsilon_F$",
            xlim=(q[0], q[-1]),
            ylim=(w[0], w[-1]),
        )
        if gap < w[-1]:
            axes.axhline(gap, color="#7fd1ff", lw=1, ls=":")
            axes.text(q[-1], gap, label, color="#7fd1ff", ha="right", va="bottom")
    poles = _zeros(q, np.asarray(result.det)[:, 0].real)
    if len(poles) and not alone:  # an empty artist outside the axes would break the layout
        axes.plot(
            poles,
            np.full(len(poles), w[0]),
            "o",
            ms=12,
            mfc="none",
            mec="#2a8f6d",
            mew=2,
            clip_on=False,
        )
    figure.suptitle(
        f"{_title(result)}{chr(10) if alone else ', '}$\\gamma_v/\\gamma_b={s['ratio']:g}${PARTS[s['part']]}",
        fontsize=11,
    )
    return figure


def _zeros(x, y):
    """Where y changes sign, by linear interpolation."""
    at = np.flatnonzero(y[1:] * y[:-1] < 0)
    return x[at] + (x[at + 1] - x[at]) * y[at] / (y[at] - y[at + 1])
