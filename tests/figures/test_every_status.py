"""A figure of every task from results of every kind: a figure or one line, never a traceback."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pytest
from support.examples import SLOW, example_input, example_result

import hpcneq
from hpcneq import systems
from hpcneq.errors import InputError
from hpcneq.figures import captions, style

TASKS = [
    pytest.param(system, task, marks=[pytest.mark.nightly] * ((system, task) in SLOW))
    for system in systems.built_in()
    for task in systems.get(system).tasks
]


def without_numbers(value):
    """A summary with null for each number."""
    if isinstance(value, list):
        return [without_numbers(item) for item in value]
    if isinstance(value, dict):
        return {name: without_numbers(item) for name, item in value.items()}
    return None if isinstance(value, float) else value


def put(file, name, value):
    """Store a JSON text as the writer does."""
    if name in file:
        del file[name]
    file.attrs[name] = json.dumps(value)


def lost(file):
    """Not converged, and no number in it."""
    file.attrs["status"] = "not-converged"
    for data in file.values():
        if data.dtype.kind in "fc" and data.shape and "CLASS" not in data.attrs:
            data[...] = np.nan
    text = file["summary"][()] if "summary" in file else file.attrs["summary"]
    put(file, "summary", without_numbers(json.loads(text)))


def begun(file):
    """Running, with one row of each growing axis, and nothing in the summary."""
    file.attrs["status"] = "running"
    put(file, "summary", {})
    put(file, "errors", {})
    for data in file.values():
        if "rows" in data.attrs:
            data.attrs["rows"] = 1


def bare(file):
    """Stopped before anything was written, as a sweep is whose points are in its journal."""
    file.attrs["status"] = "stopped"
    for name in [name for name in file if name != "resolved"]:
        del file[name]
    put(file, "summary", {})
    put(file, "errors", {})


def complete(file):
    """As it is."""


def faults_of(figure, name):
    """What a figure lacks: a caption with the parameters, letters, or data in a panel."""
    panels = captions.panels(figure)
    lines = figure._supxlabel.get_text().replace("\n", " ")
    found = [] if lines.startswith(name) and " = " in lines else [f"no caption: {lines}"]
    titles = [axes.get_title(loc="left") for axes in panels]
    if len(panels) > 1:
        found += [
            f"no letter: {t}"
            for k, t in enumerate(titles)
            if not t.startswith(f"({'abcdefghijkl'[k]})")
        ]
    for title, axes in zip(titles, panels):
        curves = [np.asarray(line.get_ydata(), float) for line in axes.lines]
        drawn = any(np.isfinite(curve).any() for curve in curves)
        if not (drawn or axes.collections or axes.images or axes.patches or axes.texts):
            found.append(f"empty panel {title}")
    return found


@pytest.mark.parametrize("system, task", TASKS)
def test_a_result_of_every_status_gives_a_figure_or_one_line(tmp_path, monkeypatch, system, task):
    """Fails with a figure that reads what is not there, outside of the one place that tells it."""
    monkeypatch.setitem(style.SETTINGS, "savefig.dpi", 30)
    monkeypatch.setitem(style.SETTINGS, "savefig.bbox", None)
    result = example_result(system, task)
    for kind in (complete, lost, begun, bare):
        path, picture = tmp_path / f"{kind.__name__}.h5", tmp_path / f"{kind.__name__}.png"
        shutil.copy(result.path, path)
        with h5py.File(path, "r+") as file:
            kind(file)
        try:
            figure = hpcneq.open(path).plot(picture)
            assert picture.stat().st_size > 100
            if kind is complete:
                assert faults_of(figure, f"{system} {task}") == []
        except InputError as error:
            assert kind is not complete and "\n" not in str(error) and str(path) in str(error)
            assert ("holds no arrays" in str(error)) == (kind is bare)


@pytest.mark.parametrize(
    "system, task, sweep",
    [
        ("nsn-junction", "iv", {"eV": [0.2]}),
        ("nsn-junction", "tmatrix", {"Q": [0.0]}),
        ("nsn-junction", "phase-diagram", {"T": [0.1], "eV": [0.2]}),
        ("laser-semiconductor", "steady", {"Omega": [0.0]}),
        ("laser-semiconductor", "map", {"Omega": [0.1], "V": [5.0]}),
        ("fermi-gas", "branches", {"dmu": [0.01]}),
        ("exciton-bec", "coefficients", {"ratio": [0.1]}),
    ],
)
def test_one_point_is_drawn(tmp_path, system, task, sweep):
    """A sweep of one value, a map of one point."""
    given = example_input(system, task) | {"sweep": sweep}
    if system == "nsn-junction":
        given["numerics"] = {"lattice": "finite", "Lx": 9, "Ly": 3}
    hpcneq.run(given).plot(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 1000
