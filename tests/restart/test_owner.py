"""One run owns its output: a second is refused, links are followed, nothing foreign enters."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from support.programs import (
    INPUT,
    MAP,
    alive,
    alone,
    assert_same,
    command,
    held_program,
    here,
    hp,
    kill_all,
)

from hpcneq.files import checkpoint, names, rows
from hpcneq.files.hdf5 import open_file
from hpcneq.files.writer import Result
from hpcneq.parallel import solo

STOPPED = 75


@contextlib.contextmanager
def going_on(folder, *words, until, ranks=1):
    """A run that is held behind its first steps or points, once a file is there; then let go on.

    Gives the process; its output is read when it has ended.
    """
    hold = folder / "hold"
    hold.touch()
    program = held_program(folder / "held.py", hold)
    with subprocess.Popen(
        command(*words, ranks=ranks, program=(program,)),
        cwd=folder,
        env=alone(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            end = time.monotonic() + 120
            while not until.exists():
                assert time.monotonic() < end and process.poll() is None, process.stdout.read()
                time.sleep(0.01)
            time.sleep(0.1)
            yield process
        finally:
            hold.unlink(missing_ok=True)


@pytest.mark.parametrize("kind", ["evolve", "map"])
def test_a_second_run_on_a_live_output_is_refused_by_every_name(place, whole, kind):
    """It exits with 2 and one line; show and plot say that it runs; the first ends as if alone."""
    source, until = "in.toml", place / "data" / "out.h5.ckpt-000001"
    if kind == "map":
        (place / "map.toml").write_text(MAP)
        source, until = "map.toml", place / "data" / "out.h5.journal"
    (place / "data").mkdir()
    (place / "link.h5").symlink_to("data/out.h5")
    (place / "folder").symlink_to("data")
    with going_on(place, "run", source, "-o", "link.h5", until=until) as process:
        said = json.loads((place / "data" / "out.h5.lock").read_text())
        assert said["pid"] == process.pid and said["status"] == "running"
        assert said["ranks"] == 1 and said["task"] in ("evolve", "phase-diagram")
        for words in (
            ("resume", "link.h5"),
            ("resume", "data/out.h5"),
            ("run", source, "-o", "folder/out.h5", "--force"),
            ("run", source, "-o", "data/../link.h5", "--resume"),
            ("run", source, "-o", "data/out.h5"),
        ):
            code, out = here(*words, folder=place)
            assert code == 2 and out.count("\n") == 1, out
            assert f"is being written by process {process.pid} on {said['host']} since" in out
        code, out = here("show", "link.h5", folder=place)
        assert code == 0 and f"is running: process {process.pid}" in out and "resume" not in out
        code, out = here("show", "link.h5", "--json", folder=place)
        assert json.loads(out)["lock"]["pid"] == process.pid
        code, out = here("plot", "link.h5", folder=place)
        assert code == 0 or "is running" in out
        assert "resume" not in out, out
        (place / "hold").unlink()
        out = process.communicate(timeout=200)[0]
        assert process.returncode == 0, out
    assert (place / "link.h5").is_symlink() and not (place / "data" / "out.h5.lock").exists()
    if kind == "evolve":
        assert_same(place / "link.h5", whole)
    else:
        assert [path.name for path in (place / "data").iterdir()] == ["out.h5"]


def test_a_killed_run_leaves_a_stale_lock_that_resume_takes_over_at_once(place, whole):
    with going_on(
        place, "run", "in.toml", "-o", "out.h5", until=place / "out.h5.ckpt-000001", ranks=2
    ) as process:
        everybody = kill_all(process.pid)
        process.communicate()
    assert (place / "out.h5.lock").exists()
    shutil.copytree(place, place / "copy")
    begun = time.monotonic()
    code, out = here("resume", "out.h5", folder=place)
    assert code == 0 and time.monotonic() - begun < 20, out
    assert not any(map(alive, everybody))
    code, out = here("show", "copy/out.h5", folder=place)
    assert code == 0 and "was ended from outside; go on with: hpcneq resume copy/out.h5" in out
    assert_same(place / "out.h5", whole, tolerance=1e-11)
    assert not (place / "out.h5.lock").exists()


def test_no_end_leaves_a_lock(cut):
    """Stopped, refused, failed, complete."""
    words = ("--set", "parameters.T=0.06")
    assert here("resume", "out.h5", *words, folder=cut)[0] == 2
    assert here("run", "in.toml", "-o", "out.h5", folder=cut)[0] == 2
    assert here("resume", "out.h5", folder=cut)[0] == STOPPED
    assert not (cut / "out.h5.lock").exists()
    code, out = here("run", "in.toml", "-o", "none/out.h5", folder=cut)
    assert code == 2 and "there is no folder" in out


def test_links_are_followed_by_all_that_writes(place, whole):
    """The result, its checkpoints and the figure go to where the link points, which stays one."""
    (place / "data").mkdir()
    for name in ("out.h5", "figure.png", "new.toml"):
        (place / name).symlink_to(f"data/{name}")
    words = ("run", "in.toml", "-o", "out.h5", "--set", "run.wall_limit=0.0001")
    assert here(*words, folder=place)[0] == STOPPED
    code, out = here("show", "out.h5", folder=place)
    assert code == 0 and "checkpoint 2" in out and "go on with: hpcneq resume data/out.h5" in out
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=10", folder=place)
    assert code == 0, out
    assert_same(place / "data" / "out.h5", whole)
    code, out = here("plot", "out.h5", "-o", "figure.png", folder=place)
    assert code == 0 and (place / "data" / "figure.png").stat().st_size > 1000, out
    code, out = here("new", "nsn-junction", "evolve", "-o", "new.toml", folder=place)
    assert code == 0 and "evolve" in (place / "data" / "new.toml").read_text(), out
    links = sorted(path.name for path in place.iterdir() if path.is_symlink())
    assert links == ["figure.png", "new.toml", "out.h5"]
    assert sorted(path.name for path in place.iterdir() if not path.is_symlink()) == [
        "data",
        "in.toml",
    ]


def test_a_hard_link_of_a_result_keeps_what_it_had(cut, whole):
    """A resume makes a new file: nothing is ever written into the one that has two names."""
    os.link(cut / "out.h5", cut / "backup.h5")
    before = (cut / "backup.h5").read_bytes()
    assert here("resume", "out.h5", "--set", "run.wall_limit=10", folder=cut)[0] == 0
    assert_same(cut / "out.h5", whole)
    assert (cut / "backup.h5").read_bytes() == before


@pytest.mark.parametrize("fate, ranks", [("replaced", 2), ("deleted", 1)])
def test_a_result_that_is_replaced_or_deleted_midway_is_one_error(place, whole, fate, ranks):
    """Nothing foreign enters a checkpoint, the other file stays, and the run can go on."""
    with going_on(
        place, "run", "in.toml", "-o", "out.h5", until=place / "out.h5.ckpt-000001", ranks=ranks
    ) as process:
        os.unlink(place / "out.h5")
        if fate == "replaced":
            shutil.copy(whole, place / "out.h5")
        (place / "hold").unlink()
        out = process.communicate(timeout=200)[0]
    lines = [line for line in out.splitlines() if line.startswith("hpcneq: out.h5")]
    assert process.returncode == 1 and len(lines) == 1 and "Traceback" not in out, out
    assert f"was {fate}" in lines[0] and "hpcneq resume out.h5" in lines[0]
    assert checkpoint.newest(solo(), place / "out.h5", print).meta["step"] < 5
    if fate == "replaced":
        assert (place / "out.h5").read_bytes() == whole.read_bytes()
        os.unlink(place / "out.h5")
    code, out = here("resume", "out.h5", folder=place)
    assert code == 0, out
    assert_same(place / "out.h5", whole, tolerance=1e-11 if ranks > 1 else None)


def test_a_map_whose_result_is_replaced_midway_leaves_the_other_file(place, whole):
    (place / "map.toml").write_text(MAP)
    until = place / "out.h5.journal"
    with going_on(place, "run", "map.toml", "-o", "out.h5", until=until) as process:
        (place / "out.h5").unlink()
        (place / "out.h5").write_text("mine")
        (place / "hold").unlink()
        out = process.communicate(timeout=200)[0]
    assert process.returncode == 1 and "was replaced by another file" in out.splitlines()[-1], out
    assert (place / "out.h5").read_text() == "mine" and not (place / "out.h5.lock").exists()
    (place / "out.h5").unlink()
    code, out = here("resume", "out.h5", folder=place)
    assert code == 0 and "of 6 points are there already" in out, out


def test_every_part_of_a_run_is_told(place):
    """Two ranks, then one, then one with other limits: who, where, when, with what."""
    stop = ("--set", "run.wall_limit=0.0001")
    code, out = hp("run", "in.toml", "-o", "out.h5", *stop, ranks=2, folder=place)
    assert code == STOPPED, out
    assert here("resume", "out.h5", folder=place)[0] == STOPPED
    assert here("resume", "out.h5", "--set", "run.wall_limit=10", folder=place)[0] == 0
    parts = Result(place / "out.h5").parts
    assert [part["ranks"] for part in parts] == [2, 1, 1]
    assert [part["status"] for part in parts] == ["stopped", "stopped", "complete"]
    assert "run in.toml -o out.h5" in parts[0]["command"]
    for part in parts:
        assert part["started"] <= part["ended"] and part["host"]
        assert part["versions"]["numpy_version"] and part["versions"]["hpcneq_version"]
        assert part["commit"] and part["options"] == []
    code, out = here("show", "out.h5", folder=place)
    assert code == 0 and "part 1: 2 ranks on" in out and "part 3: 1 ranks on" in out
    code, out = here("show", "out.h5", "--json", folder=place)
    assert json.loads(out)["provenance"]["parts"] == parts


def test_a_map_tells_its_parts_too(place):
    (place / "map.toml").write_text(MAP)
    until = place / "out.h5.journal"
    with going_on(place, "run", "map.toml", "-o", "out.h5", until=until) as process:
        kill_all(process.pid)
        process.communicate()
    assert here("resume", "out.h5", folder=place)[0] == 0
    parts = Result(place / "out.h5").parts
    assert [part["status"] for part in parts] == ["killed", "complete"]
    assert parts[0]["started"] <= parts[0]["ended"] <= parts[1]["started"]


def test_the_cost_of_a_checkpoint_does_not_grow_with_the_run(place):
    """Rows reach the disk once for all checkpoints; a state file holds none of them."""
    words = ("--set", "numerics.error_estimate=false", "--set", "run.output_every=0.25")
    sizes, kept = [], []
    for end in (5.0, 20.0):
        name = f"{end:g}.h5"
        words_of_end = (*words, "--set", f"run.t_max={end}", "--set", "run.checkpoint_minutes=1e-9")
        code, out = here("run", "in.toml", "-o", name, *words_of_end, folder=place)
        assert code == 0, out
        sizes.append([os.path.getsize(path) for path in place.glob(f"{name}.ckpt-??????")][-1])
        kept.append(os.path.getsize(rows.path_of(place / name)))
    result = Result(place / "20.h5")
    size = sum(result[name].nbytes for name in result if {"t", "t_monitor"} & {*result[name].axes})
    assert abs(sizes[1] - sizes[0]) < 4096
    assert kept[1] < 2 * size + 700 * len(result.t) and kept[0] < kept[1] / 2


def test_a_result_comes_back_from_its_rows_with_every_attribute(cut):
    """Attributes, scales, labels and chunks too, not only what Result reads."""
    assert here("resume", "out.h5", folder=cut)[0] == STOPPED
    shutil.copy(cut / "out.h5", cut / "before.h5")
    saved = checkpoint.newest(solo(), cut / "out.h5", print)
    saved.restore_result(cut / "out.h5")
    with open_file(cut / "before.h5", "r") as one, open_file(cut / "out.h5", "r") as two:
        assert set(two) | {"summary", "errors", "warnings"} >= set(one)
        for name in set(two) - {"parts"}:
            data, other = two[name], one[name]
            assert data.dtype == other.dtype and data.chunks == other.chunks, name
            assert data.maxshape == other.maxshape and set(data.attrs) == set(other.attrs), name
            assert [d.label for d in data.dims] == [d.label for d in other.dims]
            assert [list(d.keys()) for d in data.dims] == [list(d.keys()) for d in other.dims]
            assert np.array_equal(data[()], other[()]), name


@pytest.mark.parametrize("how", ["bit", "cut", "gone"])
def test_spoiled_rows_are_told(cut, how):
    path = Path(rows.path_of(cut / "out.h5"))
    raw = bytearray(path.read_bytes())
    raw[len(names.ROWS) + 3] ^= 1
    if how == "cut":
        del raw[len(raw) // 2 :]
    path.write_bytes(raw)
    if how == "gone":
        path.unlink()
    code, out = here("resume", "out.h5", folder=cut)
    assert code == 2 and "out.h5.ckpt-rows" in out and "Traceback" not in out, out
    assert "no whole checkpoint is left (2 damaged)" in out.splitlines()[-1]


def test_files_beside_that_are_not_ours_stay(cut):
    """A backup that only looks like a checkpoint was once deleted by the next one."""
    others = ("out.h5.ckpt-mybackup", "out.h5.ckpt-000002.bak", "out.h5.ckpt-7", "out.h5.ckpt-new")
    for name in others:
        (cut / name).write_text("mine")
    (cut / "out.h5.ckpt-000900").write_text("no state file")
    assert INPUT
    code, out = here("run", "in.toml", "-o", "out.h5", "--force", folder=cut)
    assert code == 0, out
    for name in (*others, "out.h5.ckpt-000900"):
        assert (cut / name).exists(), name
