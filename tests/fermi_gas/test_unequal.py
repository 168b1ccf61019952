"""The Fermi gas with unequal couplings to its reservoirs: closed forms against frequency integrals,
and both limits that are known otherwise.

Every docstring names a change of the code under which the test was seen to fail, or the mistake it
is there for.
"""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import fsolve

import hpcneq
from hpcneq.maths import fermi
from hpcneq.systems.fermi_gas.physics import gap_and_current, state_curves, unequal_couplings
from hpcneq.systems.fermi_gas.physics.gap_and_current import Gas
from hpcneq.systems.fermi_gas.physics.occupation import Baths
from hpcneq.systems.fermi_gas.physics.unequal_couplings import Pair


def by_frequencies(p, c, D, Q, nu, pair):
    """(P, n) from G^R Sigma^< G^A integrated over frequencies, reservoirs and 2 x 2 matrices
    written out.
    """
    xi, along = p**2 + 0.25 * Q**2 - nu, p * c * Q
    H, G = np.array([[along + xi, -D], [-D, along - xi]]), pair.left + pair.right
    deltas = (1 + pair.dmu - nu, 1 - pair.dmu - nu)

    def f(x):
        return float(x < 0) if pair.T == 0 else 0.5 * (1 - np.tanh(x / (2 * pair.T)))

    def F(w):
        return (pair.left * f(w - deltas[0]) + pair.right * f(w - deltas[1])) / G

    def lesser(w):
        R = np.linalg.inv((w + 1j * G) * np.eye(2) - H)
        return R @ np.diag([2 * G * F(w), 2 * G * (1 - F(-w))]) @ R.conj().T / (2 * np.pi)

    E = np.hypot(xi, D)
    marks = [s * d for d in deltas for s in (1, -1)] + [along + E, along - E]
    ends = [-np.inf, *sorted({m + k * G for m in marks for k in (-20, -3, 0, 3, 20)}), np.inf]

    def integral(part):
        return sum(
            quad(part, a, b, epsabs=1e-12, epsrel=1e-10, limit=200)[0]
            for a, b in zip(ends, ends[1:])
        )

    return integral(lambda w: lesser(w)[0, 1].real) + 1j * integral(
        lambda w: lesser(w)[0, 1].imag
    ), integral(lambda w: lesser(w)[0, 0].real)


@pytest.mark.parametrize("T", [0.0, 0.03])
def test_amplitudes_are_integrals_of_the_green_functions(T):
    """P, real and imaginary part, and n with two unequal reservoirs against frequency integrals,
    1e-10.

    Fails with K for its conjugate, or w_L for w_R.
    """
    pair = Pair(0.02, 0.008, T, 0.12)
    for at in ((0.95, 0.4, 0.1, 0.17, 1.03), (1.1, -0.7, 0.1, 0.17, 0.98)):
        P, n = unequal_couplings.parts(*at, pair)
        wanted = by_frequencies(*at, pair)
        assert abs(P - wanted[0]) < 1e-10 and abs(n - wanted[1]) < 1e-10


def test_sums_are_sums_of_the_amplitudes():
    """The gap equation with its tails cancelled, and the balance of pairs, against plain sums of P,
    1e-9.

    Fails without nu in the bare term.
    """
    pair, D, nu = Pair(0.02, 0.008, 0.02, 0.12), 0.13, 1.04
    p, weight = unequal_couplings.grid(D, nu, pair)
    P = unequal_couplings.parts(p, 0.0, D, 0.0, nu, pair)[0] / D
    plain = weight @ (p**2 * P - 0.5) - 0.25 * np.pi
    assert unequal_couplings.equations((D, nu), pair) == pytest.approx(
        [plain.real, plain.imag / pair.width], abs=1e-9
    )


def test_equal_couplings_are_the_symmetric_case():
    """With gamma_L = gamma_R and nu = 1 the gap equation is that of ``states`` and no pairs are
    exchanged, 1e-12.

    Fails with Gam = gamma_L.
    """
    for gamma, T in ((0.005, 0.0), (0.01, 0.02)):
        found = unequal_couplings.equations((0.1, 1.0), Pair(gamma, gamma, T, 0.145))
        assert found == pytest.approx(
            [gap_and_current.gap(Gas(Baths(gamma, T, 0.145)), 0.1, 0.0), 0.0], abs=1e-11
        )


