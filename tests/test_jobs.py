"""The batch scripts: on a real Slurm of one node, and what they say where a queue is not needed to try it."""
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import slurm
from longruns import HOME, INPUT, alone, assert_same

from hpcneq.store import Result

pytestmark = [pytest.mark.house, pytest.mark.longrun]
OVER = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "GONE")
SCRIPTS = ("slurm-run.sh", "slurm-array.sh", "slurm-map.sh", "pbs-run.sh")

# An hpcneq whose steps take a while longer as long as a file is there: a run as long as the queue needs, at no cost.
HPCNEQ = """\
#!{python}
import os, sys, time
from hpcneq.stopping import Stopping
decide = Stopping.decide
def slowly(self):
    time.sleep(float(os.environ.get("PAUSE", 0.3)) if os.path.exists({slow!r}) else 0)
    return decide(self)
Stopping.decide = slowly
from hpcneq.cli import main
sys.exit(main())
"""


@pytest.fixture
def place(tmp_path):
    """A folder with the input and an environment whose hpcneq is slow while ``slow`` exists."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    program = tmp_path / "venv" / "bin" / "hpcneq"
    program.write_text(HPCNEQ.format(python=sys.executable, slow=str(tmp_path / "slow")))
    program.chmod(0o755)
    for name in ("python3", "python"):
        (tmp_path / "venv" / "bin" / name).symlink_to(sys.executable)
    (tmp_path / "in.toml").write_text(INPUT)
    return tmp_path


def environment(place, **more):
    return {**alone(more), "HPCNEQ_VENV": str(place / "venv"), "HPCNEQ_JOBS": str(HOME / "jobs")}


def wait_for(done, what, log, seconds=240, over=lambda: False):
    """Wait as long as a busy machine may need; what is waited for cannot come too early."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end and not over(), f"no {what} within {seconds} s:\n{log.read_text() if log.exists() else 'no log'}"
        time.sleep(0.3)


@pytest.mark.timeout(900)
@pytest.mark.skipif(slurm.missing() is not None, reason=f"no Slurm here: {slurm.missing()}")
def test_runs_go_back_into_the_queue_until_they_are_complete(place):
    """One job is stopped by Slurm's own time limit, one by run.wall_limit; both end as the run that was never stopped.

    The first asks for a minute with USR1 25 seconds before its end; Slurm, which looks every 30 seconds, sends it early.
    """
    (place / "slow").touch()
    env = environment(place, PAUSE="1.5")
    with slurm.Slurm(place / "slurm") as queue:
        timed = queue.submit("--ntasks=2", "--time=1", "--signal=B:USR1@25", "-o", "timed.log", HOME / "jobs" / "slurm-run.sh",
                             "in.toml", "timed.h5", folder=place, environment=env)
        limited = queue.submit("--array=1", "--ntasks=1", "--time=5", "-o", "limited.log", HOME / "jobs" / "slurm-array.sh",
                               "none.toml", "limited.toml", folder=place, environment=write_limited(place, env))
        limited = queue.ask("squeue", "-h", "-r", "-j", limited, "-o", "%A")
        whole = subprocess.run([str(place / "venv" / "bin" / "hpcneq"), "run", "in.toml", "-o", "whole.h5", "--quiet"], cwd=place,
                               env={**env, "PAUSE": "0"}, stdin=subprocess.DEVNULL, timeout=240)
        assert whole.returncode == 0
        jobs = ((timed, "timed.log"), (limited, "limited.log"))
        for job, log in jobs:
            wait_for(lambda log=log: "stopped with a checkpoint" in words(place, log), "stop", place / log,
                     over=lambda job=job: queue.job(job)[0] in OVER)
        (place / "slow").unlink()
        for job, log in jobs:
            wait_for(lambda job=job: queue.job(job)[0] in OVER, "end", place / log)
        states = {job: queue.job(job) for job in (timed, limited)}
    assert states[timed][0] == states[limited][0] == "COMPLETED", words(place, "timed.log") + words(place, "limited.log")
    assert min(states[timed][1], states[limited][1]) >= 1, states
    assert "told to stop" in words(place, "timed.log") and "stopped by a signal" in words(place, "timed.log")
    assert "stopped by run.wall_limit" in words(place, "limited.log")
    assert_same(place / "timed.h5", place / "whole.h5", tolerance=1e-11)
    assert_same(place / "results" / "limited.h5", place / "whole.h5", tolerance=1e-11)
    assert not (place / "timed.h5.reached").exists()


