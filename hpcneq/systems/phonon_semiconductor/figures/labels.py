"""Axis labels of the swept keys."""

from __future__ import annotations

from ....maths.arrays import FloatArray

LABELS = {
    "V": "$V/E_g$",
    "Omega": r"$\Omega/E_g$",
    "Gamma_ph": r"$\Gamma^{\rm ph}/E_g$",
    "Gamma_rr": r"$\Gamma^{\rm rr}/E_g$",
    "v": "speed of sound $v$",
    "A1": "$A_1/E_g$",
    "A2": "$A_2/E_g$",
    "n_B": r"phonon occupation $n_B$",
    "points": "number of momenta",
}
WIDE = 30.0  # ratio of the ends of a sweep beyond which its axis is logarithmic


def spans_decades(values: FloatArray) -> bool:
    """Whether an axis with these values, (n,) in their order, is better logarithmic."""
    return bool(values[0] > 0 and values[-1] / values[0] > WIDE)
