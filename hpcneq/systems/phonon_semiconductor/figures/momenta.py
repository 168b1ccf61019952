"""Panels over momenta: populations, coherence and pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def populations(axes: Axes, k: np.ndarray, n11: np.ndarray, n22: np.ndarray) -> None:
    """Populations of both bands and what the pairs feed on, n11_-k + n22_k - 1."""
    axes.plot(k, n11, color=style.COLOURS[0], label=r"$n^{11}_k$")
    axes.plot(k, n22, color=style.COLOURS[1], label=r"$n^{22}_k$")
    axes.plot(k, n22 + n11[::-1] - 1, color="0.3", ls=":", label=r"$\tilde n_k$")
    axes.set_ylabel("population")
    finish(axes, k)


def coherence(axes: Axes, k: np.ndarray, n21: np.ndarray) -> None:
    """Real and imaginary parts of the coherence between the bands."""
    parts(axes, k, n21, r"n^{21}_k")


def pairs(axes: Axes, k: np.ndarray, s: np.ndarray) -> None:
    """Real and imaginary parts of the pair amplitudes."""
    parts(axes, k, s, r"s_k")


def parts(axes: Axes, k: np.ndarray, values: np.ndarray, label: str) -> None:
    """Real and imaginary parts of complex values; label : in TeX."""
    axes.plot(k, values.real, color=style.COLOURS[0], label=rf"Re ${label}$")
    axes.plot(k, values.imag, color=style.COLOURS[1], label=rf"Im ${label}$")
    axes.set_ylabel(f"${label}$")
    if np.abs(values).max() < 1e-9:
        axes.set_ylim(-1, 1)  # nothing but rounding
    finish(axes, k)


def finish(axes: Axes, k: np.ndarray) -> None:
    """The momentum axis and the legend."""
    axes.set(xlabel="momentum $k$", xlim=(k[0], k[-1]))
    axes.legend(fontsize=10)
