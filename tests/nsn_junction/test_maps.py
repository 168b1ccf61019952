"""Phase diagrams of the junction.

Boundaries against known numbers and against each other, regions against every single point.
"""

from __future__ import annotations

import numpy as np
import pytest

import hpcneq
from hpcneq import driver
from hpcneq.errors import InputError
from hpcneq.systems.nsn_junction.physics import onsets, phase_lines, uniform_states

POINT = uniform_states.Point(3.0, 0.0, 0.01, 0.58, 0.02, 0.0)
SMALL = {
    "system": "nsn-junction",
    "task": "phase-diagram",
    "parameters": {"h": 0.58},
    "sweep": {"T": [0.1, 0.15, 0.2], "eV": {"from": 0.0, "to": 1.6, "points": 5}},
    "numerics": {"lattice": "finite", "Lx": 8, "Ly": 6},
}


def test_the_boundaries_of_figure_5():
    """h = 0.58, T = 0.02.

    The onsets, their wave numbers and the folds of an independent calculation, to its six digits.

    Fails if f_neq is taken at w + h, or if an onset of the scan is reported without being polished.
    """
    found = phase_lines.line(
        POINT,
        uniform_states.infinite(error=1e-6),
        "eV",
        np.array([0.0, 0.3, 0.65, 0.75, 1.0, 1.3, 1.475, 1.55, 1.7]),
    )
    assert found["bcs_onset"] == pytest.approx([0.841648, 1.438007], abs=1e-6)
    assert found["fflo_onset"] == pytest.approx([0.15718, 0.69604, 1.51160], abs=1e-5)
    assert found["fflo_Q"] == pytest.approx([0.6997, 0.2722, 0.2056], abs=1e-4)
    assert found["fold"][1:] == pytest.approx([0.546474, 1.573647], abs=1e-6)
    assert found["fold_delta"][1:] == pytest.approx([0.350048, 0.237556], abs=1e-6)
    assert [phase_lines.REGIONS[k] for k in found["regions"]] == [
        "fflo",
        "normal",
        "bistable-with-normal",
        "bistable-with-fflo",
        "bcs",
        "bcs",
        "bistable-with-fflo",
        "bistable-with-normal",
        "normal",
    ]


def test_equilibrium_boundaries():
    """eV = 0, T = 0.02: h_BCS, h_FFLO with its Q, h_cc of an independent calculation.

    FFLO lies between h_cc and h_FFLO.
    """
    values = np.array([0.3, 0.45, 0.53, 0.55, 0.6, 0.65])
    found = phase_lines.line(POINT, uniform_states.infinite(error=1e-6), "h", values)
    assert found["bcs_onset"] == pytest.approx([0.350824], abs=1e-6)
    assert found["fflo_onset"] == pytest.approx([0.611300], abs=1e-6) and found[
        "fflo_Q"
    ] == pytest.approx([0.6811], abs=1e-4)
    assert found["h_cc"] == pytest.approx([0.5370535], abs=1e-7)
    assert [phase_lines.REGIONS[k] for k in found["regions"]] == [
        "bcs",
        "bcs",
        "bcs",
        "fflo",
        "fflo",
        "normal",
    ]


@pytest.mark.parametrize(
    "along, values",
    [
        ("eV", np.linspace(0, 1.8, 40)),
        ("h", np.linspace(0.0, 0.8, 41)),
        ("T", np.linspace(0.02, 0.4, 20)),
    ],
)
def test_regions_between_boundaries_are_those_of_every_point(along, values):
    """A map filled from its boundaries equals one computed point by point.

    Fails if the regions are asked for at a slightly other temperature.
    """
    grid = uniform_states.finite(16, 10)
    point = uniform_states.Point(3.0, 0.0, 0.01, 0.5, 0.04, 0.6 if along == "T" else 0.0)
    wanted = [
        phase_lines.REGIONS.index(onsets.region(point.at(**{along: float(x)}), grid))
        for x in values
    ]
    assert list(phase_lines.line(point, grid, along, values)["regions"]) == wanted
    assert len(set(wanted)) > 1


