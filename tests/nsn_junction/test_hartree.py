"""Hartree shifts: density and magnetization found with the gap, at rest, under bias and in time.

The second routes: dense levels of all sites iterated to self-consistency, dense bath modes in one
matrix, long evolutions, and derivatives of the free energy.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from support import independent

import hpcneq
from hpcneq.errors import InputError
from hpcneq.systems.nsn_junction.physics import (
    currents,
    hartree,
    onsets,
    patterns,
    uniform_states,
)
from hpcneq.systems.nsn_junction.physics.junction import fit_poles, stripe
from hpcneq.systems.nsn_junction.physics.operating_point import Lead, Point
from hpcneq.systems.nsn_junction.physics.uniform_states import (
    finite,
    free_energy,
    gap_bend,
    gap_slopes,
    gap_sum,
    infinite,
)

MODEL = {"U": 3.0, "mu": -0.3, "h": 0.3, "T": 0.1, "gamma": 0.08, "hartree": True}
BULK = infinite(1e-6)


def run(task, parameters, **tables):
    """The Result of a task with Hartree shifts."""
    return hpcneq.run({"system": "nsn-junction", "task": task, "parameters": parameters, **tables})


def iterated(U, mu, h, T, gamma, eV, size, rounds=400):
    """(D, n, m) of the uniform state of a lattice, from dense levels, iterated until they stay."""
    xi = independent.hopping(*size, mu)
    N, one = len(xi), np.eye(len(xi))
    D, up, down = 0.3 * U, 0.5, 0.5
    for _ in range(rounds):
        levels = xi - U * (0.5 * (up + down) - 0.5) * one
        e, V = np.linalg.eigh(independent.bdg(levels, np.full(N, D), h - 0.5 * U * (up - down)))
        F = sum(0.5 * independent.broadened_fermi(e - v, 2 * gamma, T) for v in (eV / 2, -eV / 2))
        G = V @ np.diag(F) @ V.conj().T
        D, up, down = U * G[0, N].real, G[0, 0].real, 1 - G[N, N].real
    return D, up + down, up - down


@pytest.mark.parametrize("eV", [0.0, 0.3])
def test_steady_by_dense_levels(eV):
    """Gap, density and magnetization by SNES are those that dense levels settle at.

    Fails with U n/2 for U (n - 1)/2, or with the magnetization raising the field.
    """
    size = (4, 3)
    numerics = {"lattice": "finite", "Lx": size[0], "Ly": size[1]}
    s = run("steady", MODEL | {"eV": eV}, numerics=numerics).summary
    D, n, m = iterated(3.0, -0.3, 0.3, 0.1, 0.08, eV, size)
    assert s["roots"][-1] == pytest.approx(D, abs=1e-9)
    assert s["density"][-1] == pytest.approx(n, abs=1e-9)
    assert s["magnetization"][-1] == pytest.approx(m, abs=1e-9)
    assert s["mu_hartree"][-1] == pytest.approx(-0.3 + 1.5 * (n - 1), abs=1e-9)
    assert s["h_hartree"][-1] == pytest.approx(0.3 - 1.5 * m, abs=1e-9)
    assert abs(n - 1) > 0.05 and m > 0.01


def test_spectrum_by_dense_levels():
    """Densities of states are those of the shifted levels, and Fermi edges move with their mean.

    Fails with the levels of the bare band, or with the edges of one spin moved by its own density.
    """
    size, eV, width = (4, 3), 0.3, 0.16
    D, n, m = iterated(3.0, -0.3, 0.3, 0.1, 0.08, eV, size)
    numerics, w = {"Lx": size[0], "Ly": size[1]}, [-1.3, 0.0, 0.4]
    tables = {"numerics": numerics, "initial": {"state": "bcs"}, "sweep": {"w": w}}
    result = run("spectrum", MODEL | {"eV": eV}, **tables)
    s = result.summary
    assert (s["density"], s["magnetization"]) == pytest.approx((n, m), abs=1e-5)
    shifted, h = independent.hopping(*size, -0.3 + 1.5 * (n - 1)), 0.3 - 1.5 * m
    N = len(shifted)
    e, V = np.linalg.eigh(independent.bdg(shifted, np.full(N, D), 0.0))
    for sign, half, name in ((1, V[:N], "A_up"), (-1, V[N:], "A_down")):
        lorentz = width / np.pi / ((sign * np.array(w)[:, None] + h - e) ** 2 + width**2)
        table = lorentz @ (np.abs(half) ** 2).mean(0)
        assert np.asarray(result[name]).mean(1) == pytest.approx(table, abs=1e-5)
    by_charge = 1.5 * (n - 1)
    assert s["edges_up"] == pytest.approx([h + v + by_charge for v in (-0.15, 0.15)], abs=1e-5)
    assert s["edges_down"] == pytest.approx([-h + v + by_charge for v in (-0.15, 0.15)], abs=1e-5)
    normal = run(
        "spectrum", MODEL | {"eV": eV, "T": 0.5}, **tables | {"initial": {"state": "normal"}}
    )
    at = hartree.dressed(0.0, Point(3.0, -0.3, 0.08, 0.3, 0.5, eV, hartree=True), infinite(1e-4))
    C = uniform_states.pair_sum(normal.Q, at, infinite(1e-4))
    assert np.asarray(normal.C_inner) + np.asarray(normal.C_outer) == pytest.approx(C, abs=1e-6)


class ShiftedModes(independent.DenseModes):
    """Dense modes with levels that shift by U times the other spin's density less 1/2."""

    def start(self, delta):
        """The stationary state of ``delta`` with levels and field of the state before."""
        kept = self.xi, self.h
        self.xi, self.h = self.before
        y = super().start(delta)
        self.xi, self.h = kept
        return y

    def hamiltonian(self, G):
        """H[G]."""
        occupied = (-1j * np.diagonal(G)).real.reshape(2, -1)[::-1].ravel()
        return super().hamiltonian(G) + np.diag(self.U * (occupied - 0.5))


