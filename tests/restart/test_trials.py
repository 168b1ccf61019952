"""Many ways to lose a run, at random: after each, `resume` ends with the bits of the whole run, or
says in one line why not.

    python tests/restart/test_trials.py [SEED [WORD]]

prints the table of tests/README.md; with a word, of the kinds that have it in their names.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from support.programs import INPUT, MAP, alone, assert_same, command, here, kill_all

SEED = 20261129
STOPPED = 75
NOBODY = 65534
LONG = ("--set", "run.wall_limit=100")
OFTEN = ("--set", "run.checkpoint_minutes=1e-9")
COUNTS = {  # of trials
    "bit flips of checkpoints": 180,
    "disk full in a map": 24,
    "disk full between the probe and the write": 24,
    "kill while a run finishes": 36,
    "kill while a figure is drawn": 16,
    "permissions lost": 10,
    "kill while it resumes": 10,
}

# An hpcneq that kills itself at its n-th file operation after a function was entered.
DIES = """\
import os, signal, sys
from hpcneq import {module}
from hpcneq.files import names, writer, lock, checkpoint, journal
place, left = {place}, [{count}]
def counted(owner, name):
    method = getattr(owner, name)
    def call(*args, **kwargs):
        if active:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return method(*args, **kwargs)
    setattr(owner, name, call)
active = []
for owner, word in [(os, "replace"), (os, "unlink"), (os, "fsync"), (os, "link"), (os, "open"),
                    (writer, "set_attribute"), (writer, "attempt"), (writer.opening, "set_status")]:
    counted(owner, word)
entered = getattr(place, "{name}")
def enter(*args, **kwargs):
    active.append(True)
    return entered(*args, **kwargs)
