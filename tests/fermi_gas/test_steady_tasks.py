"""The steady tasks of the Fermi gas as a user runs them: summary, errors, data sets, bad input,
several ranks.
"""

import numpy as np
import pytest
from scipy.integrate import quad

import hpcneq
from hpcneq import driver
from hpcneq.errors import InputError
from hpcneq.parallel import solo
from hpcneq.systems.fermi_gas.inputs import NAMES
from hpcneq.systems.fermi_gas.physics.gap_and_current import Gas, both, gap
from hpcneq.systems.fermi_gas.physics.occupation import Baths
from hpcneq.systems.fermi_gas.tasks import current


def run(task, parameters=None, output=None, **tables):
    """The Result of a task."""
    return hpcneq.run(
        {"system": "fermi-gas", "task": task, "parameters": parameters or {}, **tables},
        output=output,
    )


def test_steady_gives_every_branch():
    """Region III: four states under the names of the paper, residuals below 1e-11, values to 1e-8.

    Fails if NIG and NBCS change their names.
    """
    result = run("steady", {"dmu": 0.145})
    rows = result.summary["branches"]
    assert [row["name"] for row in rows] == list(NAMES) and result.status == "complete"
    wanted = [(0.21259971, 0), (0.12257353, 0), (0.05450344, 0.18269617), (0.15348743, 0.09773890)]
    assert [(row["delta"], row["Q"]) for row in rows] == [
        pytest.approx(w, abs=1e-8) for w in wanted
    ]
    assert all(row["gap_residual"] < 1e-11 and row["current_residual"] < 1e-11 for row in rows)
    assert np.asarray(result.delta) == pytest.approx([row["delta"] for row in rows], abs=0)


@pytest.mark.parametrize(
    "gamma, T, dmu",
    [
        (0.005, 0.0, 0.145),
        (0.0, 0.0, 0.15),
        pytest.param(0.0, 0.02, 0.15, marks=pytest.mark.nightly),
    ],
)
def test_errors_bound_the_change_under_refinement(gamma, T, dmu):
    """On panels a third as long every Delta and Q moves by less than its error, which is below
    1e-9.

    Fails if the error is that of SNES alone.
    """
    coarse, fine = (
        run("steady", {"gamma": gamma, "T": T, "dmu": dmu}, numerics={"dp": dp})
        for dp in (0.05, 0.016)
    )
    for a, b, error in zip(
        coarse.summary["branches"], fine.summary["branches"], coarse.errors["branches"]
    ):
        assert a["name"] == b["name"]
        for key in ("delta", "Q"):
            assert abs(a[key] - b[key]) <= error[key] < 1e-9


def test_a_normal_gas_is_told_so():
    """Beyond every edge there is no condensate: an empty list, a warning, no failure.

    Fails if the data sets are written without states.
    """
    result = run("steady", {"dmu": 0.3})
    assert (
        result.summary["branches"] == []
        and result.status == "complete"
        and "normal" in result.warnings[0]
    )


@pytest.fixture(scope="module")
def along():
    """Branches at gamma = .005."""
    return run("branches", {"gamma": 0.005}, sweep={"dmu": [0.05, 0.13, 0.145, 0.16, 0.19]})


def test_branches_give_table_one(along):
    """Edges to the digits known, 1, 2, 4, 3 and 0 states, each branch's data set where it exists.

    Fails if edges are those of the nodes.
    """
    wanted = {
        "nig_onset": 0.112177,
        "nff_fold": 0.136015,
        "nff_end": 0.154211,
        "nbcs_end": 0.185423,
    }
    assert {key: along.summary["edges"][key] for key in wanted} == pytest.approx(wanted, abs=6e-7)
    assert along.summary["count"] == [1, 2, 4, 3, 0]
    assert np.isfinite(along.NFF_delta).tolist() == [False, False, True, False, False]
    assert np.isfinite(along.NFFp_Q).tolist() == [False, False, True, True, False]
    assert along.NFF_Q[2] == pytest.approx(0.18269617, abs=1e-8)
    assert max(e for e in along.errors["edges"].values()) < 1e-9


def test_the_curves_pass_through_the_states(along):
    """The stored curves, interpolated at the Delta of each state, have its dmu to 1e-3, an error of
    interpolation (NBCS is too steep).

    Fails if a fold is left out.
    """
    for curve, names in (("uniform", ("NIG",)), ("twisted", ("NFF", "NFFp"))):
        D, dmu = np.asarray(along[f"{curve}_D"]), np.asarray(along[f"{curve}_dmu"])
        for name in names:
            there = np.isfinite(along[f"{name}_delta"])
            assert np.interp(np.asarray(along[f"{name}_delta"])[there], D, dmu) == pytest.approx(
                np.asarray(along.dmu)[there], abs=1e-3
            )


