"""PETSc: options by prefix, unused ones refused, reasons by name, integrators exchanged from the
input.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

import hpcneq
from hpcneq import cli, petsc
from hpcneq.errors import HpcneqError, InputError, NotConverged
from hpcneq.maths import drives
from hpcneq.parallel import solo
from hpcneq.solvers import newton
from hpcneq.solvers.auxiliary_modes.state import BlockState
from hpcneq.solvers.evolution import Evolution
from hpcneq.systems.nsn_junction.physics import junction, stripe_states
from hpcneq.systems.nsn_junction.physics.stripe_dynamics import Quench

INPUT = {
    "system": "nsn-junction",
    "task": "evolve",
    "parameters": {"h": 0.2, "T": 0.1, "eV": {"to": 0.5, "at": 0.7}},
    "numerics": {"Lx": 5, "Ly": 2, "dt": 0.5, "pole_error": 1e-5, "error_estimate": False},
    "initial": {"state": "bcs"},
    "run": {"t_max": 2.0},
}


@pytest.fixture
def clean():
    """PETSc without options of a command line, before and after."""
    yield petsc.start(())
    petsc.start(())


def write(path, **tables):
    """INPUT with further tables as a TOML file."""
    from hpcneq.config.toml_text import render

    path.write_text(render({**INPUT, **tables}))
    return str(path)


# ---- the options' database -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, found",
    [
        ([], []),
        (["-a"], [("a", None)]),
        (["-a", "1", "--b", "-c", "x"], [("a", "1"), ("b", None), ("c", "x")]),
        (
            ["-shift", "-1.5", "-at", "-1e-3", "-flag"],
            [("shift", "-1.5"), ("at", "-1e-3"), ("flag", None)],
        ),
    ],
)
def test_words_after_the_dashes_are_names_with_or_without_a_value(words, found):
    """A negative number is a value, not a name."""
    assert list(petsc.pairs(words)) == found


@pytest.mark.parametrize(
    "words", [["rk"], ["-a", "1", "2"], ["--"], ["-1.5"], ["-a", "1", "ts_type", "rk"]]
)
def test_a_word_that_is_no_option_is_refused(clean, words):
    """PETSc would drop a name without its dash without a word, and compute something else than was
    asked for.
    """
    with pytest.raises(InputError, match="neither a PETSc option"):
        petsc.start(words)


def test_starting_again_gives_the_same_petsc_with_the_new_command_line_only(clean):
    """One process may compute several inputs: the options of one must not reach the next."""
    assert petsc.start(["-evolve_once", "1"]) is clean
    assert clean.Options().getString("evolve_once", "") == "1"
    assert petsc.start() is clean and clean.Options().hasName("evolve_once")
    petsc.start(())
    assert not clean.Options().hasName("evolve_once")


def test_the_table_holds_while_needed_and_the_command_line_wins(clean):
    """What a person types now stands above what the file says; afterwards the database is as
    before.
    """
    petsc.start(["-evolve_ts_rtol", "1e-4"])
    with petsc.Options(
        {"evolve_ts_rtol": 1e-9, "evolve_ts_atol": 1e-7, "evolve_flag": True}
    ) as options:
        assert [
            options.get(name, "") for name in ("evolve_ts_rtol", "evolve_ts_atol", "evolve_flag")
        ] == ["1e-4", "1e-07", ""]
        assert clean.Options().hasName("evolve_flag")
    assert clean.Options().getAll() == {"evolve_ts_rtol": "1e-4"}


@pytest.mark.parametrize(
    "table, argv, words",
    [
        ({"evolve_ts_typ": "rk"}, (), r"\[petsc\] evolve_ts_typ:"),
        ({}, ("-evolve_ts_typ", "rk"), "-- -evolve_ts_typ:"),
        ({}, ("-evolve_flag",), "-- -evolve_flag:"),
        ({"evolve_a": 1}, ("-evolve_a", "2"), "-- -evolve_a:"),
    ],
)
def test_an_option_nobody_asked_for_is_refused_by_name(clean, table, argv, words):
    """A misspelt option would otherwise silently leave the default in force.

    The message says where it was given.
    """
    petsc.start(argv)
    with petsc.Options(table) as options, pytest.raises(InputError, match=words):
        options.refuse_unused()


def test_an_option_that_was_asked_for_is_no_mistake(clean):
    """Also one asked for inside an outer block, and those PETSc itself asks for when it ends."""
    petsc.start(["-evolve_b", "2", "-options_left", "no"])
    with petsc.Options({"initial_a": 1}) as outer:
        assert outer.get("initial_a", "") == "1" and outer.get("evolve_b", "") == "2"
        with petsc.Options({"initial_a": 1}) as inner:
            inner.refuse_unused()
        outer.refuse_unused()
        assert clean.Options().hasName(
            "initial_a"
        )  # the inner block leaves what the outer one holds


@pytest.mark.parametrize(
    "name, value",
    [
        ("snes_type", "newton"),
        ("snes_rtol", "small"),
        ("snes_max_it", "2.5"),
        ("ksp_type", "gmress"),
    ],
)
def test_a_value_petsc_cannot_take_is_bad_input(clean, name, value):
    """PETSc's own words in one line, not its stack."""
    with petsc.Options({f"initial_{name}": value}), pytest.raises(InputError) as caught:
        newton.solve(Square(), solo(), np.array([1.5]))
    assert (
        "initial_" in str(caught.value)
        and value in str(caught.value)
        and "\n" not in str(caught.value)
    )


