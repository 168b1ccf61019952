"""Patterns over sites whose levels shift with their densities (`hartree = true`).

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from support import independent

import hpcneq
from hpcneq.errors import InputError
from hpcneq.maths.drives import Drive
from hpcneq.solvers.site_columns.stationary import Stationary
from hpcneq.systems.nsn_junction.physics import junction as model
from hpcneq.systems.nsn_junction.physics.lattice_dynamics import SiteQuench, free_energy
from hpcneq.systems.nsn_junction.physics.site_lattice import Sites

MODEL = {"U": 3.5, "mu": -0.4, "h": 0.3, "T": 0.15, "gamma": 0.1, "hartree": True}
MESSY = {"disorder": 0.8, "pairing_disorder": 0.6, "seed": 3, "boundary_y": "open"}
PLACE = {"Lx": 3, "Ly": 3}


def source(numerics=None, **tables):
    """The input of a pattern from a uniform seed."""
    given = {"parameters": MODEL, "initial": {"state": "bcs"}, **tables}
    return {
        "system": "nsn-junction",
        "task": "pattern",
        "numerics": PLACE | {"pole_error": 1e-4} | (numerics or {}),
        **given,
    }


@pytest.mark.parametrize("eV", [0.0, pytest.param(0.3, marks=pytest.mark.nightly)])
def test_a_uniform_pattern_is_the_uniform_state(eV):
    """Gap, density, magnetization and free energy of `steady` on the same lattice, within errors.

    Fails with the shifts of up and of down exchanged, or with the free energy of a normal state
    whose levels are not shifted.
    """
    parameters = MODEL | {"eV": eV}
    result = hpcneq.run(source(parameters=parameters))
    steady = {"lattice": "finite", "Lx": 3, "Ly": 3}
    tables = {"parameters": parameters, "numerics": steady}
    exact = hpcneq.run({"system": "nsn-junction", "task": "steady", **tables}).summary
    names = {"delta_max": "roots", "density": "density", "magnetization": "magnetization"}
    names |= {} if eV else {"free_energy": "free_energy"}
    for ours, theirs in names.items():
        missed = abs(result.summary[ours] - exact[theirs][-1])
        assert missed <= result.errors[ours] + 1e-9 and result.errors[ours] < 3e-4
    assert result.summary["delta_max"] > 0.2 and abs(result.summary["density"] - 1) > 0.1


def dense(result, A, eV):
    """-i G^< (18, 18) of the levels that a result's delta, density and magnetization make."""
    n, m = (np.ravel(result[name]) for name in ("density", "magnetization"))
    U, V, d = (np.ravel(result[name]) for name in ("pairing", "potential", "delta"))
    x, y = np.divmod(np.arange(9), 3)
    across = (x[None] - x[:, None] + 1) % 3 - 1  # steps along the ring
    bonds = ((np.abs(across) == 1) & (y[:, None] == y)) | (
        (np.abs(y[:, None] - y) == 1) & (x[:, None] == x)
    )
    hop = -1.0 * bonds * np.exp(-1j * A * across) + np.diag(V - MODEL["mu"])
    up, down = (hop - np.diag(U * (0.5 * other - 0.5)) for other in (n - m, n + m))
    H = np.block([[up, -np.diag(d)], [-np.diag(d.conj()), -down.conj()]])
    e, W = np.linalg.eigh(H - MODEL["h"] * np.eye(18))
    width, T = 2 * MODEL["gamma"], MODEL["T"]
    F = sum(0.5 * independent.broadened_fermi(e - v, width, T) for v in (eV / 2, -eV / 2))
    return W @ np.diag(F) @ W.conj().T


@pytest.mark.parallel
def test_a_disordered_pattern_by_dense_levels(comm, shared_tmp):
    """Delta, density and magnetization of every site are those of the levels that they shift.

    Random levels and attraction, open ends, a vector potential and a bias. Fails with one U for
    all sites, or if the holes' shifts are those of electrons.
    """
    tables = {"parameters": MODEL | {"eV": 0.4}, "sites": MESSY | {"A_x": 0.3}}
    numerics = {"error_estimate": False, "pole_error": 1e-6}
    result = hpcneq.run(source(numerics, **tables), str(shared_tmp / "messy.h5"), force=True)
    F, U = dense(result, 0.3, 0.4), np.ravel(result.pairing)
    up, down = np.diag(F)[:9].real, 1 - np.diag(F)[9:].real
    assert np.ravel(result.delta) == pytest.approx(U * F[range(9), range(9, 18)], abs=5e-6)
    assert np.ravel(result.density) == pytest.approx(up + down, abs=5e-6)
    assert np.ravel(result.magnetization) == pytest.approx(up - down, abs=5e-6)
    assert np.ptp(result.density) > 0.3 and np.ptp(np.abs(result.delta)) > 0.1
    assert result.summary["magnetization"] > 0.02 and result.summary["residual"] < 1e-9


