"""Spectra, runs that start where another ended, and currents under a sine drive."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid

import hpcneq
from hpcneq import driver
from hpcneq.errors import InputError
from hpcneq.maths import fermi
from hpcneq.systems.nsn_junction.physics import spectra

LATTICE = {"Lx": 12, "Ly": 4, "pole_error": 1e-8}
SPECTRUM = {
    "system": "nsn-junction",
    "task": "spectrum",
    "parameters": {"h": 0.2, "T": 0.1, "gamma": 0.05},
    "numerics": LATTICE,
    "initial": {"state": "bcs"},
    "sweep": {"w": {"from": -40.0, "to": 40.0, "points": 16001}},
}
EVOLVE = {
    "system": "nsn-junction",
    "task": "evolve",
    "parameters": {"h": 0.3, "T": 0.1, "gamma": 0.05, "eV": {"to": 0.5}},
    "numerics": {"Lx": 9, "Ly": 3, "dt": 0.25, "error_estimate": False},
    "initial": {"state": "bcs"},
    "run": {"t_max": 3.0},
}


def share(Ly):
    return np.array([1 if m == 0 or 2 * m == Ly else 2 for m in range(Ly // 2 + 1)]) / Ly


@pytest.mark.parametrize("state, eV", [("bcs", 0.4), ("normal", 0.7)])
def test_the_occupied_spectrum_adds_up_to_the_density(state, eV):
    """The sum rules of the density of states and of its occupied part.

    At each site the density of states holds one state a spin, and its occupied part as many
    particles as the momentum distribution, which comes from the equal-time Green function: a
    frequency integral against poles. The tail beyond the frequencies is width/(pi w).

    Fails if the field enters the distribution, or if the hole component is not turned round.
    """
    result = hpcneq.run(
        {
            **SPECTRUM,
            "parameters": {**SPECTRUM["parameters"], "eV": eV},
            "initial": {"state": state},
        }
    )
    w, tail = np.asarray(result.w), 0.1 / np.pi / 40
    for spin in ("up", "down"):
        assert trapezoid(result[f"A_{spin}"], w, axis=0) == pytest.approx(1 - 2 * tail, abs=3e-5)
        n = np.asarray(result[f"n_{spin}"]).mean(0) @ share(4)
        assert trapezoid(result[f"occupied_{spin}"], w, axis=0) + tail == pytest.approx(n, abs=3e-5)
        assert (np.asarray(result[f"n_{spin}"]) > 0).all() and (
            np.asarray(result[f"n_{spin}"]) < 1
        ).all()
    assert (result.summary["delta_max"] > 0.1) == (state == "bcs")


def test_momentum_distribution_of_free_electrons():
    """Normal state: n_k of each spin is the leads' mean broadened step at xi - h or xi + h.

    Half of the electrons between the two edges.

    Closed form against poles and eigenvectors. Fails if h and -h are exchanged.
    """
    result = hpcneq.run(
        {
            **SPECTRUM,
            "parameters": {"h": 0.3, "T": 0.02, "eV": 0.8, "gamma": 0.01},
            "initial": {"state": "normal"},
            "sweep": {"w": [0.0]},
        }
    )
    band = -2 * np.cos(np.asarray(result.kx))[:, None] - 2 * np.cos(np.asarray(result.ky))
    for spin, sign in (("up", -1), ("down", 1)):
        wanted = 0.5 * sum(
            fermi.broadened_fermi(band + sign * 0.3 - v, 0.02, 0.02) for v in (0.4, -0.4)
        )
        assert np.asarray(result[f"n_{spin}"]) == pytest.approx(wanted, abs=1e-7)
    assert result.summary["edges_up"] == pytest.approx([-0.1, 0.7]) and result.summary[
        "edges_down"
    ] == pytest.approx([-0.7, 0.1])


def test_the_inner_surfaces_pair_in_the_upper_fflo_region():
    """h = 0.58, eV = 0.8.

    The surfaces at xi = h - eV/2 and -h + eV/2 make the maximum of C(Q) (Kawamura & Ohashi 2025,
    Fig. 6), and the two parts add up to C(Q) of the driven state, another sum.
    """
    result = hpcneq.run(
        {
            **SPECTRUM,
            "parameters": {"h": 0.58, "T": 0.02, "eV": 0.8, "gamma": 0.01},
            "initial": {"state": "normal"},
            "sweep": {"w": [0.0]},
        }
    )
    s = result.summary
    assert s["dominant_pair"] == "up-,down+" and s["U_C_max"] > 1
    C = np.interp(s["Q_max"], result.Q, np.asarray(result.C_inner) + np.asarray(result.C_outer))
    assert 3 * C == pytest.approx(s["U_C_max"], abs=1e-3)


@pytest.mark.parallel
def test_a_run_goes_on_where_another_ended(comm, shared_tmp):
    """Two runs, the second from the first one's last state without noise, are one run.

    At the same bias every later row agrees with the run that was not divided, to the integrator's
    own restart (order dt^4); the density matrix and the bath modes are carried over.

    Fails if the modes are left out, or if the state is taken a step before the end.
    """
    one = hpcneq.run(EVOLVE, output=shared_tmp / "one.h5")
    start = {"state": "file", "file": str(shared_tmp / "one.h5"), "noise": 0.0}
    two = hpcneq.run(
        {**EVOLVE, "parameters": {**EVOLVE["parameters"], "eV": 0.5}, "initial": start},
        output=shared_tmp / "two.h5",
    )
    whole = hpcneq.run({**EVOLVE, "run": {"t_max": 6.0}}, output=shared_tmp / "whole.h5")
    assert two.delta[0] == pytest.approx(np.asarray(one.delta[-1]), abs=1e-13)
    assert np.asarray(two.delta) == pytest.approx(np.asarray(whole.delta)[12:], abs=2e-6)
    assert np.asarray(two.current_left)[1:] == pytest.approx(
        np.asarray(whole.current_left)[13:], abs=2e-6
    )
    assert (
        np.asarray(two.previous_eV) == pytest.approx(np.asarray(one.eV))
        and two.summary["initial_time"] == 3.0
    )


@pytest.mark.parallel
def test_the_spectrum_of_a_run_s_last_state(comm, shared_tmp):
    """The momentum distribution of a run's last state holds its last row's particles.

    The momentum distribution of a run's last state holds the density and the magnetization its
    last row tells.
    """
    one = hpcneq.run(EVOLVE, output=shared_tmp / "one.h5")
    result = hpcneq.run(
        {
            **SPECTRUM,
            "numerics": {"Lx": 9, "Ly": 3},
            "parameters": {"h": 0.3, "T": 0.1, "gamma": 0.05},
            "initial": {"state": "file", "file": str(shared_tmp / "one.h5")},
            "sweep": {"w": [-0.5, 0.5]},
        },
        output=shared_tmp / "spectrum.h5",
    )
    for key in ("density", "magnetization", "delta_max"):
        assert result.summary[key] == pytest.approx(one.summary[key], abs=1e-10)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"numerics": {"Lx": 11, "Ly": 3}}, "has Lx = 9, this run 11"),
        ({"parameters": {"T": 0.2, "gamma": 0.05}}, "has leads = "),
        ({"parameters": {**EVOLVE["parameters"], "eV": 90.0}}, "poles reach to energies of"),
        ({"initial": {"state": "file", "file": "none.h5"}}, "[initial] file = 'none.h5'"),
        ({"initial": {"state": "file"}}, 'file: goes with state = "file"'),
        ({"initial": {"state": "bcs", "file": "one.h5"}}, 'file: goes with state = "file"'),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change, words, tmp_path):
    """One line that names what differs; nothing is written."""
    one = {**EVOLVE, "run": {"t_max": 0.5}}
    hpcneq.run(one, output=tmp_path / "one.h5")
    with pytest.raises(InputError) as refused:
        driver.run(
            {**one, "initial": {"state": "file", "file": str(tmp_path / "one.h5")}, **change},
            tmp_path / "two.h5",
            quiet=True,
        )
    assert (
        words in str(refused.value)
        and "\n" not in str(refused.value)
        and not (tmp_path / "two.h5").exists()
    )


def test_harmonics_of_a_known_signal():
    """Amplitudes and phases of a sum of sines at uneven times come back to rounding."""
    t = np.sort(np.random.default_rng(1).uniform(0, 20, 200))
    c, misfit = spectra.harmonics(
        t, 0.3 + (2 * np.exp(-1.7j * t)).real - 0.5 * np.sin(3 * 1.7 * t), 1.7, 8
    )
    assert c[[0, 1, 3]] == pytest.approx([0.3, 2.0, -0.5j], abs=1e-12) and misfit < 1e-12
    assert np.abs(c[[2, 4, 5, 6, 7, 8]]).max() < 1e-12


def test_current_of_free_electrons_under_a_weak_sine():
    """A weak bias at frequency O drives a current at O alone, in proportion.

    At a frequency far below width and temperature its amplitude is the static one, gamma Tr[F_+ -
    F_-] of the stationary formula with the bias's amplitude.

    Two routes: evolution in time, and eigenvalues. Fails if half of the bias is left out.
    """
    drive = {"kind": "sine", "amplitude": 0.02, "frequency": 0.02, "from": 0.0}
    result = hpcneq.run(
        {
            **EVOLVE,
            "parameters": {"U": 1e-6, "T": 0.3, "gamma": 0.2, "eV": drive},
            "initial": {"state": "normal", "noise": 0.0},
            "numerics": {"Lx": 8, "Ly": 3, "dt": 0.5, "error_estimate": False},
            "run": {"t_max": 320.0, "output_every": 2.0},
        }
    )
    band = (
        -2 * np.cos(2 * np.pi * np.arange(8) / 8)[:, None]
        - 2 * np.cos(2 * np.pi * np.arange(3) / 3)
    ).ravel()
    static = (
        2
        * 0.2
        * np.mean(
            fermi.broadened_fermi(band - 0.01, 0.4, 0.3)
            - fermi.broadened_fermi(band + 0.01, 0.4, 0.3)
        )
    )
    c = np.asarray(result.current_left_harmonics)
    assert abs(c[1] - 1j * static) < 0.01 * static  # sin = Re i exp(-i O t)
    assert np.abs(c[2:]).max() < 1e-3 * static and abs(c[0]) < 1e-3 * static
    assert complex(*result.summary["current_left_first_harmonic"]) == pytest.approx(c[1])


@pytest.mark.parallel
def test_an_ensemble_is_its_runs(comm, shared_tmp):
    """Each run of an ensemble ends as the evolution by itself, whoever computed it.

    Each run of an ensemble ends as the evolution with its seed and step does by itself, whoever
    computed it.
    """
    small = {
        **EVOLVE,
        "task": "ensemble",
        "initial": {"state": "bcs", "noise": 0.05},
        "sweep": {"dt": [0.5, 0.25], "seed": [3, 5]},
        "numerics": {"Lx": 9, "Ly": 3},
    }
    result = hpcneq.run(small, output=shared_tmp / "ensemble.h5")
    for k, dt in enumerate((0.5, 0.25)):
        for s, seed in enumerate((3, 5)):
            alone = hpcneq.run(
                {
                    **EVOLVE,
                    "initial": {"state": "bcs", "noise": 0.05, "seed": seed},
                    "numerics": {"Lx": 9, "Ly": 3, "dt": dt, "error_estimate": False},
                },
                output=shared_tmp / f"{k}{s}.h5",
            )
            assert result.final_delta_max[k, s] == pytest.approx(
                alone.summary["delta_max"], abs=1e-11
            )
            assert result.wave_number[k, s] == alone.summary["wave_number"]
    assert sum(result.summary["counts"]) == 4
