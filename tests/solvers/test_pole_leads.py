"""Leads as poles: stationary, periodic and evolving states against known currents."""

import tracemalloc

import numpy as np
import pytest
from scipy import linalg, sparse

from hpcneq.maths import lead_fits
from hpcneq.maths.exponentials import phi
from hpcneq.maths.pole_leads import Density, LeadPoles, least_width, normal_lead, pair_lead
from hpcneq.solvers import newton
from hpcneq.solvers.integrators import pole_stepper
from hpcneq.solvers.pole_leads import cost, self_consistent
from hpcneq.solvers.pole_leads import stationary as states
from hpcneq.solvers.pole_leads.affine import frozen
from hpcneq.solvers.pole_leads.equilibrium import Blocks
from hpcneq.solvers.pole_leads.large import density_entries
from hpcneq.solvers.pole_leads.periodic import period_of, periodic
from hpcneq.solvers.pole_leads.state import PoleState
from hpcneq.solvers.pole_leads.stationary import Undamped, stationary

from ..support.pole_systems import Chain, Prescribed, dot, evolved, normal, pair, particles, resumed


@pytest.fixture(scope="module")
def band():
    """A chain of hopping 1 at T = .02 without floor."""
    return lead_fits.chain_fit(1.0, 0.02, floor=0.0, error=1e-6)


@pytest.fixture(scope="module")
def gap():
    """A BCS lead at T = .02, dynes = 1e-3."""
    return lead_fits.bcs_fit(1.0, 1e-3, 0.02, error=1e-4)


LANDAUER = (  # contact, level, bias, I h/e of one spin by Landauer's formula
    (1.0, 0.0, 1.0, 0.99834973),
    (0.5, 0.0, 1.0, 0.84383503),
    (0.5, 0.3, 1.0, 0.7065813),
    (0.3, 0.0, 2.0, 0.45432956),
    (0.5, 0.0, 3.0, 0.65712691),
)


def test_dot_between_chains(band):
    """Currents of a level between half-infinite chains whose bands move with the bias.

    Mutation: the hole's poles not mirrored.
    """
    for contact, level, bias, current in LANDAUER:
        leads, H = dot([normal(band, 2 * contact**2)] * 2, level)
        density = stationary(leads, H, [0.5 * bias, -0.5 * bias])
        flow = np.pi * particles(leads, density)
        assert flow == pytest.approx([current, -current], abs=2e-6)
        assert states.residual(leads, H, density, [0.5 * bias, -0.5 * bias], [0, 0]) < 1e-12
        assert density.core[0, 0].real == pytest.approx(1 - density.core[1, 1].real, abs=1e-7)


JOSEPHSON = (  # half width, level, dN/dt at phase/pi = 1/4, 1/2, 3/4 by the Matsubara sum
    (0.5, 0.0, (0.1507503, 0.2914454, 0.4112956)),
    (1.0, 0.5, (0.1902560, 0.3579667, 0.4440314)),
)


def test_josephson_current(gap):
    """A level between two BCS leads; particles flow towards the larger phase.

    Mutation: phases turned the other way; poles fitted without weights.
    """
    for width, level, currents in JOSEPHSON:
        for part, current in zip((0.25, 0.5, 0.75), currents):
            leads, H = dot([pair(gap, width, part * np.pi), pair(gap, width)], level)
            flow = particles(leads, stationary(leads, H, [0, 0]))
            assert flow == pytest.approx([-current, current], abs=3e-5)


def test_normal_to_superconducting(gap):
    """A level between a wide normal lead at eV and a BCS lead at 0, and no current is lost."""
    wide = lead_fits.wide_fit(0.02, window=100.0, error=1e-7)
    for half_n, half_s, level, bias, current in (
        (0.5, 0.5, 0.0, 0.5, 0.2773967),
        (0.5, 0.5, 0.2, 1.5, 0.4172936),
        (0.3, 0.6, 0.4, 1.0, 0.2461665),
    ):
        leads, H = dot([normal(wide, 2 * half_n), pair(gap, half_s)], level)
        flow = particles(leads, stationary(leads, H, [bias, 0]))
        assert flow == pytest.approx([current, -current], abs=2e-5)
        assert abs(flow.sum()) < 1e-12


