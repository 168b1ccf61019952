"""Stationary states of the semiconductor with phonons.

Against the evolution, exact many-body dynamics, detailed balance, published claims.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import hpcneq
from hpcneq.errors import InputError
from hpcneq.systems.phonon_semiconductor.inputs import Numerics, Parameters, SteadyNumerics
from hpcneq.systems.phonon_semiconductor.physics import collisions, pairing
from hpcneq.systems.phonon_semiconductor.physics.stationary import Stationary
from hpcneq.systems.phonon_semiconductor.shared.batches import evolved
from hpcneq.systems.phonon_semiconductor.shared.driven_state import driven_state
from hpcneq.systems.phonon_semiconductor.shared.model import semiconductor

SMALL = {
    "V": 4.0,
    "Omega": 0.25,
    "Gamma_ph": 0.02,
    "Gamma_rr": 0.02,
    "A1": 7.0,
    "A2": 24.0,
    "m": [3, 1],
}
COARSE = {"points": 51}
PLAIN = COARSE | {"error_estimate": False}


def run(task, parameters=None, **tables):
    """The Result of a task."""
    return hpcneq.run(
        {
            "system": "phonon-semiconductor",
            "task": task,
            "parameters": SMALL | (parameters or {}),
            "numerics": COARSE,
            **tables,
        }
    )


# ---- by two routes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, seed",
    [
        ({}, 1e-2),
        pytest.param({}, 1e-5, marks=pytest.mark.nightly),
        ({"radiative": "lindblad", "V": 7.0}, 1e-2),
    ],
)
def test_the_stationary_state_is_what_the_evolution_settles_to(change, seed):
    """|Delta|, the rate its phase turns at, and all populations.

    SNES on the equations in the turning frame against long TS from the filled band, whatever the
    seed. To what is left of the transient at t = 2400. Fails with w of the wrong sign, or with the
    number of electrons not fixed.
    """
    fast = {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "V": 5.0} | change
    steady = run("steady", fast)
    moved = run(
        "evolve",
        fast,
        initial={"seed": seed},
        run={"t_max": 2000.0, "output_every": 100.0},
        numerics=PLAIN,
    )
    assert steady.summary["delta"] > 0.005
    assert moved.summary["delta_final"] == pytest.approx(steady.summary["delta"], abs=1e-6)
    assert moved.summary["delta_frequency"] == pytest.approx(
        steady.summary["delta_frequency"], abs=1e-5
    )
    for name in ("n11", "n22"):
        assert np.asarray(moved[name])[-1] == pytest.approx(np.asarray(steady[name]), abs=1e-4)
    assert steady.summary["particle_number"] == pytest.approx(51, abs=1e-9)


@pytest.mark.parametrize("m", [[3, 1], [6, 2]])
def test_the_driven_state_without_pairs_stands_still(m):
    """No rate above 1e-12 in the unreduced equations, and n in [0, 1].

    With steps of 6 and 2 even and odd momenta keep their own electrons.

    Fails if the number of a set takes the place of an equation of another set.
    """
    p = Parameters(**SMALL | {"m": m})
    model = semiconductor(p, SteadyNumerics(**COARSE), V=0.0)
    n11, n22, n21, left = driven_state(model, 0.02)
    rates = model.rhs(0.0, n11, n22, n21, np.zeros_like(n21))
    assert max(np.abs(rate).max() for rate in rates) < 1e-12
    assert min(n11.min(), n22.min()) > -1e-9 and max(n11.max(), n22.max()) < 1 + 1e-9
    even = np.abs(np.arange(51) - 25) % 2 == 0
    if m == [6, 2]:
        assert (n11 + n22)[even].sum() == pytest.approx(even.sum(), abs=1e-9)


def test_the_jacobian_is_that_of_the_equations():
    """Differences with a large step equal those with a small one.

    The equations are of second degree. Fails with a term of third degree.
    """
    model = semiconductor(Parameters(**SMALL), SteadyNumerics(points=11, k_max=0.2))
    problem, rng = Stationary(model, True), np.random.default_rng(3)
    x = rng.uniform(0, 1, problem.size)
    assert problem.jacobian(x, 0.5) == pytest.approx(problem.jacobian(x, 1e-4), abs=1e-9)


@pytest.mark.parametrize("points", [22, 21.5, 1, 4003])
def test_a_curve_over_impossible_numbers_of_momenta_is_refused(points):
    """Before anything is computed; fails if a swept number of momenta is rounded."""
    with pytest.raises(InputError, match=r"\[sweep\] points: must be odd numbers from 3 to 4001"):
        run("steady", sweep={"points": [21, points]})


def test_a_curve_continues_from_point_to_point():
    """|Delta| over V, SNES from the neighbour: each is that of the point alone.

    Repulsion gives none. Fails if emission fills twice as slowly as it breaks pairs.
    """
    delta = np.asarray(run("steady", sweep={"V": [4.5, 4.25, 4.0, -1.0]}).delta)
    assert delta[2] == pytest.approx(run("steady", {"V": 4.0}).summary["delta"], abs=1e-9)
    assert delta[0] > delta[1] > delta[2] > 0.01 and delta[3] == 0


# ---- claims of the paper, with the model that satisfies each ------------------------------------


def fig7(**change):
    """The stationary state at the parameters of Fig. 7 and the paper's size."""
    return hpcneq.run(
        {"system": "phonon-semiconductor", "task": "steady", "parameters": {"m": [6, 2]} | change}
    )


