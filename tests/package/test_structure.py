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

HOME = Path(hpcneq.__file__).parent
# A component imports from those above it in this list (smaller number), and from itself.
LEVELS = {
    "errors": 0,
    "maths": 1,
    "sum_tree": 0.5,
    "parallel": 1,
    "petsc": 1,
    "petsc_options": 0.6,
    "terminal": 0.6,
    "threads": 0.6,
    "interrupts": 0.6,
    "config.words": 0.2,
    "config.toml_text": 0.4,
    "config.schema": 1,
    "stopping": 2,
    "solvers": 2,
    "physics": 2,
    "figures": 2,
    "files": 3,
    "tasks": 4,
    "system": 5,
    "system.figures": 5,
    "config.source": 5,
    "config.sweeps": 5,
    "config.load": 6,
    "config.check": 6.2,
    "config.description": 6.2,
    "config.json_schema": 6.2,
    "config.description_text": 6.4,
    "config.hints": 6.4,
    "config.template": 6.6,
    "restart": 6,
    "comparison": 5.5,
    "differences": 5.25,
    "datasets": 5.5,
    "results": 6,
    "lattice": 6,
    "run_options": 6,
    "earlier_output": 6.5,
    "help_texts": 0,
    "driver": 7,
    "__init__": 8,
    "arguments": 0.5,
    "watching": 8,
    "sweeping": 7.5,
    "archives": 7.5,
    "unpacking": 8,
    "plotting": 7.5,
    "reports": 8.5,
    "cli": 9,
    "__main__": 10,
}
# Narrower than the levels: physics gets arrays, formulas know nothing but their errors.
ONLY = {
    "maths": {"maths", "terminal", "errors"},
    "physics": {"physics", "maths", "errors"},
    "figures": {"figures", "maths", "errors"},
    "system.figures": {"system.figures", "figures", "maths", "errors"},
    "config.words": {"errors"},
    "config.toml_text": {"config.words"},
    "config.schema": {"config.words", "config.toml_text", "errors"},
    "petsc": {"errors", "petsc_options"},
    "petsc_options": {"errors", "config.words"},
    "parallel": {"errors", "terminal", "interrupts", "sum_tree"},
    "terminal": {"config.words"},
    "interrupts": {"errors"},
    "solvers": {"solvers", "parallel", "petsc", "interrupts", "maths", "errors"},
}
# Who may name a package from outside.
HOMES = {
    "h5py": {"files/hdf5.py"},
    "petsc4py": {"petsc.py"},
    "slepc4py": {"petsc.py"},
    "mpi4py": {"parallel.py", "stopping.py", "files/provenance.py", "solvers/"},
    "argparse": {"cli.py"},
    "matplotlib": {"figures/", "/figures/"},
}


def imports(path, root):
    """Dotted names a module imports, relative ones made absolute, and constant names given to
    import_module."""
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
    """The part of the package that a dotted path inside it belongs to, a key of LEVELS."""
    if parts[0] == "systems" and len(parts) > 2 and parts[2] in ("physics", "figures"):
        return {"physics": "physics", "figures": "system.figures"}[parts[2]]
    if parts[0] == "systems":
        return "system"
    if parts[0] == "config" and len(parts) > 1:
        return ".".join(parts[:2])
    return "config.schema" if parts[0] == "config" else parts[0]


