"""Conductivity with the mean field's response: gauge invariance, sum rule, kicks, formulas."""

from __future__ import annotations

import numpy as np
import pytest
from support.lattices import chain

import hpcneq
from hpcneq.errors import InputError


def run(task="conductivity", **tables):
    """The result of a run in this process; three sites with pairs at a bias unless said."""
    end = {"kind": "wide", "gamma": 0.5, "T": 0.05}
    tree = {
        "parameters": {"eV": 0.6},
        "model": chain(3),
        "interaction": {"U": 3.0},
        "leads": {
            "a": {**end, "sites": [0], "bias": 0.5},
            "b": {**end, "sites": [2], "bias": -0.5},
        },
        "numerics": {"points": 60, "energy_max": 12.0, "seeds": 0},
    }
    return hpcneq.run({"system": "lattice", "task": task, **tree, **tables})


@pytest.fixture(scope="module")
def open_chain():
    return run()


def test_a_static_field_moves_nothing_in_an_open_chain(open_chain):
    """A uniform A is a gauge there: no superfluid weight, with the pairing's phases moving; held,
    they would leave one. All of the sum rule is at finite frequencies: 1e-2 is their grid's.
    """
    summary = open_chain.summary
    assert abs(summary["superfluid_weight"]) < 1e-9
    assert summary["f_sum"] == pytest.approx(1, abs=1e-2)
    energy, held = np.asarray(open_chain.energy), np.asarray(open_chain.sigma_bubble)
    left = (energy * held.imag)[0]
    assert abs(left) > 0.05 * summary["diamagnetic_weight"]
    assert np.all(np.asarray(open_chain.sigma).real > 0)


@pytest.mark.nightly
def test_the_response_to_a_kick_in_time(open_chain):
    """Currents after a small step of A are -A times the transform of sigma: a step of 1e-3, whose
    square is 1e-6, and a time step of error 1e-3 of the largest.
    """
    kick, step = 1e-3, 0.1
    evolved = run(
        "evolve",
        vector_potential={"A": [{"from": 0.0, "to": kick, "kind": "step"}]},
        numerics={"dt": step, "error_estimate": False, "seeds": 0},
        run={"t_max": 24.0, "output_every": step},
    )
    t, current = np.asarray(evolved.t), np.asarray(evolved.bond_current).sum(axis=1) / 3
    moved = current - current[-1]  # the first row is just after the step
    dia = open_chain.summary["diamagnetic_weight"]
    assert moved[0] == pytest.approx(-dia * kick, rel=1e-2)
    weights = np.full(len(moved), step)
    weights[[0, -1]] *= 0.5
    for place in (9, 15):
        w = np.asarray(open_chain.energy)[place]
        sigma = -(weights * moved) @ np.exp(1j * w * t) / kick
        known = np.asarray(open_chain.sigma)[place]
        assert abs(sigma - known) < 1e-2 * np.abs(np.asarray(open_chain.sigma)).max()


def test_the_answer_of_an_unstable_state_is_told(open_chain):
    """Below the temperature of pairing the normal state answers too, but does not last."""
    few = {"points": 2, "seeds": 0, "fit_error": 1e-3}
    normal = run(initial={"state": "normal"}, numerics=few)
    assert normal.summary["delta_max"] == 0 and any("unstable" in w for w in normal.warnings)
    assert not any("unstable" in words for words in open_chain.warnings)


def ring_with_bath(xi, v, U, T, width):
    """(D, diamagnetic, superfluid weight) of pairs on a ring whose sites have a bath of half width
    ``width``: sums over Matsubara frequencies of each wave, 1/w beyond the last.
    """
    w = np.pi * T * (2 * np.arange(20000) + 1)[:, None] + width
    rest = 1 / (np.pi * (w[-1, 0] + np.pi * T))
    low, high = 0.1, U
    for _ in range(60):
        D = 0.5 * (low + high)
        total = 2 * T * np.mean(np.sum(1 / (w**2 + xi**2 + D**2), axis=0)) + rest
        low, high = (D, high) if U * total > 1 else (low, D)
    each = w**2 + xi**2 + D**2
    filled = 1 - 4 * T * np.sum(xi / each, axis=0) - 2 * xi * rest
    bubble = 4 * T * np.sum((xi**2 + D**2 - w**2) / each**2, axis=0) - 2 * rest
    diamagnetic = np.mean(-xi * filled)
    return D, diamagnetic, diamagnetic + np.mean(v**2 * bubble)


def test_superfluid_weight_of_a_ring():
    """A warm ring with a bath of a thousandth of its gap, to the errors told.

    Mutation: K(0) at a frequency that the bath's width does not scale: off by 5e-4.
    """
    size, U, T, width = 6, 3.0, 0.2, 2.5e-4
    bath = {"kind": "wide", "sites": list(range(size)), "gamma": width, "T": T}
    result = run(
        model=chain(size, True),
        leads={"bath": bath},
        parameters={"eV": 0.0},
        numerics={"points": 2, "seeds": 0, "fit_error": 1e-6},
    )
    k = 2 * np.pi * np.arange(size) / size
    known = ring_with_bath(-2 * np.cos(k), 2 * np.sin(k), U, T, width)
    names = ("delta_max", "diamagnetic_weight", "superfluid_weight")
    for name, value in zip(names, known):
        assert abs(result.summary[name] - value) < result.errors[name] + 1e-7 < 1e-4
    assert known[1] - known[2] > 0.01