@pytest.mark.nightly
def test_the_phase_diagram_agrees_with_single_points():
    """Masks of a plane against task steady at three of its points; the ends of the axes, gamma_c
    and T_c.

    Fails if rows are shifted.
    """
    plane = run(
        "phase-diagram", sweep={"gamma": [0.0, 0.005, 0.02], "dmu": [0.05, 0.13, 0.145, 0.16, 0.19]}
    )
    for i, j in ((0, 2), (1, 3), (2, 1)):
        there = [
            row["name"]
            for row in run(
                "steady", {"gamma": float(plane.gamma[i]), "dmu": float(plane.dmu[j])}
            ).summary["branches"]
        ]
        assert there == [name for k, name in enumerate(NAMES) if plane.solutions[i, j] >> k & 1]
    assert plane.summary["gamma_c"] == pytest.approx(0.0562225, abs=6e-8)
    assert plane.nff_fold[1] == pytest.approx(0.136015, abs=6e-7) and plane.normal_end[
        1
    ] == pytest.approx(0.154211, abs=6e-7)
    assert plane.phase[1].tolist() == [1, 1, 3, 5, 4]


def test_the_surface_holds_both_planes():
    """Boundaries over gamma and T at the ends of the axes against the planes: T_c = .128048, and T
    = .02 known to 1e-6.

    Fails if keys are swapped.
    """
    result = run("phase-diagram", sweep={"gamma": [0.0, 0.06], "T": [0.02, 0.13]})
    assert result.nff_fold[0, 0] == pytest.approx(0.142994, abs=1e-6) and result.nbcs_end[
        0, 0
    ] == pytest.approx(0.182118, abs=1e-6)
    assert np.isnan(result.nbcs_end[1:]).all() and np.isnan(result.nbcs_end[0, 1])
    assert result.summary["T_c"] == pytest.approx(0.128048, abs=1e-6)


def test_the_pair_amplitude_of_the_interior_gap_has_a_hole():
    """NIG at gamma -> 0, dmu = .145: none for .95877 < p < 1.03959, in every direction.

    Fails with E - dmu for E < dmu.
    """
    result = run(
        "pair-amplitude", {"gamma": 0.0, "dmu": 0.145, "branch": "NIG"}, numerics={"points": 121}
    )
    p = np.hypot(np.asarray(result.p_x)[:, None], np.asarray(result.p_z))
    P = np.asarray(result.P)
    assert result.summary["hole"] == pytest.approx([0.95877, 1.03959], abs=6e-6)
    inside = (p > result.summary["hole"][0]) & (p < result.summary["hole"][1])
    assert np.all(P[inside] == 0) and np.all(P[~inside] > 0)
    assert P == pytest.approx(
        0.5 * (np.asarray(result.pair_plus) + np.asarray(result.pair_minus)), abs=1e-14
    )


def test_the_momentum_distribution_has_two_edges():
    """Edges of the normal gas at sqrt(1 -+ dmu) to 2e-4 (width .005), occupation one half between.

    Fails with dmu for 2 dmu in the edges.
    """
    result = run("momentum", {"dmu": 0.2, "branch": "normal"}, sweep={"p": [0.5, 1.0, 1.3]})
    assert result.summary["edges"] == pytest.approx([np.sqrt(0.8), np.sqrt(1.2)], abs=2e-4)
    assert (
        result.n_z[1] == pytest.approx(0.5, abs=1e-12)
        and result.n_z[0] > 0.98
        and result.n_z[2] < 0.02
    )


def test_the_current_vanishes_at_the_state():
    """J(Q) at NFF's own Delta is 0 at NFF's Q, 1e-9, and falls from Q = 0 first: a uniform state of
    this Delta is unstable to a twist.

    Fails with J/Q for J.
    """
    result = run("current", {"dmu": 0.145, "branch": "NFF"}, sweep={"Q": [0.0, 0.05, 0.15, 0.25]})
    assert result.summary["zeros"] == [pytest.approx(0.18269617, abs=1e-8)]
    assert (
        result.J[0] == 0
        and result.J[1] < 0 < result.J[3]
        and result.summary["slope"] == pytest.approx(result.J[1] / 0.05, rel=0.1)
    )


@pytest.mark.parametrize(
    "task, tables, words",
    [
        (
            "pair-amplitude",
            {"parameters": {"dmu": 0.05, "branch": "NFF"}},
            "there is no NFF at gamma = 0.005, T = 0, dmu = 0.05; there: NBCS",
        ),
        ("branches", {"parameters": {}}, "needs dmu"),
        ("branches", {"parameters": {}, "sweep": {"dmu": [0.2, 0.1]}}, "must ascend"),
        (
            "phase-diagram",
            {"parameters": {}, "sweep": {"dmu": [0.1, 0.2], "gamma": [0.0, 0.1]}},
            "and then dmu",
        ),
        ("steady", {"parameters": {"dmu": 0.95}}, "dmu"),
        ("current", {"parameters": {}}, "needs wave numbers"),
    ],
)
def test_bad_input_ends_with_one_line(task, tables, words):
    """A sweep that lacks its key, a branch that is not there, reservoirs below the band: one line
    that says so.
    """
    with pytest.raises(InputError) as error:
        hpcneq.run({"system": "fermi-gas", "task": task, **tables})
    assert words in str(error.value) and "\n" not in str(error.value)