@pytest.mark.parametrize(
    "m, wanted", [([6, 2], 0.020264), pytest.param([3, 1], 0.01528, marks=pytest.mark.nightly)]
)
def test_the_order_parameter_of_figure_7(m, wanted):
    """|Delta| to the digits of an independent calculation, for two speeds of sound.

    secular, printed. Fails with half
    the measure dk/2pi.
    """
    assert fig7(m=m).summary["delta"] == pytest.approx(wanted, abs=4e-6)


def test_figure_5_without_interaction():
    """A box: one electron in each band inside |k| < .1, none outside; repulsion changes nothing.

    No coherence but at the edge; secular. Fails if recombination or the laser is left out (no box),
    and if the emission of one band is.
    """
    found = fig7(V=-5.0)
    k, n11, n22, n21 = (np.asarray(found[name]) for name in ("k", "n11", "n22", "n21"))
    inside, outside = np.abs(k) < 0.098, np.abs(k) > 0.104
    assert found.summary["delta"] == 0
    for n in (n11, n22):
        assert n[inside].min() > 0.999 and n[outside].max() < 1e-3
    assert np.abs(n21[inside | outside]).max() < 0.02
    edge = np.interp(-0.5, -n11[k > 0][40:60], k[k > 0][40:60])
    assert edge == pytest.approx(0.1005, abs=1.5e-3)


@pytest.mark.nightly
def test_figure_3_inversion_from_one_to_minus_one():
    """n11_-k + n22_k - 1 goes from +1 at k = 0 to -1 at the edge.

    Without a jump larger than 0.2 between neighbours; secular. Fails with the bands' scattering
    exchanged.
    """
    found = fig7(A1=7.0, A2=24.0, m=[7, 2], Gamma_rr=0.001)
    tilde = np.asarray(found.n11)[::-1] + np.asarray(found.n22) - 1
    assert tilde[100] == pytest.approx(1, abs=0.05) and tilde[0] == pytest.approx(-1, abs=0.05)
    assert np.abs(np.diff(tilde)).max() < 0.2
    assert found.summary["delta"] == pytest.approx(0.020544, abs=5e-6)


def test_recombination_leaves_the_threshold_alone_in_one_model_only():
    """Gamma_rr = .02 against .002: printed moves V_c by less than 2%, as the paper says.

    lindblad, where recombination takes pairs, by more than that. Fails if the loss of pairs of the
    jumps is left out of "lindblad".
    """
    found = run("threshold", {"Gamma_ph": 0.02, "Omega": 0.3}, sweep={"Gamma_rr": [0.002, 0.02]})
    printed, exact = np.asarray(found.V_c), np.asarray(found.V_c_lindblad)
    assert abs(printed[1] / printed[0] - 1) < 0.02 < exact[1] / exact[0] - 1


