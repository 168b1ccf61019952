"""The junction's dynamics against solutions that share no line with it (see
:mod:`support.independent`).

Three of them are closed systems of ordinary quantum mechanics: a wave from every level of the
leads, leads of a few hundred levels each, and dense modes. Together they fix the Nambu structure,
every factor 2, and the sign of the currents.
"""

import numpy as np
import pytest
from nsn_junction.test_dynamics import UNEQUAL, March, junction, twins
from scipy.optimize import root
from support import independent

from hpcneq import parallel
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench

SITES = np.array(
    [0.8 + 0.1j, 0.6 - 0.2j, 0.3j, -0.2 + 0.4j, 0.5, 0.1 - 0.3j, 0.4 + 0.4j, -0.1j, 0.25]
)
STEP = {"to": 0.9}


def jump(t):
    return 0.9 * (t >= 0)


def compare(march, trace, delta, density, current, shape=None):
    """All observables of a March at the times of a Trace, to the given tolerances; the trace is
    averaged over y.
    """
    shape = shape or (march.system.lattice.Lx, -1)
    for m, t in enumerate(trace.t):
        march.to(t)
        up, down, flow = march.observe()
        np.testing.assert_allclose(march.delta, trace.delta[m].reshape(shape)[:, 0], atol=delta)
        np.testing.assert_allclose(up, trace.up[m].reshape(shape).mean(1), atol=density)
        np.testing.assert_allclose(down, trace.down[m].reshape(shape).mean(1), atol=density)
        np.testing.assert_allclose(flow, trace.current[m].sum(1), atol=current)


# ---- dense modes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["equal", "unequal"])
def test_blocks_against_dense_sites(kind):
    """k_y blocks against all 27 sites of a 9 x 3 lattice in one matrix with explicit Runge-Kutta
    steps: a complex pattern that varies along x, a Zeeman field, a bias step, equal leads or
    leads that share nothing. The dense pattern stays uniform along y to rounding; Delta agrees to
    2e-5, densities and currents too, at dt = .025.

    Fails if k_y and -k_y are counted once, if the start's columns miss a complex conjugation or
    (unequal leads) if a hole sees its lead's shift unreversed.
    """
    system = junction(
        9, 3, STEP, mu=-0.3, h=0.2, error=1e-6, **(UNEQUAL if kind == "unequal" else {})
    )
    dense = independent.DenseModes(
        independent.hopping(9, 3, system.mu),
        system.U,
        system.h,
        twins(system, jump),
        [(fit.w, fit.r) for fit in system.poles],
    )
    trace = dense.follow(np.repeat(SITES, 3), [0.0, 0.5, 1.0, 2.0], rtol=1e-7, atol=1e-9)
    columns = trace.delta.reshape(4, 9, 3)
    assert np.abs(columns - columns[:, :, :1]).max() < 1e-11
    compare(March(system, SITES, 0.025), trace, 2e-5, 2e-5, 2e-5)


