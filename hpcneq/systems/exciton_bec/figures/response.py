"""Figure of ``response``: det M along one axis, dispersions of a family, or spectra."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from ....figures.result import Result

PARTS = {
    "full": "",
    "inter": r", inter-band part of $\Pi$ only",
    "intra": r", intra-band part of $\Pi$ only",
}
MOMENTUM, FREQUENCY = r"momentum $q/k_F$", r"frequency $\omega/\varepsilon_F$"

HUGGING = 0.35  # curves smaller than this part of the largest one have an inset


def draw(result: Result, canvas: Figure | SubFigure) -> None:
    """Hanai et al. (2017): det M over q (Figs. 6(a2), (b2), 7), Re det M = 0 for a family.

    The latter are Figs. 6(a1), (b1); spectra are Figs. 13, 14.
    """
    q, w = np.asarray(result.q), np.asarray(result.w)
    if len(q) == 1 or len(w) == 1:
        _determinant(result, canvas, q, w)
    elif "ratio" in result:
        _dispersions(result, canvas, q, w)
    else:
        _spectra(result, canvas, q, w)


def _family(result):
    """[(ratio, det M)] of a family or a single condensate."""
    det = np.asarray(result.det)
    if "ratio" in result:
        return list(zip(np.asarray(result.ratio), det))
    return [(result.summary["ratio"], det)]


def _determinant(result, canvas, q, w):
    """Re det M and, where it is not zero, Im det M along the one axis that is swept."""
    style.size(canvas, 6.6, 4.4)
    axes = canvas.add_subplot()
    family = _family(result)
    over_q = len(q) > 1
    for (ratio, det), colour in zip(family, itertools.cycle(style.COLOURS)):
        curve = det[:, 0] if over_q else det[0]
        if len(family) > 1:
            words = (rf"$\gamma_v/\gamma_b={ratio:.4g}$", None)
            colours = (colour, colour)
        else:
            words = (r"${\rm Re}\,\det M$", r"${\rm Im}\,\det M$")
            colours = style.COLOURS[:2]
        _parts(axes, q if over_q else w, curve, words, colours)
    axes.axhline(0, color="0.6", lw=0.9, zorder=0)
    if over_q:
        axes.set(xlabel=MOMENTUM, xlim=(q[0], q[-1]))
        fixed = rf"$\omega={w[0]:.3g}\,\varepsilon_F$"
    else:
        axes.set(xlabel=FREQUENCY, xlim=(w[0], w[-1]))
        fixed = rf"$q={q[0]:.3g}\,k_F$"
    axes.set_ylabel(r"$\det M(q,\omega)$  [$(k_F^3/\varepsilon_F)^2$]")
    axes.ticklabel_format(axis="y", scilimits=(-2, 2), useMathText=True)
    axes.legend(fontsize=10)
    if over_q and len(family) > 1:
        _near_zero(axes, q, [det[:, 0].real for _, det in family])
    if len(family) == 1:
        fixed += rf", $\gamma_v/\gamma_b={family[0][0]:.4g}$"
    axes.set_title(f"{fixed}{PARTS[result.summary['part']]}")


def _near_zero(axes, q, curves):
    """An inset of the curves that the largest ones press onto the axis, if there are such."""
    sizes = np.array([np.abs(curve).max() for curve in curves])
    small = [k for k in range(len(curves)) if sizes[k] < HUGGING * sizes.max()]
    if not small:
        return
    inset = axes.inset_axes((0.14, 0.32, 0.36, 0.3))
    for curve, colour in zip(curves, itertools.cycle(style.COLOURS)):
        inset.plot(q, curve, color=colour, lw=1.3)
    least = min(curves[k].min() for k in small)
    most = max(curves[k].max() for k in small)
    inset.set(xlim=(q[0], q[-1]), ylim=(1.1 * min(least, -0.1 * most), 0.6 * most))
    inset.axhline(0, color="0.6", lw=0.9, zorder=0)
    inset.ticklabel_format(axis="y", scilimits=(-2, 2), useMathText=True)
    inset.tick_params(labelsize=7)
    inset.yaxis.get_offset_text().set_fontsize(7)


def _parts(axes, x, curve, labels, colours):
    """Real part, and imaginary part where it is not zero."""
    axes.plot(x, curve.real, color=colours[0], label=labels[0])
    if np.abs(curve.imag).max() > 1e-6 * np.abs(curve).max():
        axes.plot(x, curve.imag, "--", color=colours[1], label=labels[1])


# ---- over momentum and frequency ------------------------------------------------------------


def _dispersions(result, canvas, q, w):
    """Where Re det M(q, w) = 0 on the real axis, for each decay: all branches of the dispersion."""
    style.size(canvas, 6.2, 4.4)
    axes = canvas.add_subplot()
    for (ratio, det), colour in zip(_family(result), itertools.cycle(style.COLOURS)):
        if min(det.shape) > 1:
            axes.contour(q, w, det.real.T, levels=[0.0], colors=[colour], linewidths=1.6)
        axes.plot([], [], color=colour, label=rf"$\gamma_v/\gamma_b={ratio:.4g}$")
    axes.set(
        xlabel=MOMENTUM,
        ylabel=r"$\omega_q^{\rm Re}/\varepsilon_F$:  ${\rm Re}\,\det M=0$",
        xlim=(0, q[-1]),
        ylim=(0, w[-1]),
    )
    axes.locator_params(axis="x", nbins=6)
    axes.legend(fontsize=10, loc="upper left")


def _spectra(result, canvas, q, w):
    """|Im Pi_11| = |Im M_11| and |Im M^-1_11|, with the threshold of pairs at q = 0.

    Circles: Re det M = 0 at the lowest frequency. The intra-band part alone has no M^-1: that needs
    the pairs' own propagation.
    """
    panels = [(np.asarray(result.M)[..., 0, 0].imag, r"$|{\rm Im}\,\Pi_{11}(q,\omega)|$")]
    if result.summary["part"] == "intra":
        style.size(canvas, 5.8, 4.6)
    else:
        style.size(canvas, 10.6, 4.6)
        inverse = np.asarray(result.ImMinv)[..., 0, 0]
        panels.append((inverse, r"$|{\rm Im}\,[M^{-1}]_{11}(q,\omega)|$"))
    row = canvas.subplots(1, len(panels), squeeze=False)[0]
    for axes, (values, label) in zip(row, panels):
        _map(canvas, axes, q, w, np.abs(values), label)
        _threshold(axes, result.summary, q, w)
    if len(panels) > 1:
        _poles(row[-1], result, q, w)
    ratio = rf"$\gamma_v/\gamma_b={result.summary['ratio']:g}$"
    part = PARTS[result.summary["part"]]
    canvas.suptitle(f"{ratio}{part}", fontsize=11)


def _map(canvas, axes, q, w, values, label):
    """Values over momentum and frequency, three decades of them."""
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
    canvas.colorbar(image, ax=axes, label=label, pad=0.01)
    axes.set(xlabel=MOMENTUM, ylabel=FREQUENCY, xlim=(q[0], q[-1]), ylim=(w[0], w[-1]))


def _threshold(axes, summary, q, w):
    """The least energy at which pairs of no momentum break."""
    gap, label = 2 * summary["delta"], r"$2\Delta_0$ "
    if summary["mu"] <= 0:
        gap = 2 * np.hypot(summary["mu"], summary["delta"])
        label = r"$2\sqrt{\mu^2+\Delta_0^2}$ "
    if gap < w[-1]:
        axes.axhline(gap, color="#7fd1ff", lw=1, ls=":")
        axes.text(q[-1], gap, label, color="#7fd1ff", ha="right", va="bottom")


def _poles(axes, result, q, w):
    """Circles where Re det M changes sign at the lowest frequency."""
    det = np.asarray(result.det)[:, 0].real
    i = np.flatnonzero(det[1:] * det[:-1] < 0)
    poles = q[i] + (q[i + 1] - q[i]) * det[i] / (det[i] - det[i + 1])
    if not len(poles):  # an empty artist outside the axes would break the layout
        return
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
