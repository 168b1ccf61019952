"""Response of the Fermi gas between reservoirs to waves: what a wave of the phase costs, few poles
for all pairs of levels, refusals, estimates.

Every docstring names a change of the code under which the test was seen to fail.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from support import linear_kinetics

import hpcneq
from hpcneq.errors import InputError
from hpcneq.maths import cauchy
from hpcneq.parallel import solo
from hpcneq.solvers.contours import Box
from hpcneq.solvers.modes import spectrum
from hpcneq.systems.fermi_gas.physics import gap_and_current, response
from hpcneq.systems.fermi_gas.physics.occupation import Baths
from hpcneq.systems.fermi_gas.physics.response import Response
from hpcneq.systems.fermi_gas.shared.fastest_wave import fastest_wave
from hpcneq.systems.fermi_gas.shared.modes import modes_of, ordered

BATHS = Baths(0.01, 0.01, 0.1)


@pytest.mark.parametrize("variant", ["C", "D"])
@pytest.mark.parametrize("D, Q", [(0.15, 0.1), (0.1, 0.2), (0.15, 0.0)])
def test_a_wave_of_the_phase_costs_the_slope_of_the_current(D, Q, variant):
    """Twisting the phase by a long wave along Q changes Q, across Q it turns Q: (1, -1) M(q, 0) (1,
    -1) -> -q^2 dJ/dQ / D^2 along, -q^2 J/(Q D^2) across.

    Both slopes are closed forms of another module; errors fall as q^2 and are extrapolated to 1e-4.
    So in a state, where J = 0, turning Q costs nothing. Fails with the levels at p +- q for p +-
    q/2, and with the angle to Q measured from the plane across it.
    """
    gas = gap_and_current.Gas(BATHS)
    across = gap_and_current.stiffness(gas, D, Q)
    along = gap_and_current.current_slope(gas, D, Q) / D**2 if Q else across

    def cost(q, angle):
        return (
            -(
                np.array([1, -1])
                @ Response(BATHS, D, Q, q, angle, variant, fine=0.3)(0.0)
                @ [1, -1]
            ).real
            / q**2
        )

    for angle, expected in ((0.0, along), (0.5 * np.pi, across)):
        near, far = cost(4e-3, angle), cost(8e-3, angle)
        assert (4 * near - far) / 3 == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("variant", ["A", "C"])
def test_few_poles_stand_for_all_pairs(variant, monkeypatch):
    """M at 40 points down to 0.95 of the depth to which it is analytic, against the sum over every
    pair: 1e-12.

    Fails with intervals twice as long.
    """
    random = np.random.default_rng(5)
    points = np.concatenate(
        [
            random.uniform(-1, 1, 20) + 0.02j * random.uniform(-0.7, 3, 20),
            0.4 * random.uniform(-1, 1, 20) - 0.02j * random.uniform(0.3, 0.95, 20),
        ]
    )

    def values():
        r = Response(Baths(0.005, 0.0, 0.145), 0.15348743, 0.0977389, 0.02, 0.0, variant, fine=0.25)
        return r.batch(0.02, points, range(r.items(0.02))).sum(axis=0), r

    few, r = values()
    assert len(r._block(0).few) == 2 and len(r._block(0).few[0].x) < 0.2 * r._block(0).gap.size
    monkeypatch.setattr(response, "ASKED", 10**9)
    assert np.abs(few - values()[0]).max() < 1e-12


def test_poles_are_moved_without_a_trace():
    """Complex strengths, poles from 1e-6 to 1e6: S(s) to 1e-12 of the sum of sizes, at the nearest
    point too.

    Fails with 16 points for 20.
    """
    random = np.random.default_rng(3)
    x = random.choice([-1, 1], 3000) * 10 ** random.uniform(-6, 6, 3000)
    V = random.normal(size=(2, 3000)) + 1j * random.normal(size=(2, 3000))
    poles = cauchy.Poles(x, V, 0.1, 2.0)
    s = np.concatenate(
        [[0.1 + 2j, 0.1 - 2j, 0.1], 0.1 + random.uniform(0, 3, 20) + 1j * random.uniform(-2, 2, 20)]
    )
    assert poles.covers(s) and not poles.covers([0.09]) and not poles.covers([0.2 + 2.1j])
    terms = V[:, None] / (s[:, None] + 1j * x)
    assert (np.abs(poles(s).T - terms.sum(axis=2)) < 1e-12 * np.abs(terms).sum(axis=2)).all()


@pytest.mark.parametrize(
    "tables, words",
    [
        ({"parameters": {"gamma": 0.0, "T": 0.02}}, r"\[parameters\] gamma = 0"),
        ({"sweep": {"gamma": [0.01, 0.0]}}, r"\[sweep\] gamma = 0"),
    ],
)
def test_no_verdict_without_coupling(tables, words):
    """gamma = 0 is refused in one line, in a sweep too: rates are of order gamma. A map that calls
    the state absent fails.
    """
    with pytest.raises(InputError, match=words):
        hpcneq.run({"system": "fermi-gas", "task": "stability", **tables})


@pytest.mark.nightly
def test_rates_of_weak_coupling_are_of_order_gamma():
    """NIG at T = 0.02, dmu = 0.13: Re lambda/gamma settles (2.7065, 2.7233 at gamma = 4, 2e-4),
    error falling with gamma: so signs outlive the limit, rates do not.

    A relaxation rate that does not go with gamma fails.
    """
    rates = [
        hpcneq.run(
            {
                "system": "fermi-gas",
                "task": "stability",
                "parameters": {"gamma": g, "T": 0.02, "dmu": 0.13, "branch": "NIG", "q": 0.0},
            }
        ).summary["growth_rate"]
        / g
        for g in (1.6e-3, 8e-4, 4e-4)
    ]
    assert abs(rates[2] - rates[1]) < 0.7 * abs(rates[1] - rates[0]) < 0.1 * rates[2]


def test_of_two_waves_that_grow_alike_the_higher_frequency_comes_first():
    """Both waves +-q of a state at rest, whose rates differ by rounding alone: the order does not
    depend on it.

    Fails with an order by rounded rates.
    """
    for noise in (4e-10, -4e-10):
        modes = [
            SimpleNamespace(z=0.1 - 0.01j, error=1e-12),
            SimpleNamespace(z=0.0056 + 0.0214j + 5e-10j, error=1e-9),
            SimpleNamespace(z=-0.0056 + 0.0214j + 5e-10j + noise * 1j, error=1e-9),
        ]
        assert [mode.z.real for mode in ordered(modes)] == [-0.0056, 0.0056, 0.1]


@pytest.mark.parallel
@pytest.mark.parametrize("chunk", [2000, 10**6])
def test_modes_are_those_of_one_rank(chunk, comm, monkeypatch):
    """Momenta of a twisted state over ranks, in many pieces and in one, so that some ranks have
    none: roots and count to 1e-12.

    Fails if a rank counts its pieces from its own first.
    """
    monkeypatch.setattr(response, "CHUNK", chunk)

    def found(where):
        r = Response(
            Baths(0.005, 0.0, 0.145), 0.15348743, 0.0977389, 0.02, 0.0, "C", fine=0.25, angles=8
        )
        return spectrum(r, 0.02, where, box=Box(-0.1, 0.11, -2e-3, 0.05))

    together, alone = found(comm), found(solo())
    assert together.count == alone.count > 0
    assert max(abs(a.z - b.z) for a, b in zip(together.modes, alone.modes)) < 1e-12


# ---- all waves --------------------------------------------------------------------------------

NFF = (0.05450344, 0.18269617)  # at gamma = .005, T = 0, dmu = .145


def test_nff_is_unstable_to_a_standing_wave():
    """At q = 2Q along Q the FF state turns into a standing wave: .0267811, by counting and by the
    search over all waves along Q, which grows a little faster at its best q.

    Fails with a search that ends at q = .15, where nothing grows.
    """
    r = Response(Baths(0.005, 0.0, 0.145), *NFF, 2 * NFF[1], 0.0, "C")
    (mode,) = modes_of(r, solo()).modes[:1]
    assert mode.z.imag == pytest.approx(0.0267811, abs=2e-7)
    search = fastest_wave(r, solo(), angle=0.0)
    assert search.fastest.rate > mode.z.imag and not search.doubtful
    assert search.fastest.q == pytest.approx(0.354, abs=0.01)


@pytest.mark.nightly
def test_nff_grows_in_time_with_the_memory_of_the_reservoirs():
    """Variant D there: .0256444; linear kinetics of pairs of momenta grow with it, to 0.3%.

    Fails with R' at e_n - z in place of e_n + z.
    """
    r = Response(Baths(0.005, 0.0, 0.145), *NFF, 2 * NFF[1], 0.0, "D")
    r.guide = 1
    (mode,) = spectrum(r, r.q, solo(), box=Box(-0.137, 0.14, 0.004, 0.05)).modes
    assert mode.z.imag == pytest.approx(0.0256444, abs=2e-7)
    baths = [(0.145, 0.005), (-0.145, 0.005)]
    state = linear_kinetics.Condensate(NFF[0], 1.0, baths, Q=NFF[1])
    t, amplitudes = linear_kinetics.follow(
        state, 2 * NFF[1], 120.0, 1.0, fine=0.03, reach=0.3, angles=16
    )
    (slow,) = linear_kinetics.slowest(t, amplitudes, 50.0, 2)[:1]
    assert slow.real == pytest.approx(mode.z.imag, rel=3e-3)
    assert slow.imag == pytest.approx(-mode.z.real, rel=1e-2)


@pytest.mark.parallel
def test_nbcs_is_stable_against_every_wave(comm):
    """No wave grows on the gapped state; the verdict of the task says so, and gives q = 0.

    Fails with a search whose boxes end above the real axis.
    """
    with hpcneq.run(
        {
            "system": "fermi-gas",
            "task": "stability",
            "parameters": {"dmu": 0.13, "gamma": 0.01},
            "numerics": {"fine": 0.25, "angles": 8},
        }
    ) as result:
        assert result.summary["verdict"] == "stable" and result.summary["waves"] > 10
        assert result.summary["q"] == 0.0 and result.summary["doubtful_waves"] == 0
        assert result.summary["growth_rate"] < 0


@pytest.mark.nightly
def test_the_fastest_wave_on_ff_states_is_found_by_the_task():
    """NFF (dmu = .145) without q: faster than at q = 2Q; at 135 degrees and q = sqrt(2) Q .0083, as
    at 45 degrees, where the rates are conjugate.

    Fails with angles beyond a right angle taken for others.
    """
    tables = {"parameters": {"dmu": 0.145, "branch": "NFF"}}
    with hpcneq.run({"system": "fermi-gas", "task": "stability", **tables}) as result:
        assert result.summary["verdict"] == "unstable"
        assert result.summary["growth_rate"] > 0.0267811
    rates = []
    for angle in (0.25 * np.pi, 0.75 * np.pi):
        r = Response(Baths(0.005, 0.0, 0.145), *NFF, np.sqrt(2) * NFF[1], angle, "C")
        r.guide = 1  # errors of M on these panels hide what is nearer to z = 0
        (mode,) = spectrum(r, r.q, solo(), box=Box(-0.137, 0.14, 0.004, 0.05)).modes
        rates.append(mode.z.imag)
    assert rates[0] == pytest.approx(rates[1], abs=1e-6)
    assert rates[0] == pytest.approx(0.0083, abs=2e-4)


def test_a_mode_on_the_edge_of_a_search_is_counted():
    """NIG of the published map: a mode grows at .0062, the top of the box in which slow modes are
    sought, and that box has no certain count: another one has. On finer panels det M vanishes
    there.

    Fails with one top, .31 of the depth, for all trials.
    """
    baths, D = Baths(0.005, 0.0, 0.1413913043478261), 0.11552812494855896
    count = modes_of(Response(baths, D, 0.0, 0.27), solo())
    assert count.unstable == 1
    assert count.modes[0].z.imag == pytest.approx(0.0062, rel=0.05)
    finer = Response(baths, D, 0.0, 0.27, fine=2.0)
    z = count.modes[0].z
    here, beside = (abs(np.linalg.det(finer(at))) for at in (z, 1.1 * z))
    assert here < 0.5 * beside  # a zero nearer than 0.05 z
