"""The shape of the package: which module may know which, and what stands in one place only."""

from __future__ import annotations

import ast
import builtins
import dis
import importlib
import re
from pathlib import Path

import pytest

import hpcneq

pytestmark = pytest.mark.house

HOME = Path(hpcneq.__file__).parent
# A component imports from those above it in this list (smaller number), and from itself.
LEVELS = {
    "errors": 0,
    "maths": 1,
    "parallel": 1,
    "petsc": 1,
    "hdf5": 1,
    "tables": 1,
    "config": 2,
    "systems": 2,
    "solvers": 2,
    "plots": 2,
    "provenance": 2,
    "stopping": 2,
    "result": 3,
    "checkpoint": 3,
    "store": 4,
    "journal": 4,
    "tasks": 5,
    "longrun": 5,
    "report": 5,
    "driver": 6,
    "__init__": 7,
    "cli": 8,
    "__main__": 9,
}
# Narrower than the levels: physics gets arrays, formulas know nothing but their errors.
ONLY = {
    "maths": {"maths", "errors"},
    "systems": {"systems", "maths", "errors"},
    "plots": {"plots", "errors"},
    "config": {"errors", "tables"},
    "tables": {"errors"},
    "petsc": {"errors"},
    "parallel": {"errors"},
    "solvers": {"solvers", "parallel", "petsc", "maths", "errors"},
}
# Who may name a package from outside.
HOMES = {
    "h5py": {"hdf5"},
    "petsc4py": {"petsc"},
    "slepc4py": {"petsc"},
    "mpi4py": {"parallel", "provenance", "stopping", "solvers"},
    "argparse": {"cli"},
    "matplotlib": {"plots"},
}
LONGEST = 499  # may only fall
LONG_LINES = 1669  # lines over 100 columns; may only fall


def imports(path, root):
    """Dotted names a module imports, relative ones made absolute, and constant names given to import_module."""
    package = [root.name, *path.relative_to(root).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module"
        ):
            if node.args and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
                yield ".".join(package) + name if name.startswith(".") else name


def component(parts):
    """The top-level module or subpackage of a path inside the package."""
    return parts[0].removesuffix(".py")


def offences(root):
    """Every import that goes the wrong way, as one line each."""
    found = []
    names = {component(path.relative_to(root).parts) for path in root.rglob("*.py")}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        here = component(parts)
        if here not in LEVELS:
            found.append(f"{'/'.join(parts)}: a new module has no level yet")
            continue
        for name in imports(path, root):
            top, *rest = name.split(".")
            if top != root.name:
                if top in HOMES and here not in HOMES[top]:
                    found.append(f"{'/'.join(parts)} imports {top}")
                continue
            there = rest[0] if rest and rest[0] in names else "__init__"
            if there == "__init__" and rest == ["__version__"]:
                continue
            if there == here:
                if here == "systems" and rest[1:2] != [parts[1].removesuffix(".py")]:
                    found.append(f"{'/'.join(parts)} imports another system, {name}")
            elif LEVELS.get(there, 99) >= LEVELS[here] or there not in ONLY.get(here, LEVELS):
                found.append(f"{'/'.join(parts)} imports {name}")
    return found


