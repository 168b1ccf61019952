"""The batch scripts: on a real Slurm of one node, and what they say where a queue is not needed to
try it.
"""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from support import slurm
from support.programs import HOME, INPUT, MAP, alone, assert_same, held_program, hp

from hpcneq.files.writer import Result

OVER = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "GONE")
SCRIPTS = ("slurm-run.sh", "slurm-array.sh", "slurm-map.sh", "pbs-run.sh")


@pytest.fixture
def place(tmp_path):
    """A folder with the input and an environment whose hpcneq waits behind its first steps while
    ``hold`` exists.
    """
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    held_program(tmp_path / "venv" / "bin" / "hpcneq", tmp_path / "hold")
    for name in ("python3", "python"):
        (tmp_path / "venv" / "bin" / name).symlink_to(sys.executable)
    (tmp_path / "in.toml").write_text(INPUT)
    (tmp_path / "hold").touch()
    return tmp_path


def environment(place, **more):
    return {**alone(more), "HPCNEQ_VENV": str(place / "venv"), "HPCNEQ_JOBS": str(HOME / "jobs")}


def wait_for(done, what, log, seconds=240, over=lambda: False):
    """Wait as long as a busy machine may need; what is waited for cannot come too early."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end and not over(), (
            f"no {what} within {seconds} s:\n{log.read_text() if log.exists() else 'no log'}"
        )
        time.sleep(0.3)


class Jobs:
    """The three jobs of a place in a queue: one timed by Slurm, one of an array, a map."""

    def __init__(self, queue, place):
        self.queue, self.place, self.environment = queue, place, environment(place)
        one = ("slurm-run.sh", ["--ntasks=2", "--signal=B:USR1@20"], ["in.toml", "timed.h5"])
        array = ("slurm-array.sh", ["--array=1", "--ntasks=1"], ["none.toml", "limited.toml"])
        points = ("slurm-map.sh", ["--nodes=1", "--ntasks-per-node=2"], ["map.toml", "map.h5"])
        self.numbers = {
            "timed": self.submit("timed", *one),
            "limited": self.submit("limited", *array),
            "map": self.submit("map", *points),
        }
        member = queue.ask("squeue", "-h", "-r", "-j", self.numbers["limited"], "-o", "%A")
        self.numbers["limited"] = member

    def submit(self, name, script, options, words):
        """The number of a new job, whose log is NAME.log."""
        return self.queue.submit(
            "--time=30",
            "-o",
            f"{name}.log",
            *options,
            HOME / "jobs" / script,
            *words,
            folder=self.place,
            environment=self.environment,
        )

    def over(self, name):
        """A function that tells whether a job has ended."""
        return lambda: self.queue.job(self.numbers[name])[0] in OVER

    def wait(self, name, condition, what):
        """Wait for something while a job runs."""
        wait_for(condition, what, self.place / f"{name}.log", over=self.over(name))

    def limit(self, minutes):
        """Set the time limit of the timed job."""
        number = self.numbers["timed"]
        self.queue.ask("scontrol", "update", f"JobId={number}", f"TimeLimit={minutes}")

    def limit_soon(self):
        """Lower it to the first whole minute that leaves the job time to be told."""
        minutes = self.queue.seconds(self.numbers["timed"]) // 60 + 1
        late = minutes * 60 - self.queue.seconds(self.numbers["timed"]) < 25
        self.limit(minutes + late)

    def finish(self):
        """Let all jobs end; {name: (state, how often it was started again)}."""
        self.limit(30)
        (self.place / "limited.toml").write_text(INPUT)
        (self.place / "hold").unlink()
        for name in self.numbers:
            wait_for(self.over(name), "end", self.place / f"{name}.log")
        return {name: self.queue.job(number) for name, number in self.numbers.items()}


def journalled(place, lines):
    """Whether the map's journal has more than so many lines."""
    journal = place / "map.h5.journal"
    return journal.exists() and journal.read_bytes().count(b"\n") > lines


def has_stopped(place, log):
    """Whether a job's log tells of a checkpoint."""
    return "stopped with a checkpoint" in words(place, log)


def compute_undisturbed(place):
    """The results that the jobs must arrive at."""
    for name, source, ranks in (
        ("one.h5", "in.toml", 1),
        ("two.h5", "in.toml", 2),
        ("whole-map.h5", "map.toml", 1),
    ):
        code, out = hp("run", source, "-o", name, "--quiet", ranks=ranks, folder=place, timeout=240)
        assert code == 0, out


