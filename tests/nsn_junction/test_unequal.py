"""Static tasks between leads that do not mirror each other: D and mu_pair solved together.

The second routes: the frequency integral over G^R Sigma^< G^A of all sites, the pair
susceptibility by contours, and the linear response of :mod:`.response`.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import root
from support import independent

import hpcneq
from hpcneq.errors import NotConverged
from hpcneq.solvers.newton import Solution
from hpcneq.systems.nsn_junction.physics import rotating_condensate, turning_states
from hpcneq.systems.nsn_junction.physics.operating_point import Lead, Point
from hpcneq.systems.nsn_junction.physics.pair_susceptibility import pair_response
from hpcneq.systems.nsn_junction.physics.still_modes import StillMode, nearest_onset, still_modes
from hpcneq.systems.nsn_junction.physics.uniform_states import finite, infinite
from hpcneq.systems.nsn_junction.shared import rotating_states, turning_branches

H = 0.3
TABLE = {"left": {"gamma": 0.06, "T": 0.1, "mu": 0.05}, "right": {"gamma": 0.03}}
LEADS = (Lead("left", 0.06, 0.1, 0.05, 1), Lead("right", 0.03, 0.08, 0.0, -1))
LATTICE = {"lattice": "finite", "Lx": 3, "Ly": 2, "step": 0.2}
ONSETS = {"lattice": "finite", "Lx": 3, "Ly": 2, "scan_step": 0.2, "scan_to": 1.0}
SMALL = finite(3, 2)


def run(task, numerics=None, **tables):
    """The Result of a static task between these leads."""
    source = {"system": "nsn-junction", "task": task, "parameters": {"h": H, "T": 0.08}}
    return hpcneq.run(source | {"leads": TABLE, "numerics": numerics or LATTICE, **tables})


def by_frequencies(D, m, eV):
    """(U F(D, m), current from the left lead) by the integral over w, all sites together."""
    baths = [
        independent.Lead(lead.gamma, lead.T, lead.mu + 0.5 * lead.sign * eV - m, None)
        for lead in LEADS
    ]
    G, current = independent.quadrature(independent.hopping(3, 2, m), np.full(6, D), H, baths)
    return 3 * (-1j * G[0, 6]) / D, current[0].sum()


@pytest.fixture(scope="module")
def currents():
    """The task ``iv`` over two biases."""
    return run("iv", sweep={"eV": [0.2, 0.4]})


def test_current_of_a_turning_condensate(currents):
    """Each stable state solves the gap equation with its mu_pair, and its current is Landauer's.

    dI/dV is the difference of two states of neighbouring biases. Fails with mu_pair kept at mu,
    or with a current that lacks the hole's own memory.
    """
    s = currents.summary
    for k, eV in enumerate(s["eV"]):
        F, current = by_frequencies(s["delta"][k], s["mu_pair"][k], eV)
        assert F == pytest.approx(1, abs=1e-6)
        assert s["I"][k] == pytest.approx(current, abs=1e-7)
        assert abs(s["I"][k] + currents.current_right[k]) < 1e-12
    near = []
    for eV in (0.19, 0.21):
        at = Point(h=H, eV=eV, leads=LEADS)
        D, m = root(turning_states.state(at, SMALL), [s["delta"][0], s["mu_pair"][0]]).x
        near.append(by_frequencies(D, m, eV)[1])
    assert s["dI_dV"][0] == pytest.approx((near[1] - near[0]) / 0.02, rel=1e-2)
    assert any("mu_pair" in words for words in currents.warnings)


@pytest.mark.nightly
def test_branches_of_turning_condensates(currents):
    """Points of every branch obey the linear response's gap equation; folds end its stable part.

    At a fold the bias along the branch is extreme. Fails if a branch is followed in D alone.
    """
    result = run("branches", sweep={"eV": [0.0, 0.4, 0.8]})
    s = result.summary
    assert s["folds_complete"] is True and s["branches"] >= 1
    for k in range(0, len(result.eV), 3):
        at = Point(h=H, eV=float(result.eV[k]), leads=LEADS)
        D, m = float(result.delta[k]), float(result.mu_pair[k])
        assert abs(rotating_condensate.force(D, m, at, SMALL)) < 1e-9
    for eV, D, m in zip(s["folds"], s["folds_delta"], s["folds_mu"]):
        biases = []
        for gap in (0.98 * D, D, 1.02 * D):

            def equations(u, gap=gap):
                f = rotating_condensate.force(gap, u[1], Point(h=H, eV=u[0], leads=LEADS), SMALL)
                return [f.real, f.imag]

            biases.append(root(equations, [eV, m], tol=1e-13).x[0])
        assert biases[1] == pytest.approx(eV, abs=1e-9)
        assert (biases[0] - eV) * (biases[2] - eV) > 0
    whole = [low <= 0.2 <= high for low, high in s["stable"]]
    assert any(whole) and currents.summary["delta"][0] is not None


@pytest.mark.nightly
def test_onsets_between_unequal_leads():
    """At every onset the pair susceptibility at the mode's own frequency is 1/U.

    Fails if the onset is sought at zero frequency, z = 0.
    """
    s = run("onset", ONSETS).summary
    assert len(s["bcs_onsets"]) > 0
    for eV, m in zip(s["bcs_onsets"], s["bcs_mu"]):
        at = Point(h=H, eV=eV, leads=LEADS)
        assert abs(3 * pair_response(0.0, 2 * m, at, SMALL) - 1) < 1e-8
        assert abs(3 * pair_response(0.0, 0.0, at, SMALL) - 1) > 1e-3
    for eV, m, Q in zip(s["fflo_onsets"], s["fflo_mu"], s["fflo_Q"]):
        at = Point(h=H, eV=eV, leads=LEADS)
        assert abs(3 * pair_response(Q, 2 * m, at, SMALL) - 1) < 1e-8


@pytest.mark.nightly
def test_a_fold_between_unequal_leads():
    """There is one in a field of 0.6; the bias of states next to it is extreme there.

    By the linear response's gap equation. Fails if the fold is that at a fixed mu_pair.
    """
    left, right = {"gamma": 0.03, "T": 0.03, "mu": 0.02}, {"gamma": 0.02}
    source = {"system": "nsn-junction", "task": "onset", "parameters": {"h": 0.6, "T": 0.03}}
    tables = {"leads": {"left": left, "right": right}, "numerics": ONSETS | {"scan_to": 1.6}}
    s = hpcneq.run(source | tables).summary
    leads = (Lead("left", 0.03, 0.03, 0.02, 1), Lead("right", 0.02, 0.03, 0.0, -1))
    ((eV,), (D,), (m,)) = (s[name] for name in ("folds", "folds_delta", "folds_mu"))
    biases = []
    for gap in (0.98 * D, D, 1.02 * D):

        def equations(u, gap=gap):
            f = rotating_condensate.force(gap, u[1], Point(h=0.6, eV=u[0], leads=leads), SMALL)
            return [f.real, f.imag]

        biases.append(root(equations, [eV, m], tol=1e-13).x[0])
    assert biases[1] == pytest.approx(eV, abs=1e-8)
    assert (biases[0] - eV) * (biases[2] - eV) > 0


SIX = {"lattice": "finite", "Lx": 6, "Ly": 6, "scan_step": 0.25}
COLD = (Lead("left", 0.03, 0.03, 0.02, 1), Lead("right", 0.02, 0.03, 0.0, -1))
COLD_TABLE = {"left": {"gamma": 0.03, "T": 0.03, "mu": 0.02}, "right": {"gamma": 0.02}}


def wave_onsets(U, h, scan_to):
    """Onsets in eV between cold leads on 6 x 6 sites: the summary of `onset`."""
    source = {"system": "nsn-junction", "task": "onset", "parameters": {"U": U, "h": h, "T": 0.03}}
    return hpcneq.run(
        source | {"leads": COLD_TABLE, "numerics": SIX | {"scan_to": scan_to}}
    ).summary


def growing_pairs(U, h, eV):
    """Modes that grow at each momentum along x: how often C - 1/U winds around 0 along real z."""
    at, z, counts = Point(U=U, h=h, eV=eV, leads=COLD), np.linspace(-3.0, 3.0, 601), []
    for Q in 2 * np.pi * np.arange(4) / 6:
        angles = np.unwrap(np.angle(U * pair_response(float(Q), z, at, finite(6, 6)) - 1))
        counts.append(round((angles[-1] - angles[0]) / (2 * np.pi)))
    return counts


@pytest.mark.nightly
def test_an_onset_with_a_momentum_between_unequal_leads():
    """At the onset C(Q, z) is 1/U, and pairs grow on one side of it alone, of that momentum.

    Fails if the momentum kept is not the one that pairs last.
    """
    s = wave_onsets(4.0, 0.8, 0.75)
    ((eV,), (m,), (Q,)) = (s[name] for name in ("fflo_onsets", "fflo_mu", "fflo_Q"))
    at = Point(U=4.0, h=0.8, eV=eV, leads=COLD)
    assert abs(4 * pair_response(Q, 2 * m, at, finite(6, 6)) - 1) < 1e-8
    assert Q == pytest.approx(2 * np.pi / 6)
    assert growing_pairs(4.0, 0.8, eV - 0.02) == [0, 1, 0, 0]
    assert growing_pairs(4.0, 0.8, eV + 0.02) == [0, 0, 0, 0]


@pytest.mark.nightly
def test_no_onset_where_other_pairs_grow_already():
    """At eV = 0.9734 pairs of Q = 2 pi/3 come to rest, but uniform ones still grow: no onset.

    Fails if a momentum whose frequency secants do not find counts as one that does not pair.
    """
    assert growing_pairs(3.0, 0.45, 0.95) == [1, 0, 1, 0]
    assert growing_pairs(3.0, 0.45, 1.0) == [1, 0, 0, 0]
    s = wave_onsets(3.0, 0.45, 1.0)
    assert s["fflo_onsets"] == [] and len(s["bcs_onsets"]) == 1


def test_the_onset_next_to_a_state_is_that_of_its_count():
    """Modes at rest, by excess: -0.2 upwards; 0.1 up and 0.05 down, whose growth has ended again.

    Fails with the largest excess of all in place of the nearest change of the count, or if a value
    at which Im C is 0 hides a mode.
    """
    up, down, low = StillMode(0.2, 0.1, 1), StillMode(0.3, 0.05, -1), StillMode(0.1, -0.2, 1)
    assert nearest_onset([low]) == (-0.2, 0.1) and nearest_onset([]) is None
    assert nearest_onset([low, up]) == (0.1, 0.2)
    assert nearest_onset([low, up, down]) == (-0.05, 0.3)
    (mode,) = still_modes(lambda m: 0.5 + 1j * m, np.linspace(-1.0, 1.0, 5))  # one value is a zero
    assert (mode.mu, mode.excess, mode.direction) == (0.0, 0.5, 1)


def test_a_state_that_is_not_found_is_no_current(monkeypatch):
    """What SNES leaves unsolved ends the task. Fails if its last iterate is told as the state."""
    lost = Solution(np.array([0.5, 0.0]), 1e-3, "diverged", False, 9, None)
    monkeypatch.setattr(turning_branches, "polished", lambda *more: (lost, np.zeros(2)))
    with pytest.raises(NotConverged, match=r"eV = 0.2: .*not found \(diverged"):
        run("iv", sweep={"eV": [0.2]})


def test_errors_of_what_a_state_carries_hold_those_of_the_state():
    """Fails with the grid's alone, which a finite lattice has not."""
    at = Point(h=H, eV=0.3, leads=LEADS)
    solution = root(turning_states.state(at, SMALL), [0.34, 0.02])
    states = rotating_states.RotatingStates(np.zeros(2), np.zeros(2))
    states.states, states.errors = [solution], [np.array([1e-3, 1e-3])]
    table, errors = rotating_states._carried_and_error(states, at, SMALL)
    D, m = solution.x
    moved = turning_states.carried(D + 1e-3, m + 1e-3, at, SMALL)
    assert errors[0, 0] > 0.99 * abs(moved.density - table[0, 0]) > 1e-6
    assert errors[1].max() < 1e-10


def test_sums_over_levels_are_those_of_the_response():
    """F(D, m) of the infinite lattice by G^< and by the response matrix, also next to D = 0.

    Fails with half the nodes.
    """
    at = Point(h=0.3, eV=0.4, leads=LEADS)
    for D in (0.7, 0.05, 0.0):
        f = turning_states.gap_excess(D, 0.03, at, infinite())
        assert abs(f + rotating_condensate.force(D, 0.03, at, infinite())) < 1e-9