def test_many_phonons_wash_pairs_out():
    """secular: at Gamma_ph = 0.5 |Delta| is gone, or under a third of its largest."""
    found = run("steady", {"V": 5.0}, sweep={"Gamma_ph": [0.02, 0.05, 0.5]})
    delta = np.asarray(found.delta)
    assert delta[-1] < delta.max() / 3


@pytest.mark.nightly
def test_recombination_brings_pairs_sooner_with_redfield_collisions():
    """Fig. 4: with redfield pairs come sooner by more than 500 at Gamma_rr = .1 than at .001.

    With secular by less than 100. The time is that at which |Delta| passes .005. Fails if redfield
    is computed as secular.
    """
    times = {}
    for collision in ("redfield", "secular"):
        found = hpcneq.run(
            {
                "system": "phonon-semiconductor",
                "task": "map",
                "parameters": {"m": [6, 2], "collision": collision},
                "sweep": {"Gamma_rr": [0.001, 0.1]},
                "initial": {"seed": 1e-20},
                "run": {"t_max": 4000.0},
            }
        )
        times[collision] = [
            np.asarray(found.t)[np.argmax(row > 0.005)] for row in np.asarray(found.delta_t)
        ]
    assert times["redfield"][0] - times["redfield"][1] > 500 and times["redfield"][1] > 0
    assert abs(times["secular"][0] - times["secular"][1]) < 100


@pytest.mark.nightly
def test_the_threshold_in_the_laser_is_one_of_time():
    """Fig. 2, V > 2 and Omega > Gamma_ph: after t = 4000 pairs at Omega = .25 and none at .02.

    There the populations reached by then have no growth at V = 3.5; in the stationary state V_c is
    below 2 at either (secular, printed). The populations also by the other integrator, in
    the evolution at V = 0. Fails if the time without pairs is left out of theirs.
    """
    found = run(
        "map",
        {"Gamma_rr": 0.002},
        sweep={"Omega": [0.02, 0.25], "V": [3.5, 5.0]},
        initial={"seed": 1e-4, "alone": 2000.0},
        run={"t_max": 2000.0},
        numerics=PLAIN,
    )
    delta = np.asarray(found.delta)
    assert delta[0, 0] < 1e-12 and delta[1].min() > 3e-3
    assert (
        np.asarray(found.V_c).max() < 2
        and found.V_c_reached[1] < 2
        and 3.5 < found.V_c_reached[0] < 5
    )
    alone = run(
        "evolve",
        {"Gamma_rr": 0.002, "Omega": 0.02, "V": 0.0},
        run={"t_max": 4000.0, "output_every": 1000.0},
        numerics=PLAIN,
    )
    model = semiconductor(
        Parameters(**SMALL | {"Gamma_rr": 0.002, "Omega": 0.02}),
        Numerics(**COARSE),
    )
    state = [np.asarray(alone[name])[-1] for name in ("n11", "n22", "n21")]
    assert found.V_c_reached[0] == pytest.approx(
        pairing.threshold(*pairing.matrices(model, *state), 1e-5, 5.0), abs=1e-3
    )


# ---- phonons at a temperature -------------------------------------------------------------------


def test_detailed_balance_with_thermal_phonons():
    """Without laser and recombination, odds n/(1-n) fall by n_B/(1 + n_B) from a step to the next.

    That is where populations connected by phonons settle, to what is left of the transient.

    Fails if absorption has the factor 1 + n_B, or emission lacks it.
    """
    p = Parameters(**SMALL | {"n_B": 0.4, "Omega": 0.0, "Gamma_rr": 0.0, "Gamma_ph": 0.5})
    n = SteadyNumerics(**COARSE)
    model = semiconductor(p, n, V=0.0)
    rng = np.random.default_rng(2)
    half = rng.uniform(0.2, 0.8, (2, 26))
    n11, n22 = (np.concatenate([h[:0:-1], h]) for h in half)
    fields = {"n11": n11, "n22": n22, "n21": 0 * n11, "s": 0 * n11}
    last, _ = evolved(
        model, {name: np.asarray(v, complex)[None] for name, v in fields.items()}, 2000.0, 0.5
    )
    for name, m in (("n11", 3), ("n22", 1)):
        odds = last[name][0].real / (1 - last[name][0].real)
        a, b = collisions.emission(51, m)
        assert odds[a] / odds[b] == pytest.approx(np.full(len(a), 0.4 / 1.4), rel=1e-4)


