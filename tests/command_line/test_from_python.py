"""hpcneq.run from a script: changes by table, stops, signals, figures."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.programs import alone

import hpcneq

EVOLVE = {
    "system": "nsn-junction",
    "task": "evolve",
    "parameters": {"h": 0.2, "T": 0.1, "eV": {"kind": "step", "to": 0.5, "at": 0.7}},
    "leads": {"left": {"gamma": 0.02}},
    "numerics": {"Lx": 3, "Ly": 1, "dt": 0.5, "error_estimate": False},
    "initial": {"state": "normal"},
    "run": {"t_max": 1.0},
}
# A script that would go on after any error; the signal comes in the run's second step.
SCRIPT = """\
import os, signal, sys
import hpcneq
from hpcneq.stopping import Stopping

calls, decide = [], Stopping.decide
def deciding(self):
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.{name})
    return decide(self)
Stopping.decide = deciding
{handler}
try:
    hpcneq.run({given!r}, "out.h5", run={{"t_max": 50.0}})
except Exception as error:
    print("went on after", type(error).__name__)
"""


def test_tables_as_keywords_change_the_input():
    result = hpcneq.run(EVOLVE, run={"t_max": 0.5}, parameters={"T": 0.2}, leads={"left": {"T": 3}})
    assert result.t[-1] == 0.5 and result.parameters["T"] == 0.2 and result.parameters["h"] == 0.2
    assert result.table("leads")["left"]["T"] == 3  # what is not given stays
    assert result.table("leads")["left"]["gamma"] == 0.02
    result = hpcneq.run(EVOLVE, parameters={"eV": {"kind": "ramp", "to": 1.0, "duration": 0.5}})
    assert result.eV[-1] == 1.0  # a value that is a table is replaced as a whole
    assert "valid nsn-junction steady" in hpcneq.check(
        {"system": "nsn-junction", "task": "tmatrix"}, task="steady", cost=False
    )


@pytest.mark.parametrize(
    "keywords, words",
    [
        ({"t_max": 3}, 't_max: t_max is a key of [run]: give run={"t_max": 3}'),
        ({"T": 0.1}, 'T: T is a key of [parameters]: give parameters={"T": 0.1}'),
        ({"Temperature": 0.1}, "Temperature: T is a key of [parameters]: give par"),
        ({"run": 3}, "run = 3: must be a table"),
        ({"run": {"t_mx": 3}}, '[run] t_mx = 3: unknown key; did you mean "t_max"?'),
        ({"rum": {"t_max": 3}}, 'rum = {...}: unknown table; did you mean "run"?'),
        ({"parameter": {"T": 3}}, 'parameter = {...}: unknown table; did you mean "parameters"?'),
        ({"nonsense": 3}, "nonsense = 3: unknown key"),
    ],
)
def test_a_bare_key_gets_an_error_that_names_its_table(keywords, words):
    for call in (hpcneq.run, hpcneq.check):
        with pytest.raises(hpcneq.InputError, match=re.escape(words)):
            call(EVOLVE, **keywords)


def test_the_file_of_a_stopped_run_stays_and_can_be_taken_up():
    with pytest.raises(hpcneq.StoppedEarly) as stopped:
        hpcneq.run(EVOLVE, run={"wall_limit": 1e-5})
    path = Path(str(stopped.value).rpartition("hpcneq resume ")[2])
    assert path.is_file()
    assert hpcneq.resume(path, run={"wall_limit": 10}).t[-1] == 1.0
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()


@pytest.mark.parametrize(
    "name, handler, code, words",
    [
        ("SIGTERM", "", -signal.SIGTERM, "go on with: hpcneq resume out.h5"),
        ("SIGINT", "", -signal.SIGINT, "KeyboardInterrupt"),
        ("SIGTERM", "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))", 7, ""),
        ("SIGUSR1", "", 0, "went on after StoppedEarly"),
    ],
)
def test_a_signal_ends_the_script_after_the_checkpoint(tmp_path, name, handler, code, words):
    script = SCRIPT.format(name=name, handler=handler, given=EVOLVE)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=alone(), capture_output=True, text=True
    )
    assert done.returncode == code and words in done.stdout + done.stderr, done.stderr
    assert code == 0 or "went on" not in done.stdout
    assert hpcneq.open(tmp_path / "out.h5").status == "stopped"
    assert list(tmp_path.glob("out.h5.ckpt-*"))


def test_a_figure_in_a_file_leaves_the_session_as_it_was(tmp_path):
    """Its backend, its settings and its figures; a figure for the session is one of these."""
    import matplotlib
    import matplotlib.pyplot as plt

    result = hpcneq.run(EVOLVE)
    before = plt.get_backend()
    matplotlib.use("svg")
    try:
        settings, figures = dict(matplotlib.rcParams), plt.get_fignums()
        figure = result.plot(tmp_path / "figure.png")
        assert matplotlib.get_backend() == "svg" and plt.get_fignums() == figures
        assert dict(matplotlib.rcParams) == settings
        assert figure.axes and (tmp_path / "figure.png").stat().st_size > 1000
        shown = result.plot()
        assert plt.fignum_exists(shown.number) and dict(matplotlib.rcParams) == settings
        plt.close(shown)
    finally:
        matplotlib.use(before)
