"""Results of format 1, written before November 2026, are still read; what needs more is refused.

The two files in format1/ were written by that code: a map, and an evolution whose chunks were
compressed afterwards, values and attributes unchanged.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.programs import here

import hpcneq

FOLDER = Path(__file__).parent / "format1"
NAMES = ("map", "evolution")


@pytest.fixture(params=NAMES)
def old(request, tmp_path):
    """A copy of one of the files."""
    return Path(shutil.copy(FOLDER / f"{request.param}.h5", tmp_path))


def test_open_reads_arrays_with_their_units_and_axes():
    """The numbers of the file, as h5dump shows them."""
    result = hpcneq.open(FOLDER / "map.h5")
    assert (result.format_version, result.system, result.status) == (
        1,
        "laser-semiconductor",
        "complete",
    )
    assert result.delta.axes == ("Omega", "V") and result.delta.shape == (2, 3)
    assert result.delta.max() == result.summary["delta_max"] == pytest.approx(0.02517594758)
    result = hpcneq.open(FOLDER / "evolution.h5")
    assert result.t.units == "1/energy"
    assert np.allclose(result.t, [0.0, 0.8, 1.6, 2.4, 3.2, 4.0], rtol=1e-15)
    assert result.delta.axes == ("t", "V") and result.delta.dtype == complex


def test_show_prints_numbers_with_errors_and_units(old):
    code, said = here("show", old, folder=old.parent)
    assert code == 0 and " +- " in said and "complete" in said
    code, said = here("show", old, "--json", folder=old.parent)
    assert code == 0 and json.loads(said)["format_version"] == 1


@pytest.mark.parametrize("words", [("plot",), ("resume",)])
def test_plot_and_resume_refuse_it_in_one_line(old, words):
    """They need the parameters of the run with all defaults, which format 1 did not keep."""
    before = old.read_bytes()
    code, said = here(*words, old, folder=old.parent)
    assert code == 2 and said.count("\n") == 1
    assert f"{old}: was written by an older hpcneq (format 1): show and open read it" in said
    assert "hpcneq run INPUT.toml --force" in said and old.read_bytes() == before


def test_parameters_are_refused_and_not_guessed(old):
    with pytest.raises(hpcneq.InputError, match="format 1"):
        _ = hpcneq.open(old).parameters