def test_field_and_half_the_bias_are_exchangeable():
    """The onset of pairing depends on h + eV/2 and |h - eV/2| alone.

    Along eV at field a it lies at twice the fields along h at bias 2a. Two lattice sums at other
    energies; fails if the field enters the distribution.
    """
    grid = uniform_states.infinite(error=1e-6)
    a = 0.58
    along_bias = onsets.bcs_onsets(POINT, grid, np.linspace(0, 2, 51))
    along_field = onsets.bcs_onsets(
        POINT.at(h=0.0, eV=2 * a), grid, np.linspace(0, 1, 51), along="h"
    )
    assert len(along_bias) == 2 and np.array(along_bias) / 2 == pytest.approx(along_field, abs=1e-9)


@pytest.mark.parallel
def test_a_map_is_the_same_on_any_number_of_ranks(comm, shared_tmp):
    """Every boundary of a map on all ranks is that of its scan, polished.

    To 1e-8, and the regions the same; more ranks than lines do no harm.
    """
    result = hpcneq.run(SMALL, output=shared_tmp / "all.h5")
    grid = uniform_states.finite(8, 6)
    for i, T in enumerate(result.T):
        alone = phase_lines.line(POINT.at(T=float(T)), grid, "eV", np.asarray(result.eV))
        assert list(alone["regions"]) == list(result.region[i])
        for name in ("bcs_onset", "fflo_onset", "fold", "fold_delta", "fflo_Q"):
            there = np.asarray(result[name][i])
            assert list(there[~np.isnan(there)]) == pytest.approx(alone[name], abs=1e-8)
    assert result.summary["residual"] < 1e-11 and not result.warnings
    assert result.summary["points"] == 15 and result.status == "complete"
    assert not (shared_tmp / "all.h5.journal").exists()


@pytest.mark.parallel
def test_a_stopped_map_goes_on_where_it_was(comm, shared_tmp, monkeypatch):
    """Asked to stop after its first line, a map ends with code 75 and a journal.

    Resumed, it computes the other lines only and has every bit of the uninterrupted one.
    """
    from hpcneq.errors import StoppedEarly
    from hpcneq.stopping import Stopping

    whole = hpcneq.run(SMALL, output=shared_tmp / "whole.h5")
    computed = []
    true_line, true_wanted = phase_lines.line, Stopping.wanted
    monkeypatch.setattr(
        phase_lines,
        "line",
        lambda point, *rest: computed.append(point.T) or true_line(point, *rest),
    )
    monkeypatch.setattr(
        Stopping, "wanted", lambda self, seconds=0.0: "a signal" if computed else None
    )
    stopped = False
    try:
        driver.run(SMALL, shared_tmp / "cut.h5", quiet=True)
    except StoppedEarly as error:
        stopped = "hpcneq resume" in str(error)
    comm.barrier()
    assert stopped and (shared_tmp / "cut.h5.journal").exists()
    first = sum(comm.allgather(len(computed)))
    computed.clear()
    monkeypatch.setattr(Stopping, "wanted", true_wanted)
    driver.resume(shared_tmp / "cut.h5", quiet=True)
    comm.barrier()
    assert sum(comm.allgather(len(computed))) == 3 - first
    again = hpcneq.open(shared_tmp / "cut.h5")
    for name in whole:
        assert np.asarray(whole[name]).tobytes() == np.asarray(again[name]).tobytes(), name
    assert again.status == "complete"


@pytest.mark.parametrize(
    "change, words",
    [
        ({"sweep": {"T": [0.1]}}, "a phase diagram needs two of eV, h, T, got T"),
        ({"sweep": {"T": [0.1, 0.05], "eV": [0.0, 1.0]}}, "[sweep] T: must ascend"),
        ({"sweep": {"U": [1.0, 2.0], "eV": [0.0, 1.0]}}, "[sweep] U"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(change, words, tmp_path):
    """One line that names the table and the key."""
    with pytest.raises(InputError) as refused:
        driver.run({**SMALL, **change}, tmp_path / "no.h5", quiet=True)
    assert words in str(refused.value) and "\n" not in str(refused.value)
