"""The interaction at which pairs begin to grow in the driven state of one point."""

from __future__ import annotations

from ..inputs import Grid, Parameters
from ..physics import pairing
from .driven_state import driven_state, slowest_rate
from .model import semiconductor


def onset_of_pairs(p: Parameters, n: Grid, floor: float, V_max: float) -> dict:
    """Numbers and populations of one point. Raises NotConverged if it has no driven state.

    V_c : where pairs grow at the rate ``floor``; nan if nowhere up to V_max. doubled : what twice
    the floor adds to it. growth, frequency : of pairs at the interaction V of the input. moved :
    rate of change left in the driven state. n11, n22 : its populations, (n,). min_eigenvalue,
    max_eigenvalue : of its one-body matrix.
    """
    model = semiconductor(p, n)
    n11, n22, n21, moved = driven_state(model, slowest_rate(p))
    M0, M1 = pairing.matrices(model, n11, n22, n21)
    V_c, higher = (pairing.threshold(M0, M1, rate, V_max) for rate in (floor, 2 * floor))
    low, high = model.eigenvalues(n11, n22, n21, 0 * n21)
    growth, frequency = pairing.growth(M0, M1, p.V)
    return {
        "V_c": V_c,
        "doubled": higher - V_c,
        "growth": growth,
        "frequency": frequency,
        "moved": moved,
        "n11": n11,
        "n22": n22,
        "min_eigenvalue": low,
        "max_eigenvalue": high,
    }
