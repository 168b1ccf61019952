"""Whether a condensate is stable: the wave that grows fastest on it."""

from __future__ import annotations

from ..physics import growth
from ..physics.gap_equations import Condensate

NOT_JUDGED = (
    "no wave was looked for that would grow: [numerics] stability = true judges every condensate, "
    "phase-diagram the plane"
)
FINEST, COARSER = 1.0, 0.7  # panels of the mode itself, and of the M that tells its error
SECANT = 1e-7  # of g and |w|: where secants end


def judged(state: Condensate) -> tuple[dict, dict]:
    """(summary, errors) of the wave that grows fastest; numbers are None where none grows."""
    q = growth.momenta(state)
    summary = {
        "stable": True,
        "growth": None,
        "q_growth": None,
        "frequency": None,
        "covers": f"waves of {len(q)} momenta from {q[0]:.3g} to {q[-1]:.3g} kF, and their maximum",
    }
    mode = fastest(state)
    if mode is None:
        return summary, {}
    w, coarser = (growth.root(state, mode.q, mode.w, fine) or mode.w for fine in (FINEST, COARSER))
    error = 2 * abs(w - coarser) + abs(w - mode.w) + SECANT * (state.g + abs(w))
    summary |= {"stable": False, "growth": w.imag, "q_growth": mode.q, "frequency": abs(w.real)}
    return summary, {"growth": error, "frequency": error, "q_growth": 0.25 * growth.NARROW * mode.q}


def fastest(state: Condensate) -> growth.Mode | None:
    """The wave that grows fastest, None if none does."""
    mode = growth.fastest(state)
    return mode if mode is not None and mode.w.imag > 0 else None