def nodes(kind):
    """(path inside the package, node) for all nodes of a kind."""
    for path in sorted(HOME.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path.relative_to(HOME).as_posix(), node


def test_imports_go_one_way():
    """cli -> driver -> tasks -> {config, solvers, systems, store} -> {parallel, petsc, maths} -> errors, never back.

    Physics (systems) knows formulas alone: no communicator, no file, no option, no solver, no other system. Solvers know
    no system. Each foreign library has its one home.
    """
    assert offences(HOME) == []


@pytest.mark.parametrize(
    "path, text, words",
    [
        (
            "solvers/ring.py",
            "from ..systems import nsn_junction",
            "solvers/ring.py imports hpcneq.systems.nsn_junction",
        ),
        ("solvers/ring.py", "from .. import store", "solvers/ring.py imports hpcneq.store"),
        (
            "systems/ring/model.py",
            "def f():\n    from ...parallel import solo",
            "systems/ring/model.py imports hpcneq.parallel.solo",
        ),
        ("systems/ring/model.py", "import mpi4py.MPI", "systems/ring/model.py imports mpi4py"),
        (
            "systems/ring.py",
            "from ..systems.star import model",
            "systems/ring.py imports another system",
        ),
        ("maths/ring.py", "import hpcneq.parallel", "maths/ring.py imports hpcneq.parallel"),
        ("tasks/ring.py", "import h5py", "tasks/ring.py imports h5py"),
        (
            "result.py",
            "import importlib\nimportlib.import_module('.driver', __package__)",
            "result.py imports hpcneq.driver",
        ),
        ("errors.py", "from . import run", "errors.py imports hpcneq.run"),
        ("ring.py", "", "ring.py: a new module has no level yet"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_found(tmp_path, path, text, words):
    """The rule above would notice: one wrong line in an otherwise clean package is reported."""
    for name in ("errors", "parallel", "store", "driver", "systems/star/model"):
        (tmp_path / "hpcneq" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "hpcneq" / f"{name}.py").write_text("import os\n")
    target = tmp_path / "hpcneq" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"from __future__ import annotations\n{text}\n")
    (line,) = offences(tmp_path / "hpcneq")
    assert words in line


def test_the_world_communicator_is_named_once():
    """Communicators are arguments; a second COMM_WORLD would break groups of ranks."""
    assert [path for path, node in nodes(ast.Attribute) if node.attr == "COMM_WORLD"] == [
        "parallel.py"
    ]


def test_the_command_line_is_read_in_one_place():
    """sys.argv is for cli.py; PETSc gets what follows the lone dashes, nothing reads behind its back."""
    readers = {
        path
        for path, node in nodes(ast.Attribute)
        if node.attr == "argv" and getattr(node.value, "id", "") == "sys"
    }
    readers |= {
        path
        for path, node in nodes(ast.ImportFrom)
        if node.module == "sys" and any(a.name == "argv" for a in node.names)
    }
    assert readers == {"cli.py"}


def test_solvers_name_no_system():
    """A solver knows a protocol, never whose physics it solves: not even a comment may name a system."""
    folders = [
        path.name.removesuffix(".py")
        for path in (HOME / "systems").iterdir()
        if not path.name.startswith("_")
    ]
    words = {
        form
        for name in folders
        for form in (name, name.replace("_", "-"), name.replace("_", " "), name.split("_")[-1])
    }
    assert {"nsn_junction", "junction"} <= words
    for path in (HOME / "solvers").glob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert [word for word in sorted(words) if re.search(rf"\b{word}\b", text)] == [], path.name


def test_a_mistake_of_the_user_is_never_an_assertion():
    """python -O drops assert statements, and their message names no key: the package has none."""
    assert [path for path, _ in nodes(ast.Assert)] == []


def test_modules_stay_short():
    """A module is one noun: what grows beyond that is to be split."""
    lengths = {
        path.relative_to(HOME).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in HOME.rglob("*.py")
    }
    assert {path: n for path, n in lengths.items() if n > LONGEST} == {}


def test_long_lines_only_become_fewer():
    """Lines end at 100 columns; those that do not yet are counted."""
    lines = [line for path in HOME.rglob("*.py") for line in path.read_text("utf-8").splitlines()]
    assert sum(len(line) > 100 for line in lines) <= LONG_LINES


def test_every_module_says_what_it_is_for():
    """One sentence at the top of each module; it is what help() and a new reader see first."""
    for path in HOME.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_every_name_that_is_used_exists():
    """A name that no import brings is a bug that waits for its line to be run: a progress message, an error's text."""

    def globals_of(code):
        yield from (
            (code.co_name, step.argval)
            for step in dis.get_instructions(code)
            if step.opname == "LOAD_GLOBAL"
        )
        for inner in code.co_consts:
            if hasattr(inner, "co_code"):
                yield from globals_of(inner)

    missing = []
    for path in sorted(HOME.rglob("*.py")):
        parts = [
            part
            for part in path.relative_to(HOME.parent).with_suffix("").parts
            if part != "__init__"
        ]
        if parts[-1] == "__main__":
            continue
        module = importlib.import_module(".".join(parts))
        known = {*vars(module), *vars(builtins)}
        missing += [
            f"{path.name}: {where} uses {name}"
            for where, name in globals_of(
                compile(path.read_text(encoding="utf-8"), str(path), "exec")
            )
            if name not in known
        ]
    assert missing == []


def test_progress_is_told_with_the_time_left(monkeypatch):
    """Long work says how far it is: time, share, rate, what is left. A quarter in 20 s by the clock: a minute is left."""
    from hpcneq.tasks import evolution

    lines, now = [], 100.0
    monkeypatch.setattr(evolution.time, "monotonic", lambda: now)
    progress = evolution.Progress(lines.append, "evolve", 10.0)
    for now, t in ((109.0, 1.0), (120.0, 2.5)):  # nothing is told before ten seconds have passed
        progress.step(t, lambda: ", max|Delta| = 0.1")
    assert lines == ["evolve: t = 2.50 of 10 (25%), 0.10 steps/s, ETA 0:01:00, max|Delta| = 0.1"]