def test_passive_fits(gap):
    """Gamma of a branch has no negative eigenvalue where its fit is passive, and A damps all.

    Mutation: the hole's B not conjugated.
    """
    w = np.linspace(-3, 3, 400)
    leads = [pair(gap, 0.5, 0.7), normal(lead_fits.chain_fit(1.0, 0.1, error=1e-3), 0.4)]
    for branches in leads:
        for branch in branches:
            assert least_width(branch, w) > 0
    made, H = dot(leads, 0.2)
    assert states.growth(made.matrix(H, [0.0, 0.3], [0.0, 0.0])) < 0


def test_kitaev_chain_and_undamped_states():
    """Two sites of hop = pairing = 1 with a lead on one: the exact current; the far Majorana state
    is undamped and refused by its site, as a floor makes it harmless.

    Mutation: undamped states judged by connectivity.
    """
    fit, n = lead_fits.wide_fit(0.01, window=100.0, error=1e-8), 2
    hop = np.array([[0.0, -1.0], [-1.0, 0.0]])
    D = np.array([[0.0, 1.0], [-1.0, 0.0]])
    H = np.block([[hop, -D], [-D.conj().T, -hop]]).astype(complex)
    lead = normal_lead(fit, [0], [n], [[1.0]])
    with pytest.raises(Undamped) as caught:
        stationary(LeadPoles(4, [lead]), H, [0.1])
    assert set(caught.value.components) == {1, 3}
    floor = normal_lead(fit, [0, 1], [2, 3], 1e-9 * np.eye(2))
    leads = LeadPoles(4, [lead, floor])
    weights = np.repeat([0.5, -0.5], n)
    for bias, current in ((0.1, 0.03143294), (0.5, 0.12930648), (3.0, 0.44223823)):
        density = stationary(leads, H, [bias, 0], tolerance=1e-12)
        assert leads.flows(density, [0, 0], weights)[0] == pytest.approx(current, abs=2e-6)


def test_triangular_lyapunov_by_halves():
    """Recursion on halves against scipy, above the size that is left to LAPACK."""
    rng = np.random.default_rng(3)
    A = rng.normal(size=(130, 130)) + 1j * rng.normal(size=(130, 130)) - 30j * np.eye(130)
    Q = rng.normal(size=(130, 130)) + 1j * rng.normal(size=(130, 130))
    Q = Q + Q.conj().T
    T, Z = linalg.schur(A, output="complex")
    Y = Z @ states.lyapunov(T, -1j * Z.conj().T @ Q @ Z) @ Z.conj().T
    assert np.abs(Y - linalg.solve_continuous_lyapunov(-1j * A, -Q)).max() < 1e-11


def test_current_is_the_integral_over_energies(gap):
    """rho of a biased dot from G^R s G^A of the fit, integrated over energies.

    The independent route: no pole of A is used.
    """
    leads, H = dot([pair(gap, 0.4), normal(lead_fits.chain_fit(2.0, 0.1), 0.3)], 0.2)
    density = stationary(leads, H, [0.0, 0.3])
    A = leads.matrix(H, [0.0, 0.3], [0.0, 0.0])
    w = 1e-3 * np.sinh(np.linspace(-16, 16, 4001))
    edges = 1 + 1e-4 * np.sinh(np.linspace(-9, 9, 1001))
    w = np.unique(np.concatenate([w, edges, -edges]))
    values, V = np.linalg.eig(A)
    back = np.linalg.inv(V)[:, :2]
    G = (V[:2] / (w[:, None] - values)[:, None, :]) @ back
    filled = _filling(leads, [0.0, 0.3], w)
    integrand = G @ filled @ G.conj().transpose(0, 2, 1) / (2 * np.pi)
    step = np.diff(w)[:, None, None]
    rho = (0.5 * (integrand[1:] + integrand[:-1]) * step).sum(axis=0)
    assert np.abs(rho - density.rho(2)).max() < 2e-4


