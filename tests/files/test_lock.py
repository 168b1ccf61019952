"""One run owns its output: who has the lock, when it is stale, and what links and races change."""

import json
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.programs import alone

from hpcneq.errors import HpcneqError, InputError
from hpcneq.files import liveness, lock, names
from hpcneq.parallel import solo


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.h5"


@pytest.fixture
def own(out):
    with lock.owning(solo(), out, {"command": "hpcneq run in.toml"}) as owner:
        yield owner.lock


def content(out):
    return json.loads(Path(f"{out}.lock").read_text())


def write(out, **changes):
    """A lock of this process, changed."""
    now = time.time()
    text = {**liveness.this_process(), "start": now, "heartbeat": now, **changes}
    Path(f"{out}.lock").write_text(json.dumps(text))


def age(out, seconds):
    """Let the lock's file be older."""
    then = time.time() - seconds
    os.utime(f"{out}.lock", (then, then))


def test_the_lock_says_who_writes_since_when_and_how_far(own, out):
    own.tell({"t": 2.5, "n": 3, "delta": [1.0], "bad": float("nan")}, progress=0.25)
    own.renew()
    said = content(out)
    assert said["host"] == platform.node() and said["pid"] == os.getpid()
    assert time.time() - 100 < said["start"] <= said["heartbeat"] <= time.time()
    assert said["progress"] == 0.25 and said["numbers"] == {"t": 2.5, "n": 3}
    assert said["eta"] is None and said["command"] == "hpcneq run in.toml"
    time.sleep(0.01)
    own.tell(progress=0.5, status="running")
    own.renew()
    assert content(out)["eta"] > 0 and content(out)["status"] == "running"


def test_a_second_owner_is_refused_in_one_line_and_the_lock_goes_with_the_first(out):
    with lock.owning(solo(), out, {}):
        with pytest.raises(InputError) as error:
            lock.take(out, {})
        line = str(error.value)
        assert "\n" not in line and f"process {os.getpid()} on {platform.node()} since" in line
        assert "kill -USR1" in line and "-o" in line
    assert not list(out.parent.iterdir())
    lock.take(out, {}).release()


def test_the_lock_is_renewed_by_a_thread_while_the_run_is_busy(out, monkeypatch):
    monkeypatch.setattr(lock, "HEARTBEAT", 0.02)
    with lock.owning(solo(), out, {}):
        first = content(out)["heartbeat"]
        end = time.monotonic() + 20
        while content(out)["heartbeat"] == first and time.monotonic() < end:
            sum(range(10000))
        assert content(out)["heartbeat"] > first
    time.sleep(0.1)
    assert not os.path.exists(f"{out}.lock")


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": 2**22 + 5},  # beyond what Linux gives
        {"process_start": 1},  # another process has the number now
        {"host": "elsewhere", "heartbeat": 0},
        {"boot": "before", "heartbeat": "2020-01-01T00:00:00+00:00"},
    ],
)
def test_a_stale_lock_is_taken_over_at_once(out, changes):
    write(out, **changes)
    if "heartbeat" in changes:
        age(out, 100)
    begun = time.monotonic()
    assert lock.holder(out) is None
    lock.take(out, {}).release()
    assert time.monotonic() - begun < 2


def test_a_lock_from_elsewhere_counts_while_it_is_renewed(out, monkeypatch):
    """Fresh by its text and its file: held. Old by one of them (clocks differ): it is watched."""
    write(out, host="elsewhere")
    with pytest.raises(InputError, match="on elsewhere since"):
        lock.take(out, {})
    monkeypatch.setattr(liveness, "WATCH", 1.0)
    write(out, host="elsewhere", heartbeat=time.time() - 3600)  # its clock is slow
    renewing = threading.Timer(0.4, write, (out,), {"host": "elsewhere", "heartbeat": 5.0})
    renewing.start()
    assert lock.holder(out, patient=True) is not None
    renewing.join()
    assert lock.holder(out, patient=True) is None  # nobody renews it
    assert lock.holder(out) is not None  # as show and plot see it, which do not wait
    write(out, host="elsewhere", heartbeat=time.time() - 59.5)
    age(out, 59.5)
    assert lock.holder(out, patient=True) is None  # a minute of silence is waited for


@pytest.mark.parametrize("text", ["", "{", "[1]", "some notes\n"])
def test_a_file_of_that_name_that_is_no_lock_stays(out, text, monkeypatch):
    monkeypatch.setattr(liveness, "WATCH", 0.2)
    path = Path(f"{out}.lock")
    path.write_text(text)
    if text:  # an empty one is a lock that was never written
        with pytest.raises(InputError, match="is not a lock of hpcneq; move it away"):
            lock.take(out, {})
        assert path.read_text() == text
    else:
        lock.take(out, {}).release()
        assert not path.exists()


def test_every_name_of_a_file_leads_to_one_lock(tmp_path):
    """Links of the file and of its folder, chains of them, another spelling; a hard link."""
    real = tmp_path / "data" / "out.h5"
    real.parent.mkdir()
    real.write_text("x")
    (tmp_path / "link.h5").symlink_to("data/out.h5")
    (tmp_path / "chain.h5").symlink_to(tmp_path / "link.h5")
    (tmp_path / "folder").symlink_to(real.parent)
    os.link(real, real.parent / "hard.h5")
    others = (
        tmp_path / "link.h5",
        tmp_path / "chain.h5",
        tmp_path / "folder" / "out.h5",
        Path(f"{real.parent}/../data/./out.h5"),
        real.parent / "hard.h5",
    )
    with lock.owning(solo(), tmp_path / "chain.h5", {}):
        assert os.path.exists(f"{real}.lock")
        for other in others:
            with pytest.raises(InputError, match="is being written by process"):
                lock.take(other, {})
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match="circle"):
        lock.take(tmp_path / "a", {})