def test_a_few_thermal_phonons_change_nothing_qualitatively():
    """n_B = 0.05: pairs still condense, with |Delta| within 40% of that at n_B = 0.

    The one-body matrix of the lindblad recombination stays in [0, 1].
    """
    none, few = (
        run("steady", {"n_B": value, "radiative": "lindblad", "V": 5.0}) for value in (0.0, 0.05)
    )
    assert none.summary["delta"] > 0.005
    assert few.summary["delta"] == pytest.approx(none.summary["delta"], rel=0.4)
    for found in (none, few):
        assert (
            found.summary["min_eigenvalue"] > -1e-9 and found.summary["max_eigenvalue"] < 1 + 1e-9
        )


# ---- bounds and frames --------------------------------------------------------------------------


def test_pauli_bounds_hold_in_the_lindblad_models_and_are_watched_in_the_others():
    """From a physical state secular with lindblad keeps every eigenvalue in [0, 1].

    The state is driven, with pairs of a thermal pure state. Secular with printed recombination does
    not keep them: [[n22, s], [s*, 1 - n11]] of a pure pair state loses its positivity at once.
    Fails if ds of "lindblad" is halved.
    """
    p = Parameters(**SMALL | {"Omega": 0.0, "V": 0.0, "Gamma_ph": 1e-4})
    n = SteadyNumerics(**COARSE)
    u = 0.5 + 0.4 * np.cos(np.linspace(-3, 3, 51))
    fields = {"n11": u, "n22": u, "n21": 0 * u, "s": np.sqrt(u * (1 - u)) * np.exp(0.3j)}
    for radiative, keeps in (("lindblad", True), ("printed", False)):
        model = semiconductor(replace(p, radiative=radiative), n)
        last, _ = evolved(
            model, {name: np.asarray(v, complex)[None] for name, v in fields.items()}, 20.0, 0.25
        )
        low, high = model.eigenvalues(
            *(
                last[name][0] if name in ("n21", "s") else last[name][0].real
                for name in ("n11", "n22", "n21", "s")
            )
        )
        assert (low > -1e-9 and high < 1 + 1e-9) == keeps


def test_the_full_drive_is_that_of_the_laboratory():
    """Without baths and interaction each momentum is a two-level system.

    Schroedinger's equation with Omega cos(E_g t) in the laboratory frame gives n22. Fails with a
    carrier at half or twice E_g, with the sign of its phase, or without the counter-rotating term.
    """
    found = run(
        "evolve",
        {"V": 0.0, "Omega": 0.3, "Gamma_ph": 0.0, "Gamma_rr": 0.0},
        run={"t_max": 20.0, "output_every": 10.0},
        numerics={"points": 3, "drive": "full", "dt": 0.0625, "error_estimate": False},
    )
    for k, n22 in zip(found.k, np.asarray(found.n22)[-1]):

        def slope(t, c, gap=17.0 * float(k) ** 2 + 1.0):
            return -1j * np.array([0.3 * np.cos(t) * c[1], gap * c[1] + 0.3 * np.cos(t) * c[0]])

        c = solve_ivp(slope, (0, 20.0), np.array([1, 0], complex), rtol=1e-8, atol=1e-10).y[:, -1]
        assert n22 == pytest.approx(abs(c[1]) ** 2, abs=1e-6)