CASES = {
    "steady": {"parameters": {"gamma": 0.05, "dmu": 0.02}},
    "branches": {"parameters": {"gamma": 0.05}, "sweep": {"dmu": [0.0, 0.03]}},
    "phase-diagram": {
        "parameters": {},
        "sweep": {"gamma": [0.05, 0.055, 0.06], "dmu": [0.0, 0.03]},
    },
    "momentum": {"parameters": {"gamma": 0.05, "branch": "NBCS"}, "numerics": {"points": 11}},
}


@pytest.mark.parallel
@pytest.mark.parametrize("task", CASES)
def test_any_number_of_ranks_gives_the_same(task, comm, shared_tmp):
    """Every data set and number on all ranks equals that of one rank to 1e-11; more ranks than
    points do no harm.

    Fails if a row's curves are another's.
    """
    tree = {"system": "fermi-gas", "task": task, **CASES[task]}
    result = hpcneq.run(tree, output=shared_tmp / "all.h5")
    comm.barrier()
    if comm.rank == 0:
        driver.run(tree, shared_tmp / "one.h5", quiet=True, comm=solo())
    comm.barrier()
    alone = hpcneq.open(shared_tmp / "one.h5")
    assert result.status == alone.status == "complete" and list(result) == list(alone)
    for key in result:
        a, b = np.asarray(result[key]), np.asarray(alone[key])
        assert a.shape == b.shape and np.all(
            (np.abs(a - b) < 1e-11) | (np.isnan(a) & np.isnan(b))
        ), key


def test_the_gap_equation_ends_at_a_cutoff():
    """The sum to p = 12 by adaptive quadrature of the gap equation as printed; the current is that
    without a cutoff.

    Fails if the nodes beyond the cutoff keep their weight.
    """
    baths = Baths(0.005, 0.0, 0.1)
    gas = Gas(baths, cut=12.0)

    def integrand(p):
        xi = p**2 - 1
        E = np.hypot(xi, 0.2)
        return p**2 * ((1 - 2 * baths.occupation(np.array([E]))[0]) / (2 * E) - 0.5 / p**2)

    ends = (0.0, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 3.0, 12.0)
    total = sum(quad(integrand, *pair, epsabs=1e-13)[0] for pair in zip(ends, ends[1:]))
    assert gap(gas, 0.2, 0.0) == pytest.approx(total - 0.25 * np.pi, abs=1e-10)
    assert both(gas, 0.2, 0.1)[1] == pytest.approx(both(gas.uncut, 0.2, 0.1)[1], abs=1e-13)


def test_a_cutoff_gives_the_digits_of_table_one():
    """.111, .135, .152 and .183 in the paper, from one input; .112, .136, .154, .185 without.

    Fails with the cutoff in the current as well.
    """
    tables = {"sweep": {"dmu": {"from": 0.0, "to": 0.2, "points": 41}}}
    result = run("branches", {"gamma": 0.005}, numerics={"gap_cutoff": 92.57}, **tables)
    names = ("nig_onset", "nff_fold", "nff_end", "nbcs_end")
    rounded = [round(result.summary["edges"][name], 3) for name in names]
    assert rounded == [0.111, 0.135, 0.152, 0.183]


def test_a_cutoff_is_refused_where_there_is_none():
    """Fails if it is ignored."""
    with pytest.raises(InputError, match="gap_cutoff"):
        run("steady", {"gamma_left": 0.01, "gamma_right": 0.02}, numerics={"gap_cutoff": 50.0})


def test_numbers_of_the_current_have_the_error_of_their_order_parameter():
    """slope, J and the zeros of J at an order parameter off by 1e-5: within the error that this
    gives them, which is not twice too large.

    Fails with the change to finer panels alone, which is below 1e-9.
    """
    gas, D, Q = Gas(Baths(0.005, 0.0, 0.145)), 0.12, 0.1
    zeros = [float(current.zero_near(gas, D, 0.18).x[0])]
    moved = current.by_delta(gas, {"delta": D, "delta_error": 1e-5}, Q, zeros)
    change = current.numbers_at(gas, D + 1e-5, Q, zeros) - current.numbers_at(gas, D, Q, zeros)
    assert moved == pytest.approx(np.abs(change), rel=0.01)
    assert np.all(moved > 1e-9)
