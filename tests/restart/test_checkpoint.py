"""Runs that are stopped, killed, starved of disk or spoiled, in processes of their own: nothing is
lost, nothing hangs.
"""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from support.programs import alone, assert_same, command, damage, here, hp

from hpcneq import stopping, systems
from hpcneq.config.load import load, loads
from hpcneq.config.schema import keys_of
from hpcneq.driver import catalogue
from hpcneq.files import checkpoint
from hpcneq.files.digest import Physics, carried, changed, physics
from hpcneq.files.writer import Result
from hpcneq.parallel import solo
from hpcneq.stopping import MARGIN, SAFETY, Stopping

STOPPED = 75
ROOT = Path(__file__).resolve().parents[2]


# ---- stop, show, continue ------------------------------------------------------------------------


def test_a_wall_limit_stops_the_run_and_resume_ends_it(cut, whole):
    """Every leg makes a step, however short the limit; exit code 75; the result file says stopped
    and can be read.
    """
    result = Result(cut / "out.h5")
    assert result.status == "stopped" and result.as_json_object()["exit_code"] == STOPPED
    assert "stopped by run.wall_limit at t = 0.5" in result.warnings[0] and list(result.t) == [
        0.0,
        0.5,
    ]
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=10", folder=cut)
    assert code == 0, out
    assert_same(cut / "out.h5", whole)
    code, out = here("resume", "out.h5", folder=cut)
    assert code == 0 and "is complete already" in out
    code, out = here("run", "in.toml", "-o", "out.h5", "--resume", folder=cut)
    assert code == 0 and "is complete already" in out


def test_show_tells_what_a_checkpoint_holds(cut):
    code, out = here("show", "out.h5.ckpt-000003", folder=cut)
    assert (
        code == 0
        and 't = 0.5 of 10.1, step 2 of the part "main"' in out
        and "2 of t, 2 of t_monitor" in out
    )
    assert "go on with: hpcneq resume out.h5" in out and "petsc 3" in out
    code, out = here("show", "out.h5", folder=cut)
    assert code == 0 and 'checkpoint 3: t = 0.5 of 10.1, step 2 of the part "main"' in out
    damage(cut / "out.h5.ckpt-000003", "bit")
    code, out = here("show", "out.h5.ckpt-000003", "--json", folder=cut)
    assert code == 2 and out.count("\n") == 1 and "is not a whole checkpoint" in out


def test_other_physics_are_refused_by_name(cut):
    """Also a drive file with other numbers in it would be; output and limits are not physics."""
    code, out = here(
        "resume",
        "out.h5",
        "--set",
        "parameters.T=0.06",
        "--set",
        "numerics.dt=0.2",
        "--set",
        "run.output_every=1",
        folder=cut,
    )
    assert code == 2 and "numerics.dt, parameters.T changed" in out and out.count("\n") == 1
    code, out = here(
        "run", "in.toml", "-o", "out.h5", "--resume", "--set", "run.seed=5", folder=cut
    )
    assert code == 2 and "run.seed changed" in out
    code, out = here("resume", "out.h5", "--set", "run.t_max=0.3", folder=cut)
    assert code == 2 and "t_max can only grow" in out


