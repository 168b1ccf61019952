"""The junction with nothing assumed of the pattern: columns of modes over sites.

Every docstring names a change of the code under which the test was seen to fail.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm, solve_sylvester

from hpcneq import driver
from hpcneq.errors import InputError
from hpcneq.files.writer import Result
from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.petsc import Options
from hpcneq.solvers import newton
from hpcneq.solvers.auxiliary_modes import stepping
from hpcneq.solvers.auxiliary_modes.integrator import Exponential
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.solvers.evolution import Evolution
from hpcneq.solvers.site_columns import integrator, kernels
from hpcneq.solvers.site_columns.state import SiteState
from hpcneq.solvers.site_columns.stationary import Stationary
from hpcneq.systems.nsn_junction.physics import junction as model
from hpcneq.systems.nsn_junction.physics import lattice_dynamics as dynamics
from hpcneq.systems.nsn_junction.physics import pair_susceptibility as pairing
from hpcneq.systems.nsn_junction.physics import patterns
from hpcneq.systems.nsn_junction.physics import site_lattice as sites
from hpcneq.systems.nsn_junction.physics import uniform_states as static
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench

parallel = pytest.mark.parallel
RNG = np.random.default_rng(5)
FIRST = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def _same_numbers_alone_and_among_others():
    RNG.bit_generator.state = FIRST


def leads(gamma=0.05, T=0.05):
    return tuple(
        model.Lead(name, gamma, T, 0.0, sign) for name, sign in (("left", 1), ("right", -1))
    )


def junction(Lx, Ly, bias, h=0.2, U=1.5, error=1e-4, gamma=0.05, T=0.05, mu=0.0):
    pair = leads(gamma, T)
    return model.Junction(
        U,
        mu,
        h,
        pair,
        model.stripe(Lx, Ly, mu),
        bias,
        model.fit_poles(pair, 2 * gamma, model.window(pair, mu, h, bias, 10.0), error),
    )


def plane(Lx, Ly, U=1.5, **given):
    return sites.Sites(
        Lx, Ly, given.pop("potential", np.zeros(Lx * Ly)), np.full(Lx * Ly, U), **given
    )


def wild(Lx, Ly):
    """Potential, attraction, an open end and a vector potential that jumps: nothing is like
    anything else.
    """
    rng = np.random.default_rng(7)
    step = drives.Drive(0.3, "step", to=0.5, at=0.0)
    return sites.Sites(
        Lx,
        Ly,
        rng.normal(size=Lx * Ly) * 0.4,
        1.5 + 0.3 * rng.normal(size=Lx * Ly),
        False,
        True,
        (step, drives.Drive(-0.2)),
    )


def run(system, step, count, comm=None, dtype=complex):
    """The integrator after ``count`` steps from the stationary start."""
    method = integrator.Columns(SiteState(system, comm or solo(), np.dtype(dtype)))
    method.start(0.0, step)
    for k in range(count):
        method.advance(k * step, step)
    return method


def dense(place, A, c, mu=0.0):
    """H of a lattice as a full matrix, written bond by bond."""
    N = place.count
    H = np.zeros((N, 2, N, 2), complex)
    for x in range(place.Lx):
        for y in range(place.Ly):
            j = x * place.Ly + y
            for dx, dy, is_open in ((1, 0, place.open_x), (0, 1, place.open_y)):
                if is_open and (x + dx >= place.Lx or y + dy >= place.Ly):
                    continue
                k = (x + dx) % place.Lx * place.Ly + (y + dy) % place.Ly
                hop = -np.exp(1j * (A[0] * dx + A[1] * dy))  # from j to k
                H[k, 0, j, 0] += hop
                H[j, 0, k, 0] += np.conj(hop)
                H[k, 1, j, 1] -= np.conj(hop)
                H[j, 1, k, 1] -= hop
            H[j, 0, j, 0] += place.potential[j] - mu
            H[j, 1, j, 1] -= place.potential[j] - mu
            H[j, 0, j, 1], H[j, 1, j, 0] = -c[j], -np.conj(c[j])
    return H.reshape(2 * N, 2 * N)


@pytest.mark.parametrize("plain, size", [(True, 4), (True, 8), (False, 8)])
def test_a_polynomial_of_the_hamiltonian_is_its_exponential(plain, size):
    """exp(-i t H) of random columns and a source against scipy's matrix exponential, from the
    left and from the right.

    Fails if hole rows have +hop, or if the right kernel takes hop for its conjugate.
    """
    place = plane(5, 3, potential=RNG.normal(size=15) * 0.2) if plain else wild(5, 3)
    A = [d(1.0) for d in place.vector]
    c = (RNG.normal(size=15) + 1j * RNG.normal(size=15)) * 0.3
    H, radius, t = dense(place, A, c), 6.0, 0.4
    real, kind = {4: (np.float32, np.complex64), 8: (float, complex)}[size]
    width, terms = kernels.LANES[size], 30
    u = stepping.exponential_coefficients(t, radius, terms)
    P, B, C = (
        RNG.normal(size=(30, 2, width)).astype(real),
        np.empty((30, 2, width), real),
        np.empty((30, 2, width), real),
    )
    at = np.tile([4, 9], (width, 1))
    w = np.zeros((terms, width, 2), kind)
    w[:] = u[:, None, None] * np.array([0.5, -0.3j])
    found = kernels.clenshaw(
        place.near,
        (place.hops(A) / radius).astype(kind),
        (place.potential / radius).astype(real),
        (c / radius).astype(kind),
        u.astype(kind),
        P,
        B,
        C,
        at,
        w,
        plain,
    )
    start = P[:, 0] + 1j * P[:, 1]
    start[4] += 0.5
    start[9] += -0.3j
    exact = expm(-1j * t * H) @ start
    assert np.abs(found[:, 0] + 1j * found[:, 1] - exact).max() < {4: 5e-6, 8: 1e-13}[size]
    if size == 8:
        V = RNG.normal(size=(15, 2, 2, 32))
        B, C = np.zeros_like(V), np.zeros_like(V)
        for k in range(terms - 1, -1, -1):
            kernels.right(
                place.near,
                place.hops(A) / radius,
                place.potential / radius,
                c / radius,
                u[k].real,
                -u[k].imag,
                2.0 if k else 1.0,
                V,
                B,
                C,
            )
            B, C = C, B
        matrix = (V[:, :, 0] + 1j * V[:, :, 1]).reshape(30, 32).T
        found = (B[:, :, 0] + 1j * B[:, :, 1]).reshape(30, 32).T
        np.testing.assert_allclose(found, matrix @ expm(1j * t * H), atol=1e-13)


def test_stripes_evolve_as_with_blocks():
    """A y-uniform start on 9 x 3 under a bias step against the block integrator: the same at the
    start to rounding, a difference after t = 2 that falls as dt^4, below 3e-6 at dt = .1; no
    pattern along y appears.

    Fails if the commutator with the neighbours' part of G has its second half with the wrong sign.
    """
    bias = drives.Drive(0.0, "step", to=0.3, at=0.0)
    given = junction(9, 3, bias)
    delta = (
        0.3
        + 0.1 * np.cos(2 * np.pi * np.arange(9) / 9)
        + 0.03 * RNG.normal(size=9)
        + 0.03j * RNG.normal(size=9)
    )
    differences = []
    for step in (0.2, 0.1):
        full = run(
            dynamics.SiteQuench(given, plane(9, 3), np.repeat(delta, 3)), step, round(2 / step)
        )
        blocks = Exponential(BlockState(Quench(given, delta), solo()))
        blocks.start(0.0, step)
        for k in range(round(2 / step)):
            blocks.advance(k * step, step)
        now = full.now.c.reshape(9, 3)
        differences.append(np.abs(now - blocks.now.c[:, None]).max())
        assert np.ptp(now.real, axis=1).max() < 1e-12
    assert differences[1] < 3e-6 and differences[0] > 10 * differences[1]


QUENCH = """
system = "nsn-junction"
task = "evolve"
[parameters]
h = 0.58
T = 0.02
gamma = 0.01
eV = {{from = 0.0, to = 0.8}}
[numerics]
Lx = {Lx}
Ly = {Ly}
symmetry = "{symmetry}"
dt = {dt}
error_estimate = false
[initial]
state = "{state}"
noise_sites = false
noise = 1e-2
[run]
t_max = {t_max}
"""


@pytest.mark.nightly
@pytest.mark.parametrize(
    "Lx, Ly, t_max, state, step", [(21, 5, 40.0, "bcs", 0.25), (51, 11, 15.0, "auto", 0.5)]
)
def test_the_papers_quench_as_with_blocks(tmp_path, Lx, Ly, t_max, state, step):
    """The bias step of Fig. 4(b) with nothing assumed against stripes from the same noise: 2e-4
    at first (the two integrate the same equations differently, each to fourth order), eight times
    less or better with half the step; nothing depends on y, to rounding.

    Fails if the noise is not the one of stripes, or if Y is carried without the bend of the
    sources.
    """
    differences = []
    for dt in (step, step / 2):
        found = []
        for symmetry in ("full", "stripe"):
            (tmp_path / "in.toml").write_text(QUENCH.format(**locals()))
            assert (
                driver.run(tmp_path / "in.toml", tmp_path / f"{symmetry}{dt}.h5", quiet=True) == 0
            )
            found.append(np.asarray(Result(tmp_path / f"{symmetry}{dt}.h5").delta))
        assert np.abs(np.diff(found[0], axis=2)).max() < 1e-11
        assert np.abs(found[1][-1] - found[1][0]).max() > 0.02
        differences.append(np.abs(found[0][:, :, 0] - found[1]).max())
    assert differences[0] < 2e-4 and differences[1] < differences[0] / 8


def test_anything_goes_against_full_matrices():
    """3 x 2 sites with random levels, attraction, an open end, a vector potential that jumps and
    a bias step: Delta(t) against the equations of motion of full matrices, integrated by scipy;
    4e-6 at dt = .05. The density changes by what the leads bring.

    Fails with the sign of A_y, with an open end closed, or with U of another site, or if the start
    takes the sources of leads that are not at rest to commute with H.
    """
    place, bias = wild(3, 2), drives.Drive(0.1, "step", to=0.6, at=0.0)
    given = junction(3, 2, bias, mu=0.1)
    start = 0.2 * RNG.normal(size=6) + 0.2j * RNG.normal(size=6)
    system = dynamics.SiteQuench(given, place, start)
    method = run(system, 0.05, 40)
    H0 = dense(place, [d.start for d in place.vector], start, mu=0.1)
    A = [d(1.0) for d in place.vector]
    groups, one = system.groups, np.eye(12)
    old, new = system.rates_at(0.0, -1), system.rates_at(0.0, +1)
    source = [np.diag(np.tile(group.sources(given), 6)) for group in groups]
    Pi = np.array([np.linalg.solve(1j * H0 - old[g] * one, source[g]) for g in range(len(groups))])
    Q = Pi.sum(0)
    X = 1j * (Q + Q.conj().T + system.white * one)
    half = 0.5 * system.damping * one  # G at rest: i [H, G] + damping G = X
    G = solve_sylvester(1j * H0 + half, half - 1j * H0, X)

    def field(G):
        return -1j * place.pairing * G.reshape(6, 2, 6, 2)[np.arange(6), 0, np.arange(6), 1]

    def slope(t, flat):
        parts = flat.reshape(-1, 12, 12)
        G, Pi = parts[0], parts[1:]
        H, Q = dense(place, A, field(G), mu=0.1), Pi.sum(0)
        return np.concatenate(
            [
                (
                    -1j * (H @ G - G @ H)
                    - system.damping * G
                    + 1j * (Q + Q.conj().T + system.white * one)
                )[None],
                -1j * H @ Pi + new[:, None, None] * Pi + source,
            ]
        ).ravel()

    found = solve_ivp(
        slope,
        (0, 2),
        np.concatenate([G[None], Pi]).ravel(),
        method="DOP853",
        rtol=1e-10,
        atol=1e-12,
    )
    G = found.y[:, -1].reshape(-1, 12, 12)[0]
    np.testing.assert_allclose(method.now.c, field(G), atol=4e-6)
    assert np.abs(field(G) - start).max() > 0.1
    low, high = np.linalg.eigvalsh(-0.5j * (G - G.conj().T))[[0, -1]]
    np.testing.assert_allclose(method.state.extremes()[1:], (low, high), atol=1e-5)


def test_petsc_integrates_the_same_equations():
    """PETSc's Runge-Kutta on Y and the modes as one vector against the columns' own integrator:
    Delta and the range of occupations, 2e-6 at t = 0.3.

    Fails if Y lacks half of white, or if the right-hand side has H from the wrong side.
    """
    system = dynamics.SiteQuench(
        junction(3, 2, drives.Drive(0.1, "step", to=0.6, at=0.0), error=1e-2),
        wild(3, 2),
        0.2 * RNG.normal(size=6) + 0.2j * RNG.normal(size=6),
    )
    ends, kinds = [], []
    for given in ({"evolve_ts_type": "rk", "evolve_ts_rtol": 1e-7, "evolve_ts_atol": 1e-8}, {}):
        with Options(given) as options:
            evolution = Evolution(SiteState(system, solo()), 0.3, 0.05, options)
            kinds.append(evolution.type)
            rows = []
            evolution.run(rows.append, every=0.3)
            extremes = evolution.state.extremes(rows[-1].green)
            ends.append(np.concatenate([rows[-1].c, extremes[1:]]))
            evolution.destroy()
    assert kinds == ["rk", "exponential"]
    np.testing.assert_allclose(ends[0], ends[1], atol=2e-6)


def test_a_vector_potential_is_a_boost():
    """A_x = 2 pi m/Lx with Delta exp(2 i A x) is another gauge of the same state: Delta(t) exp(-2
    i A x) is that without A, to rounding.

    Fails if hole rows have the phase of up rows.
    """
    bias, A = drives.Drive(0.0, "step", to=0.5, at=0.0), 2 * np.pi / 4
    delta = 0.3 * RNG.normal(size=12) + 0.3j * RNG.normal(size=12)
    turn = np.exp(2j * A * np.repeat(np.arange(4), 3))
    still = run(dynamics.SiteQuench(junction(4, 3, bias), plane(4, 3), delta), 0.1, 8)
    boosted = run(
        dynamics.SiteQuench(
            junction(4, 3, bias),
            plane(4, 3, vector=(drives.Drive(A), drives.Drive(0.0))),
            delta * turn,
        ),
        0.1,
        8,
    )
    np.testing.assert_allclose(boosted.now.c / turn, still.now.c, atol=1e-11)


def test_a_pattern_along_y_grows_at_the_rate_of_the_linear_theory():
    """A weak cos(Q y) on the normal state of 4 x 6 sites at a bias grows as 1/U = C(Q, z) says
    for the lattice's Q along y: 1%.

    Fails if the neighbours along y are those along x.
    """
    point, grid, q = (
        static.Point(U=4.0, mu=0.0, gamma=0.05, h=0.3, T=0.05, eV=0.8),
        static.finite(6, 4),
        2 * np.pi / 6,
    )
    z = pairing.normal_growth(q, point, grid)
    assert z.imag > 0.05
    given = junction(4, 6, drives.Drive(0.8), h=0.3, U=4.0, error=1e-6)
    seed = 1e-5 * np.tile(np.cos(q * np.arange(6)), 4)
    method = integrator.Columns(
        SiteState(dynamics.SiteQuench(given, plane(4, 6, U=4.0), seed), solo())
    )
    method.start(0.0, 0.25)
    size = []
    for k in range(80):
        method.advance(0.25 * k, 0.25)
        size.append(np.abs(np.fft.fft2(method.now.c.reshape(4, 6))[0, 1]))
    assert size[-1] < 0.05 * 24
    assert np.log(size[-1] / size[-21]) / 5.0 == pytest.approx(z.imag, rel=0.01)


def test_a_mirrored_start_stays_mirrored():
    """A pattern even about site 0 in x and in y and a quadratic potential: so is Delta(t) after a
    bias step, to 1e-12, whatever else happens to it. Fails if a neighbour's hop is taken twice in
    place of its mirror image's.
    """
    x, y = np.minimum(np.arange(6), 6 - np.arange(6)), np.minimum(np.arange(5), 5 - np.arange(5))
    delta = 0.3 * np.cos(x)[:, None] + 0.2 * np.cos(1.3 * y) + 0.1j * x[:, None] * y
    place = plane(6, 5, potential=(0.05 * x[:, None] ** 2 + 0.03 * y**2).ravel())
    now = run(
        dynamics.SiteQuench(
            junction(6, 5, drives.Drive(0.0, "step", to=0.5, at=0.0)), place, delta.ravel()
        ),
        0.25,
        12,
    ).now.c.reshape(6, 5)
    np.testing.assert_allclose(now[-np.arange(6)], now, atol=1e-12)
    np.testing.assert_allclose(now[:, -np.arange(5)], now, atol=1e-12)
    assert np.abs(now - delta).max() > 0.05 and np.ptp(np.abs(now)) > 0.02


def test_a_disordered_stationary_state_stays():
    """Self-consistent site by site in a random potential with an open end; then nothing moves:
    1e-8 over t = 5.

    Fails if a group's share of the gap equation lacks the conjugate of its lower entry.
    """
    place = plane(4, 3, U=3.0, potential=sites.disorder(12, 1.0, 3), open_y=True)
    given = junction(4, 3, drives.Drive(0.4), h=0.1, U=3.0, T=0.1)
    system = dynamics.SiteQuench(given, place, np.full(12, 0.6 + 0j))
    found = newton.relax(
        Stationary(system),
        solo(),
        np.concatenate([np.full(12, 0.6), np.zeros(12)]),
        {"snes_type": "anderson", "snes_anderson_m": 8, "snes_atol": 1e-11, "snes_max_it": 300},
    )
    assert found.residual < 1e-10
    delta = found.x[:12] + 1j * found.x[12:]
    assert np.abs(delta).min() > 0.1 and np.ptp(np.abs(delta)) > 0.02
    method = run(dynamics.SiteQuench(given, place, delta), 0.25, 20)
    np.testing.assert_allclose(method.now.c, delta, atol=1e-8)


def test_modes_in_single_precision():
    """complex64 modes under a complex128 Y: Delta(t = 2) agrees to 3e-8 (measured 3e-9). Fails if
    polynomials are cut at coefficients of 1e-3.
    """
    system = dynamics.SiteQuench(
        junction(4, 3, drives.Drive(0.0, "step", to=0.5, at=0.0)),
        plane(4, 3),
        np.full(12, 0.3) + 0.05 * RNG.normal(size=12),
    )
    double, single = (run(system, 0.25, 8, dtype=kind).now.c for kind in (complex, np.complex64))
    assert 0 < np.abs(double - single).max() < 3e-8


@parallel
def test_ranks_agree_and_none_holds_a_matrix(comm):
    """40 sites, not divisible, on any number of ranks against one: 1e-11. No rank keeps more than
    its columns and their halo.

    Fails if a rank takes its halo in the order of the asking instead of the sites'.
    """
    rng = np.random.default_rng(11)
    place = plane(8, 5, potential=rng.normal(size=40) * 0.3)
    system = dynamics.SiteQuench(
        junction(8, 5, drives.Drive(0.0, "step", to=0.5, at=0.0), error=1e-2),
        place,
        0.2 * rng.normal(size=40) + 0.1j,
    )
    method = run(system, 0.2, 4, comm)
    alone = run(system, 0.2, 4)
    np.testing.assert_allclose(method.now.c, alone.now.c, atol=1e-11, rtol=0)
    state = method.state
    columns_held, modes = 2 * len(state.sites), state.lanes * len(state.sites)
    assert (
        state.modes.nbytes == modes * 2 * state.rows * 8
        and state.green.nbytes == columns_held * 2 * state.rows * 8
    )
    kept = [
        value
        for value in (*vars(method).values(), *vars(state).values())
        if isinstance(value, np.ndarray) and value.base is None
    ]
    most = (2 * state.halo.count * 2 * state.rows + modes * 2 * state.rows) * 8
    assert max(value.nbytes for value in kept) <= max(most, 16 * 40 * 4)
    x, y = np.divmod(state.sites, 5)
    reached = {
        *state.sites,
        *(((x + 1) % 8) * 5 + y),
        *(((x - 1) % 8) * 5 + y),
        *(x * 5 + (y + 1) % 5),
        *(x * 5 + (y - 1) % 5),
    }
    assert state.halo.count == len(reached) and (comm.size == 1 or len(reached) < 40)


def test_structure_factor_and_names():
    """|Delta_q|^2 of stripes, crossed and uniform patterns: adds up to the mean of |Delta|^2;
    names as they look. Fails if q and -q are not added.
    """
    for shape in ((9, 4), (8, 6), (5, 1), (2, 3)):
        delta = RNG.normal(size=shape) + 1j * RNG.normal(size=shape)
        assert patterns.structure(delta).sum() == pytest.approx(
            (np.abs(delta) ** 2).mean(), rel=1e-12
        )
    for state, waves in (("bcs", (0, 0)), ("fflo", (2, 0)), ("crossed", None)):
        found = patterns.describe_sites(patterns.site_seed(12, 12, state, 2, 0.5))
        assert found["state"] == state and (
            waves is None or (found["wave_number"], found["wave_number_y"]) == waves
        )
    assert patterns.describe_sites(0.5 * RNG.normal(size=(12, 12)))["state"] == "mixed"
    assert patterns.describe_sites(np.full((4, 4), 1e-4))["state"] == "normal"


INPUT = """
system = "nsn-junction"
task = "evolve"
[parameters]
T = 0.1
gamma = 0.05
eV = {from = 0.0, to = 0.6, kind = "pulse", at = 0.6, duration = 1.1}
[numerics]
Lx = 4
Ly = 3
symmetry = "full"
dt = 0.25
pole_error = 1e-3
[initial]
state = "bcs"
[sites]
disorder = 0.4
[run]
t_max = 2.6
"""


def test_a_moving_vector_potential(tmp_path):
    """A ramp of A_x under a condensate: what half the step changes falls tenfold or more when the
    step is halved, and the quoted error bounds what a quarter of the step changes, not ten times
    too large. Fails if hops enter a step by their mean.
    """
    text = INPUT.replace(
        "disorder = 0.4", 'A_x = {from = 0.0, to = 0.4, kind = "ramp", at = 0.5, duration = 4.0}'
    ).replace("1e-3", "1e-7")
    text = text.replace("t_max = 2.6", "t_max = 5.0").replace(
        '{from = 0.0, to = 0.6, kind = "pulse", at = 0.6, duration = 1.1}', "0.0"
    )
    (tmp_path / "in.toml").write_text(text.replace('state = "bcs"', 'state = "bcs"\nnoise = 0.0'))
    found = []
    for k, dt in enumerate((0.5, 0.25, 0.125)):
        assert (
            driver.run(
                tmp_path / "in.toml",
                tmp_path / f"{k}.h5",
                quiet=True,
                overrides=[f"numerics.dt={dt}"],
            )
            == 0
        )
        found.append(Result(tmp_path / f"{k}.h5"))
    value = [result.summary["delta_rms"] for result in found]
    assert abs(value[1] - value[0]) > 10 * abs(value[2] - value[1])
    assert abs(value[2] - value[1]) < found[1].errors["delta_rms"] < 10 * abs(value[2] - value[1])


@pytest.mark.parametrize("late", [0.0, 1.0])
def test_petsc_moves_hops_the_same_way(late):
    """A sine of A_x and a step of the bias: PETSc's Runge-Kutta against the columns' own
    integrator, 2e-6 at t = 0.6.

    Fails with the two half steps of a moving step in the wrong order.
    """
    place = plane(
        3,
        3,
        vector=(drives.Drive(0.2, "sine", to=0.5, frequency=3.0, at=late * 0.3), drives.Drive(0.1)),
    )
    system = dynamics.SiteQuench(
        junction(3, 3, drives.Drive(0.1, "step", to=0.6, at=0.0), error=1e-2),
        place,
        0.2 * RNG.normal(size=9) + 0.2j * RNG.normal(size=9),
    )
    ends = []
    for given in ({"evolve_ts_type": "rk", "evolve_ts_rtol": 1e-7, "evolve_ts_atol": 1e-8}, {}):
        with Options(given) as options:
            evolution = Evolution(SiteState(system, solo()), 0.6, 0.05, options)
            evolution.run(lambda row: ends.append(row.c) if row.t == 0.6 else None, every=0.6)
            evolution.destroy()
    np.testing.assert_allclose(ends[0], ends[1], atol=2e-6)


def put(comm, folder, text):
    if comm.rank == 0:
        (folder / "in.toml").write_text(text)
    comm.barrier()
    return folder / "in.toml"


@parallel
def test_the_task_writes_maps(comm, shared_tmp):
    """A disordered condensate under a pulse through the driver: data sets over (t, x, y), errors,
    the same on all ranks.
    """
    assert driver.run(put(comm, shared_tmp, INPUT), shared_tmp / "out.h5", quiet=True) == 0
    result = Result(shared_tmp / "out.h5")
    assert result.delta.shape == (len(result.t), 4, 3) and result.structure.shape == (
        len(result.t),
        3,
        2,
    )
    found = result.summary
    assert (
        found["state"] == "bcs"
        and 0.5 < found["stripe_fraction"] < 1
        and found["delta_max"] == np.abs(result.delta[-1]).max()
    )
    assert 0 < result.errors["delta_max"] < 1e-2 and found["occupation_min"] > -1e-3
    if comm.size > 1 and comm.rank == 0:
        assert (
            driver.run(shared_tmp / "in.toml", shared_tmp / "one.h5", quiet=True, comm=solo()) == 0
        )
        np.testing.assert_allclose(
            np.asarray(Result(shared_tmp / "one.h5").delta), np.asarray(result.delta), atol=1e-11
        )


@pytest.mark.parametrize(
    "change, says",
    [
        ('state = "bcs"', ('state = "file"\nfile = "x.h5"', "--resume")),
        ('state = "bcs"', ('state = "auto"', "uniform lattices")),
        ('state = "bcs"', ('state = "pattern"\nfile = "x.h5"', "cannot read")),
        ("dt = 0.25", ("dt = 0.25\ncorrector = 1", "advanced in place")),
        ('symmetry = "full"', ('symmetry = "stripe"', r"\[sites\]: goes with")),
        ("disorder = 0.4", ('file = "none.h5"', "cannot read")),
    ],
)
def test_what_is_refused(tmp_path, change, says):
    """One line each."""
    new, words = says
    (tmp_path / "in.toml").write_text(INPUT.replace(change, new))
    with pytest.raises(InputError, match=words):
        driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True)


def test_a_pattern_from_a_file_of_sites(tmp_path):
    """Task ``pattern`` with potential and pairing of an HDF5 file: the residual of the gap
    equation is met, weak sites have less Delta, errors bound the change by finer poles, and an
    evolution from the file stays. Fails if the file's pairing is not read.
    """
    import h5py

    U = np.full((4, 3), 3.0)
    U[0, 0] = 2.0
    with h5py.File(tmp_path / "sites.h5", "w") as file:
        file["pairing"] = U
    text = (
        INPUT.replace('"evolve"', '"pattern"')
        .replace("dt = 0.25\n", "")
        .replace("disorder = 0.4", 'file = "sites.h5"')
    )
    text = text[: text.index("[run]")].replace(
        'eV = {from = 0.0, to = 0.6, kind = "pulse", at = 0.6, duration = 1.1}', "eV = 0.2"
    )
    (tmp_path / "in.toml").write_text(text)
    assert driver.run(tmp_path / "in.toml", tmp_path / "out.h5", quiet=True) == 0
    result = Result(tmp_path / "out.h5")
    size = np.abs(np.asarray(result.delta))
    assert (
        driver.run(
            tmp_path / "in.toml",
            tmp_path / "fine.h5",
            quiet=True,
            overrides=["numerics.pole_error=1e-6"],
        )
        == 0
    )
    fine = Result(tmp_path / "fine.h5")
    for key in ("delta_max", "delta_rms"):
        change = abs(fine.summary[key] - result.summary[key])
        assert change < result.errors[key] < 100 * max(change, 1e-12)
    text = INPUT.replace("disorder = 0.4", 'file = "sites.h5"').replace(
        'state = "bcs"', 'state = "pattern"\nfile = "out.h5"\nnoise = 0.0'
    )
    (tmp_path / "on.toml").write_text(
        text.replace('{from = 0.0, to = 0.6, kind = "pulse", at = 0.6, duration = 1.1}', "0.2")
    )
    assert driver.run(tmp_path / "on.toml", tmp_path / "on.h5", quiet=True) == 0
    assert (
        np.abs(np.asarray(Result(tmp_path / "on.h5").delta) - np.asarray(result.delta)).max() < 1e-8
    )
    assert result.summary["residual"] < 1e-11 and size[0, 0] == size.min() < 0.8 * size.max()
