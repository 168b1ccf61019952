"""What the static theory says of a state, done.

Regions of the phase diagram from both sides, kicked roots of the gap equation.

Units: hopping = 1.
"""

import numpy as np
import pytest

import hpcneq
from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers import modes
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.systems.nsn_junction.physics import junction, onsets, uniform_states
from hpcneq.systems.nsn_junction.physics.response import UniformResponse
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]

# eV: region, what a normal state (at eV = .3) and a condensate (at 1.15) become after a step to
# it, and by when
REGIONS = {
    1.15: ("bcs", "bcs", "bcs", 320),
    0.05: ("fflo", "fflo", "fflo", 900),
    0.75: ("bistable-with-fflo", "fflo", "bcs", 260),
    0.62: ("bistable-with-normal", "normal", "bcs", 160),
    0.3: ("normal", "normal", "normal", 240),
}


@pytest.mark.parametrize("eV", REGIONS)
@pytest.mark.parametrize("side", ["normal", "bcs"])
def test_a_point_of_each_region_from_both_sides(side, eV):
    """What stays after a step of the bias is what the region says.

    Step from the normal state (eV = .3) or the condensate (1.15) into each region of h = .58, T =
    .02, 21 x 11 sites with seed: what stays is what the region's name says; where it is a
    condensate, of the D the gap equation has on this lattice, to 2e-3 (it still rings).

    Fails if the bias is not halved between the leads.
    """
    region, *become, t_max = REGIONS[eV]
    wanted = become[side == "bcs"]
    result = hpcneq.run(
        {
            "system": "nsn-junction",
            "task": "evolve",
            "initial": {"state": side, "noise": 1e-3, "seed": 1},
            "parameters": {
                "h": 0.58,
                "T": 0.02,
                "eV": {"from": 1.15 if side == "bcs" else 0.3, "to": eV},
            },
            "numerics": {"Lx": 21, "Ly": 11, "dt": 0.5, "error_estimate": False},
            "run": {"t_max": t_max, "output_every": 5.0},
        }
    )
    found = result.summary
    print(
        f"eV = {eV}, from {side}: {found['region']}, {found['state']}, "
        f"max|Delta| = {found['delta_max']:.5f}, n = {found['wave_number']}"
    )
    assert (found["region"], found["state"]) == (region, wanted)
    if wanted == "bcs":
        D = onsets.roots(
            uniform_states.Point(h=0.58, T=0.02, eV=eV), uniform_states.finite(21, 11)
        )[-1]
        assert found["delta_max"] == pytest.approx(D, abs=2e-3)


KICKED = {
    "eV = 0, unstable": (0.0, 0, False),
    "eV = 0, metastable": (0.0, 1, True),
    "eV = .62, unstable": (0.62, 0, False),
    "eV = .62, stable": (0.62, 1, True),
    "eV = .8, unstable": (0.8, 0, False),
    "eV = 1.15, stable": (1.15, 0, True),
}


@pytest.mark.parametrize("name", KICKED)
def test_unstable_roots_leave_and_stable_ones_return(name):
    """Kicked states with growing modes are left, the others are not.

    Six roots of the gap equation at h = .58, T = .02 on 9 x 5 sites, kicked by noise of 1e-4 a
    site: those with growing modes at some q are left, the others come back, |Delta| to a tenth of
    the kick. The verdict is the count of roots of M over all q, the sign of dF/dD where that
    decides.

    Fails if M's roots are counted below the real axis too.
    """
    eV, k, stable = KICKED[name]
    leads = tuple(
        junction.Lead(side, 0.01, 0.02, 0.0, sign) for side, sign in (("left", 1), ("right", -1))
    )
    bias = drives.read(eV)
    fits = junction.fit_poles(leads, 0.02, junction.window(leads, 0.0, 0.58, bias, 1.0), 1e-4)
    system = junction.Junction(3.0, 0.0, 0.58, leads, junction.stripe(9, 5, 0.0), bias, fits)
    point, grid = (
        uniform_states.Point(U=3.0, mu=0.0, h=0.58, eV=eV, leads=leads),
        uniform_states.finite(9, 5),
    )
    state = UniformResponse(onsets.roots(point, grid)[k], point, grid, fits).at_root()
    growing = [
        modes.spectrum(state, 2 * np.pi * n / 9, solo(), floor=-0.002).growing for n in range(5)
    ]
    assert (sum(growing) == 0) == stable
    assert (onsets.gap_slopes(state.D, point, grid)[1] < 0) == stable or stable is False
    rng = np.random.default_rng(5)
    method = Exponential(
        BlockState(
            Quench(system, state.D + 1e-4 * (rng.normal(size=9) + 1j * rng.normal(size=9))), solo()
        )
    )
    method.start(0.0, 0.25)
    away = []
    for step in range(1600):
        away.append(np.abs(np.abs(method.now.c) - state.D).max())
        if away[-1] > 0.05:
            break
        method.advance(0.25 * step, 0.25)
    print(
        f"{name}: D = {state.D:.5f}, growing {growing}, "
        f"away {away[0]:.1e} -> {away[-1]:.1e} at t = {0.25 * len(away):.0f}"
    )
    assert max(away[-40:]) < 0.1 * away[0] if stable else away[-1] > 0.05
