"""Folds of the branches of uniform states: none missed, whatever the spacing of a scan.

The second route to a fold is the smallest or largest bias along the branch, eV(D), from plain
momentum sums of the gap equation as printed.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import digamma

import hpcneq
from hpcneq.systems.nsn_junction.physics import onsets
from hpcneq.systems.nsn_junction.physics.uniform_states import Point, infinite

LOOSE = infinite(1e-6)
NEAR_A_SADDLE = {"U": 2.8, "mu": 0.3, "gamma": 0.02, "h": 0.45, "T": 0.03}
THREE_FOLDS = [0.28858619, 0.31430482, 1.18914449]


def run(task, parameters, **tables):
    """The Result of a static task."""
    return hpcneq.run({"system": "nsn-junction", "task": task, "parameters": parameters, **tables})


def gap_mean(D, eV, point, L=160):
    """F(D), Eq. (47), as a mean over L x L momenta of digamma functions, T > 0."""
    k = np.cos(2 * np.pi * (np.arange(L // 2) + 0.5) / L)
    E = np.hypot(-2 * (k[:, None] + k) - point.mu, D)
    G, T = 2 * point.gamma, point.T
    total = 0.0
    for shift in (point.h + eV / 2, point.h - eV / 2):
        for sign in (1, -1):
            z = 0.5 + (G + 1j * (E + sign * shift)) / (2 * np.pi * T)
            total = total + (2 / np.pi) * digamma(z).imag
    return float(np.mean(total / (8 * E)))


def turning_bias(fold, D, point, L):
    """(eV, D) where the bias along the branch, eV(D), has its extremum next to a fold.

    The top of the parabola through three biases at which the gap equation holds.
    """
    biases = [
        brentq(
            lambda x, d=d: point.U * gap_mean(d, x, point, L) - 1,
            fold - 2e-3,
            fold + 2e-3,
            xtol=1e-12,
        )
        for d in (0.99 * D, D, 1.01 * D)
    ]
    slope, bend = biases[2] - biases[0], biases[0] + biases[2] - 2 * biases[1]
    assert (biases[0] - biases[1]) * (biases[2] - biases[1]) > 0
    return biases[1] - slope**2 / (8 * bend), D - 0.01 * D * slope / (2 * bend)


FOLDS = [
    (Point(2.8, 0.3, 0.02, 0.45, 0.03), 1.18914449),
    (Point(h=0.58, T=0.06), 1.50481577),
    (Point(h=0.58, T=0.07), 1.49451905),
    (Point(h=0.58, T=0.09), 0.74181161),
    (Point(h=0.58, T=0.10), 0.75287729),
    (Point(h=0.0, T=0.22), 0.95622902),
    (Point(h=0.0, T=0.24), 0.93659931),
]


@pytest.mark.parametrize(("point", "fold"), FOLDS, ids=[f"h={p.h}-T={p.T}" for p, _ in FOLDS])
def test_a_fold_next_to_an_onset_is_found(point, fold):
    """Folds a few hundredths beyond an onset, on a scan in steps of 0.55.

    Each is the extreme bias of its branch by momentum sums. Fails if folds are sought where the
    number of roots changes from one value of a scan to the next.
    """
    biases, gaps = onsets.folds(point, LOOSE, np.linspace(0.0, 2.2, 5))
    nearest = int(np.argmin(np.abs(np.array(biases) - fold)))
    assert biases[nearest] == pytest.approx(fold, abs=1e-7)
    bias, gap = turning_bias(fold, gaps[nearest], point, 320 if point.mu else 160)
    assert biases[nearest] == pytest.approx(bias, abs=1e-8)
    assert gaps[nearest] == pytest.approx(gap, abs=1e-4)


@pytest.mark.parametrize("step", [0.5, pytest.param(0.04, marks=[pytest.mark.nightly])])
def test_folds_do_not_depend_on_the_step_of_the_scan(step):
    """`onset` finds the three folds of `branches` and says that they are all.

    Fails if folds are sought between the points of the scan.
    """
    numerics = {"scan_step": step, "scan_to": 1.3, "error": 1e-5}
    result = run("onset", NEAR_A_SADDLE, numerics=numerics)
    assert result.summary["folds"] == pytest.approx(THREE_FOLDS, abs=1e-7)
    assert result.summary["folds_delta"][-1] == pytest.approx(0.14157553, abs=1e-7)
    assert result.summary["folds_complete"] is True


def test_lines_of_a_map_end_at_solved_points():
    """Rows on both sides of a tricritical point: there a fold, here none, and the point between.

    At the point F(0) = 1/U and the term of F in D^2 vanishes, both by momentum sums, and D^2 of the
    fold leads to it. Fails if the map's folds are counted roots, or with dF/dD for (1/D) dF/dD.
    """
    rows = [0.24, 0.25, 0.29]
    result = run("phase-diagram", {"h": 0.0}, sweep={"T": rows, "eV": [0.0, 0.9, 1.2]})
    assert np.isfinite(np.asarray(result.fold)[:, 0]).tolist() == [True, True, False]
    assert result.fold[0, 0] == pytest.approx(0.93659931, abs=1e-6)
    ((eV, T),) = result.summary["tricritical"]
    assert max(result.errors["tricritical"][0]) < 1e-6 and result.summary["folds_complete"]
    at = Point(T=T)
    F = np.array([gap_mean(D, eV, at) for D in (1e-6, 0.02, 0.04)])
    assert 3 * F[0] == pytest.approx(1, abs=1e-7)
    assert (16 * (F[1] - F[0]) - (F[2] - F[0])) / (12 * 0.02**2) == pytest.approx(0, abs=1e-5)
    square = np.asarray(result.fold_delta)[:2, 0] ** 2
    assert rows[0] + 0.01 * square[0] / (square[0] - square[1]) == pytest.approx(T, abs=4e-3)


def test_no_clogston_field_where_the_transition_is_continuous():
    """At T = 0.3 the normal state gives way continuously: no number, and a word about it.

    At T = 0.26 both are there, h_cc above h_bcs. Fails if the branch is followed to where it ends.
    """
    result = run("onset", {"eV": 0.0}, sweep={"T": [0.26, 0.3]}, numerics={"error": 1e-6})
    first, second = result.summary["h_cc"]
    assert first > result.summary["h_bcs"][0] and second is None
    assert [len(folds) for folds in result.summary["folds"]] == [1, 0]
    assert any("h_cc: none on 1 of 2 lines" in words for words in result.warnings)
    ((h, T),) = result.summary["tricritical"]
    assert 0.26 < T < 0.3


def test_a_function_that_crosses_twice_between_two_values():
    """Both zeros of a parabola whose top is above zero between two values of the scan.

    Fails if only the changes of sign are looked at.
    """
    values = list(np.arange(0.0, 1.0, 0.1))
    zeros = onsets.crossings(lambda x: 1e-4 - (x - 0.436) ** 2, values)
    assert zeros == pytest.approx([0.426, 0.446], abs=1e-9)
    assert onsets.crossings(lambda x: -1e-4 - (x - 0.436) ** 2, values) == []


@pytest.mark.nightly
def test_branches_next_to_a_saddle_are_not_crossed():
    """Two branches, each once, next to where they meet at a slightly higher temperature.

    Fails without the second search: a step goes from one branch to the other.
    """
    result = run("branches", NEAR_A_SADDLE, sweep={"eV": {"from": 0.0, "to": 2.0, "points": 21}})
    assert result.summary["folds"] == pytest.approx(THREE_FOLDS, abs=1e-7)
    assert result.summary["branches"] == 2 and result.summary["folds_complete"] is True


def pair_mean(Q, angle, point, L=300):
    """C(Q), Eq. (53), as a mean over L x L momenta for Q at an angle to x, T > 0."""
    kx, ky = (2 * np.pi * (np.arange(L) + start) / L for start in (0.5, 0.37))  # A + B != 0
    x, y = 0.5 * Q * np.cos(angle), 0.5 * Q * np.sin(angle)
    up, down = (
        -2 * np.cos(kx + sign * x)[:, None] - 2 * np.cos(ky + sign * y) - point.mu
        for sign in (1, -1)
    )
    G, T, total = 2 * point.gamma, point.T, 0.0
    for shift in (point.h + point.eV / 2, point.h - point.eV / 2):
        for e in (up - shift, down + shift):
            z = 0.5 + (G + 1j * e) / (2 * np.pi * T)
            total = total + (2 / np.pi) * digamma(z).imag
    return float(np.mean(total / (4 * (up + down))))


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("eV", "Q", "between", "diagonal"),
    [(0.15718, 0.69971, 0.8902, 0.8687), (0.69604, 0.27223, 0.9522, 0.9405)],
)
def test_pairs_along_x_are_the_strongest(eV, Q, between, diagonal):
    """At the FFLO onsets along x, h = 0.58, T = 0.02, U C < 1 at 22.5 degrees and on the diagonal.

    The largest of 9 momenta around each peak by momentum sums. Fails with Q along the diagonal
    turned onto x.
    """
    point = Point(h=0.58, T=0.02, eV=eV)
    assert 3 * pair_mean(Q, 0.0, point) == pytest.approx(1, abs=1e-4)
    for angle, largest in ((np.pi / 8, between), (np.pi / 4, diagonal)):
        momenta = np.linspace(0.65, 0.9, 9) * Q
        C = max(pair_mean(q, angle, point) for q in momenta)
        assert 3 * C == pytest.approx(largest, abs=2e-3)