def test_a_drive_from_a_file_is_remembered(place):
    """Continued without the file: from what was read. With another one of that name: refused."""
    (place / "bias.txt").write_text("0 0\n1 0.3\n3 0.1\n")
    override = (
        "--set",
        "parameters.eV=bias.txt",
        "--set",
        "run.t_max=2",
        "--set",
        "numerics.error_estimate=false",
    )
    assert here("run", "in.toml", "-o", "whole.h5", *override, folder=place)[0] == 0
    assert (
        here(
            "run",
            "in.toml",
            "-o",
            "out.h5",
            *override,
            "--set",
            "run.wall_limit=0.0001",
            folder=place,
        )[0]
        == STOPPED
    )
    (place / "bias.txt").write_text("0 0\n1 0.4\n3 0.1\n")
    code, out = here("resume", "out.h5", folder=place)
    assert code == 2 and "parameters.eV (the file's content) changed" in out
    (place / "bias.txt").unlink()
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=0.0001", folder=place)
    assert code == STOPPED, out  # again without the file, and then with it and with another one
    (place / "bias.txt").write_text("0 0\n1 0.4\n3 0.1\n")
    code, out = here("resume", "out.h5", folder=place)
    assert code == 2 and "parameters.eV (the file's content) changed" in out
    (place / "bias.txt").write_text("0 0\n1 0.3\n3 0.1\n")
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=10", folder=place)
    assert code == 0, out
    assert_same(place / "out.h5", place / "whole.h5")


def test_a_file_named_as_a_word_of_the_input_is_not_part_of_it(cut):
    """Only keys that are declared to name files do: not state = "bcs"."""
    for word in ("bcs", "stripe", "aaa", "double"):
        (cut / word).write_text("a note")
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=0.0001", folder=cut)
    assert code == STOPPED, out
    (cut / "bcs").write_text("another note")
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=0.0001", folder=cut)
    assert code == STOPPED, out


def test_keys_that_name_files_are_declared():
    """All keys of the built-in systems whose value is, or may be, the name of a file."""
    told = {
        (name, field.name)
        for system in systems.built_in()
        for task in systems.get(system).tasks.values()
        for name, table in task.tables.items()
        for field in keys_of(table).values()
        if field.metadata.get("names_file")
    }
    files = {"initial": {"file"}, "sites": {"file", "A_x", "A_y"}, "parameters": {"eV"}}
    files["model"] = {"python", "wannier90"}
    assert told == {(table, key) for table, keys in files.items() for key in keys}


def test_petsc_options_of_the_command_line_are_physics_and_come_back(place):
    words = (
        "--set",
        "numerics.error_estimate=false",
        "--set",
        "petsc.evolve.ts_type=rk",
        "--set",
        "run.t_max=2",
        "--set",
        "numerics.pole_error=1e-3",
    )
    options = ("--", "-evolve_ts_rtol", "1e-6", "-evolve_ts_monitor")
    assert hp("run", "in.toml", "-o", "whole.h5", *words, *options, folder=place)[0] == 0
    assert (
        hp(
            "run",
            "in.toml",
            "-o",
            "out.h5",
            *words,
            "--set",
            "run.wall_limit=0.0001",
            *options,
            folder=place,
        )[0]
        == STOPPED
    )
    code, out = hp("resume", "out.h5", "--", "-evolve_ts_rtol", "1e-5", folder=place)
    assert code == 2 and "-- -evolve_ts_rtol changed" in out
    code, out = hp("resume", "out.h5", "--set", "run.wall_limit=10", folder=place)
    assert code == 0, out
    assert_same(place / "out.h5", place / "whole.h5")


@pytest.mark.parametrize("option", ["ts_adapt_type=dsp", "ts_adapt_type=glee"])
def test_an_integrator_with_a_memory_of_its_own_is_refused_by_name(place, option):
    code, out = here(
        "run",
        "in.toml",
        "--set",
        "petsc.evolve.ts_type=rk",
        "--set",
        f"petsc.evolve.{option}",
        folder=place,
    )
    assert code == 2 and option.partition("=")[2] in out and "is not kept in checkpoints" in out


