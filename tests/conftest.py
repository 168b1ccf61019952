"""One test suite for one rank and for several: tests pass or fail on all ranks together.

python -m pytest tests/files/test_store.py                  on one rank
mpiexec -n 3 python -m pytest tests/files -m parallel       on three; only tests marked parallel run
"""

import io
import json
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

os.environ.setdefault("H5PY_ALWAYS_USE_MPI", "1")  # before a test imports h5py itself
os.environ.setdefault("OMPI_MCA_mpi_yield_when_idle", "1")  # before MPI starts: ranks that wait

HERE = Path(__file__).parent
PATIENCE = (
    10.0  # s a rank that failed waits for the others before it ends them all: they may wait for it
)
NOT_AREAS = {
    "parametrize",
    "usefixtures",
    "filterwarnings",
    "skip",
    "skipif",
    "xfail",
    "timeout",
    "hypothesis",
}


@pytest.fixture(scope="session")
def comm():
    """All ranks."""
    from hpcneq import parallel

    return parallel.world()


@pytest.fixture
def shared_tmp(request, comm):
    """One new folder, the same on all ranks (``tmp_path`` differs from rank to rank).
    **Collective.**"""
    return comm.bcast(request.getfixturevalue("tmp_path") if comm.rank == 0 else None, root=0)


def pytest_configure(config):
    for area in areas():
        config.addinivalue_line("markers", f"{area.name}: tests/{area.name}")
    _settle_hypothesis()
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:  # nohup, &: programs would inherit it
            signal.signal(number, lambda *_: None)
    config.pluginmanager.register(Times(), "hpcneq-times")
    from hpcneq.cli import LAUNCHED

    if any(name in os.environ for name in LAUNCHED):  # on one rank MPI waits until a test wants it
        from hpcneq import parallel

        world = parallel.world()
        if world.size > 1:
            config.pluginmanager.register(Ranks(world), "hpcneq-ranks")


def areas():
    """The folders of tests/ that hold tests; a marker is named after each."""
    return sorted(path for path in HERE.iterdir() if any(path.glob("test_*.py")))


def nightly():
    """How the node ids of the tests in nightly.txt begin."""
    lines = (HERE / "nightly.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


NIGHTLY = nightly()


def pytest_itemcollected(item):
    """Mark a test with its area, whether that is a system, and whether it runs nightly."""
    if item.nodeid.startswith(NIGHTLY):
        item.add_marker("nightly")
    area = item.path.relative_to(HERE).parts[0]
    item.add_marker(area)
    item.add_marker(
        "systems" if (HERE.parent / "hpcneq" / "systems" / area).is_dir() else "machinery"
    )


def pytest_collection_finish(session):
    """Tell tools/test how many of the chosen tests are for several ranks, if it asks."""
    path = os.environ.get("HPCNEQ_TEST_PARALLEL")
    if path:
        count = sum(bool(item.get_closest_marker("parallel")) for item in session.items)
        Path(path).write_text(str(count), encoding="utf-8")


def _settle_hypothesis():
    """The same examples on every rank, and no time limit a busy machine would break."""
    from hypothesis import settings

    settings.register_profile("hpcneq", derandomize=True, database=None, deadline=None)
    settings.load_profile("hpcneq")


# ---- several ranks ------------------------------------------------------------------------------


class Ranks:
    """Runs the same tests on all ranks, in step; rank 0 speaks for all."""

    def __init__(self, world):
        self.comm = world.Dup()  # the tests' own messages must never meet these
        self.uncollected = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session):
        if self.comm.rank:  # pytest has no public way to quieten it
            from _pytest.config import create_terminal_writer

            reporter = session.config.pluginmanager.get_plugin("terminalreporter")
            reporter._tw = create_terminal_writer(session.config, OtherRank(self.comm.rank))

    def gather(self, mine, patience=None, last_words=""):
        """``mine`` of every rank, on every rank; with ``patience``, end all ranks if some do not
        come. **Collective.**"""
        began, arrived = time.monotonic(), self.comm.Ibarrier()
        while not arrived.Test():
            waited = time.monotonic() - began
            if patience is not None and waited > patience:
                self.abort(
                    f"{last_words}\n[rank {self.comm.rank}] failed alone, and the others did "
                    f"not come within {patience:g} s: they may wait for it in a collective call. "
                    "Ending all ranks.\n"
                )
            time.sleep(0.0 if waited < 0.005 else 0.002)
        return self.comm.allgather(mine)

    def abort(self, text):
        """Say why, and end all ranks."""
        sys.__stderr__.write(f"\n{text}\n")
        sys.__stderr__.flush()
        self.comm.Abort(1)

    def pytest_report_header(self):
        return f"ranks: {self.comm.size}; tests not marked parallel are left out"

    # -- the same tests everywhere --

    def pytest_collectreport(self, report):
        if report.failed:
            self.uncollected.append(f"{report.nodeid}: {report.longreprtext}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        left_out = [item for item in items if not item.get_closest_marker("parallel")]
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item.get_closest_marker("parallel")]

    def pytest_collection_finish(self, session):
        everywhere = self.gather((self.uncollected, [item.nodeid for item in session.items]))
        for rank, (uncollected, names) in enumerate(everywhere):
            if uncollected:
                pytest.exit(f"rank {rank} could not collect {uncollected[0]}", returncode=1)
            if names != everywhere[0][1]:
                odd = sorted(set(names) ^ set(everywhere[0][1])) or [
                    "the same ones in another order"
                ]
                pytest.exit(
                    f"ranks 0 and {rank} collected different tests: {', '.join(odd[:5])}",
                    returncode=1,
                )

    # -- the same outcome everywhere --

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        text = (
            f"{report.longreprtext}\n{report.capstdout}{report.capstderr}".rstrip()
            if report.failed
            else ""
        )
        text = re.sub(
            r"\b0x[0-9a-f]{6,}", "0x...", text
        )  # addresses alone make no difference between ranks
        patience = PATIENCE if report.failed else None
        verdicts = self.gather(
            (report.outcome, text),
            patience,
            f"[rank {self.comm.rank}] {item.nodeid} ({call.when}):\n{text}",
        )
        outcomes = [outcome for outcome, _ in verdicts]
        if len(set(outcomes)) == 1 and len({text for _, text in verdicts}) == 1:
            return
        if "failed" in outcomes or len(set(outcomes)) > 1:
            report.outcome, report.longrepr = "failed", _verdict(verdicts)
            report.__dict__.pop("wasxfail", None)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        # mpiexec ends all ranks as soon as one leaves with an error: rank 0, after its summary, is
        # the one that does.
        codes = [int(code) for code in self.gather(session.exitstatus)]
        session.exitstatus = max(codes) if self.comm.rank == 0 else 0
        if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and _picky(session.config):
            session.exitstatus = 0

    def pytest_internalerror(self, excrepr):
        self.abort(f"[rank {self.comm.rank}] {excrepr}")


