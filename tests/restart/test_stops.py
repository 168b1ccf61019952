"""Every way to ask a run to stop, from its first moment on: exit code 75, and it can be resumed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from support.programs import alone, assert_same, command, held_program, here, kill

import hpcneq
from hpcneq import interrupts, petsc
from hpcneq.errors import StoppedEarly
from hpcneq.parallel import on_root, solo
from hpcneq.solvers import modes, newton
from hpcneq.solvers.evolution import Evolution
from hpcneq.solvers.farm import farm
from hpcneq.solvers.messages import dealt_numbers
from hpcneq.solvers.unused_options import Rest

STEADY = """\
system = "nsn-junction"
task = "steady"
[parameters]
h = 0.2
T = 0.1
eV = 0.2
[numerics]
lattice = "finite"
Lx = 8
Ly = 6
"""
# Sends itself a signal between the start of the program and the first thing it computes.
SUDDEN = """\
import os, signal, sys
from hpcneq import cli, parallel
real = parallel.world
def world():
    os.kill(os.getpid(), signal.{name})
    return real()
parallel.world = world
sys.exit(cli.main())
"""
# The last rank alone gets a signal inside the third evaluation of the equations.
MIDWAY = """\
import os, signal, sys
from hpcneq import cli
from hpcneq.solvers import newton
real, calls = newton.Work.prepare, []
def prepare(self, x):
    calls.append(x)
    if len(calls) == 3 and self.comm.rank == self.comm.size - 1:
        os.kill(os.getpid(), signal.{name})
    return real(self, x)
