"""Maps that are killed or stopped: finished points are not computed again, and the end has the bits of the uninterrupted map.

    python tests/test_map_runs.py 40      # so many kills, with tests/ and the checkout on PYTHONPATH
"""
from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time

import pytest
from longruns import MAP, alone, assert_same, command, damage, held_program, here, hp

pytestmark = [pytest.mark.house, pytest.mark.longrun]


def killed(folder, seed, ranks, whole):
    """Kill a map at a random instant and go on, on another number of ranks each time, until it is complete. Returns the kills."""
    chance, kills, name = random.Random(seed), 0, f"killed-{seed}.h5"
    for attempt in range(8):
        patience = chance.uniform(0.05, 0.6 * whole) if attempt < 7 else 1e9
        words = ("run", "map.toml", "-o", name, "--resume", "--quiet")
        with subprocess.Popen(command(*words, ranks=ranks), cwd=folder, env=alone(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, start_new_session=True) as child:
            try:
                said = child.communicate(timeout=min(patience, 240))[0]
                assert child.returncode == 0, said
                return kills
            except subprocess.TimeoutExpired:
                subprocess.run(["pkill", "-KILL", "-s", str(child.pid)], check=False)
                child.kill()
                kills += 1
        ranks = 3 - ranks
    return kills


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the input, the uninterrupted map and the seconds it took."""
    folder = tmp_path_factory.mktemp("map")
    (folder / "map.toml").write_text(MAP)
    begun = time.monotonic()
    code, said = hp("run", "map.toml", "-o", "whole.h5", folder=folder)
    assert code == 0, said
    return folder, time.monotonic() - begun


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.nightly), pytest.param(3, marks=pytest.mark.nightly)])
def test_a_killed_map_loses_the_points_under_way_and_no_other(place, seed):
    """kill -9 of all ranks at random instants; one and two ranks take turns.

    Fails if a point's record is written behind its name, or if warm starts depend on who computed the point before.
    """
    folder, whole = place
    killed(folder, seed, 1 + seed % 2, whole)
    assert_same(folder / f"killed-{seed}.h5", folder / "whole.h5", but=("ranks",))
    assert not list(folder.glob(f"killed-{seed}.h5.*"))


def test_a_stopped_map_is_completed_by_resume(place):
    """USR1 to mpiexec: code 75, status stopped, a journal; then `hpcneq resume`, and nothing is left beside the result."""
    folder, _ = place
    stop(folder, "stopped.h5")
    assert json.loads(hp("show", "stopped.h5", "--json", folder=folder)[1])["status"] == "stopped"
    code, said = hp("resume", "stopped.h5", folder=folder)
    assert code == 0 and "of 6 points are there already" in said, said
    assert_same(folder / "stopped.h5", folder / "whole.h5", but=("ranks",))
    assert not list(folder.glob("stopped.h5.*"))


@pytest.mark.parametrize("how, words", [("gone", ("resume", "spoiled.h5")),
                                        ("cut", ("run", "map.toml", "-o", "spoiled.h5", "--resume", "--quiet"))])
def test_a_map_whose_result_file_is_spoiled_goes_on_from_its_journal(place, how, words):
    """A kill while the result is written leaves a file nobody can read; the points and the input are in the journal."""
    folder, _ = place
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
    with subprocess.Popen(command("run", "map.toml", "-o", name, ranks=ranks, program=(program,)), cwd=folder, env=alone(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        end = time.monotonic() + 120
        journal = folder / f"{name}.journal"
        while not (journal.exists() and journal.read_bytes().count(b"\n") > 1):
            assert time.monotonic() < end and child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGUSR1)
        said = child.communicate(timeout=120)[0]
    assert child.returncode == 75 and f"hpcneq resume {name}" in said, said


def main(count):
    """Many kills; the seeds and what came out."""
    import pathlib
    import tempfile
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "map.toml").write_text(MAP)
    begun = time.monotonic()
    assert hp("run", "map.toml", "-o", "whole.h5", folder=folder)[0] == 0
    whole, kills, seed = time.monotonic() - begun, 0, 100
    while kills < count:
        kills += killed(folder, seed, 1 + seed % 2, whole)
        assert_same(folder / f"killed-{seed}.h5", folder / "whole.h5", but=("ranks",))
        seed += 1
    print(f"{kills} kills of {seed - 100} maps, seeds 100 to {seed - 1}: every map ends with the bits of the uninterrupted one")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