def test_reasons_have_names():
    """A number such as -6 tells nobody anything; only negative ones are failures."""
    PETSc = petsc.start()
    SNES, TS = PETSc.SNES.ConvergedReason, PETSc.TS.ConvergedReason
    assert petsc.reason(SNES, SNES.DIVERGED_LINE_SEARCH) == "DIVERGED_LINE_SEARCH"
    assert (
        petsc.reason(TS, TS.DIVERGED_STEP_REJECTED) == "DIVERGED_STEP_REJECTED"
        and petsc.reason(SNES, -77) == "-77"
    )
    petsc.check(TS, TS.CONVERGED_TIME, "evolve: stopped", "try less")
    with pytest.raises(NotConverged, match=r"evolve: stopped \(DIVERGED_STEP_REJECTED\); try less"):
        petsc.check(TS, TS.DIVERGED_STEP_REJECTED, "evolve: stopped", "try less")


class Square:
    """x^2 = 2, as a steady problem of one item."""

    items = 1

    def prepare(self, x, part):
        return [x[0] for _ in part]

    def partials(self, prepared):
        return np.array([[x * x] for x in prepared]).reshape(-1, 1)

    def residual(self, x, sums):
        return sums - 2


@pytest.mark.parallel
def test_options_reach_snes_by_their_prefix(comm, clean):
    """The same problem with Newton, with Newton cut short, and under another prefix, which must not
    care.
    """
    found = newton.solve(Square(), comm, np.array([1.5]))
    assert (
        found.converged
        and found.x[0] == pytest.approx(np.sqrt(2), abs=1e-12)
        and found.reason.startswith("CONVERGED")
    )
    with petsc.Options({"initial_snes_max_it": 1}) as options:
        short = newton.solve(Square(), comm, np.array([1.5]))
        other = newton.solve(Square(), comm, np.array([1.5]), prefix="steady_")
        options.refuse_unused()
    assert (short.converged, short.reason, short.iterations) == (False, "DIVERGED_MAX_IT", 1)
    assert other.converged and other.iterations == found.iterations


# ---- integrators exchanged -----------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def quench():
    """A 5 x 2 junction, self-consistent at eV = 0, whose bias steps to 0.5 at t = 0.7, off the
    lattice of steps.
    """
    leads = tuple(
        junction.Lead(name, 0.01, 0.1, 0.0, sign) for name, sign in (("left", 1), ("right", -1))
    )
    bias = drives.read({"to": 0.5, "at": 0.7})
    device = junction.Junction(
        3.0,
        0.0,
        0.2,
        leads,
        junction.stripe(5, 2, 0.0),
        bias,
        junction.fit_poles(leads, 0.02, 8.0, 1e-5),
    )
    found = newton.solve(stripe_states.GapProblem(device, 0.0, real=True), solo(), np.full(5, 0.75))
    assert found.converged and found.x.min() > 0.5
    return Quench(device, found.x + 0j)


