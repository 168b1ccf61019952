"""Stationary states and curves through the tasks, against numbers known by other routes."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import HOP, chain, wide

import hpcneq
from hpcneq.errors import InputError


def run(task, **tables):
    """The result of a run in this process."""
    return hpcneq.run({"system": "lattice", "task": task, **tables})


def island(eV, **numerics):
    """The superconducting island of 12 sites between leads at its ends."""
    return run(
        "steady",
        parameters={"eV": eV},
        model=chain(12),
        interaction={"U": 3.0},
        leads={"left": wide([0], 0.5), "right": wide([11], -0.5)},
        numerics={"seeds": 0, **numerics},
    )


# ---- the island ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "eV, sizes, phase, current",
    [
        (0.0, [0.8167932, 0.8389608, 0.9180041, 0.9195463, 0.9285911, 0.9290509], 0.0, 0.0),
        (
            0.5,
            [0.7957182, 0.8370455, 0.9158352, 0.9202044, 0.9294867, 0.9303196],
            -1.236105,
            0.06117352,
        ),
    ],
)
def test_island_between_normal_leads(eV, sizes, phase, current):
    """|D|, phases and current of a separate program; 5e-6 is the tail of the fits' window. The
    normal state is listed too, and unstable."""
    result = island(eV)
    first, normal = result.summary["states"]
    delta = np.asarray(result.delta)[0]
    np.testing.assert_allclose(np.abs(delta[:6]), sizes, atol=5e-6)
    np.testing.assert_allclose(np.abs(delta[6:]), np.abs(delta[5::-1]), atol=1e-9)
    steps = np.angle(delta[:-1] / delta[1:])
    assert steps.sum() == pytest.approx(phase, abs=5e-5)
    assert first["current"]["left"] == pytest.approx(current, abs=5e-6)
    assert first["current"]["right"] == pytest.approx(-current, abs=5e-6)
    assert first["stability"] == "stable" and first["growth_rate"] < 0
    assert normal["delta_max"] == 0 and normal["stability"] == "unstable"
    assert abs(first["mu_c"]) < 1e-9 and first["residual"] < 1e-9
    error = max(abs(abs(delta[0]) - sizes[0]), 1e-12)
    assert error < 2 * first["delta_max_error"]
    assert result.summary["continuity"] < 1e-9 and result.summary["pair_source"] < 1e-8
    assert result.summary["form"] == "2n" and result.summary["period"] is None
    assert result.summary["growth_A"] < 0


@pytest.mark.nightly
def test_island_has_several_states_at_large_bias():
    """At eV = 1 random seeds lead to further states beside that continued from zero bias."""
    result = island(1.0, seeds=12, stability=False)
    triples = [
        (abs(row[0]), abs(row[5]), state["current"]["left"])
        for row, state in zip(np.asarray(result.delta), result.summary["states"])
    ]
    for known in [(0.6862062, 0.9370161, 0.16727555), (0.667051, 0.851714, 0.2083551)]:
        assert any(np.allclose(known, triple, atol=2e-5) for triple in triples), triples
    assert result.summary["states_complete"] is False


def test_states_are_followed_along_the_bias():
    """The first state of each bias continues that before it; the normal one is always there."""
    result = run(
        "steady",
        sweep={"eV": [0.0, 0.25, 0.5]},
        model=chain(12),
        interaction={"U": 3.0},
        leads={"left": wide([0], 0.5), "right": wide([11], -0.5)},
        numerics={"seeds": 0, "stability": False},
    )
    delta, current = np.asarray(result.delta_max_of), np.asarray(result.current_of)
    np.testing.assert_allclose(delta[[0, 2], 0], [0.9290509, 0.9303196], atol=5e-6)
    assert current[2, 0, 0] == pytest.approx(0.06117352, abs=5e-6)
    np.testing.assert_allclose(delta[:, 1], 0)
    assert list(np.asarray(result.continued_of)[:, 0]) == [False, True, True]


@pytest.mark.nightly
def test_folds_of_the_island():
    """The state continued from zero bias ends at eV = 1.030; behind this fold and four more are
    three further states of eV = 1 (separate program; one of its folds is told to 1e-3).
    """
    result = run(
        "steady",
        sweep={"eV": [0.5, 1.0, 1.1]},
        model=chain(12),
        interaction={"U": 3.0},
        leads={"left": wide([0], 0.5), "right": wide([11], -0.5)},
        numerics={"seeds": 0, "stability": False, "fold_points": 120},
    )
    folds = np.array([fold["eV"] for fold in result.summary["folds"]])
    assert np.abs(folds - 0.9965).min() < 1e-3
    for expected in (1.030, 1.0734, 1.0665, 1.0783):
        assert np.abs(folds - expected).min() < 2e-4, folds
    current = np.asarray(result.current_of)[1, :, 0]
    for known in (0.16727555, 0.2168716, 0.2083551, 0.1579699):
        assert np.nanmin(np.abs(current - known)) < 5e-6, current
    assert np.asarray(result.delta_max_of)[2, 0] == 0  # only the normal state is left


def test_a_curve_that_is_not_followed_to_its_end_is_told():
    """Two points of it may be short of its fold."""
    result = two_sites(2)
    assert result.status == "complete"
    assert any("eV = 0 are not followed to their ends" in words for words in result.warnings)


def two_sites(fold_points):
    """States of two sites at zero bias and where only the normal state is left."""
    return run(
        "steady",
        sweep={"eV": [0.0, 3.0]},
        model=chain(2),
        interaction={"U": 3.0},
        leads={"left": wide([0], 0.5), "right": wide([1], -0.5)},
        numerics={"seeds": 0, "stability": False, "fold_points": fold_points, "fit_error": 1e-3},
    )


@pytest.mark.nightly
def test_a_fold_is_listed_once_and_has_pairs():
    """Where pairing vanishes a curve turns without a fold, and its mirror image has the same."""
    folds = two_sites(60).summary["folds"]
    assert len(folds) == len({round(fold["eV"], 6) for fold in folds}) > 0
    assert min(fold["delta_max"] for fold in folds) > 1e-2


def test_growth_rate_of_the_normal_state():
    """Six sites with a lead on each of the ends: growth .651480 (evolutions .6515)."""
    result = run(
        "steady",
        parameters={"eV": 0.6},
        model=chain(6),
        interaction={"U": 3.0},
        leads={"left": wide([0], 0.5, T=0.05), "right": wide([5], -0.5, T=0.05)},
        initial={"state": "normal"},
    )
    (normal,) = result.summary["states"]
    assert normal["growth_rate"] == pytest.approx(0.651480, abs=2e-5)
    assert normal["frequency"] == pytest.approx(0.0, abs=1e-6)


# ---- lattices that repeat -----------------------------------------------------------------------


def square(L, V, onsite, T, **numerics):
    """A d-wave superconductor on a periodic square lattice, hardly touched by a lead."""
    cell = {
        "vectors": [[1.0, 0.0], [0.0, 1.0]],
        "orbitals": [{"name": "s", "at": [0.0, 0.0]}],
        "size": [L, L],
        "periodic": [True, True],
    }
    shifts = ([1, 0], [0, 1])
    return run(
        "steady",
        model={
            "cell": cell,
            "onsite": [{"on": "s", "value": onsite}],
            "hop": [{**HOP, "shift": shift} for shift in shifts],
        },
        interaction={"bond": [{"from": "s", "to": "s", "shift": s, "V": V} for s in shifts]},
        leads={"bath": wide(list(range(L * L)), gamma=1e-7, T=T)},
        initial={"state": "seed", "bond": {"x": 0.3, "y": -0.3}},
        numerics={"seeds": 0, "stability": False, "uniform": "yes", **numerics},
    )


def gap(L, V, onsite, T):
    """D of 1/V = (1/N) sum_k (cos kx - cos ky)^2 tanh(E/2T)/(2E), by bisection."""
    k = 2 * np.pi * np.arange(L) / L
    xi = -2 * np.cos(k)[:, None] - 2 * np.cos(k) + onsite
    form = np.cos(k)[:, None] - np.cos(k)
    low, high = 1e-6, 2.0
    for _ in range(80):
        D = 0.5 * (low + high)
        E = np.sqrt(xi**2 + (2 * D * form) ** 2)
        more = np.mean(form**2 * np.tanh(E / 2 / T) / (2 * np.maximum(E, 1e-300))) > 1 / V
        low, high = (D, high) if more else (low, D)
    return D


def test_d_wave_gap_of_the_bulk():
    """8 x 8: .2231506282 by the gap equation; pairs along x and y of opposite sign."""
    assert gap(8, 2.0, 0.4, 0.05) == pytest.approx(0.2231506282, abs=1e-9)
    result = square(8, 2.0, 0.4, 0.05)
    first = result.summary["states"][0]
    assert first["delta_max"] == pytest.approx(0.2231506282, abs=1e-6)
    bond, pairs = np.asarray(result.delta_bond)[0], np.asarray(result.bonds)
    along_x = np.isin(pairs[:, 1] - pairs[:, 0], (8, -8, 56, -56))
    np.testing.assert_allclose(bond[along_x], bond[0] * (1 if along_x[0] else -1), atol=1e-8)
    np.testing.assert_allclose(bond[~along_x], -bond[along_x][0], atol=1e-8)
    np.testing.assert_allclose(np.asarray(result.delta), 0)
    assert "equal spins" in result.summary["left_out"]


@pytest.mark.nightly
def test_d_wave_gap_of_an_infinite_lattice():
    """.228659 of the integral over momenta; 20 x 20 sites are 4e-4 off, by sum and by run."""
    assert gap(400, 2.0, 0.4, 0.05) == pytest.approx(0.228659, abs=5e-7)
    found = square(20, 2.0, 0.4, 0.05).summary["states"][0]["delta_max"]
    assert found == pytest.approx(gap(20, 2.0, 0.4, 0.05), abs=1e-6)
    assert found == pytest.approx(0.228659, abs=5e-4)


@pytest.mark.parametrize("L", [8])
def test_weak_leads_damp_a_d_wave_state(L):
    """V = 1.5 at half filling: .1636093131 by the gap equation, with widths of 1e-7 as well."""
    assert gap(L, 1.5, 0.0, 0.02) == pytest.approx(0.1636093131, abs=1e-9)
    first = square(L, 1.5, 0.0, 0.02).summary["states"][0]
    assert first["delta_max"] == pytest.approx(0.1636093131, abs=1e-6)


def test_momenta_are_only_a_way_to_compute():
    """With and without the ring's momenta the same state, to rounding."""
    tables = {
        "model": {
            "cell": {
                "vectors": [[1.0, 0.0], [0.0, 1.0]],
                "orbitals": [{"name": "s", "at": [0.0, 0.0]}],
                "size": [3, 4],
                "periodic": [False, True],
            },
            "hop": [{**HOP, "shift": [1, 0]}, {**HOP, "shift": [0, 1], "value": [-0.8, 0.1]}],
        },
        "interaction": {"U": 2.5, "hartree": True},
        "leads": {"left": wide({"x": "min"}, 0.5), "right": wide({"x": "max"}, -0.5, gamma=0.3)},
        "parameters": {"eV": 0.4},
    }
    results = [
        run("steady", **tables, numerics={"seeds": 0, "stability": False, "uniform": way})
        for way in ("no", "yes")
    ]
    for name in ("delta", "density", "bond_current"):
        one, other = (np.abs(np.asarray(result[name])[0]) for result in results)
        np.testing.assert_allclose(one, other, atol=1e-8)
    currents = [result.summary["states"][0]["current"]["left"] for result in results]
    assert currents[0] == pytest.approx(currents[1], abs=1e-9) and abs(currents[0]) > 0.01


