"""Long waves of the condensate: coefficients of M(q, w) at small q and w, at any temperature.

Hanai et al. (2017), Eq. (45). With wide baths M11 is linear in |q| for q << g/v: beta11 does not
exist. The static coefficients are those of w -> 0 at q = 0, hence of waves longer than v/g;
Eq. (71) of the paper is the other order, q >> g/v.
"""

from __future__ import annotations

import numpy as np

from . import number_balance, response
from .gap_equations import Condensate
from .number_balance import static_coefficients
from .radial_grid import grid

NARROW = 1e-9  # eF: levels of no width
NAMES = ("alpha11", "alpha21", "beta22", "eta11", "eta12", "eta21", "eta22")
LENGTHS = np.array([1.0, 0.5, 0.25])  # momenta for beta22, in units of the narrowest feature


def smallest_width(state: Condensate) -> float:
    """g/v at the fastest momentum that counts: waves must be longer."""
    edge = np.sqrt(max(state.mu, 0) + np.sqrt(max(state.mt**2 - state.delta**2, 0)))
    return min(state.g / (2 * max(edge, 0.3)), 0.3)


def coefficients(state: Condensate, fine: float = 1.0) -> dict[str, float]:
    """{alpha11, alpha21, beta22, eta11, eta12, eta21, eta22} of Eq. (45).

    alpha, in kF^3/eF, from the gap equation; eta, in kF^3/eF^2, from M(0, w) on a circle about
    w = 0; beta22 = lim M22(q, 0)/q^2, in kF/eF.
    """
    turn = np.exp(2j * np.pi * (np.arange(response.POINTS) + 0.5) / response.POINTS)
    radius = response.CIRCLE * state.g
    M = response.matrices(state, 0.0, radius * turn, fine=fine)
    slope = (M / turn[:, None, None]).mean(axis=0).imag / radius
    return static_coefficients(state) | {
        "beta22": beta22(state, fine),
        "eta11": float(-slope[0, 0]),
        "eta12": float(slope[0, 1]),
        "eta21": float(-slope[1, 0]),
        "eta22": float(-slope[1, 1]),
    }


def _momenta(state):
    return LENGTHS * max(smallest_width(state), response.SHORTEST / LENGTHS[-1])


def _currents(state, fine):
    """M22(q, 0)/q^2 at q of LENGTHS."""
    return np.array(
        [
            response.matrices(state, x, [0.0], fine=fine)[0, 1, 1].real / x**2
            for x in _momenta(state)
        ]
    )


def _limit(values):
    """(value at q = 0, change made by the last extrapolation in q^2) from those at q, q/2, q/4."""
    early, late = (4 * values[1:] - values[:-1]) / 3
    return float(late + (late - early) / 15), float(abs(late - early) / 15)


def beta22(state: Condensate, fine: float = 1.0) -> float:
    """lim M22(q, 0)/q^2 in kF/eF: < 0, the supercurrent flows against the gradient of the phase.

    From q = v, v/2, v/4, v the narrowest feature g/v, by extrapolation in q^2. At q of a few g/v
    itself its zero lies elsewhere: inv = 0 lower, by 6e-4 of itself at 5 g/v, inv = -2 higher, by
    2e-2.
    """
    return _limit(_currents(state, fine))[0]


def beta22_error(state: Condensate, finer: Condensate, fine: float) -> float:
    """Bound on the error of beta22 of ``state``.

    Its change to ``finer`` on panels shorter by ``fine``, the extrapolation in q, rounding.
    """
    value, extrapolated = _limit(_currents(state, 1.0))
    change = abs(_limit(_currents(finer, fine))[0] - value)
    return 2 * change + extrapolated + rounding(state)


def rounding(state: Condensate) -> float:
    """What rounding may do to beta22: four times the difference of two grids by it.

    It scatters sixteen grids by 1.4e-15 to 3.5e-15 (one standard deviation, eight states), divided
    by the smallest q^2.
    """
    return 2e-14 / _momenta(state)[-1] ** 2


