"""The static tasks as a user calls them: steady, tmatrix, onset, branches, iv.

Currents against frequency integrals.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

import hpcneq
from hpcneq import driver
from hpcneq.errors import InputError, NotConverged
from hpcneq.parallel import solo
from hpcneq.solvers import newton
from hpcneq.systems.nsn_junction.physics import currents, gap_equations, onsets, uniform_states
from hpcneq.systems.nsn_junction.physics.junction import Lead

BULK = uniform_states.infinite()
UNEQUAL = (Lead("left", 0.1, 0.1, -0.2, 1), Lead("right", 0.25, 0.2, 0.1, -1))
SMALL = {"lattice": "finite", "Lx": 8, "Ly": 6}


def run(task, parameters=None, output=None, **tables):
    """The Result of a static task."""
    return hpcneq.run(
        {"system": "nsn-junction", "task": task, "parameters": parameters or {}, **tables},
        output=output,
    )


# ---- currents -----------------------------------------------------------------------------------


def by_frequencies(D, point, grid):
    """(density, magnetization, I_left, I_right).

    Lesser Green functions and lead currents integrated over w, level by level.

    G^R = (w + h - H + i G)^-1, H = [[xi, -D], [-D, -xi]]; lead l fills electrons with f(w - v_l),
    holes with f(w + v_l).
    """

    def fermi(x, T):
        return 0.5 * (1 - np.tanh(x / (2 * T)))

    G, total = point.width, np.zeros(4)
    edges = sorted({s * v for _, _, v in point.terms() for s in (1, -1)})
    for eps, weight in zip(*grid.levels()):
        H = np.array([[eps - point.mu, -D], [-D, -(eps - point.mu)]])
        peaks = [e - point.h for e in np.linalg.eigvalsh(H)]

        def integrand(w, k, H=H):
            g = np.linalg.inv((w + point.h + 1j * G) * np.eye(2) - H)
            filling = [[fermi(w - s * v, T) for _, T, v in point.terms()] for s in (1, -1)]
            rate = np.diag(
                [2 * sum(lead.gamma * f for lead, f in zip(point.baths, side)) for side in filling]
            )
            lesser = (g @ rate @ g.conj().T).real  # -i G^<
            spectral = -2 * g.imag
            # deviations from a half-filled level, which the integral over Lorentzian tails loses
            if k < 2:
                n = [
                    lesser[0, 0] - spectral[0, 0] * fermi(w, 0.3),
                    lesser[1, 1] - spectral[1, 1] * fermi(w, 0.3),
                ]
                return (n[0] - n[1]) if k == 0 else (n[0] + n[1])
            own = k - 2
            gamma = point.baths[own].gamma
            return (
                2
                * gamma
                * (
                    filling[0][own] * spectral[0, 0]
                    - filling[1][own] * spectral[1, 1]
                    - lesser[0, 0]
                    + lesser[1, 1]
                )
            )

        from hpcneq.maths.fermi import broadened_fermi

        e, V = np.linalg.eigh(H)
        known = [(np.abs(V[a]) ** 2) @ broadened_fermi(e - point.h, G, 0.3) for a in (0, 1)]
        known = [1 + known[0] - known[1], known[0] + known[1] - 1, 0.0, 0.0]
        cuts = sorted({c + d for c in [*edges, *peaks] for d in (-0.4, -0.05, 0.0, 0.05, 0.4)})
        ends = [-np.inf, *cuts, np.inf]
        for k in range(4):
            value = sum(
                quad(integrand, a, b, args=(k,), epsabs=1e-11, epsrel=1e-10, limit=300)[0]
                for a, b in zip(ends, ends[1:])
                if b > a
            )
            total[k] += weight * (known[k] + value / (2 * np.pi))
    return total


@pytest.mark.parametrize(
    ("D", "point"),
    [
        (0.35, uniform_states.Point(h=0.58, eV=0.8, T=0.05, gamma=0.05)),
        (0.2, uniform_states.Point(h=0.3, eV=0.6, T=0.1, gamma=0.04, mu=-0.7)),
        (0.0, uniform_states.Point(h=0.3, eV=0.7, mu=-0.3, leads=UNEQUAL)),
    ],
    ids=["condensate", "off half filling", "unequal leads"],
)
def test_what_a_state_carries_is_the_frequency_integral(D, point):
    """What a state carries on a 3 x 2 lattice, by adaptive quadrature over w.

    Density, magnetization and both lead currents on a 3 x 2 lattice by adaptive quadrature over w.

    Fails with Tr tau_3 for Tr in the current (the hole's Fermi edge on the electron's side), or
    with the sign of B.
    """
    grid = uniform_states.finite(3, 2)
    found = currents.transport(D, point, grid)
    wanted = by_frequencies(D, point, grid)
    assert [
        found[key] for key in ("density", "magnetization", "current_left", "current_right")
    ] == pytest.approx(wanted, abs=2e-9)
    assert found["current_left"] + found["current_right"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("grid", [BULK, uniform_states.finite(9, 7)], ids=["infinite", "finite"])
def test_derivatives_of_the_current(grid):
    """dI/dV and dI/dD against central differences, off half filling too.

    Fails without the factor 1/2 of d s/d(eV), or with its sign equal for electrons and holes.
    """
    for point in (
        uniform_states.Point(h=0.58, eV=0.8, T=0.03),
        uniform_states.Point(h=0.2, eV=0.5, T=0.05, mu=-0.6),
    ):
        found, e = currents.transport(0.3, point, grid), 1e-4
        for key, ends in (
            ("by_eV", [(0.3, point.at(eV=point.eV + s)) for s in (e, -e)]),
            ("by_delta", [(0.3 + s, point) for s in (e, -e)]),
        ):
            up, down = (currents.transport(d, at, grid) for d, at in ends)
            slope = [
                (up[name] - down[name]) / (2 * e) for name in ("current_left", "current_right")
            ]
            assert found[key] == pytest.approx(slope, abs=2e-7)


def test_zero_temperature_is_a_limit():
    """F, C(Q) and the current differ from T = 0 by O(T^2).

    The differences at T and T/2 are as 4 to 1.

    Fails if T = 0 leaves a lead's width out.
    """
    point = uniform_states.Point(h=0.58, eV=0.8)
    grid = uniform_states.infinite(error=1e-11)

    def numbers(T):
        at = point.at(T=T)
        return np.array(
            [
                uniform_states.gap_sum(0.3, at, grid),
                uniform_states.pair_sum(0.26, at, grid),
                currents.transport(0.3, at, grid)["current_left"],
            ]
        )

    zero = numbers(0.0)
    first, second = numbers(4e-4) - zero, numbers(2e-4) - zero
    assert np.all(np.abs(first) < 1e-4)
    assert first / second == pytest.approx([4, 4, 4], rel=0.02)


# ---- steady and tmatrix -------------------------------------------------------------------------


def test_steady_states_of_a_point():
    """h = 0.58, T = 0, eV = 0.8.

    The two roots of an independent calculation, which is which, and errors that hold.

    The roots at T = 0.02 against plain sums over 700 x 700 momenta. Fails if a root is reported
    without its polish, or if its error is the residual.
    """
    result = run("steady", {"h": 0.58, "T": 0.0, "eV": 0.8})
    assert result.summary["roots"] == pytest.approx([0.117715, 0.347735], abs=1e-6)
    assert (
        result.summary["stability"] == ["unstable", "stable"]
        and result.summary["normal"] == "unstable"
    )
    assert result.summary["region"] == "bistable-with-fflo"
    assert max(result.summary["residual"]) < 1e-12 and all(
        r.startswith("CONVERGED") for r in result.summary["snes_reason"]
    )
    assert all(0 < e < 1e-9 for e in result.errors["roots"])
    assert list(result.delta[:2]) == result.summary["roots"] and result.delta[2] == 0
    warm = run("steady", {"h": 0.58, "T": 0.02, "eV": 1.15})
    assert warm.summary["roots"] == pytest.approx([0.312326], abs=1e-6)
    point, grid = uniform_states.Point(h=0.58, T=0.02, eV=1.15), uniform_states.finite(700, 700)
    F, slope, _ = uniform_states.gap_slopes(warm.summary["roots"][0], point, grid)
    assert abs((F - 1 / 3) / slope) < 1e-9


def test_an_empty_search_says_what_it_scanned():
    """At T = 0.5 there is no condensate.

    Roots = [], the interval and the step of the search, and a sentence about it.

    Fails if the sentence is left out.
    """
    result = run("steady", {"T": 0.5})
    assert (
        result.summary["roots"] == []
        and result.summary["normal"] == "stable"
        and result.status == "complete"
    )
    low, high, step = result.summary["scanned"]
    assert low == 0 and high > 1.5 and 0 < step < 0.03
    assert any("no root for 0 < D <= 1.5" in w for w in result.warnings)


def test_t_matrix_at_an_onset():
    """At the FFLO onset U C(Q_max) = 1 at the onset's Q.

    On the finite lattice C at its own momenta.

    Fails with second-order differences of C(Q) in the polish.
    """
    result = run("tmatrix", {"h": 0.58, "T": 0.02, "eV": 0.696042110979})
    assert result.summary["U_C_max"] == pytest.approx(1, abs=1e-8)
    assert result.summary["Q_max"] == pytest.approx(0.27222, abs=1e-4)
    assert (
        abs(result.summary["Q_max"] - 0.2722287335) < result.errors["Q_max"] + 5e-11
    )  # from differences of half and of twice the width
    assert np.all(np.asarray(result.C) <= result.summary["U_C_max"] / 3 + 1e-12)
    small = run("tmatrix", {"h": 0.58, "T": 0.02, "eV": 0.8}, numerics=SMALL)
    assert list(small.Q) == pytest.approx(list(2 * np.pi * np.arange(5) / 8))
    assert small.summary["U_C_max"] == pytest.approx(3 * np.max(small.C), rel=1e-12)


def test_a_condensate_between_leads_of_one_level_turns_with_it():
    """Two equal leads at 0.1 above the superconductor's mu.

    The condensate of a superconductor at mu = 0.1, turning at twice 0.1.

    Fails if the leads' levels move with the frame.
    """
    raised = {"left": {"mu": 0.1}, "right": {"mu": 0.1}}
    turned = run("steady", {"h": 0.2, "T": 0.1, "eV": 0.3}, leads=raised, numerics=SMALL)
    level = run("steady", {"h": 0.2, "T": 0.1, "eV": 0.3, "mu": 0.1}, numerics=SMALL)
    assert (
        turned.summary["roots"] == pytest.approx(level.summary["roots"], abs=1e-9)
        and len(level.summary["roots"]) > 0
    )
    assert turned.summary["mu_pair"] == pytest.approx(
        [0.1] * len(turned.summary["roots"]), abs=1e-9
    )
    assert turned.summary["normal"] == level.summary["normal"]


def test_a_condensate_between_unequal_leads_solves_its_gap_equation(tmp_path):
    """Delta = U <psi_down psi_up> by quadrature over w in the turning frame, level by level.

    Its chemical potential lies between the leads'.

    Fails with the hole's levels shifted like the electron's, or if the figure wants mirrored leads.
    """
    leads = {"left": {"gamma": 0.03, "mu": 0.1, "T": 0.12}, "right": {"gamma": 0.08, "mu": -0.05}}
    result = run(
        "steady",
        {"h": 0.15, "T": 0.08, "eV": 0.2},
        leads=leads,
        numerics={"lattice": "finite", "Lx": 3, "Ly": 2},
    )
    at = uniform_states.Point(
        h=0.15,
        eV=0.2,
        leads=(Lead("left", 0.03, 0.12, 0.1, 1), Lead("right", 0.08, 0.08, -0.05, -1)),
    )
    assert len(result.summary["roots"]) > 0 and result.status == "complete"
    assert result.plot(tmp_path / "turning.png")
    for D, m in zip(result.summary["roots"], result.summary["mu_pair"]):
        assert -0.15 < m < 0.2
        total = 0j
        for eps, weight in zip(*uniform_states.finite(3, 2).levels()):
            H = np.array([[eps - m, -D], [-D, m - eps]])
            levels = [lead.mu + 0.5 * lead.sign * at.eV - m for lead in at.leads]

            def integrand(w, part, H=H, levels=levels):
                g = np.linalg.inv((w + at.h + 1j * at.width) * np.eye(2) - H)
                rate = [
                    2
                    * sum(
                        lead.gamma * 0.5 * (1 - np.tanh((w - s * v) / (2 * lead.T)))
                        for lead, v in zip(at.leads, levels)
                    )
                    for s in (1, -1)
                ]
                value = (g @ np.diag(rate) @ g.conj().T)[0, 1]
                return value.real if part == 0 else value.imag

            cuts = sorted(
                {e - at.h + d for e in np.linalg.eigvalsh(H) for d in (-0.3, 0.0, 0.3)}
                | {s * v for v in levels for s in (1, -1)}
            )
            ends = [-np.inf, *cuts, np.inf]
            parts = [
                sum(
                    quad(integrand, a, b, args=(k,), epsabs=1e-11, limit=300)[0]
                    for a, b in zip(ends, ends[1:])
                )
                for k in (0, 1)
            ]
            total += weight * complex(*parts) / (2 * np.pi)
        assert 3 * total == pytest.approx(D, abs=1e-7)


# ---- onsets -------------------------------------------------------------------------------------


def test_onsets_and_folds_over_the_bias():
    """h = 0.58, T = 0.02.

    Onsets, wave numbers and folds of an independent calculation, to its digits; SNES converged.

    Fails if Q is left where the scan found it, or if the onset is sought at fixed Q.
    """
    result = run("onset", {"h": 0.58, "T": 0.02})
    s = result.summary
    assert s["bcs_onsets"] == pytest.approx([0.841648, 1.438007], abs=1e-6)
    assert s["fflo_onsets"] == pytest.approx([0.15718, 0.69604, 1.51160], abs=1e-5)
    assert s["fflo_Q"] == pytest.approx([0.6997, 0.2722, 0.2056], abs=1e-4)
    assert s["folds"][-2:] == pytest.approx([0.546474, 1.573647], abs=1e-6)
    assert s["folds_delta"][-2:] == pytest.approx([0.350048, 0.237556], abs=1e-6)
    assert s["residual"] < 1e-11 and all(r.startswith("CONVERGED") for r in s["snes_reasons"])
    slope = [
        (
            uniform_states.pair_sum(Q + 1e-4, uniform_states.Point(h=0.58, T=0.02, eV=x), BULK)
            - uniform_states.pair_sum(Q - 1e-4, uniform_states.Point(h=0.58, T=0.02, eV=x), BULK)
        )
        for x, Q in zip(s["fflo_onsets"], s["fflo_Q"])
    ]
    assert slope == pytest.approx([0, 0, 0], abs=1e-10)  # cubic terms are 3e-11


def test_critical_fields_and_transition_temperature():
    """eV = 0, T = 0.02, no h: h_bcs, h_fflo with its Q, h_cc. h = eV = 0, no T.

    T_c = 0.4466799501 in ten digits.

    Fails if the Clogston limit is the end of the branch, or if T_c is sought with the leads' T
    fixed.
    """
    s = run("onset", {"eV": 0.0, "T": 0.02}).summary
    assert [s["h_bcs"], s["h_fflo"], s["h_cc"]] == pytest.approx(
        [0.350824, 0.611300, 0.5370535], abs=1e-6
    )
    assert s["fflo_Q"] == pytest.approx(0.6811, abs=1e-4)
    result = run(
        "onset",
        {"eV": 0.0, "h": 0.0},
        numerics={"lattice": "infinite", "scan_to": 0.6, "error": 1e-6},
    )
    assert result.summary["T_bcs"] == pytest.approx(0.4466799501, abs=1e-10)
    assert result.summary["T_fflo"] is None


def test_wave_numbers_vanish_at_the_lifshitz_points():
    """h = 0.58.

    The squares of the FFLO onset's Q at two temperatures, 0.005 apart, lead linearly to the
    reported temperature at Q = 0.

    Fails if C at the next momentum is compared, not its curvature at 0: without the term of the
    second neighbour.
    """
    result = run(
        "onset",
        {"h": 0.58},
        sweep={"T": [0.095, 0.1, 0.11]},
        numerics={"error": 1e-8, "scan_to": 1.0},
    )
    ((x, T),) = result.summary["lifshitz"]
    Q = [row[-1] for row in result.summary["fflo_Q"] if row]
    assert len(Q) == 2 and 0.1 + 0.005 * Q[1] ** 2 / (Q[0] ** 2 - Q[1] ** 2) == pytest.approx(
        T, abs=4e-4
    )
    assert 3 * uniform_states.gap_sum(
        0.0, uniform_states.Point(h=0.58, T=T, eV=x), BULK
    ) == pytest.approx(1, abs=1e-9)
    C = [
        uniform_states.pair_sum(q, uniform_states.Point(h=0.58, T=T, eV=x), BULK)
        for q in (0.0, 0.02, 0.04)
    ]
    assert (16 * (C[1] - C[0]) - (C[2] - C[0])) / (12 * 0.02**2) == pytest.approx(
        0, abs=2e-5
    )  # sixth derivatives leave 1e-6


def test_onsets_on_a_finite_lattice():
    """12 x 10 sites.

    U C(0) = 1 and the largest U C(Q) = 1 at the reported voltages, at the lattice's own wave
    numbers.

    Fails if Q is an unknown there, too.
    """
    s = run("onset", {"h": 0.5, "T": 0.05}, numerics={**SMALL, "Lx": 12, "Ly": 10}).summary
    grid = uniform_states.finite(12, 10)
    assert len(s["bcs_onsets"]) + len(s["fflo_onsets"]) > 1
    for x in s["bcs_onsets"]:
        assert 3 * uniform_states.gap_sum(
            0.0, uniform_states.Point(h=0.5, T=0.05, eV=x), grid
        ) == pytest.approx(1, abs=1e-10)
    for x, Q in zip(s["fflo_onsets"], s["fflo_Q"]):
        C = uniform_states.pair_sum(
            2 * np.pi * np.arange(7) / 12, uniform_states.Point(h=0.5, T=0.05, eV=x), grid
        )
        assert 3 * C.max() == pytest.approx(1, abs=1e-9) and Q == pytest.approx(
            2 * np.pi * np.argmax(C) / 12
        )


# ---- branches and currents along them -----------------------------------------------------------


def test_branches_hold_every_root():
    """h = 0.58, T = 0.02: V_min, V_max.

    The roots at 7 voltages lie on the branches with the stability found point by point.

    Between two spots a branch is a straight line to 1e-3. Fails if pieces are not cut at folds, or
    without the branch at rest.
    """
    eV = [0.0, 0.2, 0.5, 0.65, 0.8, 1.15, 1.5]
    result = run("branches", {"h": 0.58, "T": 0.02}, sweep={"eV": [*eV, 2.0]})
    assert [result.summary["eV_min"], result.summary["eV_max"]] == pytest.approx(
        [0.546474, 1.573647], abs=1e-6
    )
    x, D, code, number = (
        np.asarray(result[name]) for name in ("eV", "delta", "stability_code", "branch")
    )
    for V in eV:
        for state in onsets.steady_states(uniform_states.Point(h=0.58, T=0.02, eV=V), BULK):
            near = []
            for i in np.flatnonzero((np.diff(number) == 0) & (np.diff(code) == 0)):
                low, high = sorted((i, i + 1), key=lambda k: x[k])
                if x[low] <= V + 1e-12 and V <= x[high] + 1e-12 and x[high] > x[low]:
                    near.append(
                        (
                            abs(np.interp(V, x[[low, high]], D[[low, high]]) - state.delta),
                            ("unstable", "stable", "metastable")[code[i]],
                        )
                    )
            gap, name = min(near)
            assert gap < 1e-3 and name == state.stability
    assert np.max(np.asarray(result.residual)) < 1e-11


def test_branches_over_the_field():
    """Branches over the field end at its fold and at h_bcs.

    At rest and T = 0.02 the uniform branch folds at the field where its amplitude mode goes soft;
    the onset is h_bcs.

    Fails if the parameter is always the bias.
    """
    result = run("branches", {"T": 0.02}, sweep={"h": {"from": 0.0, "to": 0.9, "points": 10}})
    h, D = result.summary["folds"][-1], result.summary["folds_delta"][-1]
    F, slope, _ = uniform_states.gap_slopes(D, uniform_states.Point(h=h, T=0.02), BULK)
    assert abs(3 * F - 1) < 1e-10 and abs(slope) < 1e-9
    onset = np.asarray(result.h)[np.argmin(np.asarray(result.delta))]
    assert onset == pytest.approx(0.350824, abs=1e-6)


def test_current_and_conductance_along_the_stable_branch():
    """I at three voltages from the root there, dI/dV as the difference of I along the branch.

    The normal state below V_min.

    Fails without dD/dV in the conductance.
    """
    step = 0.02
    eV = [0.3, 0.9 - step, 0.9, 0.9 + step]
    result = run("iv", {"h": 0.58, "T": 0.02}, sweep={"eV": eV})
    current, slope = np.asarray(result.I), np.asarray(result.dI_dV)
    assert np.isnan(current[0]) and result.summary["I"][0] is None and result.I_normal[0] > 0
    point = uniform_states.Point(h=0.58, T=0.02, eV=0.9)
    root = onsets.roots(point, BULK)[-1]
    assert current[2] == pytest.approx(
        currents.transport(root, point, BULK)["current_left"], abs=1e-12
    )
    assert slope[2] == pytest.approx((current[3] - current[1]) / (2 * step), rel=1e-3)
    partial = currents.transport(root, point, BULK)["by_eV"][0]
    assert abs(slope[2] - partial) > 0.05 * abs(partial)


def test_unequal_leads_carry_a_normal_current():
    """Leads that do not mirror each other.

    The normal state's I(V) of the formula tested above, and a word about condensates.

    Fails if a hole's levels are shifted like an electron's.
    """
    result = run(
        "iv",
        {"mu": -0.3, "h": 0.2, "T": 0.1},
        sweep={"eV": [0.0, 0.4]},
        leads={"left": {"gamma": 0.1, "mu": -0.2}, "right": {"gamma": 0.2, "T": 0.2}},
        numerics={"step": 0.2},
    )
    assert any("turn the phase" in w for w in result.warnings)
    at = uniform_states.Point(
        mu=-0.3,
        h=0.2,
        eV=0.4,
        leads=(Lead("left", 0.1, 0.1, -0.2, 1), Lead("right", 0.2, 0.2, -0.3, -1)),
    )
    plain = currents.transport(0.0, at, uniform_states.finite(300, 300))
    assert result.I_normal[1] == pytest.approx(plain["current_left"], abs=1e-9)
    assert result.I_normal[0] > 0 and result.summary["region"] == [None, None]


@pytest.mark.parametrize(
    ("task", "parameters", "keys"),
    [
        (
            "tmatrix",
            {"h": 0.58, "T": 0.02, "eV": 0.8},
            ("U_C_max", "inverse_T_min", "U_C_max_diagonal"),
        ),
        ("onset", {"eV": 0.0, "T": 0.02}, ("h_fflo", "fflo_Q")),
    ],
)
def test_errors_bound_what_a_finer_sum_changes(task, parameters, keys):
    """From sums good to 1e-6 to sums good to 1e-10.

    Each number moves by less than its error and by more than a hundredth of it.

    Fails if the error is the requested one, or that of the solver alone.
    """
    rough, fine = (run(task, parameters, numerics={"error": error}) for error in (1e-6, 1e-10))
    for key in keys:
        moved = abs(rough.summary[key] - fine.summary[key])
        assert 0.01 * rough.errors[key] < moved < 1.01 * rough.errors[key]
        assert fine.errors[key] < 1e-9
    for key, error in rough.errors.items():
        pairs = zip(
            *(np.ravel(np.array(v, float)) for v in (rough.summary[key], fine.summary[key], error))
        )
        assert all(abs(a - b) <= 1.01 * e for a, b, e in pairs), key


# ---- inputs, ranks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "tables", "words"),
    [
        ("onset", {"parameters": {"h": 0.5}}, "onset seeks one of eV, h and T"),
        ("onset", {"parameters": {"h": 0.5, "T": 0.1, "eV": 0.2}}, "leave it out"),
        ("branches", {}, "over eV or h"),
        ("branches", {"sweep": {"eV": [0.5, 0.1]}}, "must ascend"),
        ("iv", {}, "[sweep] eV"),
        ("tmatrix", {"numerics": SMALL, "sweep": {"Q": [0.3, 0.4]}}, "2 pi n/Lx"),
        (
            "tmatrix",
            {"leads": {"left": {"gamma": 0.3}}, "parameters": {"h": 0.3, "T": 0.1, "eV": 0.2}},
            "mirror each other",
        ),
        ("steady", {"petsc": {"steady": {"snes_maxit": 3}}}, "snes_maxit"),
        ("steady", {"parameters": {"T": 0.0, "gamma": 0.0}}, "smooths the levels"),
    ],
)
def test_what_makes_no_sense_is_refused(task, tables, words, tmp_path):
    """One line that names the table and the key.

    Fails if the option check is left out (snes_maxit).
    """
    with pytest.raises(InputError) as refused:
        driver.run(
            {"system": "nsn-junction", "task": task, **tables}, tmp_path / "no.h5", quiet=True
        )
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_a_root_that_is_not_reached_is_marked(tmp_path):
    """One Newton step without a line search from a seed a step away cannot do.

    With no iterations allowed the result says so.

    Fails if a solution is believed whatever its reason.
    """
    tree = {
        "system": "nsn-junction",
        "task": "steady",
        "parameters": {"h": 0.58, "eV": 0.8},
        "petsc": {"steady": {"snes_atol": 1e-30, "snes_rtol": 1e-30, "snes_max_it": 1}},
    }
    with pytest.raises(NotConverged):
        driver.run(tree, tmp_path / "lost.h5", quiet=True)
    result = hpcneq.open(tmp_path / "lost.h5")
    assert result.status == "not-converged" and len(result.summary["roots"]) == 2


CASES = {
    "steady": {"parameters": {"h": 0.5, "T": 0.1, "eV": 0.3}, "numerics": SMALL},
    "steady-infinite": {"parameters": {"h": 0.3, "T": 0.1, "eV": 0.3}},
    "tmatrix": {"parameters": {"h": 0.5, "T": 0.1, "eV": 0.3}, "numerics": SMALL},
    "onset": {
        "parameters": {"h": 0.3},
        "sweep": {"T": [0.15, 0.2, 0.25]},
        "numerics": {**SMALL, "scan_step": 0.1, "scan_to": 1.2},
    },
    "branches": {
        "parameters": {"h": 0.3},
        "sweep": {"T": [0.2, 0.25, 0.3], "eV": [0.0, 0.6]},
        "numerics": {**SMALL, "step": 0.05},
    },
    "iv": {
        "parameters": {"h": 0.3, "T": 0.2},
        "sweep": {"eV": [0.0, 0.6]},
        "numerics": {**SMALL, "step": 0.1},
    },
}


@pytest.mark.parallel
@pytest.mark.parametrize("name", CASES)
def test_any_number_of_ranks_gives_the_same(name, comm, shared_tmp):
    """Every data set and number of a task on all ranks equals that of one rank to 1e-11.

    More ranks than work do no harm.

    Fails if a rank adds its share of the frequencies in its own order.
    """
    tree = {"system": "nsn-junction", "task": name.split("-")[0], **CASES[name]}
    result = hpcneq.run(tree, output=shared_tmp / "all.h5")
    comm.barrier()
    if comm.rank == 0:
        driver.run(tree, shared_tmp / "one.h5", quiet=True, comm=solo())
    comm.barrier()
    alone = hpcneq.open(shared_tmp / "one.h5")
    assert result.status == alone.status == "complete" and list(result) == list(alone)
    for key in result:
        a, b = np.asarray(result[key]), np.asarray(alone[key])
        assert a.shape == b.shape and np.all(
            (np.abs(a - b) < 1e-11) | (np.isnan(a) & np.isnan(b))
        ), key


@pytest.mark.parallel
def test_a_root_over_ranks(comm):
    """The gap equation's frequencies, or levels, over ranks: the root of one rank, bit for bit.

    Fails if a rank keeps frequencies that are not its own.
    """
    for grid in (uniform_states.infinite(), uniform_states.finite(8, 6)):
        problem = gap_equations.GapRoot(uniform_states.Point(h=0.3, T=0.1, eV=0.3), grid)
        mine, alone = (
            newton.solve(problem, c, np.array([0.6]), prefix="steady_", fix=False)
            for c in (comm, solo())
        )
        assert mine.converged and mine.x[0] == alone.x[0]
        assert len(set(comm.allgather(mine.x.tobytes()))) == 1