def _verdict(verdicts):
    """What is printed for a test that did not pass on all ranks: each different text once, with
    its ranks."""
    same = {}
    for rank, verdict in enumerate(verdicts):
        same.setdefault(verdict, []).append(rank)
    lines = []
    for (outcome, text), ranks in sorted(same.items(), key=lambda pair: pair[0][0] != "failed"):
        who = f"rank{'s' * (len(ranks) > 1)} {', '.join(map(str, ranks))} of {len(verdicts)}"
        lines += [f"--- {outcome} on {who}", *([text] if text else [])]
    return "\n".join(lines)


def _picky(config):
    """Were particular tests asked for? Then it is no fault if none of them is for several ranks."""
    return bool(config.option.keyword) or config.args_source is config.ArgsSource.ARGS


class OtherRank(io.TextIOBase):
    """Where ranks other than 0 print: nowhere, but for the stacks pytest-timeout prints from its
    own thread."""

    def __init__(self, rank):
        self.rank = rank

    def write(self, text):
        if threading.current_thread() is not threading.main_thread():
            lines = text.splitlines(keepends=True)
            sys.__stderr__.write(
                "".join(f"[rank {self.rank}] {line}" if line.strip() else line for line in lines)
            )
            sys.__stderr__.flush()
        return len(text)


# ---- time per marker ----------------------------------------------------------------------------


class Times:
    """Adds up the time each marker takes; prints it, and adds it to the file HPCNEQ_TEST_TIMES
    names."""

    def __init__(self):
        self.seconds, self.tests = Counter(), Counter()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        yield
        for name in {mark.name for mark in item.iter_markers()} - NOT_AREAS or {"no marker"}:
            self.seconds[name] += call.duration
            self.tests[name] += call.when == "setup"

    def pytest_terminal_summary(self, terminalreporter, config):
        if not self.tests:
            return
        words = [
            f"{name} {spent:.1f} s ({self.tests[name]})"
            for name, spent in self.seconds.most_common()
        ]
        terminalreporter.write_line("time per marker (tests): " + ", ".join(words))
        ranks = config.pluginmanager.get_plugin("hpcneq-ranks")
        path = os.environ.get("HPCNEQ_TEST_TIMES")
        if path and not (ranks and ranks.comm.rank):
            kinds = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
            counts = {kind: len(terminalreporter.stats.get(kind, ())) for kind in kinds}
            with open(path, "a", encoding="utf-8") as file:
                file.write(
                    json.dumps({"seconds": self.seconds, "tests": self.tests, "counts": counts})
                    + "\n"
                )