def evolve(step=0.5, event=None, **options):
    """(order parameter at t = 2, counts, times of the rows) of the quench; an event makes PETSc
    undo a step.
    """
    rows = []
    with petsc.Options(options) as table:
        run = Evolution(BlockState(quench(), solo()), 2.0, step, table)
        table.refuse_unused()
        try:
            if event is not None:
                run.ts.setEventHandler(
                    [0], [False], lambda ts, t, x, f: f.__setitem__(0, t - event)
                )
            assert run.run(lambda row: rows.append((row.t, row.c.copy()))) == 2.0
        finally:
            run.destroy()
    return rows[-1][1], run.counts, [t for t, _ in rows]


@pytest.mark.parametrize(
    "options",
    [
        {"evolve_ts_type": "rk"},
        {"evolve_ts_type": "arkimex"},
        {"evolve_ts_type": "rk", "evolve_ts_rk_type": "3bs"},
    ],
)
def test_petsc_integrators_agree_with_the_exponential_one(clean, options):
    """The same equations by Runge-Kutta and by implicit-explicit steps: three routes to one number.

    The exponential integrator's step error at dt = 0.1 is below 2e-6 (fourth order, 1e-5 at dt =
    0.5). Rows come at the same times, by interpolation where the steps are others.
    """
    fine, counts, times = evolve(step=0.1)
    other, theirs, rows = evolve(**options)
    assert np.abs(fine - other).max() < 2e-6
    assert rows == pytest.approx([0.0, 0.5, 0.7, 1.2, 1.7, 2.0]) and set(rows) <= set(
        np.round(times, 12)
    ) | set(times)
    assert theirs.passes == theirs.rollbacks == 0 < theirs.steps


def test_steps_monitors_and_passes_are_counted(clean):
    """Steps 0.5, 0.2 | 0.5, 0.5, 0.3; the monitor sees each end and the start of each of the two
    segments; each segment's first step passes over the modes twice.
    """
    _, counts, times = evolve()
    assert (counts.steps, counts.monitored, counts.passes, counts.rollbacks, counts.rejected) == (
        5,
        7,
        7,
        0,
        0,
    )
    assert times == pytest.approx([0.0, 0.5, 0.7, 1.2, 1.7, 2.0])


@pytest.mark.parametrize("event", [1.0, 0.93])
def test_a_step_that_petsc_takes_back_is_as_if_never_made(clean, event):
    """An event inside a step makes PETSc undo it and come back with a shorter one: modes and
    history included.

    What is left is the step error of other steps (1e-6 at dt = 0.5, sixteen times less at 0.25); a
    rollback that forgot the modes would leave 1e-2.
    """
    for step, tolerance in ((0.5, 3e-6), (0.25, 3e-7)):
        plain, before, _ = evolve(step)
        back, counts, _ = evolve(step, event=event)
        assert counts.rollbacks >= 1 and before.rollbacks == 0
        assert np.abs(plain - back).max() < tolerance


# ---- through the whole program -------------------------------------------------------------------