setattr(place, "{name}", enter)
from hpcneq.cli import main
sys.exit(main())
"""

# An hpcneq whose disk is filled by somebody else right behind the n-th successful probe.
FILLED = """\
import os, sys
from hpcneq.files import room
reserve, left = room._reserve, [{count}]
def then_full(handle, size):
    reserve(handle, size)
    left[0] -= 1
    if left[0] == 0:
        with open("{disk}/ballast", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
            os.truncate(file.fileno(), max(0, os.path.getsize("{disk}/ballast") - {spare}))
room._reserve = then_full
from hpcneq.cli import main
sys.exit(main())
"""


class Trials:
    """Trials in folders of their own; ``table`` counts (what was done, how it ended)."""

    def __init__(self, folder, seed=SEED):
        self.folder, self.seed, self.table = Path(folder), seed, Counter()
        self.home = self.folder / "home"
        self.home.mkdir()
        (self.home / "in.toml").write_text(INPUT)
        (self.home / "map.toml").write_text(MAP)
        for source, name in (("in.toml", "whole.h5"), ("map.toml", "map.h5")):
            code, out = here("run", source, "-o", name, folder=self.home)
            assert code == 0, out
        words = ("run", "in.toml", "-o", "out.h5", "--set", "run.wall_limit=0.0001")
        assert here(*words, folder=self.home)[0] == STOPPED
        assert here("resume", "out.h5", folder=self.home)[0] == STOPPED

    def run(self, kind, number):
        """One trial; AssertionError names it."""
        place = self.folder / "place"
        place.mkdir()
        for name in ("in.toml", "map.toml"):
            shutil.copy(self.home / name, place)
        chance = random.Random(f"{self.seed}-{kind}-{number}")
        try:
            told = KINDS[kind](self, place, chance)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            raise AssertionError(f"trial {number}, {kind}, seed {self.seed}: {error}") from error
        finally:
            shutil.rmtree(place)
        self.table[kind, told] += 1

    def begun(self, place):
        """A copy of the run that was stopped, with two generations."""
        for path in self.home.glob("out.h5*"):
            shutil.copy(path, place)

    def ends_well(self, place, name="out.h5", *words, source="in.toml", like="whole.h5"):
        """The run goes on to the bits of the whole one and leaves nothing unfinished."""
        code, out = here("run", source, "-o", name, "--resume", *words, folder=place)
        assert code == 0, out
        assert_same(place / name, self.home / like)
        left = [path.name for path in (place / name).parent.iterdir()]
        assert not [word for word in left if word.endswith((".new", ".lock", ".journal"))], left

    def flipped(self, place, chance):
        """One to three bits of one file of a checkpoint, then `resume`."""
        self.begun(place)
        files = ("000002", "000003", "000003", "000002.sha256", "000003.sha256", "rows")
        path = place / f"out.h5.ckpt-{chance.choice(files)}"
        raw = bytearray(path.read_bytes())
        for _ in range(chance.choice((1, 1, 3))):
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        path.write_bytes(raw)
        code, out = here("resume", "out.h5", *LONG, folder=place)
        assert "Traceback" not in out, out
        if code == 0:
            assert_same(place / "out.h5", self.home / "whole.h5")
            return "older checkpoint used" if "is damaged" in out else "not needed, or not harmed"
        assert code == 2 and "no whole checkpoint is left" in out.splitlines()[-1], out
        assert path.name.endswith("rows"), out  # of the others one generation is whole
        return "refused in one line"

    def full_map(self, place, chance):
        """A disk that fills up in a map."""
        with small_disk(place, chance.randrange(4, 160, 4)) as disk:
            words = ("run", "map.toml", "-o", disk / "out.h5")
            code, out = outcome(place, *words, ranks=chance.choice((1, 1, 2)))
            assert code == 0 or code == 1 and one_line(out, "No space left"), out
            remount(disk)
            self.ends_well(place, disk / "out.h5", source="map.toml", like="map.h5")
        return "no room: one line" if code else "had room enough"

    def full_behind(self, place, chance):
        """A disk that somebody else fills when the room for a write has been found."""
        with small_disk(place, 4000) as disk:
            count, spare = chance.randrange(1, 12), 4096 * chance.randrange(0, 6)
            text = FILLED.format(disk=disk, count=count, spare=spare)
            words = ("run", "in.toml", "-o", disk / "out.h5", *OFTEN)
            code, out = outcome(place, *words, program=text)
            ended = "had room enough"
            if code:
                told = code == 1 and one_line(out, "No space left")
                ended = "one line" if told else "crashed"
            remount(disk)
            (disk / "ballast").unlink(missing_ok=True)
            self.ends_well(place, disk / "out.h5")
        return ended

    def killed_at_the_end(self, place, chance):
        """kill -9 of itself between the last row and the end."""
        source, like = chance.choice((("in.toml", "whole.h5"), ("map.toml", "map.h5")))
        form = {"module": "restart", "place": "restart.LongRun", "name": "finish"}
        text = DIES.format(count=chance.randrange(0, 60), **form)
        code, _ = outcome(place, "run", source, "-o", "out.h5", program=text)
        assert code in (0, -signal.SIGKILL)
        self.ends_well(place, source=source, like=like)
        return "killed" if code else "had ended before"

    def killed_figure(self, place, chance):
        """kill -9 while a figure is drawn over an old one."""
        shutil.copy(self.home / "whole.h5", place / "out.h5")
        (place / "out.png").write_text("old")
        form = {"module": "results", "place": "results", "name": "_draw_aside"}
        text = DIES.format(count=chance.randrange(0, 4), **form)
        if chance.random() < 0.7:
            text = None
        before = (place / "out.h5").read_bytes()
        code, _ = outcome(
            place, "plot", "out.h5", "--force", program=text, kill=chance.uniform(0.3, 2.5)
        )
        figure = (place / "out.png").read_bytes()
        assert figure == b"old" or figure.endswith(b"IEND\xaeB`\x82")
        assert (place / "out.h5").read_bytes() == before
        code_again, out = here("plot", "out.h5", "--force", folder=place)
        assert code_again == 0, out
        return "killed" if code else "had ended before"

    def forbidden(self, place, chance):
        """As an ordinary user, the folder or the files in it turn read-only behind a checkpoint."""
        shutil.chown(place, NOBODY, NOBODY)
        os.chmod(self.folder, 0o755)
        with started(place, "run", "in.toml", "-o", "out.h5", *OFTEN, user=NOBODY) as process:
            wait_for(place / f"out.h5.ckpt-{chance.randrange(1, 12):06d}", process)
            os.chmod(place, 0o555)
            out = process.communicate(timeout=100)[0]
        code = process.returncode
        assert code == 0 or code == 1 and one_line(out, "Permission denied"), out
        os.chmod(place, 0o755)
        self.ends_well(place)
        return "one line" if code else "had ended before"

    def killed_again(self, place, chance):
        """kill -9 at any instant of a resume."""
        self.begun(place)
        code, _ = outcome(place, "resume", "out.h5", *LONG, kill=chance.uniform(0.5, 2.5))
        self.ends_well(place, "out.h5", *LONG)
        return "killed" if code else "had ended before"


KINDS = dict(
    zip(
        COUNTS,
        (
            Trials.flipped,
            Trials.full_map,
            Trials.full_behind,
            Trials.killed_at_the_end,
            Trials.killed_figure,
            Trials.forbidden,
            Trials.killed_again,
        ),
        strict=True,
    )
)


# ---- what they need ------------------------------------------------------------------------------


def outcome(place, *words, ranks=1, program=None, kill=None):
    """(exit code, what it said) of hpcneq, or of a program's text; killed after some seconds."""
    with started(place, *words, ranks=ranks, program=program) as process:
        try:
            out = process.communicate(timeout=kill or 200)[0]
        except subprocess.TimeoutExpired:
            assert kill is not None, "it hangs"
            kill_all(process.pid)
            out = process.communicate(timeout=100)[0]
    return process.returncode, out


def started(place, *words, ranks=1, program=None, user=None):
    """The process of hpcneq, or of a program's text, perhaps as another user."""
    start = ("-m", "hpcneq")
    if program is not None:
        (place / "program.py").write_text(program)
        start = (place / "program.py",)
    run = command(*words, ranks=ranks, program=start)
    if user is not None:
        run = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *run]
    return subprocess.Popen(
        run,
        cwd=place,
        env=alone({"HOME": str(place)} if user is not None else None),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(path, process, seconds=100):
    """Until a file is there or the process has ended."""
    end = time.monotonic() + seconds
    while not path.exists() and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.002)


