"""The journal of a map: points survive a kill in the middle of a line, and belong to one
physics.
"""

import time

import numpy as np
import pytest

from hpcneq import files
from hpcneq.errors import InputError
from hpcneq.files.journal import Journal, count, header
from hpcneq.restart import changed

PHYSICS = {"parameters.T": 0.1}


def test_points_come_back_bit_for_bit_whatever_happened_to_the_last_line(tmp_path):
    """Cut at every byte: whole lines are kept, the one cut short is not, and what is added then is
    read again.
    """
    target = tmp_path / "map.h5"
    records = {f"{k}": {"delta": np.arange(3) * (0.1 + 1j * k), "found": k / 3} for k in range(3)}
    with Journal(target, PHYSICS, changed) as journal:
        for name, record in records.items():
            journal.add(name, record)
    text = (tmp_path / "map.h5.journal").read_bytes()
    ends = [k + 1 for k, byte in enumerate(text) if byte == 10]
    for length in [*range(0, len(text), 7), len(text) - 1, len(text)]:
        (tmp_path / "map.h5.journal").write_bytes(text[:length])
        with Journal(target, PHYSICS, changed) as journal:
            whole = (
                sum(end <= length + 1 for end in ends) - 1
            )  # a line without its end is whole as well
            assert list(journal.done) == list(records)[: max(whole, 0)]
            assert all(
                journal.done[name]["delta"].tobytes() == records[name]["delta"].tobytes()
                for name in journal.done
            )
            journal.add("again", {"x": 1})
        with Journal(target, PHYSICS, changed) as journal:
            assert journal.done["again"] == {"x": 1}


def test_a_spoiled_line_is_a_point_not_computed(tmp_path):
    with Journal(tmp_path / "map.h5", PHYSICS, changed) as journal:
        for name in "abc":
            journal.add(name, {"x": name})
    path = tmp_path / "map.h5.journal"
    path.write_bytes(path.read_bytes().replace(b'"x": "b"', b'"x": "d"'))
    with Journal(tmp_path / "map.h5", PHYSICS, changed) as journal:
        assert list(journal.done) == ["a", "c"]
        journal.remove()
    assert not path.exists()


def test_points_of_other_physics_are_refused(tmp_path):
    Journal(tmp_path / "map.h5", PHYSICS, changed).__exit__()
    with pytest.raises(InputError, match="parameters.T changed"):
        Journal(tmp_path / "map.h5", {"parameters.T": 0.2}, changed)


def test_a_journal_tells_whose_it_is_and_how_far_it_is(tmp_path):
    """For a map whose result file was killed in the writing. A spoiled first line: nobody's."""
    assert count(tmp_path / "map.h5") is None and header(tmp_path / "map.h5") is None
    with Journal(tmp_path / "map.h5", PHYSICS, changed, "system = ...", tmp_path) as journal:
        for name in "aba":
            journal.add(name, {})
    assert count(tmp_path / "map.h5") == 2
    assert header(tmp_path / "map.h5") == {
        "physics": PHYSICS,
        "input": "system = ...",
        "folder": str(tmp_path),
    }
    path = tmp_path / "map.h5.journal"
    path.write_bytes(b"x" + path.read_bytes())
    assert header(tmp_path / "map.h5") is None


def test_how_far_a_map_is_stands_at_the_end_of_its_journal(tmp_path, monkeypatch):
    """Not read from the beginning; lines longer than the first look, and a line cut short."""
    with Journal(tmp_path / "map.h5", PHYSICS, changed) as journal:
        for name in "abcda":
            journal.add(name, {"x": np.arange(4000.0)})
    path = tmp_path / "map.h5.journal"
    monkeypatch.setattr(files.journal, "_whole_lines", lambda path: pytest.fail("read all of it"))
    assert count(tmp_path / "map.h5") == 4
    path.write_bytes(path.read_bytes()[:-20_000])
    assert count(tmp_path / "map.h5") == 4  # of the points a, b, c, d
    path.write_bytes(path.read_bytes()[:-50_000])
    assert count(tmp_path / "map.h5") == 3


def test_lines_that_no_journal_would_hold_are_passed_over(tmp_path):
    with Journal(tmp_path / "map.h5", PHYSICS, changed) as journal:
        journal.add("a", {"x": 1})
    path = tmp_path / "map.h5.journal"
    with open(path, "a", encoding="ascii") as file:
        for body in ("[1]", "{", '{"__array__": ["O", [2], "AAAA"]}', "[" * 5000):
            file.write(f"{files.journal._hash(body)} {body}\n")
    with Journal(tmp_path / "map.h5", PHYSICS, changed) as journal:
        assert list(journal.done) == ["a"]


@pytest.mark.nightly
def test_a_journal_of_a_hundred_thousand_points(tmp_path):
    """Read within 10 s, counted at once, and smaller than 100 MB, with records like those of a
    phase diagram: a dozen numbers, texts and a short array.
    """
    record = {f"number_{k}": 0.1234567890123456 * (k + 1) for k in range(12)}
    record |= {"status": "converged", "phase": "superfluid", "x": np.arange(4.0)}
    with Journal(tmp_path / "map.h5", PHYSICS, changed) as journal:
        for k in range(100_000):
            journal.add(f"{k // 300},{k % 300}", record)
    assert (tmp_path / "map.h5.journal").stat().st_size < 1e8
    begun = time.process_time()
    assert count(tmp_path / "map.h5") == 100_000
    counted = time.process_time()
    with Journal(tmp_path / "map.h5", PHYSICS, changed) as journal:
        assert len(journal.done) == 100_000
    assert counted - begun < 0.1 and time.process_time() - counted < 10
