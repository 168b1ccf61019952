"""kill -9 of a whole job or of one of its ranks, at any instant: started again, it ends with every
bit of the run never killed.

python tests/restart/test_kills.py [COUNT [SEED]]        the table, without pytest
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from support.programs import INPUT, alive, alone, assert_same, children, command, hp, kill, kill_all

from hpcneq.errors import InputError
from hpcneq.files import checkpoint
from hpcneq.files.writer import Result

SEED = 20240229
RANKS = 2
# A row each step and a checkpoint each 30 ms: half the time something is being written.
WORDS = (
    "run",
    "in.toml",
    "-o",
    "out.h5",
    "--resume",
    "--set",
    "run.t_max=4.1",
    "--set",
    "run.output_every=0.25",
    "--set",
    "run.checkpoint_minutes=0.0005",
)


class Kills:
    """Kills runs in a folder of its own; ``table`` counts what was going on, and what was left."""

    def __init__(self, folder, seed=SEED):
        self.folder, self.seed, self.table = Path(folder), seed, Counter()
        (self.folder / "in.toml").write_text(INPUT)
        begun = time.monotonic()
        code, out = hp(*WORDS, ranks=RANKS, folder=self.folder)
        self.length = time.monotonic() - begun
        assert code == 0, out
        self.whole = self.folder / "whole.h5"
        os.replace(self.folder / "out.h5", self.whole)

    def trial(self, number, most=3):
        """Kill one run, once to ``most`` times, and let it end; AssertionError names the trial."""
        chance = random.Random(f"{self.seed}-{number}")
        for path in self.folder.glob("*out.h5*"):
            path.unlink()
        told = []
        try:
            for _ in range(min(most, chance.choice((1, 1, 2, 3)))):
                told.append(self._kill(chance))
            code, out = hp(*WORDS, ranks=RANKS, folder=self.folder, timeout=200)
            assert code == 0, out
            assert_same(self.folder / "out.h5", self.whole)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            raise AssertionError(f"trial {number} of seed {self.seed}, {told}: {error}") from error

    def _kill(self, chance):
        """Start the run, kill it or one rank at a random instant, see that all of it ends; what it
        was doing.
        """
        victim, before = (
            chance.choice(("the job", "one rank")),
            max(checkpoint.generations(self.folder / "out.h5"), default=0),
        )
        process = subprocess.Popen(
            command(*WORDS, ranks=RANKS),
            cwd=self.folder,
            env=alone(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        aim = chance.random()
        if aim < 0.25:
            time.sleep(chance.uniform(0.0, 0.6) * self.length)
        else:  # at work: behind some checkpoint, half of them in the writing of one
            until = before + chance.randint(1, 10)
            while (
                process.poll() is None
                and max(checkpoint.generations(self.folder / "out.h5"), default=0) < until
            ):
                time.sleep(0.005)
            while aim > 0.6 and process.poll() is None and not self._writes():
                time.sleep(0.0005)
            time.sleep(chance.uniform(0.0, 0.02 if aim > 0.6 else 0.1))
        if process.poll() is not None:
            return self._note(victim, "had ended before")
        ranks = children(process.pid)
        if victim == "one rank" and ranks:
            kill(chance.choice(ranks))
        else:
            ranks = kill_all(process.pid)[1:]
        process.wait(100)  # a rank left alone must not keep the others waiting
        end = time.monotonic() + 100
        while any(alive(pid) for pid in ranks):
            assert time.monotonic() < end, "a rank outlives the job"
            time.sleep(0.05)
        return self._note(victim, self._phase())

    def _phase(self):
        """What the files say the run was doing."""
        out = self.folder / "out.h5"
        if self._writes():
            return "writing a checkpoint"
        if not checkpoint.generations(out):
            return "starting, no checkpoint yet"
        return (
            "finished"
            if self._status(out) == "complete"
            else "stepping, writing rows, or starting again"
        )

    def _writes(self):
        """Whether a checkpoint is being written."""
        return any(self.folder.glob("out.h5.ckpt-0*.new"))

    def _status(self, out):
        try:
            return Result(out).status
        except InputError:
            self.table["result file unreadable until resumed"] += 1
            return None

    def _note(self, victim, phase):
        if (self.folder / "out.h5").exists():
            self._status(self.folder / "out.h5")
        self.table[f"{victim}: {phase}"] += 1
        return f"{victim}: {phase}"


@pytest.mark.timeout(900)
def test_killed_at_random_instants_nothing_is_lost(tmp_path):
    kills = Kills(tmp_path)
    for number in range(3):
        kills.trial(number, most=1)
    assert sum(kills.table.values()) >= 3


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_killed_two_hundred_times_nothing_is_lost(tmp_path):
    """Until 50 minutes have passed; another seed each day, which a failure names."""
    seed, end = int(time.strftime("%Y%m%d")), time.monotonic() + 3000
    kills, done = Kills(tmp_path, seed), 0
    while done < 200 and time.monotonic() < end:
        kills.trial(done)
        done += 1
    print(
        f"seed {seed}, {done} runs",
        *(f"{count:4d}  {what}" for what, count in sorted(kills.table.items())),
        sep="\n",
    )
    assert done >= 50


if __name__ == "__main__":
    count, seed = (
        int(word) for word in [*sys.argv[1:], *("200", str(SEED))[len(sys.argv) - 1 :]][:2]
    )
    with tempfile.TemporaryDirectory() as place:
        campaign = Kills(place, seed)
        for k in range(count):
            campaign.trial(k)
            if k % 10 == 9:
                print(k + 1, dict(campaign.table), flush=True)