@pytest.mark.timeout(900)
@pytest.mark.skipif(slurm.missing() is not None, reason=f"no Slurm here: {slurm.missing()}")
def test_jobs_go_back_into_the_queue_until_they_are_complete(place):
    """One run is stopped by Slurm's limit, one of an array by run.wall_limit, a map by a signal.

    Each ends with every bit of the run on as many ranks that was never stopped. The limit is
    lowered once the run has begun: Slurm sends USR1 up to half a minute earlier than asked for.
    """
    (place / "limited.toml").write_text(INPUT + "wall_limit = 0.05\n")
    (place / "map.toml").write_text(MAP)
    try:
        daemons = slurm.Slurm(place / "slurm", cpus=6).start()
    except slurm.CannotStart as reason:
        pytest.skip(f"Slurm does not start here: {reason}")
    with contextlib.closing(daemons) as queue:
        jobs = Jobs(queue, place)
        jobs.wait("timed", lambda: list(place.glob("timed.h5.ckpt-*1")), "first checkpoint")
        jobs.limit_soon()
        jobs.wait("map", lambda: journalled(place, 2), "points")
        queue.ask("scancel", "--signal=USR1", "--batch", jobs.numbers["map"])
        compute_undisturbed(place)
        for name in jobs.numbers:
            stopped = functools.partial(has_stopped, place, f"{name}.log")
            jobs.wait(name, stopped, "stop")
        ends = jobs.finish()
    logs = {name: words(place, f"{name}.log") for name in ends}
    assert {state for state, _ in ends.values()} == {"COMPLETED"}, (ends, logs)
    assert min(restarts for _, restarts in ends.values()) >= 1, (ends, logs)
    assert "told to stop" in logs["timed"] and "stopped by a signal" in logs["timed"]
    assert "stopped by run.wall_limit" in logs["limited"]
    assert "finished points" in logs["map"]
    assert_same(place / "timed.h5", place / "two.h5")
    assert_same(place / "results" / "limited.h5", place / "one.h5")
    assert_same(place / "map.h5", place / "whole-map.h5", but=("ranks",))
    assert not list(place.glob("*.reached")) and not list(place.glob("*.journal"))


def words(place, name):
    return (place / name).read_text() if (place / name).exists() else ""