def test_the_full_drive_differs_from_the_rotating_one_by_less_than_a_per_cent():
    """Fig. 5, V = 0, t = 3000: populations of the valence band differ by 1e-4 on average over k.

    Less than 1e-3 is asked for; the paper says O(1e-2). At the edges of the box they differ by 1e-3
    to 1e-2. Fails
    without the counter-rotating term, or with a carrier at E_g/10, where the rotating frame would
    not do.
    """
    p = Parameters(V=0.0, m=[6, 2])
    final = {}
    for drive, dt in (("rotating", 0.5), ("full", 0.3)):
        model = semiconductor(p, Numerics(), drive)
        fields = zip(("n11", "n22", "n21", "s"), collisions.start(201, 0.0))
        last, _ = evolved(
            model, {name: values.astype(complex)[None] for name, values in fields}, 3000.0, dt
        )
        final[drive] = last["n11"][0].real
    apart = final["full"] - final["rotating"]
    assert abs(apart.mean()) < 1e-3 and 5e-4 < np.abs(apart).max() < 3e-2


@pytest.mark.parallel
def test_maps_and_curves_do_not_depend_on_the_number_of_ranks(comm, shared_tmp):
    """Batches of a map and points of a curve over ranks equal those of one rank.

    Fails if a batch is cut by the number of ranks.
    """
    from hpcneq import driver
    from hpcneq.files.writer import Result
    from hpcneq.parallel import solo

    tiny = {
        "system": "phonon-semiconductor",
        "parameters": SMALL | {"Gamma_ph": 0.2, "Gamma_rr": 0.2},
        "numerics": {"points": 11},
    }
    tasks = {
        "map": {
            "sweep": {"Gamma_ph": [0.1, 0.2, 0.3], "V": [2.0, 4.0]},
            "run": {"t_max": 5.0},
            "initial": {"seed": 1e-3},
        },
        "threshold": {"sweep": {"Omega": [0.2, 0.3]}},
    }
    for task, tables in tasks.items():
        driver.run(tiny | tables | {"task": task}, shared_tmp / f"{task}.h5", quiet=True)
        if comm.rank == 0:
            driver.run(
                tiny | tables | {"task": task}, shared_tmp / f"{task}1.h5", quiet=True, comm=solo()
            )
        comm.barrier()
        name = {"map": "delta", "threshold": "V_c"}[task]
        one, all_ = (np.asarray(Result(shared_tmp / f"{task}{end}.h5")[name]) for end in ("1", ""))
        assert all_ == pytest.approx(one, abs=1e-12, nan_ok=True)


# ---- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "task, key, tables",
    [
        ("steady", "delta", {}),
        ("threshold", "V_c", {}),
        (
            "evolve",
            "delta_final",
            {"run": {"t_max": 300.0, "output_every": 100.0}, "initial": {"seed": 1e-2}},
        ),
        ("effective", "C", {"run": {"t_max": 300.0}, "initial": {"seed": 1e-2}}),
    ],
)
def test_errors_bound_what_a_finer_calculation_changes(task, key, tables):
    """Half the steps in k, at the same speed of sound, and in time change numbers within errors.

    An error is no 100 times the change (stationary states: 10 times).

    Fails if the finer grid keeps m, and so has half the speed of sound.
    """
    fast = {"Gamma_ph": 0.05, "Gamma_rr": 0.05, "V": 5.0}
    found = run(task, fast, **tables)
    timed = {"dt": 0.25} if task in ("evolve", "effective") else {}
    finer = run(
        task,
        fast | {"m": [6, 2]},
        **tables | {"numerics": {"points": 101, "error_estimate": False} | timed},
    )
    change = abs(finer.summary[key] - found.summary[key])
    assert found.errors[key] / (100 if timed else 10) < change < found.errors[key]
    assert set(found.errors) >= {
        name
        for name, value in found.summary.items()
        if name
        in (
            "delta",
            "delta_frequency",
            "growth_rate",
            "V_c",
            "particle_number",
            "min_eigenvalue",
            "max_eigenvalue",
            "C",
            "delta_tilde",
            "rms",
            "fit",
            "delta_final",
            "onset",
        )
        and (task in ("steady", "evolve") or not name.endswith("_eigenvalue"))
    }
