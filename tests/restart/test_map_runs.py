"""Maps that are killed or stopped: finished points are not computed again, and the end has the bits
of the uninterrupted map.

python tests/restart/test_map_runs.py 40      # so many kills, with tests/ and the checkout on
PYTHONPATH
"""

from __future__ import annotations

import json
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

import pytest
from support.programs import (
    MAP,
    alive,
    alone,
    assert_same,
    command,
    damage,
    held_program,
    here,
    hp,
    kill_all,
)

from hpcneq.files.journal import count


def killed(folder, seed, ranks, most=3):
    """Kill a map up to three times and let it end, on another number of ranks each time.

    A quarter of the kills come at any instant of the start, the others right behind some point.
    Returns how many points were kept at each kill (None: no journal yet).
    """
    chance, kept, name = random.Random(seed), [], f"killed-{seed}.h5"
    for _ in range(min(most, chance.choice((1, 2, 3)))):
        child = subprocess.Popen(
            command("run", "map.toml", "-o", name, "--resume", "--quiet", ranks=ranks),
            cwd=folder,
            env=alone(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0.0, 2.0))
        else:
            until = (count(folder / name) or 0) + chance.randrange(0, 4)
            while child.poll() is None and (count(folder / name) or 0) < until:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.1))
        if child.poll() is None:
            everybody = kill_all(child.pid)
            child.wait()
            while any(map(alive, everybody)):
                time.sleep(0.01)
            kept.append(count(folder / name))
        ranks = 3 - ranks
    code, said = hp(
        "run", "map.toml", "-o", name, "--resume", "--quiet", ranks=ranks, folder=folder
    )
    assert code == 0, said
    return kept


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the input and the uninterrupted map."""
    folder = tmp_path_factory.mktemp("map")
    (folder / "map.toml").write_text(MAP)
    code, said = hp("run", "map.toml", "-o", "whole.h5", folder=folder)
    assert code == 0, said
    return folder


@pytest.mark.parametrize(
    "seed",
    [1, pytest.param(2, marks=pytest.mark.nightly), pytest.param(3, marks=pytest.mark.nightly)],
)
def test_a_killed_map_loses_the_points_under_way_and_no_other(place, seed):
    """kill -9 of all ranks at random instants; one and two ranks take turns.

    Fails if a point's record is written behind its name, or if warm starts depend on who computed
    the point before.
    """
    folder = place
    killed(folder, seed, 1 + seed % 2)
    assert_same(folder / f"killed-{seed}.h5", folder / "whole.h5", but=("ranks",))
    assert not list(folder.glob(f"killed-{seed}.h5.*"))


def test_a_stopped_map_is_completed_by_resume(place):
    """USR1 to mpiexec: code 75, status stopped, a journal; then `hpcneq resume`, and nothing is
    left beside the result.
    """
    folder = place
    stop(folder, "stopped.h5")
    assert json.loads(hp("show", "stopped.h5", "--json", folder=folder)[1])["status"] == "stopped"
    code, said = hp("resume", "stopped.h5", folder=folder)
    assert code == 0 and "of 6 points are there already" in said, said
    assert_same(folder / "stopped.h5", folder / "whole.h5", but=("ranks",))
    assert not list(folder.glob("stopped.h5.*"))


def test_a_map_stops_at_its_wall_limit(place):
    """It holds until the limit is over; continued with more time it is the map that was never
    stopped.
    """
    folder = place
    (folder / "hold").touch()
    program = held_program(folder / "held.py", folder / "hold")
    done = subprocess.run(
        command(
            "run", "map.toml", "-o", "late.h5", "--set", "run.wall_limit=0.05", program=(program,)
        ),
        cwd=folder,
        env=alone(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 75 and "stopped by run.wall_limit" in done.stdout + done.stderr, (
        done.stdout + done.stderr
    )
    code, said = here("resume", "late.h5", "--set", "run.wall_limit=30", folder=folder)
    assert code == 0, said
    assert_same(folder / "late.h5", folder / "whole.h5", but=("ranks",))


@pytest.mark.parametrize(
    "how, words",
    [
        ("gone", ("resume", "spoiled.h5")),
        ("cut", ("run", "map.toml", "-o", "spoiled.h5", "--resume", "--quiet")),
    ],
)
def test_a_map_whose_result_file_is_spoiled_goes_on_from_its_journal(place, how, words):
    """A kill while the result is written leaves a file nobody can read; the points and the input
    are in the journal.
    """
    folder = place
    for path in folder.glob("spoiled.h5*"):
        path.unlink()
    stop(folder, "spoiled.h5", ranks=1)
    if how == "gone":
        (folder / "spoiled.h5").unlink()
    else:
        damage(folder / "spoiled.h5", how)
    code, said = here(*words, folder=folder)
    assert code == 0, said
    assert_same(folder / "spoiled.h5", folder / "whole.h5", but=("ranks",))
    assert not list(folder.glob("spoiled.h5.*"))


def stop(folder, name, ranks=2):
    """A map stopped by USR1 behind its first points, which it waits for."""
    (folder / "hold").touch()
    program = held_program(folder / "held.py", folder / "hold")
    with subprocess.Popen(
        command("run", "map.toml", "-o", name, ranks=ranks, program=(program,)),
        cwd=folder,
        env=alone(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        end = time.monotonic() + 120
        journal = folder / f"{name}.journal"
        while not (journal.exists() and journal.read_bytes().count(b"\n") > 1):
            assert time.monotonic() < end and child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGUSR1)
        said = child.communicate(timeout=120)[0]
    assert child.returncode == 75 and f"hpcneq resume {name}" in said, said


def main(wanted):
    """Many kills; the seeds and what came out."""
    folder, seen, seed = pathlib.Path(tempfile.mkdtemp()), Counter(), 100
    (folder / "map.toml").write_text(MAP)
    assert hp("run", "map.toml", "-o", "whole.h5", folder=folder)[0] == 0
    while seen.total() < wanted:
        seen.update(killed(folder, seed, 1 + seed % 2))
        assert_same(folder / f"killed-{seed}.h5", folder / "whole.h5", but=("ranks",))
        assert not list(folder.glob(f"killed-{seed}.h5.*"))
        seed += 1
    print(
        f"{seen.total()} kills of {seed - 100} maps, seeds 100 to {seed - 1}: every map "
        "ends with the bits of the uninterrupted one"
    )
    print("points kept at the kill:", dict(seen))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
