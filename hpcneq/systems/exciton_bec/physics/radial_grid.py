"""Radial momentum sums with breakpoints graded down to the width of every feature."""

from __future__ import annotations

import math

import numpy as np

from hpcneq.maths.panels import divided, on_panels, without_doubles

RATIO = 2.0  # of neighbouring panels


def features(D: float, mu: float, mt: float, g: float) -> list[tuple[float, float]]:
    """[(momentum, width)] of what is narrow in p.

    The Fermi edge of the pairs, where E is least, and E(p) = |mt|, where levels meet the bath's
    edge. A level's width g covers g/v in p with v = dE/dp; where v vanishes, the root of the
    curvature.
    """
    edges = [(np.sqrt(max(mu, 0.0)), max(np.hypot(D, g), 1e-9))]
    if abs(mt) > D:
        xi = np.sqrt(mt**2 - D**2)
        edges += [
            (np.sqrt(mu + s * xi), max(g * min(1.0, 0.3 + xi / abs(mt)), 1e-9))
            for s in (1, -1)
            if mu + s * xi > 0
        ]
    elif abs(abs(mt) - D) < 10 * g:
        edges.append((np.sqrt(max(mu, 0.0)), g))
    return [(p, width / (2 * p) if p**2 > width else np.sqrt(width)) for p, width in edges]


def grid(
    D: float, mu: float, mt: float, g: float, p_c: float, fine: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """(p, weight): nodes of int_0^p_c dp, (n,) each. ``fine`` multiplies the panels.

    From each feature outward panels double in length; far out the momentum itself is the scale.
    """
    cuts = [np.array([0.0, p_c])]
    for p, width in features(D, mu, mt, g):
        if p >= p_c:
            continue
        count = max(1, math.ceil(math.log2(2 * p_c / width)) + 1)
        steps = 0.5 * width * RATIO ** np.arange(0, count)
        cuts += [p + np.array([0.0]), p + steps, p - steps]
    ends = np.concatenate(cuts)
    ends = np.sort(ends[(ends >= 0.0) & (ends <= p_c)])
    ends = without_doubles(ends, 1e-13 * p_c)
    return on_panels(divided(ends, fine))