@pytest.mark.parametrize(
    "D, Q, T", [(0.05450344, 0.18269617, 0.0), (0.15348743, 0.0977389, 0.0), (0.1, 0.3, 0.02)]
)
def test_equal_couplings_with_a_wave_number(D, Q, T):
    """Gap and current of Q > 0 on rays are those of closed-form angular moments, 1e-9 and 3e-9;
    pairs balance.

    Fails if the odd part of n goes with Q.
    """
    g, J = gap_and_current.both(Gas(Baths(0.005, T, 0.145)), D, Q)
    found = unequal_couplings.equations((D, Q, 1.0), Pair(0.005, 0.005, T, 0.145))
    assert np.abs(found - [g, 0.0, J / (Q * D**2)]).max() < 3e-9


def test_sums_of_a_turned_state_are_sums_of_the_amplitudes():
    """With unequal couplings and Q > 0: both sums of P, and the current from n at +-c with the
    normal gas's off, 1e-10.

    Fails with the sign of R - S turned.
    """
    pair, x = Pair(0.007, 0.003, 0.01, 0.14), (0.08, 0.15, 1.01)
    D, Q, nu = x
    p, c, weight = unequal_couplings.plane(*x, pair)
    near = p < 8
    p, c, weight = p[near], c[near], weight[near]
    P, n, back = (
        unequal_couplings.parts(p, c, *x, pair)[0],
        *(unequal_couplings.parts(p, s * c, *x, pair)[1] for s in (1, -1)),
    )
    bare, bare_back = (unequal_couplings.parts(p, s * c, 1e-9, Q, nu, pair)[1] for s in (1, -1))
    J = p**2 * 0.5 * ((2 * p * c + Q) * (n - bare) + (Q - 2 * p * c) * (back - bare_back))
    plain = [weight @ (p**2 * P.real / D - 0.5), weight @ (p**2 * P.imag / D), weight @ J]
    assert unequal_couplings.turned(p, c, *x, pair) @ weight == pytest.approx(plain, abs=1e-10)


def test_what_flows_in_flows_out():
    """In a state found for unequal couplings, both reservoirs together put in as many atoms as they
    draw: from the spectral function, not from P; 1e-9.

    Atoms come in at 2 Gam sum_p [u^2 F(e_+) + v^2 F(e_-) - n]. Fails if the balance of pairs is
    left out (nu kept at 1).
    """
    (row,) = [
        r
        for r in hpcneq.run(
            {
                "system": "fermi-gas",
                "task": "steady",
                "parameters": {"gamma_left": 0.00505, "gamma_right": 0.00495, "dmu": 0.145},
            }
        ).summary["branches"]
        if r["name"] == "NFF'"
    ]
    pair, x = Pair(0.00505, 0.00495, 0.0, 0.145), (row["delta"], row["Q"], row["mu_condensate"])
    p, c, weight = unequal_couplings.plane(*x, pair)

    def flow(nu):
        xi, E, up, down = unequal_couplings.levels(p, c, x[0], x[1], nu)

        def filled(w):
            return sum(
                share * fermi.broadened_fermi(w - d, pair.width, pair.T)
                for share, d in zip(pair.weights, (1.145 - nu, 0.855 - nu))
            )

        total = 0.0
        for s in (1, -1):
            e, f = (up, down) if s > 0 else (down, up)
            n = unequal_couplings.parts(p, s * c, x[0], x[1], nu, pair)[1]
            total += (
                0.5
                * weight
                @ (p**2 * (0.5 * (1 + xi / E) * filled(e) + 0.5 * (1 - xi / E) * filled(-f) - n))
            )
        return total

    assert abs(flow(x[2])) < 1e-8 < 1e-6 < abs(flow(1.0))  # 5e-10, less or more as sums are rounded
    assert row["mu_condensate"] > 1 and row["current_residual"] < 1e-11


def test_one_reservoir_alone_is_equilibrium():
    """gamma_R = 0: the condensate turns with the left reservoir, and Delta is that of a gas whose
    unit is 1 + dmu, 1e-9.

    Fails if nu is kept at 1.
    """
    dmu, gamma = 0.05, 0.01
    (row,) = hpcneq.run(
        {
            "system": "fermi-gas",
            "task": "steady",
            "parameters": {"gamma_left": gamma, "gamma_right": 0.0, "dmu": dmu},
        }
    ).summary["branches"]
    unit = 1 + dmu
    alone = state_curves.largest(Gas(Baths(0.5 * gamma / unit, 0.0, 0.0), -1 / np.sqrt(unit)))
    assert row["mu_condensate"] == pytest.approx(unit, abs=1e-9) and row["delta"] == pytest.approx(
        alone * unit, abs=1e-9
    )