RACE = """
import sys, time
from hpcneq.files import lock
from hpcneq.errors import InputError
while time.time() < float(sys.argv[2]):
    pass
try:
    mine = lock.take(sys.argv[1], {})
except InputError:
    print("refused")
else:
    print("taken", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("stale", [False, True])
def test_of_several_that_start_at_one_instant_exactly_one_wins(out, stale, links):
    """Also when they all find a stale lock, and where there are no hard links."""
    program = RACE
    if not links:
        program = "import os\ndef no(*a, **k): raise OSError(95, 'no')\nos.link = no\n" + RACE
    if stale:
        write(out, process_start=1)
    at = time.time() + 1.5
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, out, str(at)],
            env=alone(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    words = [racer.stdout.readline().strip() for racer in racers]
    for racer in racers:
        racer.communicate(timeout=60)
    assert sorted(words) == ["refused"] * 3 + ["taken"]


def test_who_saw_a_stale_lock_does_not_take_the_one_that_came_after_it(out, monkeypatch):
    """A second process that found the lock stale before the first took it, without hard links.

    Fails if it sets aside whatever is there.
    """

    def no(*args, **kwargs):
        raise OSError(95, "no links here")

    monkeypatch.setattr(os, "link", no)
    write(out, process_start=1)
    stale = liveness.Claim.read(f"{out}.lock")
    with lock.owning(solo(), out, {}):
        lock._set_aside(f"{out}.lock", stale)
        assert content(out)["pid"] == os.getpid() and "token" in content(out)
        assert not lock._create(f"{out}.lock", b"{}")


def test_a_lock_that_comes_after_the_judgement_is_not_taken(out, monkeypatch):
    """The first process takes a stale lock between the second one's look and its try.

    Fails if the second looks again after it has judged.
    """
    write(out, process_start=1)
    judge, locks = lock.refuse_second, []

    def slow(target):
        judge(target)
        if not locks:
            monkeypatch.setattr(lock, "refuse_second", judge)
            locks.append(lock.take(out, {}))

    monkeypatch.setattr(lock, "refuse_second", slow)
    with pytest.raises(InputError, match="is being written by"):
        lock.take(out, {})
    locks[0].check()
    locks[0].release()


def test_a_run_whose_lock_was_taken_by_another_says_so_and_leaves_it(own, out):
    write(out, host="elsewhere", token="other")
    own.renew()
    with pytest.raises(HpcneqError, match="was taken over by process .* on elsewhere"):
        own.check()
    own.release()
    assert content(out)["host"] == "elsewhere"


def test_a_deleted_lock_comes_back(own, out):
    os.unlink(f"{out}.lock")
    own.renew()
    own.check()
    assert content(out)["pid"] == os.getpid()


# ---- temporaries ---------------------------------------------------------------------------------


def test_temporaries_have_random_names_follow_no_link_and_respect_the_umask(tmp_path, monkeypatch):
    before = os.umask(0o027)
    try:
        one, two = names.create(tmp_path / "out.h5"), names.create(tmp_path / "out.h5")
    finally:
        os.umask(before)
    assert one != two and os.stat(one).st_mode & 0o777 == 0o640
    monkeypatch.setattr(names.secrets, "token_hex", lambda count: "0" * 12)
    (tmp_path / "precious").write_text("x")
    (tmp_path / f"out.h5.{'0' * 12}.new").symlink_to("precious")
    with pytest.raises(FileExistsError):
        names.create(tmp_path / "out.h5")
    assert (tmp_path / "precious").read_text() == "x"


def test_only_what_is_ours_is_cleaned_away(out):
    """By the exact form of the name and by how the file begins."""
    folder, token = out.parent, "0123456789ab"
    for name, text in {
        f"out.h5.{token}.new": b"\x89HDF\r\n\x1a\n...",
        "out.h5.aaaaaaaaaaaa.new": b"",
        f"out.h5.lock.{token}.new": b'{"format": "hpcneq-lock"',
        f"out.h5.journal.{token}.new": b"",
        f"out.h5.ckpt-000012.{token}.new": b"",
        f"out.h5.ckpt-000012.sha256.{token}.new": b"sha256 of every 67108864 bytes of 10",
        f"out.h5.ckpt-rows.{token}.new": b"hpcneq rows of a result\n",
        "out.h5.bbbbbbbbbbbb.new": b"my notes",
        "out.h5.mine.new": b"",
        f"other.h5.{token}.new": b"",
        f"xout.h5.{token}.new": b"",
        f"out.h5.{token}.new.bak": b"",
    }.items():
        (folder / name).write_bytes(text)
    (folder / "out.h5.cccccccccccc.new").symlink_to("out.h5.mine.new")
    lock.take(out, {}).release()
    assert sorted(path.name for path in folder.iterdir()) == [
        "other.h5.0123456789ab.new",
        "out.h5.0123456789ab.new.bak",
        "out.h5.bbbbbbbbbbbb.new",
        "out.h5.cccccccccccc.new",
        "out.h5.mine.new",
        "xout.h5.0123456789ab.new",
    ]
