"""The notebooks of inputs/tutorials: their code runs, their kept outputs are those of today."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


def tool():
    """tools/notebooks as a module."""
    place = ROOT / "tools" / "notebooks.d" / "notebooks.py"
    spec = importlib.util.spec_from_file_location("notebooks_tool", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PATHS = tool().paths()
each = pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])


@each
def test_its_code_runs_with_small_sizes(path, monkeypatch, tmp_path):
    """Cell after cell in one name space, as a kernel does; fails if a name of the package moved."""
    import matplotlib

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(matplotlib, "rcParams", matplotlib.rcParams.copy())
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = {"__name__": "__main__"}
    try:
        for cell in tool().code(path, small=True):
            exec(compile(cell, path.name, "exec"), names)
        assert plt.get_fignums()
    finally:
        plt.close("all")


def test_there_are_twelve_and_each_is_a_page():
    """A question, an equation, what it means, what to try; outputs and pictures that are small."""
    assert len(PATHS) == 12
    for path in PATHS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        assert text.startswith("# ") and re.search(r"\*\*[^*]+\?\*\*", text, re.DOTALL), path.name
        assert "$$" in text and "**What it means.**" in text and "**To try.**" in text, path.name
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        assert not [output for output in outputs if output["output_type"] == "error"]
        pictures = [o for o in outputs if "image/png" in o.get("data", {})]
        assert pictures and len(path.read_bytes()) < 400_000, path.name
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert len(code) <= 6 and all(cell["execution_count"] for cell in code), path.name


@pytest.mark.nightly
@pytest.mark.timeout(900)
@each
def test_its_kept_outputs_are_those_of_today(path):
    """Jupyter's kernel prints the kept numbers, to the digits that hold on every machine."""
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = tool().executed(path).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    today = "".join(o["text"] for o in outputs if o["output_type"] == "stream")
    kept = tool().printed(path)
    assert NUMBER.sub("#", today) == NUMBER.sub("#", kept)
    numbers = [np.array(NUMBER.findall(text), float) for text in (today, kept)]
    np.testing.assert_allclose(*numbers, rtol=2e-3)


def test_a_wrong_name_is_told_before_jupyter_is_needed(monkeypatch):
    """Fails if the tool imports Jupyter's packages first."""
    import sys

    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(SystemExit, match="no notebook has nonsense in its name"):
        tool().main(["nonsense"])
