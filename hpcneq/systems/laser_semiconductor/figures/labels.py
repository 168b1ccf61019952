"""Axis labels of the swept keys."""

from __future__ import annotations

from ....maths.arrays import FloatArray

LABELS = {
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
WIDE = 50.0  # ratio of the ends of a sweep beyond which its axis is logarithmic


def spans_decades(values: FloatArray) -> bool:
    """Whether an axis with these values, (n,) in their order, is better logarithmic."""
    return bool(values[0] > 0 and values[-1] / values[0] > WIDE)