def _filling(leads, shifts, w):
    """s(w) (n, 2, 2) of all leads from their source C and levels."""
    size = leads.size
    C = leads.core_source(np.zeros(leads.count)).toarray()
    B = leads.couplings(shifts, np.zeros(leads.count)).toarray()
    x = leads.levels(shifts)
    resolvent = 1 / (w[:, None] - x)
    half = (B[:size, size:] * resolvent[:, None, :]) @ C[size:, :size]
    return C[:size, :size] + half + half.conj().transpose(0, 2, 1)


TRANSIENT = (  # t, n and I of the left lead, one spin: against a chain of 801 sites
    (0.0, 0.297579, 0.0),
    (1.0, 0.300445, 0.101792),
    (2.0, 0.320519, 0.125288),
    (5.0, 0.361332, 0.113403),
    (10.0, 0.364175, 0.112481),
)


@pytest.mark.parametrize("method, dt", [("etd", 0.1), ("frozen", 0.5)])
def test_transient_between_chains(band, comm, method, dt):
    """A bias switched on at t = 0 on the coupled state.

    Mutation: the levels not moved with the bias.
    """
    if comm.size > 1:
        pytest.skip("one rank")
    leads, H = dot([normal(band, 0.5)] * 2, 0.3)
    start = stationary(leads, H, [0, 0])
    system = Prescribed(leads, H, [0.5, -0.5])
    rows = {round(t): seen for t, seen in evolved(system, start, comm, 10.0, dt, method, 1.0)}
    for t, n, current in TRANSIENT:
        assert rows[t]["n"][0] == pytest.approx(n, abs=2e-6)
        assert 0.5 * rows[t]["current"][0] == pytest.approx(current, abs=2e-6)


@pytest.mark.parametrize("method", ["etd", "frozen"])
def test_stationary_states_are_fixed_points(gap, comm, method):
    """At a step far too long for the far poles."""
    leads, H = dot([pair(gap, 0.5, 1.0), pair(gap, 0.5)], 0.1)
    start = stationary(leads, H, [0, 0])
    rows = evolved(Prescribed(leads, H, [0, 0]), start, comm, 1.0, 0.25, method, 0.25)
    first, last = rows[0][1], rows[-1][1]
    assert np.abs(last["current"] - first["current"]).max() < 1e-11
    assert np.abs(last["n"] - first["n"]).max() < 1e-11


def test_multiple_andreev_reflection():
    """The mean current of a period at eV = 1 against Floquet's matrices, and the doubled period
    against a long evolution.

    Mutation: S on the couplings instead of the amplitudes.
    """
    fit = lead_fits.bcs_fit(1.0, 1e-2, 0.02, error=1e-3)
    leads, H = dot([pair(fit, 0.5), pair(fit, 0.5)], 0.5)
    system = Prescribed(leads, H, [1.0, 0.0])
    period = period_of(leads, [1.0, 0.0])
    assert period == pytest.approx(np.pi)
    state = periodic(system, period, steps=32)
    mean = np.pi * (state.mean_flows * system.weights).sum(axis=1)
    assert mean == pytest.approx([0.753618, -0.753618], abs=5e-4)
    again = evolved_density(system, state.density, period, 32)
    # the map U R U^+ and the steps of R differ by their own errors, of fourth order each
    assert np.abs(again.core - state.density.core).max() < 3e-5
    assert np.abs(state.multipliers).max() < 1