@pytest.mark.parametrize(
    "table, argv, words",
    [
        ({"evolve": {"ts_typ": "rk"}}, (), "[petsc] evolve_ts_typ"),
        ({"initial": {"snes_typ": "x"}}, (), "[petsc] initial_snes_typ"),
        (
            {"evolv": {"ts_type": "rk"}},
            (),
            '[petsc.evolv] ts_type = "rk": unknown prefix; did you mean "evolve"?',
        ),
        (
            {"evolve": {"ts_rk_type": "3bs"}},
            (),
            "[petsc] evolve_ts_rk_type",
        ),  # the exponential integrator has no use for it
        ({"evolve": {"ts_type": "bdf"}}, (), "must be one of exponential, rk, arkimex"),
        ({}, ("-evolve_ts_typ", "rk"), "-- -evolve_ts_typ"),
        ({}, ("-ts_type", "rk"), "-- -ts_type"),
        ({}, ("rk",), "-- rk"),
    ],
)
def test_a_misspelt_option_ends_the_run_before_its_first_step(
    clean, tmp_path, monkeypatch, capsys, table, argv, words
):
    """One line, exit code 2, and no file: nothing was computed with a default nobody wanted."""
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "in.toml", petsc=table)
    assert cli.main(["run", path, "--quiet", *(["--", *argv] if argv else [])]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("hpcneq: ") and err.count("\n") == 1 and words in err
    assert [p.name for p in tmp_path.iterdir()] == ["in.toml"]


def test_the_integrator_is_chosen_in_the_input(clean, tmp_path):
    """[petsc] evolve.ts_type through hpcneq.run: the same physics, with the integrator's own number
    of steps.
    """
    steps, delta = {}, {}
    for kind in ("exponential", "rk", "arkimex"):
        result = hpcneq.run(
            {**INPUT, "petsc": {"evolve": {"ts_type": kind}}}, output=tmp_path / f"{kind}.h5"
        )
        steps[kind], delta[kind] = result.summary["steps"], np.asarray(result.delta)
    assert steps["exponential"] == 5 < min(steps["rk"], steps["arkimex"])
    assert np.abs(delta["rk"] - delta["arkimex"]).max() < 1e-6
    assert (
        np.abs(delta["rk"] - delta["exponential"]).max() < 1e-4
    )  # the noise of the start moves more than the smooth quench


@pytest.mark.parametrize(
    "table, words",
    [
        ({"initial": {"snes_max_it": 0}}, "initial"),
        (
            {"evolve": {"ts_type": "rk", "ts_rtol": 1e-13, "ts_atol": 1e-15, "ts_max_reject": 1}},
            "DIVERGED_STEP_REJECTED",
        ),
        ({"evolve": {"ts_max_steps": 2}}, "ts_max_steps"),
    ],
)
def test_a_solver_that_gives_up_is_exit_code_3_and_a_marked_file(
    clean, tmp_path, monkeypatch, capsys, table, words
):
    """What was found is kept, the file says not-converged, the line names the solver: never a
    traceback, never "complete".
    """
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "in.toml", petsc=table)
    assert cli.main(["run", path, "--quiet"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("hpcneq: ") and err.count("\n") == 1 and words in err and "in.h5" in err
    with hpcneq.open(tmp_path / "in.h5") as result:
        assert result.status == "not-converged" and result.as_json_object()["exit_code"] == 3
        assert words in result.warnings[-1]


def test_what_a_callback_raises_comes_out_as_it_is():
    """Newer petsc4py raises an error of its own, caused by the callback's.

    Fails there if the wrapper is let through.
    """
    error = petsc.start().Error(77)
    error.__cause__ = HpcneqError("disk full")
    with pytest.raises(HpcneqError, match="disk full"):
        with petsc.plain_errors():
            raise error
    with pytest.raises(petsc.start().Error):
        with petsc.plain_errors():
            raise petsc.start().Error(77)


@pytest.mark.parallel
def test_objects_that_live_longer_on_one_rank_stop_nobody(comm):
    """PETSc's copy of a communicator outlives its objects: an object that one rank still has, as
    in the frames of an error, does not make the next one wait for a copy that others do not make.

    Fails, by never ending, if the copy goes with the last object.
    """
    own = comm.Dup()
    PETSc = petsc.start()
    petsc.hold(own)
    kept = [PETSc.Vec().createWithArray(np.zeros(2), comm=own)]
    if comm.rank:
        kept.clear()
    PETSc.garbage_cleanup()
    for _ in range(2):
        petsc.hold(own)
        vec = PETSc.Vec().createWithArray(np.zeros(2), comm=own)
        assert vec.getSize() == 2 * comm.size
        vec.destroy()
    kept.clear()