def test_parity_blocks_are_the_even_half_of_the_rest():
    """An even pattern stays even, so that blocks of even and odd functions of x give the same
    Delta, densities and currents as the k_y blocks alone: < 1e-10, on an odd and an even number
    of sites, through a quench.

    Fails if an odd function is made with the even sign, or if a site's weight is not shared
    between both parities.
    """
    for Lx in (9, 8):
        half = SITES[: Lx // 2 + 1]
        whole = half[np.minimum(np.arange(Lx), (-np.arange(Lx)) % Lx)]
        plain = March(junction(Lx, 3, STEP, h=0.2, mu=0.1, error=1e-6), whole, 0.25)
        parity = March(junction(Lx, 3, STEP, h=0.2, mu=0.1, error=1e-6, parity=True), half, 0.25)
        for t in (0.0, 2.0, 8.0):
            np.testing.assert_allclose(parity.to(t).delta, plain.to(t).delta, atol=1e-10)
            for a, b in zip(parity.observe(), plain.observe()):
                np.testing.assert_allclose(a, b, atol=1e-10)


# ---- waves from wide-band leads ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["equal", "unequal"])
def test_quench_against_waves_from_the_leads(kind):
    """Two sites, self-consistent and quenched, against the waves of thousands of lead levels: no
    poles, no memory integral, no block. Delta agrees to 3e-6 and densities to 5e-7, a few memory
    errors of the poles (8e-7 here; ten times less in wider windows bring the deviation down ten
    times), each lead's current to 3e-6, where waves beyond the cutoff still ring from the step.

    Fails if the Zeeman field has the wrong sign in the modes' rates, or if H has Delta twice
    instead of Delta and Delta^*.
    """
    system = junction(
        2,
        1,
        STEP,
        mu=-2.0,
        h=0.2,
        **(
            {
                "left": {"gamma": 0.03, "T": 0.05, "mu": -1.85},
                "right": {"gamma": 0.08, "T": 0.1, "mu": -2.05},
            }
            if kind == "unequal"
            else {}
        ),
    )
    waves = independent.Waves(
        independent.hopping(2, 1, -2.0),
        system.U,
        system.h,
        twins(system, jump),
        3.0,
        5.0,
        cutoff=100.0,
    )
    start = np.array([0.9 + 0.2j, 0.5 - 0.3j])
    trace = waves.follow(start, [0.0, 0.7, 1.5, 3.0], rtol=1e-7, atol=1e-9)
    assert np.abs(trace.delta[-1] - trace.delta[0]).max() > 0.1
    compare(March(system, start, 0.0125), trace, 3e-6, 5e-7, 3e-6)


# ---- explicit finite leads -----------------------------------------------------------------------


def finite(system, eV, start, times, count, band):
    """Observables with ``count`` levels per lead, site and spin in a band of half-width ``band``,
    before any recurrence.
    """
    route = independent.FiniteLeads(
        independent.hopping(2, 1, -2.0), system.U, system.h, twins(system, eV), count, band
    )
    return route.follow(start, times, step=0.6 / band)


def against(system, start, traces, weights, step=0.0125):
    """Largest deviations of (Delta, density, current) of the weighted sum of traces from the
    package's run.
    """
    march, worst = March(system, start, step), np.zeros(3)
    for m, t in enumerate(traces[0].t):
        march.to(t)
        up, down, flow = march.observe()

        def total(name, m=m):
            return sum(w * getattr(trace, name)[m] for w, trace in zip(weights, traces))

        worst = np.maximum(
            worst,
            [
                np.abs(march.delta - total("delta")).max(),
                max(np.abs(up - total("up")).max(), np.abs(down - total("down")).max()),
                np.abs(flow - total("current").sum(1)).max(),
            ],
        )
    return worst


START = np.array([1.0 + 0.2j, 0.4 - 0.1j])
TIMES = [0.0, 0.5, 1.0, 2.0, 3.0, 4.0]


def test_quench_against_finite_leads():
    """Two sites with leads of 64 levels each, evolved as one closed quadratic system whose mean
    field is recomputed all the time: a non-linear quench by eV = .9 of a complex, uneven Delta. A
    band of half-width B shifts the sites' energies by (2 Gamma/pi B) w, .6% at B = 15: Delta
    within .6%, densities within .15%, currents within 3% of the largest.

    Fails if hole rows count as electrons in the current, if hole columns are booked on the wrong
    lead, if the instantaneous part of the memory is doubled, if both leads couple with the mean
    gamma, or if U is off by half a percent.
    """
    system = junction(2, 1, STEP, mu=-2.0, h=0.2, left={"gamma": 0.1}, right={"gamma": 0.05})
    trace = finite(system, jump, START, TIMES, 64, 15.0)
    assert np.abs(trace.delta - trace.delta[0]).max() > 0.5
    assert trace.current[1].sum(1)[0] > 0.01 > -0.005 > trace.current[1].sum(1)[1]
    worst = against(system, START, [trace], [1.0])
    assert np.all(worst < [6e-3, 1.5e-3, 5e-4]), worst


@pytest.mark.nightly
@pytest.mark.timeout(1500)
def test_finite_leads_converge_to_the_code():
    """Wider bands bring the finite leads to the wide-band code as 1/B, and the extrapolation to B
    = infinity of B = 15 and 30 meets it within 6e-4 in Delta (the levels' spacing .15, terms
    1/B^2; narrow alone: 2e-3 to 3e-3).

    Fails if U is half a percent smaller in the code (the deviation then stays at 1e-2 for any
    band).
    """
    system = junction(2, 1, STEP, mu=-2.0, h=0.2, left={"gamma": 0.1}, right={"gamma": 0.05})
    narrow, wide = (
        finite(system, jump, START, TIMES, count, band)
        for count, band in ((140, 15.0), (200, 30.0))
    )
    one, two = (against(system, START, [trace], [1.0]) for trace in (narrow, wide))
    assert one[0] > 1e-3 and 1.7 < one[0] / two[0] < 2.3, (one, two)
    limit = against(system, START, [narrow, wide], [-1.0, 2.0])
    assert np.all(limit < [6e-4, 2e-4, 2e-4]), limit


# ---- stationary states ---------------------------------------------------------------------------

RING = np.array([0.6, 0.3 + 0.4j, -0.5j, 0.2])
LEADS = {
    "equal": {},
    "unequal": {
        "left": {"gamma": 0.02, "T": 0.05, "mu": 0.1},
        "right": {"gamma": 0.09, "T": 0.12, "mu": -0.3},
    },
}


@pytest.mark.parametrize("kind", LEADS)
def test_steady_ring_against_scattering(kind):
    """Four sites with a given complex Delta pattern at bias 1: G^< is the integral of G^R Sigma^<
    G^A over w, and the currents are those of Landauer and Buettiker with normal and Andreev
    channels. Equal leads: 1e-8, the poles' error; unequal ones see the poles' finite band too
    (memory error 1e-6 times Delta).

    Fails if the start's modes have half their strength, or if a current counts Pi instead of Pi +
    Pi^+.
    """
    bias = 1.0
    system = junction(
        4,
        1,
        bias,
        mu=-1.6,
        h=0.15,
        **(
            {}
            if kind == "equal"
            else {side: {**own, "mu": own["mu"] - 1.6} for side, own in LEADS[kind].items()}
        ),
    )
    march = March(system, RING, 0.1)
    G, current = independent.quadrature(
        independent.hopping(4, 1, -1.6), RING, system.h, twins(system, lambda t: bias)
    )
    tolerance = 2e-8 if kind == "equal" else 2e-6
    np.testing.assert_allclose(march.state.green[0], G, atol=tolerance)
    np.testing.assert_allclose(march.observe()[2], current.sum(1), atol=tolerance)
    assert np.abs(current.sum(1)).max() > 5e-3


def test_a_wire_s_current_is_gamma_trace_of_the_difference():
    """Two mirrored leads of equal gamma: the steady current from the left is gamma Tr[F_+(H) -
    F_-(H)]/N over both Nambu rows, F_+-(e) the broadened Fermi functions of the up electrons'
    shifts: a hole row's edge sits at minus the shift and counts with minus sign. It flows from
    left to right also in the normal state at half filling.

    Fails if hole rows count as electrons (the tau_3 form, which vanishes here), or if hole
    columns are booked on the wrong lead.
    """
    bias = 0.8
    for start in (np.zeros(4), RING):
        system = junction(4, 3, bias, h=0.15)
        flow = March(system, start, 0.1).observe()[2]
        H = independent.bdg(independent.hopping(4, 3), np.repeat(start, 3), 0.15)
        e = np.linalg.eigvalsh(H)
        left, right = (
            independent.broadened_fermi(e - s * bias / 2, system.width, 0.05) for s in (1, -1)
        )
        expected = 0.05 * np.sum(left - right) / 12
        assert expected > 1e-3
        np.testing.assert_allclose(flow, [expected, -expected], atol=2e-8)


# ---- linear growth -------------------------------------------------------------------------------


@pytest.mark.parametrize("n, eV", [(0, 0.3), (1, 0.3)])
def test_growth_of_a_pair_mode(n, eV):
    """A pair field Delta e^{iqx} on the unstable normal state grows as e^{-i nu t}, nu the root
    of 1 = i U <int dw/2pi [G^R_1(w+nu) G^<_2(w) + G^<_1(w) G^A_2(w-nu)]> on the lattice's
    momenta; rate and frequency to 1e-4 of the rate, fitted after the transients (e^{-2 Gamma t})
    have gone.

    Fails if the mean field is closed with .99 U.
    """
    U, mu, h, gamma, Lx, Ly = 3.0, -0.5, 0.1, 0.03, 8, 3
    system = junction(Lx, Ly, eV, U=U, mu=mu, h=h, gamma=gamma, T=0.05, error=1e-7)
    leads = twins(system, lambda t: eV)

    def residual(z):
        value = independent.pair_response(complex(z[0], z[1]), n, Lx, Ly, U, mu, h, leads)
        return value.real, value.imag

    march = March(system, 1e-9 * np.exp(2j * np.pi * n * np.arange(Lx) / Lx), 0.1)
    times, size = np.arange(24.0, 34.1, 0.5), []
    for t in times:
        size.append(np.fft.fft(march.to(t).delta)[n])
    found = (
        np.polyfit(times, np.unwrap(np.angle(size)), 1)[0],
        np.polyfit(times, np.log(np.abs(size)), 1)[0],
    )
    nu = root(residual, [-found[0], found[1]], tol=1e-10)
    assert nu.success and nu.x[1] > 0.03
    assert abs(nu.x[1] - found[1]) < 1e-4 * nu.x[1] and abs(nu.x[0] + found[0]) < 1e-4 * nu.x[1], (
        nu.x,
        found,
    )


def test_single_precision_modes_over_a_long_time():
    """Modes in complex64 with G in complex128 follow the double-precision run to 1e-6 over t =
    60, through a quench in which noise grows by orders of magnitude.

    Fails if the sums over modes are made in single precision.
    """
    system = Quench(
        junction(15, 5, {"to": 0.8}, h=0.58, T=0.02),
        0.3 * np.cos(2 * np.pi * np.arange(15) / 15) + 1e-3j * np.sin(np.arange(15)),
    )
    found = []
    for dtype in (complex, np.complex64):
        method = Exponential(BlockState(system, parallel.solo(), dtype))
        method.start(0.0, 0.5)
        found.append([])
        for k in range(120):
            method.advance(0.5 * k, 0.5)
            found[-1].append(method.now.c.copy())
    double, mixed = np.array(found)
    assert 0 < np.abs(mixed - double).max() < 1e-6