def test_periodic_state_beside_a_wide_lead():
    """Modes without back action in the map of a period: its state repeats itself.

    Mutation: the modes' own decay left out of U.
    """
    fit = lead_fits.bcs_fit(1.0, 0.1, 0.1, tail=10.0, error=1e-2)
    wide = lead_fits.wide_fit(0.1, window=10.0, error=1e-3)
    leads, H = dot([pair(fit, 0.5), pair(fit, 0.4), normal(wide, 0.3)], 0.4)
    system = Prescribed(leads, H, [1.0, 0.0, 0.2])
    state = periodic(system, np.pi, steps=48)
    again = evolved_density(system, state.density, np.pi, 48)
    assert np.abs(again.core - state.density.core).max() < 2e-6
    assert np.abs(again.tail - state.density.tail).max() < 2e-6
    assert abs((state.mean_flows * system.weights).sum()) < 1e-5


def test_methods_agree_on_turning_amplitudes(comm):
    """BCS leads whose phases run: frozen and diagonal-exact steps, each halved, agree.

    Mutation: amplitudes taken at the start of the step.
    """
    fit = lead_fits.bcs_fit(1.0, 0.1, 0.1, tail=10.0, error=1e-2)
    leads, H = dot([pair(fit, 0.5), pair(fit, 0.5)], 0.5)
    start = stationary(leads, H, [0.0, 0.0])
    system = Prescribed(leads, H, [1.0, 0.0])
    ends = {}
    for method, dt in (("etd", 0.05), ("etd", 0.025), ("frozen", 0.2), ("frozen", 0.1)):
        ends[method, dt] = evolved(system, start, comm, 1.0, dt, method, 1.0)[-1][1]["current"]
    assert np.abs(ends["etd", 0.025] - ends["frozen", 0.1]).max() < 2e-6
    for method, dt in (("etd", 0.05), ("frozen", 0.2)):
        coarse = np.abs(ends[method, dt] - ends["etd", 0.025]).max()
        assert coarse < 2e-5


def evolved_density(system, density, t_max, steps):
    """The density after ``t_max``."""
    from hpcneq import parallel, petsc
    from hpcneq.solvers.evolution import Evolution

    state = PoleState(system, parallel.solo(), density)
    with petsc.Options({}) as options:
        evolution = Evolution(state, t_max, t_max / steps, options)
        evolution.run(lambda row: None, None, t_max)
        evolution.destroy()
    return state.gathered()


@pytest.mark.nightly
@pytest.mark.parametrize(
    "width, bias, current",
    [(0.5, 0.5, 0.344029), (0.5, 2.0, 0.859743), (1.0, 1.0, 1.682095), (1.0, 3.0, 2.600225)],
)
def test_andreev_staircase(width, bias, current):
    """pi dN/dt at dynes = 1e-3 against Floquet's matrices."""
    fit = lead_fits.bcs_fit(1.0, 1e-3, 0.02, error=1e-4)
    leads, H = dot([pair(fit, width), pair(fit, width)], 0.5 * bias)
    system = Prescribed(leads, H, [bias, 0.0])
    state = periodic(system, np.pi / bias, steps=80)
    mean = np.pi * (state.mean_flows * system.weights).sum(axis=1)
    assert mean == pytest.approx([current, -current], abs=6e-5)


@pytest.fixture(scope="module")
def island():
    """(system at eV = 1, its stationary state at eV = 0, |D|) of twelve sites with U = 3."""
    fit = lead_fits.wide_fit(0.02, window=60.0, error=1e-6)
    system = Chain(fit, 12, 3.0, [0.5, -0.5])

    def equations(x):
        density = stationary(system.leads, system.hamiltonian(0, 1, x.astype(complex)), [0, 0])
        return x - (3.0 * density.core[system.entries]).real

    solution = newton.solve_equations(equations, np.full(12, 0.9))
    assert solution.converged
    D = solution.x.astype(complex)
    return system, stationary(system.leads, system.hamiltonian(0, 1, D), [0, 0]), solution.x


def test_island_at_rest(island):
    """|D| of an attractive island between wide leads by SNES on the Lyapunov equation."""
    expected = [0.8167932, 0.8389608, 0.9180041, 0.9195463, 0.9285911, 0.9290509]
    assert island[2][:6] == pytest.approx(expected, abs=1e-5)
    assert island[2] == pytest.approx(island[2][::-1], abs=1e-9)