@pytest.mark.parametrize("name, ranks", [("SIGUSR1", 2), ("SIGTERM", 1), ("SIGINT", 1)])
def test_a_signal_stops_all_ranks_with_a_checkpoint(place, whole, name, ranks):
    """USR1 to mpiexec, TERM and INT to a rank: exit code 75, and every bit afterwards."""
    process = subprocess.Popen(
        command("run", "in.toml", "-o", "out.h5", "--set", "run.t_max=1e5", ranks=ranks),
        cwd=place,
        env=alone(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(place, 1, process)
    time.sleep(0.3)
    process.send_signal(signal.Signals[name])
    out = process.communicate(timeout=200)[0]
    assert process.returncode == STOPPED and "stopped by a signal" in out, out
    assert Result(place / "out.h5").status == "stopped"
    t = checkpoint.newest(solo(), place / "out.h5", print).meta["t"]
    code, out = hp("resume", "out.h5", "--set", f"run.t_max={t + 1.0}", ranks=ranks, folder=place)
    assert code == 0, out


def wait_for(place, number, process=None, seconds=200):
    """Until generation ``number`` of out.h5 is there."""
    end = time.monotonic() + seconds
    while not any(found >= number for found in checkpoint.generations(place / "out.h5")):
        assert time.monotonic() < end and (process is None or process.poll() is None)
        time.sleep(0.02)


def test_the_clock_leaves_time_for_the_checkpoint(monkeypatch):
    """A run with a limit stops when a step as slow as the slowest and a checkpoint as slow as the
    last no longer fit.
    """
    now = [100.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])
    clock = Stopping(solo(), minutes=0.1, limit=MARGIN + 20.0)
    clock.wrote(4.0)
    # 109 s: 9 have passed, the slowest step took 5, a checkpoint may take 6
    for t, answer in (
        (105.0, (False, False)),
        (107.0, (False, True)),
        (108.9, (False, True)),
        (109.1, (True, True)),
    ):
        now[0] = t
        assert clock.decide() == answer
    assert SAFETY == 1.5 and clock.reason == "run.wall_limit"
    content = "f (the file's content)"
    assert changed({"a": 1, content: 1}, {"a": 2}) == ["a"]
    assert changed({content: 1}, {content: 2}) == [content]
    assert carried({"a": 1, content: 1}, Physics(a=2)) == {"a": 2, content: 1}


def test_a_checkpoint_of_before_there_was_a_key_goes_on(cut, whole):
    """Of a key that the checkpoint does not know the default counts as what it was written with;
    another value does not, and neither does what was never a default.

    Fails if every key that is not known has changed, or if none has.
    """
    checked = loads((cut / "in.toml").read_text(), catalogue(), folder=cut)
    now = physics(checked)
    assert {"numerics.corrector", "initial.vortices"} <= now.usual
    assert not {"parameters.T", "system", "numerics.Lx"} & now.usual
    before = {name: value for name, value in now.items() if name != "numerics.corrector"}
    assert changed(before, now) == []
    before.pop("parameters.T")
    assert changed(before, now) == ["parameters.T"]
    other = loads(checked.text, catalogue(), ["numerics.corrector=2"], folder=cut)
    assert changed(before | {"parameters.T": now["parameters.T"]}, physics(other)) == [
        "numerics.corrector"
    ]
    assert carried({}, now).usual == now.usual


def test_a_key_that_a_named_lead_gains_has_its_default_too():
    """A further lead is no such key: where it touches has no default.

    Fails if only keys of whole tables have defaults.
    """
    now = physics(load(ROOT / "inputs" / "lattice" / "wire.toml", catalogue()))
    before = {name: value for name, value in now.items() if name != "leads.named.left.spin"}
    assert changed(before, now) == []
    alone = {name: value for name, value in now.items() if "named.right." not in name}
    assert "leads.named.right.sites" in changed(alone, now)


# ---- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["cut", "zero", "bit", "empty"])
def test_a_spoiled_checkpoint_is_told_and_the_older_one_used(cut, whole, how):
    damage(cut / "out.h5.ckpt-000003", how)
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=10", folder=cut)
    assert (
        code == 0
        and "out.h5.ckpt-000003 is damaged" in out
        and "continuing out.h5 at t = 0.25" in out
    ), out
    assert_same(cut / "out.h5", whole)


def test_without_a_whole_checkpoint_the_error_is_clear(cut):
    for number in (2, 3):
        damage(cut / f"out.h5.ckpt-{number:06d}", "bit")
    for words in (("resume", "out.h5"), ("run", "in.toml", "-o", "out.h5", "--resume")):
        code, out = here(*words, folder=cut)
        assert code == 2 and "no whole checkpoint is left (2 damaged)" in out.splitlines()[-1]


@pytest.mark.parametrize("how", ["cut", "zero", "empty", "gone"])
def test_a_spoiled_result_file_is_rebuilt(cut, whole, how):
    if how == "gone":
        (cut / "out.h5").unlink()
    else:
        damage(cut / "out.h5", how)
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=10", folder=cut)
    assert code == 0, out
    assert_same(cut / "out.h5", whole)


def test_a_finished_result_file_that_was_lost_comes_back(place, whole):
    for path in whole.parent.glob("out.h5*"):
        shutil.copy(path, place)
    damage(place / "out.h5", "cut")
    code, out = here("resume", "out.h5", folder=place)
    assert code == 0, out
    assert_same(place / "out.h5", whole)


def test_force_starts_anew_and_old_checkpoints_do_not_come_back(cut):
    code, out = here("run", "in.toml", "-o", "out.h5", folder=cut)
    assert code == 2 and "--force" in out
    code, out = here(
        "run",
        "in.toml",
        "-o",
        "out.h5",
        "--force",
        "--set",
        "parameters.T=0.06",
        "--set",
        "run.wall_limit=0.0001",
        folder=cut,
    )
    assert code == STOPPED, out
    assert checkpoint.newest(solo(), cut / "out.h5", print).meta["physics"]["parameters.T"] == 0.06


def test_json_keeps_every_bit():
    value = {
        "x": 0.1 + 0.2,
        "far": np.inf,
        "z": np.arange(3) * 1j,
        "none": None,
        "one": np.float64(1 / 3),
        "c": 1 - 2j,
        "words": ["a", {"b": np.zeros((0, 2))}],
        "flag": np.bool_(True),
    }
    back = checkpoint.loads(checkpoint.dumps(value))
    assert (
        back["x"] == value["x"]
        and back["z"].tobytes() == value["z"].tobytes()
        and back["words"][1]["b"].shape == (0, 2)
    )
    assert (
        back["c"] == 1 - 2j
        and back["one"] == 1 / 3
        and back["far"] == np.inf
        and back["flag"] is True
    )
    with pytest.raises(TypeError):
        checkpoint.dumps({"x": object()})


# ---- bugs ----------------------------------------------------------------------------------------


def test_a_rank_that_raises_ends_all_ranks_and_loses_nothing(place, whole):
    """An exception nobody expected, on one rank, in the middle of the run: no rank waits for it,
    the checkpoints are good.
    """
    (place / "faulty.py").write_text(
        "import sys\nfrom hpcneq.stopping import Stopping\nfrom hpcneq.cli import "
        "main\ndecide = Stopping.decide\n"
        "def fails(self):\n    self.count = getattr(self, 'count', 0) + 1\n"
        "    return decide(self) if self.count < 30 or self.comm.rank == 0 else 1 / 0\n"
        "Stopping.decide = fails\nsys.exit(main())\n"
    )
    done = subprocess.run(
        command(
            "run",
            "in.toml",
            "-o",
            "out.h5",
            "--set",
            "run.checkpoint_minutes=0.001",
            ranks=2,
            program=(place / "faulty.py",),
        ),
        cwd=place,
        env=alone(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert (
        done.returncode not in (0, STOPPED)
        and "[rank 1]" in done.stderr
        and "ZeroDivisionError" in done.stderr
    )
    code, out = here("resume", "out.h5", folder=place)
    assert code == 0 and "continuing" in out, out
    assert_same(place / "out.h5", whole, tolerance=1e-11)
