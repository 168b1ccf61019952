"""Results as data sets of xarray, sweeps over any keys, what notebooks show."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from support.programs import FOUR_STEPS

import hpcneq
from hpcneq.config.source import parse
from hpcneq.errors import InputError


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A short evolution."""
    path = tmp_path_factory.mktemp("xarray") / "in.toml"
    path.write_text(FOUR_STEPS)
    return hpcneq.run(path)


def test_a_result_becomes_a_dataset_with_units_and_coordinates(result):
    pytest.importorskip("xarray")
    data = result.to_xarray()
    assert data.delta.dims == ("t", "x") and np.array_equal(data.delta.values, result.delta)
    assert data.delta.attrs["units"] == "t_par" and data.t.attrs["long_name"]
    assert data.sel(t=1.0).delta.shape == (len(result.x),)
    assert float(data.delta_max) == result.summary["delta_max"]
    assert data.attrs["task"] == "evolve" and data.attrs["status"] == "complete"


def test_a_sweep_over_any_keys_is_one_dataset(result):
    """Every entry is that of the run with these values; a run that fails is nan and says why."""
    pytest.importorskip("xarray")
    source = parse(FOUR_STEPS, "input")
    data = hpcneq.sweep(source, over={"parameters.h": [0.2, 0.3], "T": [0.1]})
    assert data.density.dims == ("h", "T", "t", "x") and dict(data.sizes)["h"] == 2
    assert list(data.h.values) == [0.2, 0.3] and (data.status.values == "complete").all()
    assert np.array_equal(data.density.sel(h=0.2, T=0.1).values, result.density)
    assert float(data.delta_max.sel(h=0.2, T=0.1)) == result.summary["delta_max"]
    with pytest.raises(InputError, match="unknown key"):
        hpcneq.sweep(source, over={"nothing": [1]})
    with pytest.raises(InputError, match="must have a list"):
        hpcneq.sweep(source, over={"T": []})


def test_without_xarray_there_is_one_line(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    for call in (result.to_xarray, lambda: hpcneq.sweep({}, {})):
        with pytest.raises(InputError, match="pip install xarray") as error:
            call()
        assert "\n" not in str(error.value)


def test_a_notebook_shows_a_table_and_the_figure(result):
    text = result._repr_html_()
    assert "<td>delta_max</td>" in text and "data:image/png;base64," in text
    compared = result.compare(result)
    assert "they agree" in compared._repr_html_() and "they agree" in repr(compared)