# ---- currents -----------------------------------------------------------------------------------


def dot(task, leads, value=0.0, **tables):
    """One level between leads."""
    model = chain(1, onsite=[{"on": "s", "value": value}])
    return run(task, model=model, leads=leads, **tables)


def chains(contact):
    """Two half-infinite chains."""
    lead = {"kind": "chain", "sites": [0], "hopping": 1.0, "contact": contact, "T": 0.02}
    return {"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}}


@pytest.mark.parametrize(
    "contact, level, eV, expected",
    [(1.0, 0.0, 1.0, 0.99834973), (0.5, 0.3, 1.0, 0.7065813), (0.3, 0.0, 2.0, 0.45432956)],
)
@pytest.mark.parametrize("energies, tolerance", [("window", 1e-8), ("poles", 4e-4)])
def test_level_between_chains(contact, level, eV, expected, energies, tolerance):
    """I h/e of one spin is pi dN/dt of both: Landauer's; poles are off by the floor outside the
    band, which the error counts."""
    numerics = {"energies": energies, "floor": 1e-4}
    result = dot("transport", chains(contact), level, sweep={"eV": [eV]}, numerics=numerics)
    current = np.asarray(result.current)[0]
    assert np.pi * current[0] == pytest.approx(expected, abs=tolerance)
    assert current.sum() == pytest.approx(0, abs=1e-9)
    assert result.summary["energies"] == energies
    error = np.pi * np.asarray(result.current_error)[0, 0]
    assert abs(np.pi * current[0] - expected) < error + 1e-7
    assert set(result.summary["fit_error"]) == set(result.summary["poles"]) == {"left", "right"}


def test_a_model_between_chains_needs_no_key():
    """Left to itself, transport gives Landauer's current."""
    for contact, eV, expected in ((0.5, 1.0, 0.84383503), (0.5, 3.0, 0.65712691)):
        result = dot("transport", chains(contact), sweep={"eV": [eV]})
        assert np.pi * np.asarray(result.current)[0, 0] == pytest.approx(expected, abs=1e-7)


def test_conductance_is_the_slope_of_the_current():
    """Both ways of summing energies, against each other and against differences."""
    curves = [
        dot(
            "transport",
            chains(0.5),
            0.3,
            sweep={"eV": [0.79, 0.8, 0.81]},
            numerics={"energies": energies, "floor": 1e-4},
        )
        for energies in ("window", "poles")
    ]
    for curve in curves:
        current, slope = np.asarray(curve.current), np.asarray(curve.conductance)
        assert slope[1, 0] == pytest.approx(np.pi * np.diff(current[::2, 0])[0] / 0.02, rel=1e-3)
    one, other = (np.asarray(curve.conductance)[1] for curve in curves)
    np.testing.assert_allclose(one, other, atol=1e-3)


def normal_and_superconductor(g_N, g_S, level, eV):
    """dN/dt from a normal lead through a level into a superconductor."""
    leads = {
        "normal": {"kind": "wide", "sites": [0], "gamma": g_N, "T": 0.02, "bias": 1.0},
        "super": {
            "kind": "bcs",
            "sites": [0],
            "gamma": g_S,
            "delta": 1.0,
            "dynes": 1e-3,
            "T": 0.02,
        },
    }
    numerics = {"fit_error": 1e-6, "window": 600.0}
    return dot("transport", leads, level, sweep={"eV": [eV]}, numerics=numerics)


@pytest.mark.parametrize(
    "g_N, g_S, level, eV, expected",
    [
        (0.5, 0.5, 0.0, 0.5, 0.2773967),
        (0.5, 0.5, 0.2, 0.5, 0.2509437),
        (0.5, 0.5, 0.2, 1.5, 0.4172936),
        (0.3, 0.6, 0.4, 1.0, 0.2461665),
    ],
)
def test_andreev_reflection_at_a_level(g_N, g_S, level, eV, expected):
    """Below and above the gap, T = .02, dynes = 1e-3: integrals over energies."""
    result = normal_and_superconductor(g_N, g_S, level, eV)
    current = np.asarray(result.current)[0]
    assert current[0] == pytest.approx(expected, abs=3e-6)
    assert current.sum() == pytest.approx(0, abs=1e-8)
    assert abs(current[0] - expected) < 2 * np.asarray(result.current_error)[0, 0] + 1e-6


@pytest.mark.parametrize(
    "g, level, expected",
    [(0.5, 0.0, [0.1507503, 0.2914454, 0.4112956]), (1.0, 0.5, [0.1902560, 0.3579667, 0.4440314])],
)
@pytest.mark.parametrize("spin", ["z", "full"])
def test_josephson_current_of_a_level(g, level, expected, spin):
    """Particles flow towards the larger phase, by Matsubara sums; both Nambu forms."""
    lead = {"kind": "bcs", "sites": [0], "gamma": g, "delta": 1.0, "dynes": 1e-3, "T": 0.02}
    phases = [0.25 * np.pi, 0.5 * np.pi, 0.75 * np.pi]
    result = run(
        "transport",
        model=chain(1, spin=spin, onsite=[{"on": "s", "value": level}]),
        leads={"low": {**lead, "turn": 0.0}, "high": {**lead, "turn": 1.0}},
        sweep={"phase": phases},
        numerics={"fit_error": 1e-5},
    )
    np.testing.assert_allclose(np.asarray(result.current)[:, 0], expected, atol=2e-6)
    assert result.summary["form"] == {"z": "2n", "full": "4n"}[spin]
    assert np.all(np.isnan(np.asarray(result.conductance)))


def test_multiple_andreev_reflections():
    """pi dN/dt = .753618 at eV = 1, gamma = .5 (Floquet): the mean over the period."""
    lead = {"kind": "bcs", "sites": [0], "gamma": 0.5, "delta": 1.0, "dynes": 1e-2, "T": 0.02}
    leads = {"left": {**lead, "bias": 0.5}, "right": {**lead, "bias": -0.5}}
    numerics = {"fit_error": 1e-3, "tail": 600.0, "periodic_steps": 40}
    result = dot("steady", leads, parameters={"eV": 1.0}, numerics=numerics)
    (state,) = result.summary["states"]
    assert result.summary["period"] == pytest.approx(np.pi)
    assert np.pi * state["current"]["left"] == pytest.approx(0.753618, abs=2e-3)
    assert state["stability"] == "stable" and state["growth_rate"] < 0


# ---- chains with Majorana levels ----------------------------------------------------------------


def kitaev(V, spin="none", size=3):
    """Kitaev's chain at its sweet spot with a lead on its first site."""
    return run(
        "transport",
        model=chain(size, spin=spin),
        pairing=[{"from": "s", "to": "s", "shift": [1], "value": 1.0}],
        leads={"left": wide([0], 1.0, T=0.01)},
        sweep={"eV": V},
        numerics={"damping": 1e-8, "damping_T": 0.01, "fit_error": 1e-7},
    )


def test_conductance_of_a_majorana_level():
    """dN/dt of the closed formula at four biases, for any length; 2 e^2/h at small ones."""
    V = [0.1, 0.5, 1.0, 3.0]
    expected = [0.03143294, 0.12930648, 0.19721726, 0.44223823]
    result = kitaev(V)
    np.testing.assert_allclose(np.asarray(result.current)[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(
        np.asarray(kitaev(V, size=2).current), np.asarray(result.current), atol=1e-6
    )
    assert result.summary["form"] == "4n"
    assert np.asarray(kitaev([0.0]).conductance)[0, 0] == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("B, expected", [(0.6, 0.999539), (0.2, 0.066957)])
def test_rashba_wire_has_a_majorana_level_in_a_large_field(B, expected, tmp_path, monkeypatch):
    """T_A(0) of 40 sites with leads at both ends, at low temperature the conductance."""
    home = hpcneq.__path__[0]
    monkeypatch.chdir(f"{home}/../inputs/lattice")
    result = run(
        "transport",
        model={"spin": "full", "python": "wire.py:build", "arguments": {"B": B}},
        leads={"left": wide("left", 1.0, 0.3, 1e-4), "right": wide("right", 0.0, 0.3, 1e-4)},
        sweep={"eV": [0.0]},
        numerics={"fit_error": 1e-4, "window": 20.0},
    )
    assert np.asarray(result.conductance)[0, 0] == pytest.approx(expected, abs=3e-3)
    assert "def build" in str(np.asarray(result.model_source).astype(str))
    assert len(result.summary["model_hash"]) == 64


# ---- undamped states ----------------------------------------------------------------------------


def test_undamped_states_are_refused_by_their_sites():
    """The far end of Kitaev's chain sees no lead although all sites are joined."""
    with pytest.raises(InputError, match=r"states on sites 0, 1, 2|states on sites .*2") as told:
        run(
            "transport",
            model=chain(3, spin="none"),
            pairing=[{"from": "s", "to": "s", "shift": [1], "value": 1.0}],
            leads={"left": wide([0], 1.0, T=0.01)},
            sweep={"eV": [0.1]},
        )
    assert "damping" in str(told.value) and "\n" not in str(told.value)


# ---- spectra ------------------------------------------------------------------------------------


def test_density_of_states_of_a_level():
    """A Lorentzian of half width gamma, filled by f: exact."""
    result = dot(
        "spectrum",
        {"bath": wide([0], gamma=0.3, T=0.1)},
        0.2,
        numerics={"energy_min": -30.0, "energy_max": 30.0, "points": 1201},
    )
    w, ldos = np.asarray(result.energy), np.asarray(result.ldos)[:, 0]
    np.testing.assert_allclose(ldos, 0.3 / np.pi / ((w - 0.2) ** 2 + 0.09), atol=1e-10)
    occupied = np.asarray(result.occupied)[:, 0]
    inside = np.abs(w) < 4
    expected = ldos / (np.exp(np.clip(w / 0.1, -600, 600)) + 1)
    np.testing.assert_allclose(occupied[inside], expected[inside], atol=2e-5)
    assert result.summary["weight"] == pytest.approx(1.0, abs=0.01)


def test_spectral_function_of_plane_waves():
    """On a ring every plane wave is a level: a Lorentzian at -2 cos k."""
    k = 2 * np.pi / 6
    result = run(
        "spectrum",
        parameters={"k": [[0.0], [k]]},
        model=chain(6, True),
        leads={"bath": wide(list(range(6)), gamma=0.2)},
        numerics={"points": 101},
    )
    w, spectral = np.asarray(result.energy), np.asarray(result.spectral)
    for row, wave in zip(spectral, (0.0, k)):
        level = -2 * np.cos(wave)
        np.testing.assert_allclose(row, 0.2 / np.pi / ((w - level) ** 2 + 0.04), atol=1e-10)
