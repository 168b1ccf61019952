"""The benchmarks of tools/bench.d still fit the package: they run for minutes, so nobody sees."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path

import pytest

from hpcneq import cli

BENCHMARKS = sorted((Path(__file__).parents[2] / "tools" / "bench.d").glob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_what_a_benchmark_imports_is_there(path):
    """Every name that it takes from the package exists.

    Fails if a function is renamed and its benchmark is forgotten.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hpcneq"):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if alias.name not in vars(module):
                    importlib.import_module(f"{node.module}.{alias.name}")


def test_the_propagation_benchmark_reads_what_check_tells(tmp_path, capsys):
    """Memory and seconds of a step, from the words of `hpcneq check` of its own input.

    Fails if check words its cost otherwise, as it once did.
    """
    place = next(path for path in BENCHMARKS if path.stem == "propagation")
    spec = importlib.util.spec_from_file_location("propagation_benchmark", place)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    values = {"Lx": 5, "t": 2.0, "symmetry": "stripe", "precision": "double"}
    path = tmp_path / "in.toml"
    path.write_text(benchmark.INPUT.format(**values).replace("Ly = 11", "Ly = 2"))
    assert cli.main(["check", str(path)]) == 0
    megabytes, seconds = benchmark.told(capsys.readouterr().out)
    assert 20 < megabytes < 2000 and 0 <= seconds < 10