def test_a_little_asymmetry_moves_the_condensate_towards_the_better_reservoir():
    """mu_condensate - 1 is odd in gamma_L - gamma_R to first order and positive towards the left;
    errors bound the change on finer panels.

    Fails if the reservoirs' signs are swapped.
    """

    def at(left, dp=0.05):
        result = hpcneq.run(
            {
                "system": "fermi-gas",
                "task": "steady",
                "numerics": {"dp": dp},
                "parameters": {"gamma_left": left, "gamma_right": 0.01 - left, "dmu": 0.05},
            }
        )
        assert "followed" in " ".join(result.warnings)
        return result.summary["branches"][0], result.errors["branches"][0]

    (up, error), (down, _), (fine, _) = at(0.0051), at(0.0049), at(0.0051, 0.016)
    assert up["mu_condensate"] > 1 > down["mu_condensate"]
    assert up["mu_condensate"] - 1 == pytest.approx(1 - down["mu_condensate"], rel=0.02)
    assert all(abs(up[key] - fine[key]) <= error[key] < 1e-9 for key in ("delta", "mu_condensate"))


def along_delta(D, x, pair):
    """The state of this Delta next to x = (nu, asymmetry) or (Q, nu, asymmetry), by scipy: Delta
    leads through a fold.
    """
    held = unequal_couplings.nodes((D, *x[:-1]), pair)
    return fsolve(
        lambda y: unequal_couplings.equations((D, *y[:-1]), pair.tilted(y[-1]), held), x, xtol=1e-12
    )


@pytest.mark.parametrize(
    "dmu, gammas, name, reach",
    [
        (0.1135, (0.0055, 0.0045), "NIG", 1e-3),
        pytest.param(0.145, (0.006, 0.004), "NFF", 3e-3, marks=pytest.mark.nightly),
    ],
)
def test_where_two_states_meet_the_asymmetry_is_largest(dmu, gammas, name, reach):
    """The fold (F_x v = 0) against the largest asymmetry along Delta, a parabola and its
    corrections through five states: asymmetry to 1e-9 + 1e-6 of the rise, Delta to 1e-3 of the
    reach.

    Fails with F_x v = v.
    """
    result = hpcneq.run(
        {
            "system": "fermi-gas",
            "task": "steady",
            "parameters": {"gamma_left": gammas[0], "gamma_right": gammas[1], "dmu": dmu},
        }
    )
    (end,) = [e for e in result.summary["ended"] if e["name"] == name]
    assert (
        end["kind"] == "fold"
        and result.status == "complete"
        and name not in [row["name"] for row in result.summary["branches"]]
    )
    pair, rest = Pair(*gammas, 0.0, dmu), [end["mu_condensate"], end["asymmetry"]]
    u = np.array([-2, -1, 0, 1, 2])
    found = [
        along_delta(end["delta"] + reach * k, rest if name == "NIG" else [end["Q"], *rest], pair)[
            -1
        ]
        for k in u
    ]
    quartic = np.polynomial.Polynomial(np.linalg.solve(np.vander(u, increasing=True), found))
    top = min(quartic.deriv().roots(), key=abs).real
    assert (
        abs(top) < 1e-2
        and quartic(top) == pytest.approx(end["asymmetry"], abs=1e-9 + 1e-6 * np.ptp(found))
        and max(found) - min(found) > 1e-6
    )


@pytest.mark.nightly
def test_a_state_that_vanishes():
    """NFF near its end, dmu = .1541, vanishes where the other reservoir has a little more: at the
    asymmetry where Delta^2 of states before it goes to 0.

    Three states and a parabola in Delta^2, 2e-6. Fails if the limit is taken in Delta.
    """

    def at(asymmetry):
        return hpcneq.run(
            {
                "system": "fermi-gas",
                "task": "steady",
                "parameters": {
                    "gamma_left": 0.005 * (1 + asymmetry),
                    "gamma_right": 0.005 * (1 - asymmetry),
                    "dmu": 0.1541,
                },
            }
        ).summary

    (end,) = at(-0.03)["ended"]
    assert end["name"] == "NFF" and end["kind"] == "vanishes" and end["delta"] == 0
    a = np.array([-0.001, -0.0015, -0.002])
    size = [next(row["delta"] ** 2 for row in at(x)["branches"] if row["name"] == "NFF") for x in a]
    line = np.polynomial.Polynomial(np.linalg.solve(np.vander(size, increasing=True), a))
    assert line(0.0) == pytest.approx(end["asymmetry"], abs=2e-6)