def modules(root):
    """Dotted path inside the package -> file, of all modules; a package is named by its folder."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__" and len(parts) > 1:
            parts = parts[:-1]
        found[".".join(parts)] = path
    return found


def inside(name, root, known):
    """The module of the package that an imported dotted name belongs to; None for other
    packages."""
    top, *rest = name.split(".")
    if top != root.name:
        return None
    while rest and ".".join(rest) not in known:
        rest.pop()
    return ".".join(rest) or "__init__"


def offences(root):
    """Every import that goes the wrong way, as one line each."""
    found, known = [], modules(root)
    for here, path in known.items():
        where, part = path.relative_to(root).as_posix(), component(here.split("."))
        if part not in LEVELS:
            found.append(f"{where}: a new module has no level yet")
            continue
        for name in imports(path, root):
            top = name.split(".")[0]
            if top in HOMES and not any(
                where.startswith(home) or (home.startswith("/") and home in where)
                for home in HOMES[top]
            ):
                found.append(f"{where} imports {top}")
            there = inside(name, root, known)
            if there is None or name == f"{root.name}.__version__":
                continue
            if here.startswith("systems.") and there.startswith("systems."):
                if here.split(".")[1] != there.split(".")[1]:
                    found.append(f"{where} imports another system, {name}")
                    continue
            other = component(there.split("."))
            if other == part:
                continue
            if LEVELS.get(other, 99) >= LEVELS[part] or other not in ONLY.get(part, LEVELS):
                found.append(f"{where} imports {name}")
    return found


def circles(root):
    """Modules that import each other, directly or through others; deferred imports count."""
    known = modules(root)
    graph = {
        here: {inside(name, root, known) for name in imports(path, root)}
        for here, path in known.items()
    }
    graph["systems"] = set()  # imports a system when it is asked for

    def reached(start):
        seen, waiting = set(), [start]
        while waiting:
            for there in graph.get(waiting.pop(), set()) - {None} - seen:
                seen.add(there)
                waiting.append(there)
        return seen

    return sorted(here for here in graph if here in reached(here))


def nodes(kind):
    """(path inside the package, node) for all nodes of a kind."""
    for path in sorted(HOME.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield path.relative_to(HOME).as_posix(), node


def test_imports_go_one_way():
    """errors < {maths, parallel, petsc, schema} < {solvers, physics, figures} < files < tasks <
    systems < ... < cli.

    Physics knows formulas alone: no communicator, no file, no option, no solver, no other system.
    Solvers know no system. Each foreign library has its one home.
    """
    assert offences(HOME) == []


def test_no_module_imports_itself_through_others():
    """What depends on each other cannot be read or changed alone."""
    assert circles(HOME) == []


@pytest.mark.parametrize(
    "path, text, words",
    [
        (
            "solvers/ring.py",
            "from ..systems import nsn_junction",
            "solvers/ring.py imports hpcneq.systems.nsn_junction",
        ),
        (
            "solvers/ring.py",
            "from ..files import writer",
            "solvers/ring.py imports hpcneq.files.writer",
        ),
        (
            "systems/ring/physics/model.py",
            "def f():\n    from ....parallel import solo",
            "systems/ring/physics/model.py imports hpcneq.parallel.solo",
        ),
        (
            "systems/ring/tasks/model.py",
            "import mpi4py.MPI",
            "systems/ring/tasks/model.py imports mpi4py",
        ),
        (
            "systems/ring/inputs.py",
            "from ..star import model",
            "systems/ring/inputs.py imports another system",
        ),
        ("maths/ring.py", "import hpcneq.parallel", "maths/ring.py imports hpcneq.parallel"),
        ("tasks/ring.py", "import h5py", "tasks/ring.py imports h5py"),
        (
            "restart.py",
            "import importlib\nimportlib.import_module('.driver', __package__)",
            "restart.py imports hpcneq.driver",
        ),
        ("errors.py", "from . import run", "errors.py imports hpcneq.run"),
        ("ring.py", "", "ring.py: a new module has no level yet"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_found(tmp_path, path, text, words):
    """The rule above would notice: one wrong line in an otherwise clean package is reported."""
    for name in ("errors", "parallel", "files/writer", "driver", "systems/star/model"):
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
    """sys.argv is for cli.py; PETSc gets what follows the lone dashes, nothing reads behind its
    back."""
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
    """A solver knows a protocol, never whose physics it solves: not even a comment may name a
    system."""
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
    words -= {"lattice"}  # a word of numerics too
    for path in (HOME / "solvers").rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert [word for word in sorted(words) if re.search(rf"\b{word}\b", text)] == [], path.name


def test_a_mistake_of_the_user_is_never_an_assertion():
    """python -O drops assert statements, and their message names no key: the package has none."""
    assert [path for path, _ in nodes(ast.Assert)] == []


def test_every_module_says_what_it_is_for():
    """One sentence at the top of each module; it is what help() and a new reader see first."""
    for path in HOME.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_every_name_that_is_used_exists():
    """A name that no import brings is a bug that waits for its line to be run: a progress
    message, an error's text."""

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
    """Long work says how far it is: time, share, rate, what is left. A quarter in 20 s by the
    clock: a minute is left."""
    from hpcneq.tasks import evolution

    lines, clock = [], [100.0]
    monkeypatch.setattr(evolution.time, "monotonic", lambda: clock[-1])
    progress = evolution.Progress(lines.append, "evolve", 10.0)
    for now, t in ((109.0, 1.0), (120.0, 2.5)):  # nothing is told before ten seconds have passed
        clock.append(now)
        progress.step(t, lambda: ", max|Delta| = 0.1")
    assert lines == ["evolve: t = 2.50 of 10 (25%), 0.10 steps/s, ETA 0:01:00, max|Delta| = 0.1"]