def test_the_supercurrent_is_the_slope_of_the_free_energy():
    """-d Omega/dA is the condensate's mean current, so that shifts are counted once.

    Fails without the double counting, or with a current or a free energy less those of a normal
    state whose levels are not shifted.
    """
    numerics = {"error_estimate": False}
    ends = [hpcneq.run(source(numerics, sites=MESSY | {"A_x": A})).summary for A in (0.295, 0.305)]
    slope = (ends[0]["free_energy"] - ends[1]["free_energy"]) / 0.01
    current = 0.5 * (ends[0]["supercurrent_x"] + ends[1]["supercurrent_x"])
    assert current == pytest.approx(slope, rel=1e-3)
    assert ends[0]["free_energy"] < 0 and abs(current) > 1e-3


def test_a_pattern_slides_with_its_levels():
    """Phase and translation, to be fixed in Newton's method, move Delta and shifts as they are.

    Fails if the translation leaves the levels behind.
    """
    Lx, Ly = 7, 3
    pair = tuple(
        model.Lead(name, 0.1, 0.3, 0.0, sign) for name, sign in (("left", 1), ("right", -1))
    )
    poles = model.fit_poles(pair, 0.2, 6.0, 1e-2)
    built = model.Junction(2.0, 0, 0, pair, model.stripe(Lx, Ly, 0.0), Drive(0.0), poles, True)
    place = Sites(Lx, Ly, np.zeros(Lx * Ly), np.full(Lx * Ly, 2.0))
    problem = Stationary(SiteQuench(built, place, np.zeros(Lx * Ly)))

    def moved(step, phase):
        k = 2 * np.pi * np.repeat(np.arange(Lx) - step, Ly) / Lx
        c = np.exp(1j * phase) * (0.3 + 0.2 * np.cos(k))
        return np.concatenate([c.real, c.imag, 0.1 * np.cos(2 * k), 0.2 + 0.1 * np.sin(k)])

    directions = problem.symmetries(moved(0.0, 0.4))
    assert directions.shape == (2, 4 * Lx * Ly)
    assert directions @ directions.T == pytest.approx(np.eye(2), abs=1e-12)
    for change in ((1e-4, 0.0), (0.0, 1e-4)):
        slope = (moved(change[0], 0.4 + change[1]) - moved(-change[0], 0.4 - change[1])) / 2e-4
        assert directions.T @ (directions @ slope) == pytest.approx(slope, abs=1e-7)


def test_evolutions_over_sites_keep_their_levels():
    """`evolve` with symmetry = "full" is refused and names what can have shifts.

    Fails if the shifts are left out silently.
    """
    full = {"symmetry": "full"} | PLACE
    given = source(full, run={"t_max": 1.0}) | {"task": "evolve"}
    with pytest.raises(InputError, match=r"hartree = true: .*levels as fixed.* or task pattern"):
        hpcneq.run(given)


WAVES = {"U": 5.0, "hartree": True, "h": 1.3, "T": 0.05, "gamma": 0.03}
RING = {"Lx": 8, "Ly": 3, "error_estimate": False}


@pytest.mark.nightly
def test_waves_are_those_of_stripes():
    """A stationary wave is that in which `evolve` begins with blocks of k_y.

    Fails if the holes' shifts are those of electrons.
    """
    found = hpcneq.run(source(RING, parameters=WAVES, initial={"state": "fflo"})).summary
    stripes = source(RING, parameters=WAVES, initial={"state": "fflo", "noise": 0.0})
    start = hpcneq.run(stripes | {"task": "evolve", "run": {"t_max": 0.25}})
    assert found["state"] == "fflo" and found["wave_number"] == 1
    assert found["delta_max"] == pytest.approx(start.summary["initial_delta_max"], abs=1e-8)
    assert found["magnetization"] == pytest.approx(np.mean(start.magnetization[0]), abs=1e-8)


@pytest.mark.nightly
def test_shifts_that_go_to_and_fro_settle():
    """In whole steps of self-consistency those of a strong field do not.

    Fails without smaller steps.
    """
    given = source(RING, parameters=WAVES | {"h": 1.6}, initial={"state": "fflo"})
    found = hpcneq.run(given).summary
    assert found["state"] == "fflo" and found["residual"] < 1e-10 and found["free_energy"] < 0


def test_a_site_without_attraction_adds_no_free_energy():
    """The limit of a weak one, with and without shifts; fails with 0/0 there."""
    pair = tuple(
        model.Lead(name, 0.1, 0.3, 0.0, sign) for name, sign in (("left", 1), ("right", -1))
    )
    poles = model.fit_poles(pair, 0.2, 6.0, 1e-2)
    built = model.Junction(2.0, 0, 0, pair, model.stripe(3, 3, 0.0), Drive(0.0), poles, True)
    delta, levels = np.full(9, 0.4), np.full((2, 9), 0.1)
    delta[4] = levels[:, 4] = 0.0
    found = []
    for weak in (0.0, 1e-9):
        place = Sites(3, 3, np.zeros(9), np.array([2.0] * 4 + [weak] + [2.0] * 4))
        system = SiteQuench(built, place, np.zeros(9))
        found.append([free_energy(system, delta), free_energy(system, delta, levels, levels)])
    assert np.isfinite(found).all() and found[0] == pytest.approx(found[1], abs=1e-12)
