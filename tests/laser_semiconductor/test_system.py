"""The laser-driven semiconductor.

Equations of motion against exact Lindblad dynamics, steady states, growth, Keldysh functional.
Every docstring names a change of the code under which the test was seen, or is bound, to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

import hpcneq
from hpcneq.errors import InputError
from hpcneq.maths import bands
from hpcneq.parallel import solo
from hpcneq.solvers.mean_field import FieldState
from hpcneq.systems.laser_semiconductor.physics import (
    dynamics,
    keldysh,
    material,
    published_formulas,
)


def two_band(V=5.0, Omega=0.5, Gamma=1e-2, gamma2=1e-3, **more):
    """The point of Fig. 4."""
    given = dict(
        V=V,
        Omega=Omega,
        Gamma1=Gamma * (1 - gamma2),
        Gamma2=Gamma * gamma2,
        Gamma12=Gamma,
        kappa_plus=-50.0,
        v_minus=10.0,
    )
    return material.Material(**(given | more))


def run(task, **tables):
    """The Result of a task."""
    return hpcneq.run({"system": "laser-semiconductor", "task": task, **tables})


# ---- equations of motion against four modes of fermions -----------------------------------------


def modes():
    """Annihilation operators of c1_k, c2_k, c1_-k, c2_-k on 16 states (Jordan-Wigner)."""
    down, sign, one = np.array([[0, 1], [0, 0]]), np.diag([1, -1]), np.eye(2)
    found = []
    for j in range(4):
        product = np.eye(1)
        for part in [sign] * j + [down] + [one] * (3 - j):
            product = np.kron(product, part)
        found.append(product)
    return found


def lindblad(E1, E2, g, delta, G1, G2, f1, f2):
    """rho -> d rho/dt of the pair (k, -k).

    H_pair = -(Delta c2+_k c1+_-k + h.c.) and the same with k -> -k; D[X] = 2 X rho X+ - {X+ X,
    rho}.
    """
    c1, c2, d1, d2 = modes()
    H = E1 * (c1.T @ c1 + d1.T @ d1) + E2 * (c2.T @ c2 + d2.T @ d2)
    for a1, a2 in ((c1, c2), (d1, d2)):
        lift = 0.5 * g * a1.T @ a2
        H = H + lift + lift.conj().T
    pair = -delta * (c2.T @ d1.T + d2.T @ c1.T)
    H = H + pair + pair.conj().T
    jumps = [
        (G1 * f1, c1.T),
        (G1 * (1 - f1), c1),
        (G1 * f1, d1.T),
        (G1 * (1 - f1), d1),
        (G2 * f2, c2.T),
        (G2 * (1 - f2), c2),
        (G2 * f2, d2.T),
        (G2 * (1 - f2), d2),
    ]

    def rate(rho):
        out = -1j * (H @ rho - rho @ H)
        for strength, X in jumps:
            out = out + strength * (
                2 * X @ rho @ X.conj().T - X.conj().T @ X @ rho - rho @ X.conj().T @ X
            )
        return out

    return rate


def gaussian(strength, seed):
    """exp(-h)/Z of a random quadratic h that is even in k.

    (n, n), (s, s) non-zero, all others of the equations' form.
    """
    rng = np.random.default_rng(seed)
    c1, c2, d1, d2 = modes()
    a = rng.normal(size=2)
    z, y = (rng.normal() + 1j * rng.normal() for _ in range(2))
    h = a[0] * (c1.T @ c1 + d1.T @ d1) + a[1] * (c2.T @ c2 + d2.T @ d2)
    mixed = z * (c1.T @ c2 + d1.T @ d2) + y * (c2.T @ d1.T + d2.T @ c1.T)
    h = strength * (h + mixed + mixed.conj().T)
    values, U = np.linalg.eigh(h)
    rho = (U * np.exp(-values)) @ U.conj().T
    return rho / np.trace(rho)


@pytest.mark.parametrize("full, seed", [(False, 1), (False, 2), (True, 3)])
def test_the_right_hand_side_is_that_of_the_exact_lindblad_equation(full, seed):
    """d/dt of n11, n22, n21, s of a random Gaussian state of four modes, from its density matrix.

    The matrix is 16 x 16, the agreement 1e-14.

    The pairing field of the equations couples one k with one -k, so does the Hamiltonian. Fails
    with the sign of Delta of (16), without the i of (9a), with D[X]/2 of (5), and (full drive) with
    exp(+2 i omega0 t).
    """
    m = two_band(V=0.0, Omega=0.7, Gamma=0.3, gamma2=0.2, T=0.4, E_g=1.3, k_max=0.4)
    grid = (np.array([-0.31, 0.31]), np.array([0.1, 0.1]))
    band, rho, delta, t = m.on(grid), gaussian(0.8, seed), 0.21 - 0.13j, 0.37
    c1, c2, d1, d2 = modes()

    def mean(operator, state):
        return np.trace(operator @ state)

    operators = {"n11": c1.T @ c1, "n22": c2.T @ c2, "n21": c2.T @ c1, "s": c2.T @ d1.T}
    values = {name: np.full((2, 1), mean(X, rho)) for name, X in operators.items()}
    system = dynamics.Pairing(m, grid, [0.0], values, full_drive=full)
    f1, f2 = m.fillings(band)
    g = system.drive.coupling(t)
    rate = lindblad(band.E1[0], band.E2[0], g, delta, m.Gamma1, m.Gamma2, f1[0], f2[0])(rho)
    out = {name: np.zeros((2, 1), complex) for name in values}
    system.rhs(t, 1, values, np.array([delta]), out, range(2))
    for name, X in operators.items():
        assert abs(out[name][0, 0] - mean(X, rate)) < 1e-14, name


def test_the_full_drive_averages_to_the_rotating_one():
    """g(t) over a period of the counter-rotating term is Omega.

    The lab-frame coupling 2 Omega cos(omega0 t)/2 is real.
    """
    full, t = bands.Drive(0.3, 7.0), np.linspace(0, np.pi / 7.0, 64, endpoint=False)
    assert np.mean(full.coupling(t)) == pytest.approx(0.3, abs=1e-14)
    assert full.coupling(t) * np.exp(1j * 7.0 * t) == pytest.approx(
        2 * 0.3 * np.cos(7.0 * t), abs=1e-13
    )


# ---- steady states ------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["two-band", "optical-pumping"])
def test_the_steady_state_stands_still(model):
    """The closed-form state is a root of the equations of motion at finite T, to rounding.

    Fails with a cross term missing in the determinant of the populations (1e-5), and with the sign
    of (10).
    """
    m = (
        two_band(V=5.0, T=2.0, model=model, mu1=1.0, mu2=9.0)
        if model == "optical-pumping"
        else two_band(T=2.0)
    )
    grid, delta = bands.uniform(0.2, 41), 0.0123
    band = m.on(grid)
    n11, n22 = material.populations(m, band, delta**2)
    assert n11 + n22 - 1 == pytest.approx(material.imbalance(m, band, delta**2), abs=1e-12)
    fields = {
        "n11": n11,
        "n22": n22,
        "n21": material.coherence(m, band, n11, n22),
        "s": material.pair_amplitude(m, band, delta),
    }
    fields = {name: np.asarray(value, complex)[:, None] for name, value in fields.items()}
    system = dynamics.Pairing(m, grid, [5.0], fields)
    out = {name: np.zeros_like(value) for name, value in fields.items()}
    system.rhs(0.0, 1, fields, np.array([delta]), out, range(41))
    assert max(np.abs(value).max() for value in out.values()) < 1e-15


def test_published_and_reference_numbers():
    """Thresholds and order parameter of Fig. 4 and of the three-band model, all digits given.

    The numbers of independent programs. Fails with the measure dk instead of dk/2pi, with (13) for
    the exact population, and with cutoff left out.
    """
    found = run("steady").summary
    assert found["delta"] == pytest.approx(0.0192773217, abs=2e-10)
    assert found["V_c"] == pytest.approx(2.14868, abs=5e-6) and found[
        "V_c_analytic"
    ] == pytest.approx(2.14026, abs=5e-6)
    assert found["V_c_22"] == pytest.approx(2.0040, abs=5e-5) and found[
        "delta_analytic"
    ] == pytest.approx(0.026826, abs=5e-7)
    for Omega, wanted in ((0.1, 3.5308), (1.0, 2.4901), (10.0, 2.4088), (100.0, 2.4009)):
        m = material.Material(
            V=5.0,
            Omega=Omega,
            Gamma1=0.01,
            Gamma2=0.01,
            Gamma12=0.01,
            Gamma3=0.001,
            tau=10.0,
            kappa_plus=50.0,
            v_minus=10.0,
            k_max=np.inf,
            model="three-band",
        )
        assert 1 / material.gap_sum(m, m.on(m.graded(128)), 0.0) == pytest.approx(wanted, abs=1e-4)
    assert published_formulas.three_band(m)["V_c A15"] == pytest.approx(2.4, abs=1e-9)


@pytest.mark.parametrize(
    "V, kappa, gamma2, pairs",
    [
        (5, -50, 1e-3, True),
        (-5, -50, 1e-3, False),
        (-5, 50, 1e-3, True),
        (5, 50, 1e-3, False),
        (-5, -50, 1 - 1e-3, True),
        (1, -50, 1e-3, False),
    ],
)
def test_either_sign_of_the_interaction_pairs(V, kappa, gamma2, pairs):
    """(21): sgn V = sgn(gamma2 - gamma1) sgn kappa_+, and |V| above threshold.

    With full self-consistency never. Fails with (21) inverted.
    """
    given = {"V": V, "kappa_plus": kappa, "gamma2": gamma2}
    assert (run("steady", parameters=given).summary["delta"] > 0.01) == pairs
    assert (run("growth", parameters=given).summary["growth_rate"] > 0) == pairs
    found = run("growth", parameters=given | {"self_consistency": "full"})
    assert found.summary["growth_rate"] <= -0.0099 and any(
        "conserv" in w or "do not pair at any V" in w for w in found.warnings
    )


def test_the_gap_equation_by_another_quadrature():
    """V times the sum is 1 at the root.

    Integral by scipy's quad over populations from the 4 x 4 linear system of one momentum. Fails
    with a wrong k_max, weight, or any coefficient of the populations.
    """
    m = two_band()
    delta = run("steady").summary["delta"]

    def integrand(k):
        E, eps, G = -50 * k * k, 10 * k, 0.01
        G1, G2 = G * 0.999, G * 0.001
        # unknowns n11, n22, Re n21, Im n21, Re s, Im s at real Delta
        A = np.array(
            [
                [-2 * G1, 0, 0, -m.Omega, 0, -2 * delta],
                [0, -2 * G2, 0, m.Omega, 0, -2 * delta],
                [0, 0, -G, -eps, 0, 0],
                [m.Omega / 2, -m.Omega / 2, eps, -G, 0, 0],
                [0, 0, 0, 0, -G, -E],
                [delta, delta, 0, 0, E, -G],
            ]
        )
        x = np.linalg.solve(A, -np.array([2 * G1, 0, 0, 0, 0, -delta]))
        s = x[4] + 1j * x[5]
        return (s * (E / (E * E + G * G)) * (E + 1j * G)).real

    total = (
        quad(integrand, 0, 0.2, points=[0.002, 0.01, 0.014, 0.03, 0.06], epsabs=1e-13, limit=400)[0]
        / np.pi
    )
    assert m.V * total == pytest.approx(delta, rel=1e-8)


def test_the_corrected_formulas_hold_where_the_printed_ones_do_not():
    """(28), (30)-(33), (45) against the exact populations in their limits.

    Each printed version is off by more than 5%. Fails with any printed factor put back.
    """
    weak = two_band(V=5e5, Omega=1e-5, gamma2=0.1, k_max=np.inf)
    exact = abs(1 / material.gap_sum(weak, weak.on(weak.graded(400)), 0.0))
    table = published_formulas.two_band(weak)
    assert (
        table["V_c 28"] == pytest.approx(exact, rel=1e-5)
        and abs(table["V_c 28 printed"] / exact - 1) > 0.05
    )
    blocked = two_band(V=20.0, Omega=2e-3, gamma2=1e-16, k_max=np.inf)
    table, exact = (
        published_formulas.two_band(blocked),
        material.seed(blocked, blocked.on(blocked.graded(400))),
    )
    assert table["delta 30"] == pytest.approx(exact, rel=1e-4) and table[
        "delta 33"
    ] == pytest.approx(exact, rel=5e-3)
    assert table["V_c 32"] == pytest.approx(
        1 / material.gap_sum(blocked, blocked.on(blocked.graded(400)), 0.0), rel=1e-3
    )
    assert abs(table["delta 33 printed"] / exact - 1) > 1
    pumped = two_band(V=8.0, gamma2=0.3, k_max=np.inf, model="optical-pumping", mu2=10.0).at(
        Gamma12=0.02
    )
    table, exact = (
        published_formulas.optical_pumping(pumped, 1.0),
        material.seed(pumped, pumped.on(pumped.graded(400))),
    )
    assert (
        table["delta 45"] == pytest.approx(exact, rel=1e-5)
        and abs(table["delta 45 printed"] / exact - 1) > 0.05
    )


def test_the_order_outlives_the_instability_when_velocities_differ():
    """At v_+ = 2 both zeros of E are resolved: twice the momenta change sums by 1e-9.

    Below the linear threshold (V_c > 5) a condensate exists on its own branch of larger |Delta| or
    not at all. Fails with a grid that is dense at k = 0 only, and the paper's (25) bounds the
    change.
    """
    m = two_band(v_plus=2.0)
    sums = [material.gap_sum(m, m.on(m.graded(n)), 1e-4) for n in (64, 128)]
    assert sums[0] == pytest.approx(sums[1], rel=1e-9)
    near = two_band(v_plus=0.3)
    assert material.seed(near, near.on(near.graded(64))) == pytest.approx(0.0192773, rel=0.1)


def test_the_order_does_not_depend_on_temperature_below_the_gap():
    """T = 0.02 E_g changes |Delta| by less than 1e-8 of it, T = 0.3 E_g by more than 5%.

    Fails if energies lose their E_g/2.
    """
    cold, cool, hot = (run("steady", parameters={"T": T}).summary["delta"] for T in (0.0, 0.2, 3.0))
    assert cool == pytest.approx(cold, rel=1e-8) and hot < 0.95 * cold


# ---- growth and the Keldysh functional ----------------------------------------------------------


def test_growth_by_formula_eigenvalue_and_reference():
    """lambda = .0229352 + .0488485 i, from the condition and from the matrix.

    Errors bound the change on a finer grid. Fails with f = 1.
    """
    found = run("growth")
    assert found.summary["growth_rate"] == pytest.approx(0.0229352, abs=6e-8) and found.summary[
        "frequency"
    ] == pytest.approx(0.0488485, abs=6e-8)
    assert found.summary["eigenvalue_rate"] == pytest.approx(
        found.summary["growth_rate"], abs=1e-12
    )


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"gamma2": 0.8, "delta": 0.1},
        {"Omega": 0.01, "gamma2": 0.3, "v_plus": 1.0, "delta": 0.003},
    ],
)
def test_the_keldysh_functional_is_the_gap_equation(given):
    """The corrected functional is i 4 Delta Re[1/(E + i Gamma)] (n - 1) at every momentum, to 1e-6.

    Two routes: frequency integrals of 4 x 4 Green functions, and closed-form populations. Fails
    with Delta/2 (printed) and with G^K not transposed.
    """
    found = run("keldysh", parameters=given, numerics={"points": 6, "frequencies": 48})
    assert found.summary["ratio"] == pytest.approx(1.0, abs=1e-7) and found.summary["worst"] < 1e-6


def test_untransposed_keldysh_lines_would_show():
    """The functional of (53) with the printed Delta/2 differs by tens of per cent at Delta ~ Gamma.

    The test above can fail.
    """
    m = two_band()
    band = m.on(m.graded(4))
    printed = 2 * keldysh.functional(m, band, 0.0193 / 2, 32)
    assert np.abs(printed / keldysh.gap_equation(m, band, 0.0193) - 1).max() > 0.1


# ---- evolution ----------------------------------------------------------------------------------

GROW = {
    "numerics": {"grid": "graded", "points": 64, "error_estimate": False},
    "initial": {"state": "driven", "delta": 1e-10},
}


def test_a_seed_grows_as_the_linear_theory_says():
    """Slope and turning of ln Delta from t = 300 on are the root of the growth condition, to 1e-6.

    Fails with the sign of (16).
    """
    found = run("evolve", **GROW, run={"t_max": 480.0, "output_every": 10.0})
    t, delta = np.asarray(found.t), np.asarray(found.delta)[:, 0]
    late = t > 300
    slope = np.polyfit(t[late], np.log(np.abs(delta[late])), 1)[0]
    turn = np.polyfit(t[late], np.unwrap(np.angle(delta[late].conj())), 1)[0]
    assert (
        np.abs(delta[-1]) < 1e-4
        and slope == pytest.approx(0.0229352, abs=1e-6)
        and turn == pytest.approx(0.0488485, abs=1e-6)
    )


@pytest.mark.parametrize("pairs", ["uniform", "random"])
def test_the_evolution_ends_in_the_steady_state(pairs):
    """V = 5 settles on the root of the gap equation from either start; 1 and -5 decay.

    All in one batch, gamma1 = 0.8 as in Fig. 5. Fails with a term dropped anywhere. At
    gamma2 = 1e-3 populations settle with 2 Gamma2 = 2e-5 only: that is the tail the root skips.
    """
    found = run(
        "evolve",
        parameters={"gamma1": 0.8},
        sweep={"V": [5.0, 1.0, -5.0]},
        numerics={"grid": "graded", "points": 48, "dt": 0.6, "error_estimate": False},
        initial={"state": "driven", "delta": 0.003, "pairs": pairs},
        run={"t_max": 6000.0, "output_every": 60.0},
    )
    final, steady = found.summary["delta_final"], found.summary["delta_steady"]
    assert steady[0] == pytest.approx(0.0027048361, abs=1e-9) and steady[1:] == [0, 0]
    assert final[0] == pytest.approx(steady[0], rel=1e-4) and max(final[1:]) < 1e-8
    assert found.summary["converged_at"][0] < 5000


@pytest.mark.parallel
def test_momenta_over_ranks_give_the_same_evolution(comm):
    """Two interactions on any number of ranks have the right-hand side of one rank, to rounding."""
    m, grid = two_band(), bands.uniform(0.2, 5)

    def state(c):
        return FieldState(
            dynamics.Pairing(
                m,
                grid,
                [5.0, -5.0],
                dynamics.initial(m, grid, 2, "driven", 1e-2, "random", 3),
            ),
            c,
        )

    together, alone = state(comm), state(solo())
    mine = slice(together.layout.start, together.layout.stop)
    out, whole = np.zeros_like(together.flat), np.zeros_like(alone.flat)
    together.rhs(0.0, 1, together.flat, out)
    alone.rhs(0.0, 1, alone.flat, whole)
    for name, values in alone.view(whole).items():
        assert (
            np.abs(together.view(out)[name] - values[mine]).max(initial=0) < 1e-16
        )  # numpy rounds the ends of an array differently


@pytest.mark.parametrize(
    "task, tables, words",
    [
        ("evolve", {"parameters": {"model": "three-band"}, "run": {"t_max": 1.0}}, "three-band"),
        ("evolve", {"numerics": {"dt": 0.9}, "run": {"t_max": 1.0}}, r"\[numerics\] dt"),
        ("steady", {"parameters": {"gamma1": 0.3, "gamma2": 0.3}}, "gamma1"),
        ("map", {"sweep": {"V": [1.0, 2.0]}}, r"\[sweep\]"),
        ("steady", {"sweep": {"Gamma": [0.0, 1.0]}}, r"\[sweep\] Gamma"),
        ("steady", {"sweep": {"kappa_plus": [-1.0, 0.0, 1.0]}}, r"\[sweep\] kappa_plus"),
        ("steady", {"numerics": {"points": 3}}, r"\[numerics\] points = 3: must be >= 4"),
        ("growth", {"numerics": {"points": 4001}}, r"\[numerics\] points = 4001: must be <= 4000"),
        ("keldysh", {"parameters": {"delta": 0.0}}, r"\[parameters\] delta = 0"),
        ("evolve", {"run": {"t_max": 1e9, "output_every": 1e6}}, r"\[run\] t_max = 1e\+09"),
    ],
)
def test_bad_input_is_named(task, tables, words):
    """One line that names the key, before anything is computed."""
    with pytest.raises(InputError, match=words):
        run(task, **tables)