def test_island_under_bias(island):
    """The state continued to eV = .5, its phase held and its frequency found: 0 by symmetry, and
    the leads' common potential where they have one.

    Mutation: the levels not lowered with the potentials.
    """
    system = Chain(lead_fits.wide_fit(0.02, window=60.0, error=1e-6), 12, 3.0, [0.125, -0.125])
    system.phases = lambda t: np.zeros(2)
    charge, c = np.repeat([1.0, -1.0], 12), island[2].astype(complex)
    for bias in (0.25, 0.5):
        system.potentials = np.array([0.5 * bias, -0.5 * bias])
        state = self_consistent.solve(system, c, charge=charge)
        c = state.c
    assert state.converged and abs(state.frequency) < 1e-10
    expected = [0.7957182, 0.8370455, 0.9158352, 0.9202044, 0.9294867, 0.9303196]
    assert np.abs(c[:6]) == pytest.approx(expected, abs=1e-5)
    assert np.angle(c[0] / c[-1]) == pytest.approx(-1.236105, abs=2e-5)
    assert particles(system.leads, state.density)[0] == pytest.approx(0.06117352, abs=1e-6)
    system.potentials = np.array([0.3, 0.3])
    moved = self_consistent.solve(system, island[2], charge=charge, frequency=0.1)
    assert moved.frequency == pytest.approx(0.3, abs=1e-9)


STEP = ((2.0, 0.80448, 0.92896, 0.09569), (4.0, 0.75875, 0.93112, 0.08922))


@pytest.mark.parametrize("method, dt", [("etd", 0.1), ("frozen", 0.2)])
def test_island_after_a_step(island, comm, method, dt):
    """|D| and the current after a bias of 1 is switched on: both integrators.

    Mutation: the mean field predicted by its value alone.
    """
    system, start, _ = island
    rows = dict(evolved(system, start, comm, 4.0, dt, method, 2.0))
    for t, end, middle, current in STEP:
        D = np.abs(rows[t]["c"])
        assert (D[0], D[5]) == pytest.approx((end, middle), abs=1e-4)
        assert rows[t]["current"] == pytest.approx([current, -current], abs=1e-4)


def test_orders_of_the_methods(comm):
    """Halving the step lowers the error of D by about 2^4 with a moving mean field.

    Poles of moderate distance: far ones lower the order of "etd" to 2, at a small error.
    """
    system = Chain(lead_fits.wide_fit(0.5, window=2.0, error=1e-2), 4, 3.0, [0.5, -0.5])
    D = np.array([0.6, 0.5, 0.5j, 0.7])
    start = stationary(system.leads, system.hamiltonian(0, 1, D), [0, 0])
    for method, steps in (("etd", (0.2, 0.1, 0.05)), ("frozen", (0.2, 0.1, 0.05))):
        D = [evolved(system, start, comm, 1.0, dt, method, 1.0)[-1][1]["c"] for dt in steps]
        ratio = np.abs(D[0] - D[1]).max() / np.abs(D[1] - D[2]).max()
        assert ratio > 8, method


