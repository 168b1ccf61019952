"""What the program says of itself: exit codes, versions, completion of words."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.programs import here

import hpcneq
from hpcneq import cli


def test_the_exit_codes_are_a_topic_of_help(tmp_path):
    code, said = here("help", "errors", folder=tmp_path)
    assert code == 0
    for words in ("0    done", "1    failed", "2    bad input", "3    not converged", "75   stop"):
        assert f"\n    {words}" in said
    code, said = here("help", "run", folder=tmp_path)
    assert code == 0 and said.startswith("usage: hpcneq run ")
    assert here("help", folder=tmp_path)[1].startswith("usage: hpcneq [-h]")
    code, said = here("help", "error", folder=tmp_path)
    assert code == 2 and said.count("\n") == 1 and 'did you mean "errors"' in said


def test_the_version_names_the_stack(tmp_path):
    code, said = here("--version", folder=tmp_path)
    lines = said.splitlines()
    assert code == 0 and lines[0] == f"hpcneq {hpcneq.__version__}"
    named = {line.split()[0] for line in lines[1:]}
    assert {"python", "numpy", "scipy", "petsc", "mpi", "hdf5", "matplotlib"} <= named
    assert "missing" not in said and "complex" in said


def test_a_library_that_is_missing_is_a_line_of_the_version(tmp_path, monkeypatch):
    from hpcneq.files import provenance

    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert any("mpi" in line and "missing" in line for line in provenance.stack())


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_gets_its_completion(tmp_path, shell, monkeypatch):
    """With shtab; without it one line."""
    pytest.importorskip("shtab")
    code, said = here("--print-completion", shell, folder=tmp_path)
    assert code == 0 and "trust-model" in said and "unpack" in said
    if shell == "bash":
        (tmp_path / "words").write_text(said)
        line = "COMP_WORDS=(hpcneq comp); COMP_CWORD=1; _shtab_hpcneq; echo ${COMPREPLY[@]}"
        done = subprocess.run(
            ["bash", "-c", f"source words; {line}"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.stdout.split() == ["compare"], done.stderr


def test_without_shtab_completion_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    code, said = here("--print-completion", "bash", folder=tmp_path)
    assert code == 2 and said.count("\n") == 1 and "pip install shtab" in said
    assert cli.main(["--print-completion", "fish"]) == 2