newton.Work.prepare = prepare
sys.exit(cli.main())
"""
STOPPED = 75


def wait_for(place, pattern):
    """Until there is such a file."""
    end = time.monotonic() + 60
    while not list(place.glob(pattern)):
        assert time.monotonic() < end, pattern
        time.sleep(0.02)


@pytest.fixture(scope="module")
def steady(tmp_path_factory):
    """A folder with a task that is neither sweep nor evolution, and its whole result."""
    folder = tmp_path_factory.mktemp("steady")
    (folder / "in.toml").write_text(STEADY)
    code, out = here("run", "in.toml", "-o", "whole.h5", folder=folder)
    assert code == 0, out
    return folder


def test_a_task_of_one_shot_stops_at_its_limit_and_starts_again(steady):
    """Marked stopped; resume and run --resume end with the bits of the run never stopped."""
    for words in (("resume", "out.h5"), ("run", "in.toml", "-o", "out.h5", "--resume")):
        limit = ("--set", "run.wall_limit=0.0001")
        code, out = here("run", "in.toml", "-o", "out.h5", *limit, "--force", folder=steady)
        assert code == STOPPED and "stopped by run.wall_limit; go on with: hpcneq resume" in out
        with hpcneq.open(steady / "out.h5") as result:
            assert result.status == "stopped" and result.as_json_object()["exit_code"] == STOPPED
        more = ("--set", "run.wall_limit=10") if words[0] == "resume" else ()
        code, out = here(*words, *more, folder=steady)
        assert code == 0, out
        assert_same(steady / "out.h5", steady / "whole.h5")


@pytest.mark.parametrize("name, ranks, when", [("SIGTERM", 1, SUDDEN), ("SIGXCPU", 2, MIDWAY)])
def test_a_signal_stops_a_run_while_it_starts_and_in_its_only_solve(steady, name, ranks, when):
    """It is noted, not lost, and kills nobody; on all ranks alike, if one of them got it."""
    program = steady / "signalled.py"
    program.write_text(when.format(name=name))
    words = ("run", "in.toml", "-o", f"{name}.h5")
    done = subprocess.run(
        command(*words, ranks=ranks, program=(program,)),
        cwd=steady,
        env=alone(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == STOPPED, done.stderr
    words = f"stopped by a signal; go on with: hpcneq resume {name}.h5, which starts again: "
    assert words + "there was nothing to keep yet" in done.stderr
    code, out = here("resume", f"{name}.h5", folder=steady)
    assert code == 0, out
    assert_same(steady / f"{name}.h5", steady / "whole.h5", 1e-11)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGXCPU", "SIGTERM"])
def test_a_closed_terminal_and_a_limit_of_processor_time_stop_with_a_checkpoint(place, name):
    """Like TERM; but HUP does not where it was ignored at the start (nohup)."""
    program = held_program(place / "held.py", place / "hold")
    (place / "hold").touch()
    run = subprocess.Popen(
        command("run", "in.toml", "-o", f"{name}.h5", program=(program,)),
        cwd=place,
        env=alone(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "hpcneq: nsn-junction evolve" in run.stdout.readline()
    wait_for(place, f"{name}.h5.ckpt-*1")
    kill(run.pid, signal.Signals[name])
    (place / "hold").unlink(missing_ok=True)
    run.communicate(timeout=200)
    assert run.returncode == STOPPED
    with hpcneq.open(place / f"{name}.h5") as result:
        assert result.status == "stopped"
    assert list(place.glob(f"{name}.h5.ckpt-*"))


def test_a_nohup_run_ignores_that_its_terminal_closes():
    """Fails if HUP gets a handler all the same."""
    lines = (
        "import os, signal",
        "from hpcneq.interrupts import Early",
        "from hpcneq.parallel import solo",
        "from hpcneq.stopping import Stopping",
        "with Early() as early, Stopping(solo()) as stopping:",
        "    os.kill(os.getpid(), signal.SIGHUP)",
        "    print(early.asked, stopping.asked)",
        "    os.kill(os.getpid(), signal.SIGTERM)",
        "    print(early.asked, stopping.asked)",
    )
    for how, first in (("nohup", "None None"), ("exec", "None SIGHUP")):
        done = subprocess.run(
            ["bash", "-c", f'{how} {sys.executable} -c "$0"', "\n".join(lines)],
            env=alone(),
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.stdout.splitlines() == [first, "None SIGTERM"], done.stderr


# ---- inside solvers -----------------------------------------------------------------------------


class Square:
    """x^2 = 2 as a problem of 3 items; counts how often it is asked."""

    items = 3

    def __init__(self):
        self.asked = 0

    def prepare(self, x, part):
        self.asked += 1
        return [x[0] for _ in part]

    def partials(self, prepared):
        return np.array([[x * x / 3] for x in prepared]).reshape(-1, 1)

    def residual(self, x, sums):
        return sums - 2


class Line:
    """M(z) = z - 0.1 as a response of one item."""

    analytic_below, reach = 2.0, (1.0, 1.0)

    def items(self, q):
        return 1

    def partials(self, q, z, part):
        return np.full((len(part), 1, 1), z - 0.1)

    def matrix(self, sums):
        return sums

    def error(self, q, z):
        return 1e-12


def after(calls):
    """What asks to stop from the call after so many on."""
    left = [calls]

    def wanted():
        left[0] -= 1
        return "a signal" if left[0] < 0 else None

    return wanted


def only(comm, calls):
    """What asks the last rank alone to stop, from its call after so many on."""
    return after(calls if comm.rank == comm.size - 1 else 10**6)


@pytest.mark.parallel
def test_newton_stops_between_evaluations_on_all_ranks(comm):
    """Only the last rank is asked here; the others hear it before their next evaluation."""
    problem = Square()
    with interrupts.asking(only(comm, 4), comm):
        with pytest.raises(StoppedEarly, match="stopped by a signal"):
            newton.solve(problem, comm, np.array([30.0]))
    assert 0 < problem.asked <= 5
    assert newton.solve(problem, comm, np.array([1.5])).converged  # nobody asks any more


@pytest.mark.parallel
def test_equations_that_all_ranks_solve_in_step_stop_at_the_same_evaluation(comm):
    """Also where they contain the residual of another problem, and while that is differentiated."""
    calls = []

    def miss(x):
        calls.append(float(x[0]))
        return newton.Work(Square(), comm).residual(x)

    for asked in (3, 4):  # before the function, and inside of it
        calls.clear()
        with interrupts.asking(only(comm, asked), comm):
            with pytest.raises(StoppedEarly, match="stopped by a signal"):
                newton.solve_equations(miss, [30.0])
        assert len(calls) == 2 and comm.allgather(calls) == [calls] * comm.size


@pytest.mark.parallel
def test_ranks_of_a_group_stop_their_point_together(comm):
    """One that is asked to must not leave its group alone: fails (hangs) if it stops by itself."""

    def solve(i, j, warm, *group):
        return {"x": newton.solve_equations(lambda x: x * x - 2, [1.5]).x[0]}

    with interrupts.asking(only(comm, 2), comm):
        with pytest.raises(StoppedEarly, match="stopped by a signal"):
            farm((2 * comm.size, 2), solve, comm, group=2)


@pytest.mark.parallel
def test_modes_stop_between_evaluations_and_dealt_numbers_on_all_ranks(comm):
    """What one rank raises over its share all raise; the numbers come in the order of the items."""
    items = list(range(2 * comm.size + 1))
    assert dealt_numbers(comm, items, lambda k: k * k).tolist() == [k * k for k in items]
    asked = only(comm, 1)
    with interrupts.asking(asked, comm), pytest.raises(StoppedEarly, match="by a signal"):
        dealt_numbers(comm, items, lambda k: newton.solve_equations(lambda x: x - k, [1.0]).x[0])
    with interrupts.asking(only(comm, 1), comm), pytest.raises(StoppedEarly, match="by a signal"):
        modes.spectrum(Line(), 1.0, comm, box=modes.Box(-1, 1, -0.5, 0.5))


def test_an_evolution_inside_a_point_stops_between_steps():
    """Of a map of evolutions, or of a task whose answer an evolution ends in."""
    state, steps = type("State", (Rest,), {"ts_types": ("rk",)})(), []
    with petsc.Options({"evolve_ts_adapt_type": "none"}) as options:
        evolution = Evolution(state, 10.0, 0.5, options)
        with interrupts.asking(after(3), solo()), pytest.raises(StoppedEarly, match="by a signal"):
            try:
                evolution.run(lambda row: None, steps.append)
            finally:
                evolution.destroy()
    assert steps == [0.5, 1.0, 1.5, 2.0]


@pytest.mark.parallel
def test_a_solver_on_rank_0_alone_and_one_in_a_point_stop(comm):
    """There no other rank computes in step; the others hear of it afterwards."""

    def solve():
        return newton.solve_equations(lambda x: x * x - 2, [1.5])

    with interrupts.asking(lambda: "a signal", comm):
        with pytest.raises(StoppedEarly, match="stopped by a signal"):
            on_root(comm, solve)
        with pytest.raises(StoppedEarly, match="stopped by a signal"):
            farm((3, 2), lambda i, j, warm: {"x": solve().x[0]}, comm)
    assert solve().converged and newton.solve(Square(), solo(), np.array([1.5])).converged
