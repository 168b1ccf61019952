"""Two results: whether they agree within their errors, and what differs by how much."""

from __future__ import annotations

import json
import shutil

import h5py
import numpy as np
import pytest
from support.examples import example_result
from support.programs import FOUR_STEPS, here

import hpcneq
from hpcneq.comparison import compare
from hpcneq.errors import InputError


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Steady states of the Fermi gas, and a copy for changes."""
    folder = tmp_path_factory.mktemp("compare")
    shutil.copy(example_result("nsn-junction", "evolve").path, folder / "a.h5")
    shutil.copy(example_result("fermi-gas", "steady").path, folder / "other.h5")
    return folder


def changed(place, change):
    """b.h5: a.h5 after ``change(file)``."""
    shutil.copy(place / "a.h5", place / "b.h5")
    with h5py.File(place / "b.h5", "r+") as file:
        change(file)


def test_a_result_agrees_with_itself(place):
    code, said = here("compare", "a.h5", "a.h5", folder=place)
    assert code == 0 and said.endswith("\n") and "they agree within their errors" in said
    assert "seconds" not in said and "peak_bytes" not in said and "_error " not in said


def test_what_differs_is_named_with_its_size_and_place(place):
    """Exit code 1; within the errors 0: fails where errors are not added, or not looked up."""
    with h5py.File(place / "a.h5") as file:
        errors, summary = (json.loads(file.attrs[name]) for name in ("errors", "summary"))
        size = abs(file["delta"][()]).max()
    name = "delta_max"
    for factor, agree in ((1.9, True), (2.1, False)):
        moved = summary | {name: summary[name] + factor * errors[name]}
        text = json.dumps(moved)  # perhaps longer than the one in the file
        changed(place, lambda file, text=text: file.attrs.create("summary", text))
        compared = hpcneq.open(place / "a.h5").compare(hpcneq.open(place / "b.h5"))
        assert bool(compared) == agree
        assert [d.name for d in compared.differences] == ([] if agree else [name])

    def spoil(file):
        file["delta"][2, 1] += 0.01 * size

    changed(place, spoil)
    code, said = here("compare", "a.h5", "b.h5", "--json", folder=place)
    answer = json.loads(said)
    wrong = {key: q for key, q in answer["quantities"].items() if not q["agrees"]}
    assert code == 1 and not answer["agree"] and list(wrong) == ["delta"]
    assert wrong["delta"]["difference"] == pytest.approx(0.01 * size, rel=1e-6)
    assert set(wrong["delta"]["at"]) == {"t", "x"} and wrong["delta"]["at"]["x"] == 1
    code, said = here("compare", "a.h5", "b.h5", folder=place)
    assert code == 1 and "they differ in 1 of" in said and "delta" in said.splitlines()[-1]


@pytest.mark.parametrize("size, agree", [(1e-14, True), (1e-9, False)])
def test_what_is_nothing_but_rounding_agrees(place, size, agree):
    """Against the mean field, in its units: fails where it is held against itself alone."""
    for name in ("one.h5", "two.h5"):
        noise = np.random.default_rng(ord(name[0]))

        def spoil(file, noise=noise):
            waves = file["delta_n"]
            waves[...] = (size * noise.normal(size=waves.shape)).astype(waves.dtype)
            file.attrs["errors"] = "{}"

        changed(place, spoil)
        (place / "b.h5").rename(place / name)
    results = [hpcneq.open(place / name) for name in ("one.h5", "two.h5")]
    assert bool(compare(*results, quantities={})) == agree


def test_a_number_that_is_missing_in_one_differs(place):
    def spoil(file):
        file["delta"][1, 0] = np.nan

    changed(place, spoil)
    assert here("compare", "a.h5", "b.h5", folder=place)[0] == 1
    assert here("compare", "b.h5", "b.h5", folder=place)[0] == 0


def test_rows_are_compared_at_the_times_that_both_have(tmp_path):
    """Twice the output: every second row; a result of another task is none to compare with."""
    (tmp_path / "in.toml").write_text(FOUR_STEPS)
    first = hpcneq.run(tmp_path / "in.toml")
    second = hpcneq.run(tmp_path / "in.toml", run={"output_every": 1.0})
    compared = first.compare(second)
    assert compared and len(first.t) == 2 * len(second.t) - 1, compared
    assert dict(compared.inputs) == {"run.output_every": (None, 1.0)}
    with pytest.raises(InputError, match="is a result of fermi-gas steady"):
        first.compare(example_result("fermi-gas", "steady"))


def test_results_of_two_tasks_are_bad_input(place):
    code, said = here("compare", "a.h5", "other.h5", folder=place)
    assert code == 2 and said.count("\n") == 1 and "is a result of" in said
    code, said = here("compare", "a.h5", "none.h5", folder=place)
    assert code == 2 and "there is no such file" in said


def test_a_result_whose_keys_are_no_tables_is_one_line(place):
    """Drawn beside another one."""

    def spoil(file):
        if "resolved" in file:
            del file["resolved"]
        file.attrs["resolved"] = '{"sweep": [1, 2]}'

    changed(place, spoil)
    code, said = here("plot", "b.h5", "a.h5", "-o", "x.png", folder=place)
    assert code == 2 and said.count("\n") == 1 and "makes no figure" in said, said
    code, said = here("compare", "a.h5", "b.h5", folder=place)
    assert code in (0, 1, 2) and "Traceback" not in said, said


def test_no_run_is_looked_for_in_a_folder(tmp_path):
    (tmp_path / "a.h5").mkdir()
    code, said = here("watch", "a.h5", folder=tmp_path)
    assert code == 2 and said == "hpcneq: a.h5: is a folder, not a result file\n"
