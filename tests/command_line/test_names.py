"""Names of files: dots, bytes that are no UTF-8, too many letters; nothing is lost."""

from __future__ import annotations

import os

import pytest
from support.programs import here

import hpcneq
from hpcneq.errors import InputError

QUICK = """\
system = "exciton-bec"
task = "steady"
[run]
seed = 1
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """The bytes of a small result."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "in.toml").write_text(QUICK)
    code, out = here("run", "in.toml", folder=folder)
    assert code == 0, out
    return (folder / "in.h5").read_bytes()


def test_dots_belong_to_the_name(tmp_path, result):
    """Only .toml and .h5 are endings: each file has results and figures of its own."""
    for name in ("scan_T0.05", "scan_T0.10.h5", "scan.v2.h5", "scan.v3"):
        (tmp_path / name).write_bytes(result)
        code, out = here("plot", name, folder=tmp_path)
        assert code == 0 and out == f"wrote {name.removesuffix('.h5')}.png\n"
    for name in ("in_T0.05", "in_T0.10.toml"):
        (tmp_path / name).write_text(QUICK)
        assert here("run", name, folder=tmp_path)[0] == 0
    assert {path.name for path in tmp_path.glob("in_*.h5")} == {"in_T0.05.h5", "in_T0.10.h5"}
    code, out = here("plot", "in_T0.05.h5", "-o", "figure", folder=tmp_path)
    assert code == 0 and out == "wrote figure.png\n" and (tmp_path / "figure.png").is_file()
    code, out = here("plot", "in_T0.05.h5", "-o", "figure", folder=tmp_path)
    assert code == 2 and "figure.png: exists already" in out


@pytest.mark.parametrize(
    "words",
    [
        ("run", "in.toml", "-o", "x" * 300 + ".h5"),
        ("run", "in.toml", "-o", "x" * 230 + ".h5"),  # its checkpoints' names would be too long
        ("run", "in.toml", "-o", "a/" * 3000 + "out.h5"),
        ("run", "x" * 300),
        ("run", "x" * 252 + ".toml"),
        ("resume", "x" * 300),
        ("check", "x" * 300),
        ("show", "x" * 300),
        ("plot", "x" * 300),
        ("plot", "in.h5", "-o", "x" * 300),
        ("new", "exciton-bec", "steady", "-o", "x" * 300),
    ],
)
def test_a_name_that_is_too_long_is_one_line(tmp_path, words):
    (tmp_path / "in.toml").write_text(QUICK)
    code, out = here(*words, folder=tmp_path)
    assert code == 2 and out.count("\n") == 1 and " too long" in out, out
    assert [path.name for path in tmp_path.iterdir()] == ["in.toml"]


def test_names_of_any_bytes_work(tmp_path):
    """Also where the terminal takes nothing but UTF-8."""
    name = os.fsdecode(b"t\xff.toml")
    (tmp_path / name).write_text(QUICK)
    result = os.fsdecode(b"t\xff.h5")
    for words in (("run", name), ("show", result), ("plot", result), ("check", name)):
        code, out = here(*words, folder=tmp_path)
        assert code == 0 and "Traceback" not in out, out
    assert sorted(os.listdir(os.fsencode(tmp_path))) == [b"t\xff.h5", b"t\xff.png", b"t\xff.toml"]
    assert hpcneq.open(tmp_path / result).status == "complete"


def test_a_group_that_somebody_added_is_no_array(tmp_path, result):
    import h5py

    (tmp_path / "out.h5").write_bytes(result)
    with h5py.File(tmp_path / "out.h5", "r+") as file:
        file["mine/notes"] = [1.0, 2.0]
    opened = hpcneq.open(tmp_path / "out.h5")
    assert "mine" not in opened.keys() and "mine" not in opened
    with pytest.raises(KeyError, match="has no 'mine'; it holds"):
        opened["mine"]
    with pytest.raises(InputError, match="there is no such file; did you mean"):
        hpcneq.open(tmp_path / "oul.h5")
