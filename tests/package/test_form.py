"""The form of the package by its syntax trees: what must not be is counted, and may only become
less."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import hpcneq
from hpcneq import systems

# What other people's code may import; mypy checks its types strictly.
PUBLIC = (
    *("__init__.py", "errors.py", "results.py", "tasks/", "config/", "files/reader.py"),
    *("solvers/protocols.py", "maths/", "systems/__init__.py"),
)
# Functions of these that have Any in their hints: what they give is the system's own, or they take
# a dataclass's field of any type.
ANY = {
    *(f"config/schema.py {name}" for name in ("required", "default_of", "whole_key")),
    *(f"tasks/task.py {name}" for name in ("parameters", "numerics", "initial", "tables", "run")),
    "maths/drives.py of",
}
HOME = Path(hpcneq.__file__).parent
TESTS = HOME.parent / "tests"
WIDTH, FUNCTION, MODULE = 100, 50, 400  # columns, lines, lines
KERNELS = ()  # functions longer than that for their speed, "module:name"; at most three
PLACES = ("solvers", "tasks", "figures", "driver.py", "systems")  # of the rules on hasattr, getattr

# How many there are today; each may only fall. What is 0 is a rule.
LIMITS = {
    "long lines": 0,
    "long functions": 0,
    "long modules": 0,
    "fmt: off, noqa": 0,
    "hasattr, getattr": 0,
    "chained conditional expressions": 0,
    "conditional expressions in unions": 0,
    "lists times bool": 0,
    "tuple assignments": 109,
    "renamed modules": 0,
    "module state": 0,
    "public without docstring": 0,
    "public without type hints": 7,  # compiled kernels
    "farm outside tasks/sweep.py": 0,
    "figures that read the input": 0,
}
SHARES = {"conditional expressions": 12.0, "found =": 4.0}  # per 1000 lines
MISNAMED = 0  # tasks whose function is not tasks/<name>.py:run


class Source:
    """A module: its path inside the package, lines, syntax tree."""

    def __init__(self, path, text):
        self.path, self.text, self.lines = path, text, text.splitlines()
        self.tree = ast.parse(text)
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }

    def nodes(self, kind):
        """All nodes of a kind."""
        return [node for node in ast.walk(self.tree) if isinstance(node, kind)]

    def at(self, node):
        """Where a node stands."""
        return f"{self.path}:{node.lineno}"


def sources(root):
    """All modules of a folder."""
    return [
        Source(path.relative_to(root).as_posix(), path.read_text("utf-8"))
        for path in sorted(root.rglob("*.py"))
    ]


# ---- what is counted: functions of a Source that yield where it is ------------------------------

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def long_lines(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > WIDTH:
            yield f"{source.path}:{number}"


def long_functions(source):
    for node in source.nodes(FUNCTIONS):
        long = node.end_lineno - node.lineno + 1 > FUNCTION
        if long and f"{source.path}:{node.name}" not in KERNELS:
            yield f"{source.at(node)} {node.name}"


def long_modules(source):
    if len(source.lines) > MODULE:
        yield source.path


def switched_off(source):
    allowed = "# noqa: E402" if source.path == "files/hdf5.py" else None
    for number, line in enumerate(source.lines, 1):
        if re.search(r"#\s*(fmt:\s*(off|skip)|noqa|ruff:|type:\s*ignore$)", line):
            if not (allowed and allowed in line):
                yield f"{source.path}:{number}"


def untyped_access(source):
    """hasattr, and getattr with a default or a computed name."""
    if not source.path.startswith(PLACES):
        return
    for node in source.nodes(ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        plain = len(node.args) == 2 and isinstance(node.args[1], ast.Constant)
        if name == "hasattr" or (name == "getattr" and not plain):
            yield source.at(node)


def conditional_expressions(source):
    yield from map(source.at, source.nodes(ast.IfExp))


def found_assigned(source):
    for node in source.nodes((ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(t, ast.Name) and t.id == "found" for t in targets):
            yield source.at(node)


def chained(source):
    for node in source.nodes(ast.IfExp):
        if isinstance(node.orelse, ast.IfExp) or isinstance(node.body, ast.IfExp):
            yield source.at(node)


def in_unions(source):
    """a | (b if c else d) in a return."""
    for node in source.nodes(ast.Return):
        for union in ast.walk(node):
            if isinstance(union, ast.BinOp) and isinstance(union.op, ast.BitOr):
                if any(isinstance(side, ast.IfExp) for side in (union.left, union.right)):
                    yield source.at(union)


def lists_times_bool(source):
    """[text] * bool(x), [text] * (a < b)."""
    for node in source.nodes(ast.BinOp):
        if not isinstance(node.op, ast.Mult):
            continue
        for one, other in ((node.left, node.right), (node.right, node.left)):
            call = isinstance(other, ast.Call) and isinstance(other.func, ast.Name)
            truth = isinstance(other, (ast.Compare, ast.BoolOp)) or (
                call and other.func.id == "bool"
            )
            if truth and (isinstance(one, ast.List) or isinstance(one, ast.Constant)):
                yield source.at(node)


def tuple_assignments(source):
    """Three or more names from a written tuple in one statement."""
    for node in source.nodes(ast.Assign):
        target = node.targets[0]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            if len(target.elts) > 2:
                yield source.at(node)


def renamed_modules(source):
    """from ..physics import material as laser."""
    for node in source.nodes(ast.ImportFrom):
        for alias in node.names:
            if node.level and alias.asname and alias.asname != alias.name:
                yield f"{source.at(node)} {alias.asname}"


def module_state(source):
    """An empty container at module level, and what names a global to change it."""
    for node in source.tree.body:
        value = getattr(node, "value", None)
        empty = isinstance(value, (ast.Dict, ast.List)) and not ast.dump(value).count("Constant")
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and empty:
            if not (value.keys if isinstance(value, ast.Dict) else value.elts):
                yield source.at(node)
    yield from map(source.at, source.nodes(ast.Global))


def public(source):
    """Functions and classes of the module, and methods of its classes, whose names are public."""
    for node in source.nodes((*FUNCTIONS, ast.ClassDef)):
        parent = source.parents[node]
        inner = isinstance(parent, ast.ClassDef) and not parent.name.startswith("_")
        if any("overload" in ast.dump(decorator) for decorator in node.decorator_list):
            continue
        if not node.name.startswith("_") and (isinstance(parent, ast.Module) or inner):
            yield node


def without_docstring(source):
    for node in public(source):
        if not ast.get_docstring(node):
            yield f"{source.at(node)} {node.name}"


def without_type_hints(source):
    for node in public(source):
        if isinstance(node, ast.ClassDef):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        named = [arg for arg in arguments if arg.arg not in ("self", "cls")]
        if node.returns is None or any(arg.annotation is None for arg in named):
            yield f"{source.at(node)} {node.name}"


def farm_elsewhere(source):
    if source.path in ("tasks/sweep.py", "solvers/farm.py"):
        return
    for node in source.nodes(ast.Call):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) == "farm":
            yield source.at(node)


def input_in_figures(source):
    """The TOML of a result, read where its parameters are at hand."""
    if not re.match(r"(systems/\w+/)?figures/", source.path):
        return
    for node in ast.walk(source.tree):
        reads = isinstance(node, ast.Attribute) and node.attr == "input"
        imports = isinstance(node, (ast.Import, ast.ImportFrom)) and "tomllib" in ast.dump(node)
        if reads or imports:
            yield source.at(node)


COUNTERS = {
    "long lines": long_lines,
    "long functions": long_functions,
    "long modules": long_modules,
    "fmt: off, noqa": switched_off,
    "hasattr, getattr": untyped_access,
    "conditional expressions": conditional_expressions,
    "found =": found_assigned,
    "chained conditional expressions": chained,
    "conditional expressions in unions": in_unions,
    "lists times bool": lists_times_bool,
    "tuple assignments": tuple_assignments,
    "renamed modules": renamed_modules,
    "module state": module_state,
    "public without docstring": without_docstring,
    "public without type hints": without_type_hints,
    "farm outside tasks/sweep.py": farm_elsewhere,
    "figures that read the input": input_in_figures,
}


def with_any(source):
    """Public functions of the public modules with Any in their hints."""
    if not source.path.startswith(PUBLIC):
        return
    for node in public(source):
        if isinstance(node, ast.ClassDef):
            continue
        hints = [arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg)]
        text = " ".join(ast.unparse(hint) for hint in [*hints, node.returns] if hint)
        if re.search(r"\bAny\b", text):
            yield f"{source.path} {node.name}"


@pytest.fixture(scope="module")
def package():
    """All modules of hpcneq."""
    return sources(HOME)


def total(counter, modules):
    """Where the offences stand, in all modules."""
    return [place for source in modules for place in counter(source)]


@pytest.mark.parametrize("name", LIMITS)
def test_an_offence_only_becomes_rarer(name, package):
    """Each rule by its counter; the message lists where."""
    places = total(COUNTERS[name], package)
    assert len(places) <= LIMITS[name], "\n".join(places)
    assert len(KERNELS) <= 3


@pytest.mark.parametrize("name", SHARES)
def test_a_share_of_the_lines_only_becomes_smaller(name, package):
    count, lines = len(total(COUNTERS[name], package)), sum(len(s.lines) for s in package)
    assert 1000 * count / lines <= SHARES[name]


def test_a_task_has_a_module_of_its_name():
    """tasks/phase_diagram.py holds ``run`` of the task phase-diagram, and no other module a
    task."""
    wrong = []
    for name, folder in systems.built_in().items():
        for task in systems.get(name).tasks.values():
            own = f"hpcneq.systems.{folder}.tasks.{task.name.replace('-', '_')}:run"
            if task.run != own:
                wrong.append(f"{name} {task.name}: {task.run}")
    assert len(wrong) <= MISNAMED, "\n".join(wrong)


def test_lines_of_tests_end_at_the_same_column():
    assert total(long_lines, sources(TESTS)) == []


def test_public_modules_do_not_hide_types_behind_any(package):
    assert {place for source in package for place in with_any(source)} <= ANY
    text = "def f(x: int, *y: list[Any]) -> int: pass"
    assert list(with_any(Source("maths/a.py", text))) == ["maths/a.py f"]
    assert list(with_any(Source("solvers/farm.py", text))) == []


@pytest.mark.parametrize(
    "name, path, text",
    [
        ("long lines", "a.py", "x = 1  # " + 100 * "-"),
        ("long functions", "a.py", "def f():\n" + 50 * "    x = 1\n"),
        ("long functions", "a.py", "class A:\n    def f(self):\n" + 50 * "        x = 1\n"),
        ("long modules", "a.py", 401 * "x = 1\n"),
        ("fmt: off, noqa", "a.py", "x = 1  # noqa: E501"),
        ("fmt: off, noqa", "files/hdf5.py", "x = 1  # noqa: E501"),
        ("fmt: off, noqa", "a.py", "# fmt: off"),
        ("hasattr, getattr", "solvers/a.py", "hasattr(x, 'y')"),
        ("hasattr, getattr", "driver.py", "getattr(x, name)"),
        ("hasattr, getattr", "systems/a/tasks/b.py", "getattr(x, 'y', None)"),
        ("conditional expressions", "a.py", "x = 1 if y else 2"),
        ("found =", "a.py", "found = 1"),
        ("chained conditional expressions", "a.py", "x = 1 if y else 2 if z else 3"),
        ("conditional expressions in unions", "a.py", "def f():\n    return a | (b if c else {})"),
        ("lists times bool", "a.py", "x = ['a'] * bool(y)"),
        ("lists times bool", "a.py", "x = 's' * (y > 1)"),
        ("tuple assignments", "a.py", "a, b, c = 1, x, 'z'"),
        ("renamed modules", "a.py", "from ..physics import material as laser"),
        ("module state", "a.py", "CACHE = {}"),
        ("module state", "a.py", "def f():\n    global x"),
        ("public without docstring", "a.py", "class A:\n    'doc'\n    def f(self): pass"),
        ("public without type hints", "a.py", "def f(x) -> int:\n    'doc'"),
        ("public without type hints", "a.py", "def f(x: int):\n    'doc'"),
        ("farm outside tasks/sweep.py", "systems/a/tasks/b.py", "maps.farm(1)"),
        ("figures that read the input", "systems/a/figures/b.py", "result.input"),
        ("figures that read the input", "figures/b.py", "import tomllib"),
    ],
)
def test_an_offence_is_found(name, path, text):
    """The rules above would notice."""
    assert list(COUNTERS[name](Source(path, text)))


def test_what_is_right_is_no_offence():
    text = (
        '"""A module."""\nimport numpy as np\nfrom . import b\n\n\ndef f(x: int) -> int:\n'
        '    """One."""\n    a, c = 1, 2\n    return getattr(x, "real") | np.max(a * c)\n'
    )
    for counter in COUNTERS.values():
        assert list(counter(Source("solvers/a.py", text))) == []