def one_line(out, reason):
    """Whether a run ended with one line that gives the reason, and no traceback."""
    lines = [line for line in out.splitlines() if reason in line]
    return len(lines) == 1 and lines[0].startswith("hpcneq: ") and "Traceback" not in out


@contextlib.contextmanager
def small_disk(place, kilobytes):
    """A disk of its own."""
    disk = place / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", disk]
    if subprocess.run(words, capture_output=True).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def remount(disk):
    """Give a disk more room."""
    subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)


def campaign(folder, seed, counts):
    """All trials; the table."""
    trials = Trials(folder, seed)
    for kind, count in counts.items():
        for number in range(count):
            trials.run(kind, number)
    return trials.table


@pytest.mark.skipif(os.getuid() != 0, reason="small disks and other users need root")
def test_some_trials(tmp_path):
    """Quick ones of the nightly campaign; the map's ended in SEGV while two ranks wrote attributes,
    for which no room was asked.
    """
    trials = Trials(tmp_path)
    trials.run("bit flips of checkpoints", 0)
    trials.run("kill while a run finishes", 0)
    trials.run("disk full in a map", 6)
    assert trials.table["disk full in a map", "no room: one line"] == 1


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.skipif(os.getuid() != 0, reason="small disks and other users need root")
def test_three_hundred_trials(tmp_path):
    """Another seed each day, which a failure names."""
    table = campaign(tmp_path, int(time.strftime("%Y%m%d")), COUNTS)
    assert table.total() == sum(COUNTS.values()) == 300
    assert not [told for _, told in table if told == "crashed"]


def main(seed, word):
    """The table."""
    with tempfile.TemporaryDirectory() as home:
        begun, trials = time.monotonic(), Trials(home, seed)
        for kind, count in COUNTS.items():
            if word not in kind:
                continue
            for number in range(count):
                trials.run(kind, number)
            for (name, told), times in sorted(trials.table.items()):
                if name == kind:
                    print(f"| {name} | {times} | {told} |", flush=True)
        print(f"seed {seed}, {trials.table.total()} trials, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main(int((sys.argv[1:] or [SEED])[0]), (sys.argv[2:] or [""])[0])