def start(place, *lines, **more):
    """A shell that sources jobs/steps.sh, as the batch scripts do."""
    script = "\n".join(["set -u", f". {HOME}/jobs/steps.sh", *lines])
    return subprocess.Popen(
        ["bash", "-c", script],
        cwd=place,
        env=environment(place, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=unignored,
    )


def unignored():
    """A shell cannot trap what it was started to ignore, and what runs in the background of another
    ignores INT.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_signal_while_the_ranks_are_starting_is_not_lost(place):
    """They cannot hear it yet, and must not die of it: it is repeated."""
    job = start(place, "compute 2 in.toml out.h5")
    said = job.stdout.readline()
    job.send_signal(signal.SIGTERM)
    said += job.communicate(timeout=240)[0]
    assert (
        job.returncode == 75
        and "has reached: nothing" in said
        and "out.h5 was stopped with a checkpoint" in said
    ), said


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_term_and_int_to_a_job_stop_its_ranks_with_a_checkpoint(place, name):
    """mpiexec would kill the ranks a second after either; the script makes them USR1."""
    job = start(place, "compute 2 in.toml out.h5")
    wait_for(lambda: list(place.glob("out.h5.ckpt-*1")), "first checkpoint", place / "none")
    job.send_signal(signal.Signals[name])
    out = job.communicate(timeout=240)[0]
    assert job.returncode == 75, out
    assert (
        "told to stop, passing it on" in out
        and "stopped by a signal" in out
        and "out.h5 was stopped with a checkpoint" in out
    )
    assert Result(place / "out.h5").status == "stopped"


def test_the_second_job_of_a_map_knows_that_points_were_finished(place):
    """A map has a journal and no checkpoint.

    Fails if the script looks for a checkpoint alone: then it refuses the second start.
    """
    (place / "map.toml").write_text(MAP)
    job = start(place, "compute 2 map.toml map.h5")
    wait_for(lambda: journalled(place, 1), "points", place / "none")
    job.send_signal(signal.SIGTERM)
    said = job.communicate(timeout=240)[0]
    assert job.returncode == 75, said
    (place / "hold").unlink()
    said = start(place, "compute 1 map.toml map.h5").communicate(timeout=240)[0]
    assert (
        "finished points" in said
        and "of 6 points are there already" in said
        and "map.h5 is complete" in said
    ), said


def test_a_job_that_does_not_get_on_is_not_started_again(place):
    """A run that fails at once, twice: the second start is refused, and says how to go on."""
    (place / "in.toml").write_text(INPUT.replace("T = 0.05", "T = -1"))
    first, second = (
        start(place, "compute 1 in.toml out.h5").communicate(timeout=240)[0] for _ in range(2)
    )
    assert "failed with exit code 2" in first and "must be >= 0" in first
    assert (
        "has not got on since its last start (nothing): not started again" in second
        and "must be >= 0" not in second
    )


def test_ranks_that_do_not_find_each_other_are_refused(place):
    """An mpiexec of another MPI starts N runs of one rank: none of them computes."""
    (place / "launch").write_text('#!/bin/sh\nshift 2\n"$@" & "$@"; code=$?\nwait\nexit $code\n')
    (place / "launch").chmod(0o755)
    out = start(place, "compute 2 in.toml out.h5", HPCNEQ_MPI="./launch").communicate(timeout=240)[
        0
    ]
    assert (
        "failed with exit code 2" in out
        and out.count("HPCNEQ_RANKS asks for 2 ranks, 1 started") == 2
    )
    assert not (place / "out.h5").exists()


@pytest.mark.parametrize("name", ["in.toml", "a,b.toml"])
def test_a_pbs_job_submits_the_next_one(place, name):
    """With a qsub that only notes how it was called. It would end a value at its comma."""
    qsub = '#!/bin/sh\necho "qsub $*" >> qsub.log\necho "$INPUT" >> qsub.log\n'
    (place / "venv" / "bin" / "qsub").write_text(qsub)
    (place / "venv" / "bin" / "qsub").chmod(0o755)
    (place / "nodes").write_text("here\nhere\n")
    if name != "in.toml":
        (place / "in.toml").rename(place / name)
    env = environment(
        place,
        PBS_O_WORKDIR=str(place),
        PBS_NODEFILE=str(place / "nodes"),
        INPUT=name,
        OUT="out.h5",
        WALL_LIMIT="00:00:05",
    )
    done = subprocess.run(
        ["bash", str(HOME / "jobs" / "pbs-run.sh")],
        cwd="/",
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 75, done.stdout + done.stderr
    given, seen = (place / "qsub.log").read_text().splitlines()
    expected = "INPUT=in.toml,OUT=out.h5,WALL_LIMIT=00:00:05"
    if "," in name:
        expected = "INPUT,OUT,WALL_LIMIT"
    assert f"qsub -v {expected} " in given and seen == name


def test_a_folder_of_the_user_cannot_stand_in_for_a_module_of_python(place):
    """steps.sh reads a result by python3 -I: a json.py beside the input is not imported."""
    (place / "json.py").write_text("open('taken', 'w')\n")
    start(place, "reached out.h5").communicate(timeout=60)
    assert not (place / "taken").exists()


def test_the_scripts_pass_shellcheck():
    """All of jobs/ and tools/, as tools/test checks them."""
    if not shutil.which("shellcheck"):
        pytest.skip("there is no shellcheck")
    scripts = [path for path in (HOME / "tools").iterdir() if path.is_file()]
    scripts = [
        path for path in scripts if path.read_text().startswith(("#!/usr/bin/env bash", "# sh"))
    ]
    scripts += (HOME / "jobs").glob("*.sh")
    assert len(scripts) >= 13
    words = ["shellcheck", "-x", "-P", "jobs:tools", *map(str, scripts)]
    done = subprocess.run(words, cwd=HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_are_shell_and_say_how_they_are_used(name):
    """bash parses them (and shellcheck, where there is one, has no warning); the usage line names
    the script.
    """
    path = HOME / "jobs" / name
    subprocess.run(["bash", "-n", path], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(
            ["shellcheck", "-x", "-S", "warning", "-e", "SC1090,SC1091,SC2034", path], check=True
        )
    text = path.read_text()
    assert f"jobs/{name}" in text.split("set -u")[0] and os.access(path, os.X_OK)