@pytest.mark.parallel
@pytest.mark.parametrize("method", ["etd", "frozen"])
def test_ranks_agree(comm, method):
    """Columns over ranks give what one rank gives; also more ranks than columns of a small dot.

    Mutation: a column that another rank adds to is not sent.
    """
    from hpcneq import parallel

    fit = lead_fits.wide_fit(0.1, window=20.0, error=1e-3)
    mixed = lead_fits.bcs_fit(1.0, 0.1, 0.1, error=1e-2)
    theta = np.kron([[0, 1], [1, 0]], np.eye(2))
    chain = Chain(fit, 2, 3.0, [0.4, -0.4])
    ends = [
        normal_lead(fit, [0], [2], [[0.5]]),
        pair_lead(mixed, np.arange(4), [1, 1, -1, -1], theta, 0.6 * np.eye(4), 0.3),
    ]
    chain.leads = LeadPoles(4, ends)
    D = np.array([0.5, 0.6j])
    start = stationary(chain.leads, chain.hamiltonian(0, 1, D), [0, 0])
    together = evolved(chain, start, comm, 0.8, 0.1, method, 0.4)
    alone = evolved(chain, start, parallel.solo(), 0.8, 0.1, method, 0.4)
    for (t, mine), (_, single) in zip(together, alone):
        assert np.abs(mine["c"] - single["c"]).max() < 1e-11, t
        assert np.abs(mine["current"] - single["current"]).max() < 1e-11, t
    tiny = Prescribed(LeadPoles(2, [normal_lead(fit, [0], [1], [[1.0]])]), np.eye(2), [0.3])
    tiny.H = np.diag([0.2, -0.2]).astype(complex)
    zero = Density(np.zeros((2, 2), complex), np.zeros((2, tiny.leads.tail), complex))
    rows = evolved(tiny, zero, comm, 0.5, 0.1, method, 0.5)
    single = evolved(tiny, zero, parallel.solo(), 0.5, 0.1, method, 0.5)
    assert np.abs(rows[-1][1]["n"] - single[-1][1]["n"]).max() < 1e-11


@pytest.mark.parallel
def test_runge_kutta_agrees(comm):
    """PETSc's own type on the same equations."""
    fit = lead_fits.wide_fit(0.1, window=10.0, error=1e-3)
    system = Chain(fit, 3, 3.0, [0.4, -0.4])
    D = np.full(3, 0.6 + 0j)
    start = stationary(system.leads, system.hamiltonian(0, 1, D), [0, 0])
    ours = evolved(system, start, comm, 1.0, 0.05, "etd", 1.0)[-1][1]["c"]
    options = {"evolve_ts_type": "rk"}
    other = evolved(system, start, comm, 1.0, 0.05, "etd", 1.0, options)[-1][1]["c"]
    assert np.abs(ours - other).max() < 1e-5


@pytest.mark.parallel
@pytest.mark.parametrize("method", ["etd", "frozen"])
def test_checkpoints_are_exact(comm, method):
    """A run taken up in its middle ends with the same bits, the predicted mean field included.

    Mutation: the history of the mean field not saved.
    """
    fit = lead_fits.wide_fit(0.1, window=10.0, error=1e-3)
    system = Chain(fit, 3, 3.0, [0.4, -0.4])
    D = np.full(3, 0.6 + 0j)
    start = stationary(system.leads, system.hamiltonian(0, 1, D), [0, 0])
    whole, second = resumed(system, start, comm, 1.0, 0.1, method, stop=4)
    assert np.array_equal(whole, second)


@pytest.mark.parallel
def test_sparse_entries_are_those_of_the_dense_state(comm):
    """Pole sum and window integral by sparse LU against Schur, with bias and unequal T.

    Mutation: holes at plus the shift.
    """
    fits = [lead_fits.wide_fit(T, window=300.0, error=1e-7) for T in (0.1, 0.2)]
    system = Chain(fits[0], 6, 3.0, [0.4, -0.3])
    ends = [normal_lead(fits[k], [s], [6 + s], [[1.0 + k]]) for k, s in enumerate((0, 5))]
    leads = LeadPoles(12, ends)
    D = np.array([0.5, 0.4, 0.3j, 0.2, 0.6, 0.5])
    H = system.hamiltonian(0, 1, D)
    rho = stationary(leads, H, system.potentials).rho(12)
    rows, columns = np.array([0, 0, 3, 7, 5, 11]), np.array([0, 6, 9, 7, 4, 11])
    values = density_entries(
        leads, sparse.csr_matrix(H), system.potentials, [0.1, 0.2], (rows, columns), 1e-6, comm
    )
    assert np.abs(values - rho[rows, columns]).max() < 2e-6


