"""Disks that are full, files that may not grow, writes that fail: the state before stays whole."""

import os
import subprocess
import sys

import h5py
import pytest
from support.programs import alone, assert_same, command, damage, here, hp

from hpcneq.errors import HpcneqError, InputError
from hpcneq.files import checkpoint
from hpcneq.files.writer import Result
from hpcneq.parallel import solo


def run_limited(place, size, *words, ranks=1):
    """hpcneq under a limit of the size of files, set after MPI, whose start writes larger ones."""
    program = place / "limited.py"
    program.write_text(
        "import resource, sys\nfrom mpi4py import MPI\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\nfrom hpcneq.cli "
        "import main\nsys.exit(main())\n"
    )
    done = subprocess.run(
        command(*words, ranks=ranks, program=(program,)),
        cwd=place,
        env=alone(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_limit_on_the_size_of_files_ends_with_a_clear_error_and_the_last_checkpoint_intact(
    cut, whole, ranks
):
    """The result grows beyond the limit, then the checkpoint does: one line each, no hang;
    continued without it, all is there.
    """
    for size in (120_000, 250_000):
        code, out = run_limited(
            cut, size, "resume", "out.h5", "--set", "run.wall_limit=10", ranks=ranks
        )
        assert code == 1 and "File too large" in out and "Traceback" not in out, out
    code, out = here("resume", "out.h5", "--set", "run.wall_limit=10", folder=cut)
    assert code == 0, out
    assert_same(cut / "out.h5", whole)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_ends_with_a_clear_error_and_the_last_checkpoint_intact(place, whole):
    """A tmpfs that holds one generation and not two; with more room the run goes on."""
    disk = place / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=800k", "none", disk], capture_output=True
    ).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        code, out = hp(
            "run",
            "in.toml",
            "-o",
            disk / "out.h5",
            "--set",
            "run.checkpoint_minutes=0.001",
            ranks=2,
            folder=place,
        )
        assert code == 1 and "No space left on device" in out and "Traceback" not in out, out
        assert Result(disk / "out.h5").status == "running"
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        code, out = here("resume", disk / "out.h5", folder=place)
        assert code == 0 and "continuing" in out, out
        assert_same(disk / "out.h5", whole, tolerance=1e-11)
    finally:
        subprocess.run(["umount", disk], check=True)


# A result is begun; then somebody fills the disk.
FILLED = """\
from hpcneq.files.writer import ResultFile
from hpcneq.parallel import solo
from hpcneq.tasks import Quantity
items = dict(system="nsn-junction", task="evolve", input=open("in.toml").read())
quantities = {"t": Quantity("t", "1", "time"), "x": Quantity("x", "1", "number", ("t",))}
out = ResultFile.create(solo(), "disk/out.h5", items, False, quantities)
out.growing_axis("t")
out.series("x")
for k in range(300):
    out.append({"t": 1.0 * k, "x": 0.0})
with open("disk/ballast", "wb", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
out.close()
"""


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root")
def test_a_result_whose_tables_find_no_room_is_an_error_and_may_be_begun_again(place, whole):
    """HDF5 crashes when it closes such a file, at the latest when MPI ends; and the file, which
    cannot be read, is known by the text of its input.
    """
    disk = place / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "none", disk], capture_output=True
    ).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        words = {"cwd": place, "env": alone(), "capture_output": True, "text": True}
        done = subprocess.run([sys.executable, "-c", FILLED], timeout=100, **words)
        assert done.returncode == 1 and "No space left on device" in done.stderr, done.stderr
        (disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        with pytest.raises(InputError):
            Result(disk / "out.h5")
        code, out = here("run", "in.toml", "-o", disk / "out.h5", "--resume", folder=place)
        assert code == 0, out
        assert_same(disk / "out.h5", whole)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_failed_write_leaves_the_generations_before_it(tmp_path, monkeypatch):
    """Permission lost at the renaming; the next newest is the one before, and the leftovers go with
    the next write.
    """
    target = tmp_path / "out.h5"
    checkpoint.write(solo(), target, 1, {"t": 1}, {})

    def refused(*args):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refused)
        with pytest.raises(
            HpcneqError, match=r"ckpt-000002: cannot write it \(Permission denied\)"
        ):
            checkpoint.write(solo(), target, 2, {"t": 2}, {})
    assert checkpoint.newest(solo(), target, print).number == 1
    checkpoint.write(solo(), target, 2, {"t": 2}, {})
    checkpoint.remove(target, keep=(2,))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "out.h5.ckpt-000002",
        "out.h5.ckpt-000002.sha256",
    ]


def test_the_hash_is_checked_before_hdf5_sees_the_file(tmp_path, monkeypatch):
    checkpoint.write(solo(), tmp_path / "out.h5", 1, {"t": 1}, {})
    damage(checkpoint.path_of(tmp_path / "out.h5", 1), "bit")

    def opened(*args, **kwargs):
        raise AssertionError("HDF5 opened a damaged file")

    monkeypatch.setattr(h5py, "File", opened)
    with pytest.raises(InputError, match="do not have the hash"):
        checkpoint.load(solo(), tmp_path / "out.h5", 1)