def write_limited(place, env):
    (place / "limited.toml").write_text(INPUT + "wall_limit = 0.1\n")
    return env


def words(place, name):
    return (place / name).read_text() if (place / name).exists() else ""


def start(place, *lines, **more):
    """A shell that sources jobs/steps.sh, as the batch scripts do."""
    script = "\n".join(["set -u", f". {HOME}/jobs/steps.sh", *lines])
    return subprocess.Popen(["bash", "-c", script], cwd=place, env=environment(place, **more), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=unignored)


def unignored():
    """A shell cannot trap what it was started to ignore, and what runs in the background of another ignores INT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_term_and_int_to_a_job_stop_its_ranks_with_a_checkpoint(place, name):
    """mpiexec would kill the ranks a second after either; the script makes them USR1."""
    (place / "slow").touch()
    job = start(place, "compute 2 in.toml out.h5")
    wait_for(lambda: list(place.glob("out.h5.ckpt-*1")), "first checkpoint", place / "none")
    job.send_signal(getattr(signal, name))
    out = job.communicate(timeout=240)[0]
    assert job.returncode == 75, out
    assert "told to stop, passing it on" in out and "stopped by a signal" in out and "out.h5 was stopped with a checkpoint" in out
    assert Result(place / "out.h5").status == "stopped"


def test_a_job_that_does_not_get_on_is_not_started_again(place):
    """A run that fails at once, twice: the second start is refused, and says how to go on."""
    (place / "in.toml").write_text(INPUT.replace("T = 0.05", "T = -1"))
    first, second = (start(place, "compute 1 in.toml out.h5").communicate(timeout=240)[0] for _ in range(2))
    assert "failed with exit code 2" in first and "must be > 0" in first
    assert "has not got on since its last start (nothing): not started again" in second and "must be > 0" not in second


def test_ranks_that_do_not_find_each_other_are_refused(place):
    """An mpiexec of another MPI starts N runs of one rank: none of them computes."""
    (place / "launch").write_text('#!/bin/sh\nshift 2\n"$@" & "$@"; code=$?\nwait\nexit $code\n')
    (place / "launch").chmod(0o755)
    out = start(place, "compute 2 in.toml out.h5", HPCNEQ_MPI="./launch").communicate(timeout=240)[0]
    assert "failed with exit code 2" in out and out.count("HPCNEQ_RANKS asks for 2 ranks, 1 started") == 2
    assert not (place / "out.h5").exists()


def test_a_pbs_job_submits_the_next_one(place):
    """With a qsub that only notes how it was called."""
    (place / "slow").touch()
    (place / "venv" / "bin" / "qsub").write_text('#!/bin/sh\necho "qsub $*" >> qsub.log\n')
    (place / "venv" / "bin" / "qsub").chmod(0o755)
    (place / "nodes").write_text("here\nhere\n")
    env = environment(place, PBS_O_WORKDIR=str(place), PBS_NODEFILE=str(place / "nodes"), INPUT="in.toml", OUT="out.h5",
                      WALL_LIMIT="00:00:05")
    done = subprocess.run(["bash", str(HOME / "jobs" / "pbs-run.sh")], cwd="/", env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=240)
    assert done.returncode == 75, done.stdout + done.stderr
    assert "INPUT=in.toml,OUT=out.h5,WALL_LIMIT=00:00:05" in (place / "qsub.log").read_text()


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_shell_and_say_how_they_are_used(name):
    """bash parses them (and shellcheck, where there is one, has nothing to say); the usage line names the script."""
    path = HOME / "jobs" / name
    subprocess.run(["bash", "-n", path], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-x", "-e", "SC1091,SC2034", path], check=True)
    text = path.read_text()
    assert f"jobs/{name}" in text.split("set -u")[0] and os.access(path, os.X_OK)