@pytest.mark.nightly
def test_forms_agree():
    """The form 4n gives the conductivity of 2n."""
    few = {"points": 3, "energy_min": 0.5, "energy_max": 3.0, "seeds": 0, "window": 60.0}
    two = run(numerics=few)
    four = run(numerics=few, model=chain(3, spin="full"))
    np.testing.assert_allclose(np.asarray(four.sigma), np.asarray(two.sigma), atol=1e-8)


DIRTY = """
import numpy as np
import hpcneq.lattice


def build(N, seed, delta):
    random = np.random.default_rng(seed)
    h = random.normal(size=(N, N))
    x = random.uniform(size=(N, 1))
    h = (h + h.T) / np.sqrt(2 * N)
    pairing = delta * np.eye(N)
    return hpcneq.lattice.Model(hopping=h, position=x, periods=[[1.0]], pairing=pairing)
"""


def mattis_bardeen(w, delta, width, T):
    """sigma_1 / sigma_n of levels with the half width ``width``."""
    E = np.linspace(-2, 2, 100001)

    def occupied(e):
        return 1 / (1 + np.exp(np.clip(e / T, -700, 700)))

    def densities(e):
        z = e + 1j * width
        root = np.sqrt(z * z - delta**2)
        root = np.where(root.imag < 0, -root, root)
        return (z / root).real, (delta / root).real

    (n, p), (m, q) = densities(E), densities(E + w)
    return np.sum((occupied(E) - occupied(E + w)) * (n * m + p * q)) * (E[1] - E[0]) / w


def test_mattis_bardeen_of_the_reference():
    """The oracle of the next test: .297601, .475790, .671927 at w = 2.5, 3, 4 D, T = 0."""
    values = [mattis_bardeen(0.25 * x, 0.25, 1e-4, 1e-3) for x in (2.5, 3, 4)]
    np.testing.assert_allclose(values, [0.297601, 0.475790, 0.671927], atol=2e-3)


def averaged(paired, normal):
    """(mean of paired over mean of normal, its standard error by leaving out one sample each)."""
    paired, normal = np.array(paired), np.array(normal)
    ratio = paired.sum(axis=0) / normal.sum(axis=0)
    count = len(paired)
    others = (paired.sum(axis=0) - paired) / (normal.sum(axis=0) - normal)
    return ratio, np.sqrt((count - 1) / count * np.sum((others - ratio) ** 2, axis=0))


@pytest.mark.nightly
def test_dirty_superconductor(tmp_path):
    """Random levels and currents, six samples: Mattis and Bardeen within three standard errors,
    over D/2 around 2.5, 3, 3.5, 4 D (each at most .06), and over all (at most .01).
    """
    (tmp_path / "dirty.py").write_text(DIRTY)
    N, D, gamma = 120, 0.25, 0.01
    answers = {0.0: [], D: []}
    for seed in range(6):
        for delta, rows in answers.items():
            model = {"python": f"{tmp_path}/dirty.py:build"}
            model["arguments"] = {"N": N, "seed": seed, "delta": delta}
            bath = {"kind": "wide", "sites": list(range(N)), "gamma": gamma, "T": 0.005}
            numerics = {"points": 17, "fit_error": 1e-3, "window": 20.0}
            numerics |= {"energy_min": 2.25 * D, "energy_max": 4.25 * D}
            result = run(
                model=model,
                interaction={},
                parameters={"eV": 0.0},
                leads={"bath": bath},
                numerics=numerics,
            )
            rows.append(np.asarray(result.sigma).real)
    x = np.linspace(2.25, 4.25, 17)
    around = np.array([np.abs(x - middle) < 0.26 for middle in (2.5, 3, 3.5, 4)])
    weights = np.vstack([around / around.sum(axis=1, keepdims=True), np.full(17, 1 / 17)])
    known = weights @ [mattis_bardeen(one * D, D, gamma, 0.005) for one in x]
    paired, normal = (np.array(answers[delta]) @ weights.T for delta in (D, 0.0))
    ratio, error = averaged(paired, normal)
    assert np.all(error < 0.06) and error[-1] < 0.01
    assert np.all(np.abs(ratio - known) < 3 * error), (ratio, error)


def test_what_conductivity_cannot_do():
    with pytest.raises(InputError, match="direction"):
        run(parameters={"eV": 0.0, "direction": "y"})
    with pytest.raises(InputError, match="half around the ring"):
        run(model=chain(2, True), leads={"a": {"kind": "wide", "sites": [0], "gamma": 0.5}})


@pytest.mark.parallel
def test_ranks_agree_on_conductivity(comm):
    """Ranks take frequencies: the numbers of one rank."""
    bath = {"kind": "wide", "sites": [0], "gamma": 0.5, "T": 0.1}
    few = {"points": 3, "energy_min": 0.5, "fit_error": 1e-3, "seeds": 0}
    result = run(model=chain(2), leads={"a": bath}, parameters={"eV": 0.0}, numerics=few)
    np.testing.assert_allclose(np.asarray(result.sigma), KNOWN, atol=1e-11)


KNOWN = [
    (0.020405917095227856 - 0.12661310546934113j),
    (0.07304507473453363 + 0.3037182197178074j),
    (0.004694657889082358 + 0.12159706307386j),
]  # of one rank
