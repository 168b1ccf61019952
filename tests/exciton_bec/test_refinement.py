"""Lines of the phase diagram with further interactions where they bend, and the region's tip.

Every docstring names a change of the code under which the test was seen to fail.
"""

import numpy as np
import pytest
from support.exciton_runs import run

from hpcneq.systems.exciton_bec.physics import growth, steady_states
from hpcneq.systems.exciton_bec.physics.gap_equations import Drive
from hpcneq.systems.exciton_bec.shared.region_tip import Tip, find_tip
from hpcneq.systems.exciton_bec.tasks import phase_diagram

SWEEP = {"inv_kfas": [-2.0, -1.0, 0.0, 1.0, 2.0], "ratio": [0.1, 0.5]}


def known_lines(given, drive, ratios, previous):
    """A record with a corner at inv = 0 and a line that ends at -1.3, instead of a search."""
    corner = 0.01 * 10 ** abs(drive.inv)
    ends = None if drive.inv < -1.3 else 0.3
    return {"ratio_c": 1.0, "ratio_c_error": 0.0, "alpha11": corner, "beta22": ends}


@pytest.mark.parallel
def test_lines_are_known_where_they_bend_and_end(monkeypatch):
    """Three rounds about the corner at 0 and the end at -1.3; what was swept is as without them.

    Fails if a round forgets the points of the one before, takes the places that a chain left free
    for known, or tables hold what was added.
    """
    monkeypatch.setattr(phase_diagram, "_interaction", known_lines)
    plain, fine = (run("phase-diagram", sweep=SWEEP, numerics={"refine": n}) for n in (0, 3))
    for name in ("alpha11", "beta22", "region"):
        assert np.array_equal(plain[name], fine[name], equal_nan=True)
    assert "inv_line" not in plain
    inv = np.asarray(fine.inv_line)
    assert set(SWEEP["inv_kfas"]) < set(inv.tolist()) and (np.diff(inv) > 0).all()
    assert np.allclose(fine.alpha11_line, 0.01 * 10 ** np.abs(inv))
    assert {-0.125, 0.125} < set(inv.tolist()) and 1.5 not in inv
    known = np.isfinite(np.asarray(fine.beta22_line))
    assert np.array_equal(known, inv >= -1.3)
    assert inv[known][0] - inv[~known][-1] == 0.125


def known_tongue(given, drive, ratios, previous):
    """C and its far side ratio = .3 10^(-+ sqrt(inv + 1.2)), which meet at inv = -1.2."""
    width = 10 ** np.sqrt(max(drive.inv + 1.2, 0.0))
    record = known_lines(given, drive, ratios, previous)
    if width > 1:
        record |= {"C": 0.3 / width, "C_end": 0.3 * width, "q_C": 0.01, "omega_C": 1e-3}
    return record


def test_the_figure_goes_round_the_tip(monkeypatch, tmp_path):
    """The line of C is one, from its far side through the arc's points; the tip is told.

    Fails if the region ends in a cut at the first interaction that knows C.
    """
    ratios = np.array([0.24, 0.3, 0.375])
    inv = -1.2 + np.log10(ratios / 0.3) ** 2
    arc = np.column_stack([inv, ratios, 0.01 + 0 * inv, 1e-3 + 0 * inv])
    errors = dict.fromkeys(("inv", "ratio", "q", "omega"), 1e-6)
    tip = Tip(-1.2, 0.3, 0.01, 1e-3, errors, arc)
    monkeypatch.setattr(phase_diagram, "_interaction", known_tongue)
    monkeypatch.setattr(phase_diagram, "find_tip", lambda *given: tip)
    result = run("phase-diagram", sweep=SWEEP, numerics={"boundaries": "modes", "refine": 2})
    assert result.summary["tip_inv"] == -1.2 and result.errors["tip_ratio"] == 1e-6
    axes = result.plot(tmp_path / "p.png").axes[0]
    (line,) = [one for one in axes.lines if one.get_label().startswith("C:")]
    x, y = line.get_data()
    turn = int(np.argmin(x))
    assert (x[turn], y[turn]) == (-1.2, 0.3) and np.isfinite(x).all()
    assert (np.diff(x[: turn + 1]) < 0).all() and (np.diff(x[turn:]) > 0).all()


@pytest.mark.nightly
def test_the_unstable_region_ends_at_its_tip():
    """From the lines at inv = -2.4: the tip, with errors; the mode at it neither grows nor decays,
    and decays at all ratios around it a little below.

    Fails if the tip is the interaction of the seed, or the arc does not go through it.
    """
    lines = {"C": 0.157996, "C_end": 0.411199, "q_C": 0.00376265, "omega_C": 0.00054322}
    tip = find_tip(
        Drive(), np.array([-3.0, -2.4]), {k: np.array([np.nan, v]) for k, v in lines.items()}
    )
    assert tip.inv == pytest.approx(-2.49215, abs=2e-5) and tip.errors["inv"] < 1e-5
    assert tip.ratio == pytest.approx(0.2602, abs=2e-4)
    for inv, sign in ((tip.inv, 0), (tip.inv - 0.01, -1)):
        s = steady_states.solve(Drive(inv, tip.ratio))
        rate = growth.summit(s, growth.Mode(tip.q, complex(tip.omega))).w.imag / s.g
        assert rate < -0.005 if sign else abs(rate) < 1e-4
    assert tip.arc[:, 0].argmin() == len(tip.arc) // 2 and (np.diff(tip.arc[:, 1]) > 0).all()