def test_evolution_by_dense_modes():
    """A kicked and quenched ring of three sites as in one matrix of dense modes.

    Fails if the shifts of holes are those of electrons, or keep their values of the start.
    """
    numerics = {"Lx": 3, "Ly": 1, "dt": 0.05, "pole_error": 1e-6, "error_estimate": False}
    start = {"state": "bcs", "noise": 0.2, "seed": 4}
    step = {"from": 0.2, "to": 0.6}
    model = MODEL | {"mu": -1.7, "gamma": 0.05}
    result = run(
        "evolve",
        model | {"eV": step},
        numerics=numerics,
        initial=start,
        run={"t_max": 2.0, "output_every": 1.0},
    )
    point = Point(3.0, -1.7, 0.05, 0.3, 0.1, 0.2, hartree=True)
    D = onsets.roots(point, finite(3, 1))[-1]
    at = hartree.dressed(D, point, finite(3, 1))
    baths = [independent.Lead(0.05, 0.1, s * 0.1, lambda t, s=s: s * 0.3) for s in (1, -1)]
    leads = (Lead("left", 0.05, 0.1, -1.7, 1), Lead("right", 0.05, 0.1, -1.7, -1))
    fits = fit_poles(leads, 0.1, 9.0, 1e-6)
    dense = ShiftedModes(
        independent.hopping(3, 1, -1.7), 3.0, 0.3, baths, [(fit.w, fit.r) for fit in fits]
    )
    dense.before = independent.hopping(3, 1, at.mu), at.h
    kicked = D + patterns.noise(stripe(3, 1, 0.0), 0.2, 4)
    trace = dense.follow(kicked, [0.0, 1.0, 2.0], rtol=1e-7, atol=1e-9)
    assert np.asarray(result.delta) == pytest.approx(trace.delta, abs=3e-5)
    assert np.asarray(result.density) == pytest.approx(trace.up + trace.down, abs=3e-5)
    assert np.abs(trace.delta[2] - trace.delta[0]).max() > 0.05


def test_the_free_energy_is_stationary():
    """Its slope in D is the gap equation's, that in h less magnetization, that in mu less density.

    Fails without what the shifted levels count twice.
    """
    point, D, d = Point(2.5, -0.4, 0.03, 0.4, 0.05, hartree=True), 0.4, 1e-4
    slope = (free_energy(D + d, point, BULK) - free_energy(D - d, point, BULK)) / (2 * d)
    assert slope == pytest.approx(2 * D * (1 / 2.5 - gap_sum(D, point, BULK)), abs=1e-7)
    states = [currents.transport(x, hartree.dressed(x, point, BULK), BULK) for x in (D, 0.0)]
    for key, name in (("h", "magnetization"), ("mu", "density")):
        ends = [free_energy(D, point.at(**{key: vars(point)[key] + s}), BULK) for s in (-d, d)]
        expected = states[1][name] - states[0][name]
        assert (ends[1] - ends[0]) / (2 * d) == pytest.approx(expected, abs=1e-6)


def test_slopes_follow_density_and_magnetization():
    """dF/dD, dF/d(eV) and (1/D) dF/dD are those of F(D) with both found anew.

    Fails with the slopes at fixed shifts.
    """
    for grid in (BULK, finite(5, 4)):
        point, D, d = Point(2.5, -0.4, 0.03, 0.5, 0.05, 0.3, hartree=True), 0.3, 1e-4
        _, by_gap, by_bias = gap_slopes(D, point, grid)
        F = [gap_sum(D + s, point, grid) for s in (-d, d)]
        assert by_gap == pytest.approx((F[1] - F[0]) / (2 * d), abs=1e-6)
        assert gap_bend(D, point, grid) * D == pytest.approx(by_gap, abs=1e-12)
        F = [gap_sum(D, point.at(eV=0.3 + s), grid) for s in (-d, d)]
        assert by_bias == pytest.approx((F[1] - F[0]) / (2 * d), abs=1e-6)
        assert abs(by_gap - gap_slopes(D, hartree.dressed(D, point, grid), grid)[1]) > 1e-3


