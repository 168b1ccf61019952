"""Systems of other packages: found by their entry points, and none of them can disturb the
others."""

from __future__ import annotations

import sys

import pytest
from support.programs import here

import hpcneq
from hpcneq import systems
from hpcneq.config.load import load
from hpcneq.errors import InputError

RING = """\
from hpcneq.tasks import System, Task
def steady(given, comm, log, output):
    raise NotImplementedError
SYSTEM = System("{name}", "a ring of sites", "", [Task("steady", "its ground state", {{}}, steady)])
"""


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """A function that installs a module with an entry point, as pip would: name, its text."""

    def install(package, name, text):
        folder = tmp_path / package
        info = folder / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{package}.py").write_text(text)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[hpcneq.systems]\n{name} = {package}:SYSTEM\n")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, package, raising=False)

    return install


def test_a_system_of_another_package_is_found_by_its_entry_point(offer, tmp_path):
    offer("ring_package", "ring", RING.format(name="ring"))
    assert "ring" in systems.names() and systems.get("ring").doc == "a ring of sites"
    assert "its ground state" in here("describe", "ring", folder=tmp_path)[1]
    assert load({"system": "ring", "task": "steady"}, systems.Catalogue()).system == "ring"


@pytest.mark.parametrize(
    "text, why",
    [
        ("import no_such_package", "No module named 'no_such_package'"),
        ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("x = (", "SyntaxError"),
        ("pass", "has no attribute 'SYSTEM'"),
        ("SYSTEM = 3", "no System of that name"),
        (RING.format(name="other"), "no System of that name"),
    ],
)
def test_one_that_cannot_be_imported_is_a_line_and_stops_nothing(offer, tmp_path, text, why):
    offer("broken_package", "broken", text)
    offer("ring_package", "ring", RING.format(name="ring"))
    code, said = here("describe", folder=tmp_path)
    (line,) = [line for line in said.splitlines() if "broken" in line]
    assert code == 0 and line.startswith("broken ") and "cannot be used" in line and why in line
    assert "its ground state" in said and "exciton-bec" in said
    code, said = here("describe", "broken", folder=tmp_path)
    assert code == 2 and why in said and said.count("\n") == 1
    assert here("describe", "--schema", folder=tmp_path)[0] == 0
    assert load({"system": "ring", "task": "steady"}, systems.Catalogue()).system == "ring"


def test_two_of_one_name_are_refused_when_asked_for(offer, tmp_path):
    offer("first_ring", "ring", RING.format(name="ring"))
    offer("second_ring", "ring", RING.format(name="ring"))
    with pytest.raises(InputError, match='"ring": offered by .*first_ring.* and by|second_ring'):
        load({"system": "ring", "task": "steady"}, systems.Catalogue())
    code, said = here("describe", folder=tmp_path)
    (line,) = [line for line in said.splitlines() if line.startswith("ring ")]
    assert code == 0 and "first_ring" in line and "second_ring" in line and "keep one" in line
    assert hpcneq.describe("fermi-gas")["name"] == "fermi-gas"


def test_a_built_in_name_wins(offer):
    offer("fermi_package", "fermi-gas", RING.format(name="fermi-gas"))
    assert systems.names().count("fermi-gas") == 1
    assert "steady" in systems.get("fermi-gas").tasks and len(systems.get("fermi-gas").tasks) > 1