def errors(
    state: Condensate, finer: Condensate, values: dict[str, float], fine: float = 1.3
) -> dict[str, float]:
    """{name: error} of ``values`` = coefficients(state).

    What the errors of the state do, four times the change to halved panels of it, with shorter
    panels in M, and rounding.
    That of eta, means over a circle, scatters ten grids by 2e-16 to 5e-16 divided by the circle's
    radius; four times the difference of two is quoted.
    """
    moved, rounded = coefficients(finer, fine), dict.fromkeys(values, 1e-14)
    for name in values:
        if name.startswith("eta"):
            rounded[name] = 2e-15 / (response.CIRCLE * state.g)
    bounds = {
        name: 4 * abs(moved[name] - value) + 1e-12 * abs(value) + rounded[name]
        for name, value in values.items()
    }
    bounds["beta22"] = beta22_error(state, finer, fine)

    def of_state(other: Condensate) -> list[float]:
        return list(coefficients(other).values())

    moved_by_state = number_balance.through_state(of_state, state)
    return {name: bounds[name] + float(change) for name, change in zip(values, moved_by_state)}


def interaction_terms(state: Condensate) -> tuple[float, float]:
    """(blocking, slope of the distribution): the two terms of alpha11, to all orders in delta.

    g -> 0 at fixed ratio, for q << g/v. Then a level at E is occupied as
    h(E) = [F-(E) + (xi/E) F+(E)]/g tells, Re G = h/2E, and alpha11 = -2 delta d(sum Re G)/d delta:
    delta^2 sum [h + (xi/E) F+/g]/E^3 and -delta^2 sum [F-' + (xi/E) F+']/(g E^2). At T_b = 0 the
    second is a delta function at E = mt.
    """
    D, mt = state.delta, state.mt
    gb, g = state.gb, state.g
    T = state.T
    p, weight = grid(D, state.mu, mt, max(T, NARROW), 1e3, 2)
    weight = weight * p**2 / (2 * np.pi**2)
    xi = p**2 - state.mu
    E = np.hypot(xi, D)
    if T == 0:
        low, high = np.sign(E - mt), np.sign(E + mt)
    else:
        low, high = np.tanh((E - mt) / (2 * T)), np.tanh((E + mt) / (2 * T))
    odd, even = 0.5 * gb * (low + high), state.gv + 0.5 * gb * (low - high)
    first = weight @ ((odd + 2 * xi / E * even) / E**3) / g
    if T > 0:
        rise, fall = ((1 - x**2) / (2 * T) for x in (low, high))
        second = -weight @ (0.5 * gb * (rise + fall + xi / E * (rise - fall)) / (g * E**2))
    else:
        second = _slope_at_the_edge(state)
    return float(D**2 * first), float(D**2 * second)


def _slope_at_the_edge(state):
    """The second term over delta^2 at T_b = 0, where levels meet the bath's edge."""
    mt, D = state.mt, state.delta
    edge = np.sqrt(mt**2 - D**2) if mt > D else np.inf
    return -sum(
        state.gb / state.g * (1 + x / mt) * np.sqrt(state.mu + x) / (2 * edge * mt)
        for x in (edge, -edge)
        if 0 < state.mu + x < np.inf
    ) / (2 * np.pi**2)


def printed_terms(state: Condensate) -> tuple[float, float]:
    """(Pauli blocking, slope of the distribution): the terms of alpha11 as Eq. (71) has them.

    g -> 0 and delta -> 0, q >> g/v; mu < 0, T_b = 0:
    delta^2 sum_k {[1 - (2 gb/g) f]/xi^3 - (1/xi^2)(2 gb/g)(-df/dxi)}. At q << g/v the first is
    [1 + gv/g] where xi > mt and twice itself where xi < mt: G^R G^A of one momentum is as large as
    1/g, so that the hole bath's tail at the electron's level counts as well.
    """
    share, edge = 2 * state.gb / state.g, state.mu + state.mt
    p, weight = grid(0.0, state.mu, state.mt, NARROW, 1e3)
    xi = p**2 - state.mu
    first = weight @ (p**2 * (1 - share * (xi < state.mt)) / xi**3) / (2 * np.pi**2)
    second = -share * np.sqrt(edge) / 2 / state.mt**2 / (2 * np.pi**2) if edge > 0 else 0.0
    return float(state.delta**2 * first), float(state.delta**2 * second)