def test_the_papers_figures_at_half_filling():
    """At mu = 0 the charge stays 1, so that no figure with h = 0 changes; a field is shifted.

    Fig. 3(b1)'s states are the same with and without. At h = 0.58 each state with shifts is the
    paper's state at its own h - U m/2, the onset of FFLO pairing at rest among them. Fails if the
    density's shift is measured from no particles.
    """
    for eV in (0.0, 0.9):
        same = [onsets.roots(Point(T=0.1, eV=eV, hartree=shifts), BULK) for shifts in (False, True)]
        assert len(same[0]) > 0 and same[1] == pytest.approx(same[0], abs=1e-10)
    point = Point(h=0.58, T=0.02, eV=0.8, hartree=True)
    (D,) = onsets.roots(point, BULK)
    at = hartree.dressed(D, point, BULK)
    assert at.mu == 0 and 0.37 < at.h < 0.38
    assert 3 * gap_sum(D, Point(h=at.h, T=0.02, eV=0.8), BULK) == pytest.approx(1, abs=1e-9)
    paper = 0.6112998561854674
    m = currents.transport(0.0, Point(h=paper, T=0.02), BULK)["magnetization"]
    shifted = hartree.dressed(0.0, Point(h=paper + 1.5 * m, T=0.02, hartree=True), BULK)
    assert shifted.h == pytest.approx(paper, abs=1e-10)


@pytest.mark.parametrize(
    ("task", "tables", "words"),
    [
        ("modes", {"leads": {"left": {"mu": 0.1}}}, "mirror"),
        ("steady", {"leads": {"left": {"mu": 0.1}}}, "mirror"),
        ("iv", {"leads": {"left": {"gamma": 0.1}}, "sweep": {"eV": [0.0, 1.0]}}, "mirror"),
    ],
)
def test_where_there_are_no_shifts(task, tables, words):
    """A task that cannot have them says why. Fails if they are left out silently."""
    with pytest.raises(InputError, match=words):
        run(task, MODEL, **tables)


@pytest.mark.nightly
def test_long_evolutions_end_in_the_static_state():
    """After a step of the bias Delta, density and magnetization are those of `steady`.

    Fails if the evolution's shifts have another reference.
    """
    model = MODEL | {"mu": 0.0, "h": 0.4}
    result = run(
        "evolve",
        model | {"eV": {"from": 0.6, "to": 0.2}},
        numerics={"Lx": 5, "Ly": 3, "error_estimate": False, "pole_error": 1e-7},
        initial={"state": "bcs", "noise": 0.0},
        run={"t_max": 90.0},
    )
    s = run("steady", model | {"eV": 0.2}, numerics={"lattice": "finite", "Lx": 5, "Ly": 3}).summary
    assert result.summary["delta_max"] == pytest.approx(s["roots"][-1], abs=1e-5)
    assert result.summary["magnetization"] == pytest.approx(s["magnetization"][-1], abs=1e-5)
    assert result.summary["density"] == pytest.approx(s["density"][-1], abs=1e-4)


@pytest.mark.nightly
def test_lines_and_currents_with_shifts():
    """`branches`, `iv`, `onset` and `phase-diagram` agree on the fold at h = 0.58, T = 0.02.

    Fails if one of them leaves the shifts out.
    """
    model = {"h": 0.58, "T": 0.02, "hartree": True}
    numerics = {"error": 1e-6}
    line = {"eV": {"from": 0.0, "to": 1.4, "points": 5}}
    branch = run("branches", model, numerics=numerics, sweep=line).summary
    onset = run("onset", model, numerics=numerics | {"scan_to": 1.4}).summary
    assert branch["folds"] == pytest.approx(onset["folds"], abs=1e-8)
    assert branch["folds"] == pytest.approx([1.2253728], abs=1e-6)
    result = run("iv", model, numerics=numerics, sweep={"eV": [0.7, 0.78, 0.8, 0.82]})
    at = Point(h=0.58, T=0.02, eV=0.8, hartree=True)
    (D,) = onsets.roots(at, BULK)
    bare = currents.transport(D, hartree.dressed(D, at, BULK), BULK)
    assert result.summary["I"][2] == pytest.approx(bare["current_left"], abs=1e-9)
    slope = (result.summary["I"][3] - result.summary["I"][1]) / 0.04
    assert result.summary["dI_dV"][2] == pytest.approx(slope, rel=1e-2)
    chart = run("phase-diagram", model, sweep={"T": [0.02, 0.03], "eV": [0.0, 0.8, 1.4]})
    assert chart.fold[0, 0] == pytest.approx(onset["folds"][0], abs=1e-5)