@pytest.mark.parametrize("method", ["etd", "frozen"])
def test_memory_is_predicted(comm, method):
    """Bytes of all arrays of an evolution, counted while it runs, within 10%."""
    fit = lead_fits.wide_fit(0.05, window=20.0, error=1e-4)
    system = Chain(fit, 40, 3.0, [0.4, -0.4])
    tracemalloc.start()
    try:
        state = PoleState(system, comm, None, method)
        state.flat[:] = 0.1 * np.random.default_rng(1).normal(size=state.flat.size)
        stepper = pole_stepper(state)
        stepper.start(0.0, 0.1)
        for k in range(4):  # steps of one length differ by rounding
            stepper.advance(0.1 * k, 0.1 + 1e-15 * k)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    predicted = cost.evolution_bytes(system.leads, 1, method)
    assert predicted == pytest.approx(peak, rel=0.1)
    assert cost.step_seconds(system, 0.1, method, steps=1, rounds=1) > 0


def test_phi_functions():
    """The series and the closed forms meet at |z| = 1."""
    z = np.array([1.0 - 1e-9, 1.0 + 1e-9, 1j * (1 - 1e-9), 1j * (1 + 1e-9)])
    for values in phi(z):
        assert abs(values[0] - values[1]) < 1e-8 and abs(values[2] - values[3]) < 1e-8
    first, second, third = phi(np.array([-40.0 + 3j]))
    z = -40.0 + 3j
    assert first[0] == pytest.approx((np.exp(z) - 1) / z)
    assert third[0] == pytest.approx((second[0] - 0.5) / z)


def test_frozen_map_is_the_exponential():
    """U and I by doubling against the stationary state and expm.

    Mutation: the tail's part of the source added once.
    """
    fit = lead_fits.wide_fit(0.1, window=20.0, error=1e-4)
    leads, H = dot([normal(fit, 0.7), normal(lead_fits.chain_fit(1.0, 0.1, error=1e-2), 0.4)], 0.3)
    shifts, phases, step = np.array([0.2, -0.1]), np.zeros(2), 3.0
    A = sparse.csr_matrix(leads.matrix(sparse.csr_matrix(H), shifts, phases))
    W = sparse.csr_matrix(
        (np.ones(leads.tail, complex), (leads.tail_couplings(), np.arange(leads.tail))),
        shape=(leads.core, leads.tail),
    )
    sources = leads.core_source(phases).toarray(), leads.tail_source(phases).toarray()
    made = frozen(A, W, leads.tail_levels(shifts), *sources, step)
    assert np.abs(made.cc - linalg.expm(-1j * step * A.toarray())).max() < 1e-12
    density = stationary(leads, H, shifts)
    again = made.of(density)
    assert np.abs(again.core - density.core).max() < 1e-12
    assert np.abs(again.tail - density.tail).max() < 1e-12


def test_blocks_of_the_inverse_beside_the_diagonal():
    """Entries of (z - A)^-1 where A has some, of two parts with holes, against the whole inverse.

    Mutation: the blocks above taken for those below.
    """
    rng = np.random.default_rng(3)
    grid = sparse.kron(sparse.eye(6), sparse.diags([np.ones(4)] * 2, [-1, 1], (5, 5)))
    grid = grid + sparse.kron(sparse.diags([np.ones(5)] * 2, [-1, 1], (6, 6)), sparse.eye(5))
    A = sparse.csr_matrix(sparse.block_diag([grid, [[0.3]], grid]))
    A.data = A.data * (rng.normal(size=A.nnz) + 1j * rng.normal(size=A.nnz))
    rows, columns = A.nonzero()
    for least in (1, 8, 1000):
        order = Blocks(A, least)
        known = np.linalg.inv((0.4 + 0.7j) * np.eye(61) - A.toarray())
        values = order.parts(A).inverse(0.4 + 0.7j).at(rows, columns)
        np.testing.assert_allclose(values, known[rows, columns], atol=1e-10)
        assert len(order.members) == {1: 21, 8: 7, 1000: 1}[least]
