"""Documents say what the package does: their tables are those of the code, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = sorted(
    path
    for path in ROOT.rglob("README.md")
    if not {".venv", "results"} & set(path.relative_to(ROOT).parts)
)
SYSTEMS = [  # pages of systems; that of the tutorials is another
    path
    for path in sorted((ROOT / "inputs").glob("*/README.md"))
    if path.parent.name != "tutorials"
]
LONGEST = 150  # lines of the first page
WIDEST = 120  # columns of prose; tables, formulas, pictures and code may be wider
LOGS = re.compile(r"beside other work|busy cores?|on a loaded machine|\d+ min \d+ s", re.IGNORECASE)


def tool(name):
    """A script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.d" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", SYSTEMS, ids=str)
def test_tables_of_keys_and_quantities_are_those_of_the_code(path):
    """`tools/tables` would change nothing."""
    text = path.read_text(encoding="utf-8")
    assert f"hpcneq describe {path.parent.name} --markdown" in text
    assert tool("tables").filled(text) == text


@pytest.mark.parametrize("path", READMES, ids=str)
def test_links_and_pictures_lead_to_files(path):
    """A page that moved takes its links along; run logs stay out."""
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    targets = [target for target in targets if "://" not in target]
    assert [target for target in targets if not (path.parent / target).exists()] == []
    assert LOGS.findall(text) == []


@pytest.mark.parametrize("path", READMES, ids=str)
def test_prose_is_wrapped(path):
    """Lines of paragraphs and lists, outside of what `tools/tables` and fences hold."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<!-- hpcneq.*?<!-- end -->|^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.M)
    prose = [line for line in text.splitlines() if not line.lstrip().startswith(tuple("|<!$"))]
    assert [line for line in prose if len(line) > WIDEST] == []


def test_every_system_has_its_page_and_the_first_page_is_short():
    """Each folder of inputs/ with its model; the first page at most 150 lines."""
    folders = sorted(path for path in (ROOT / "inputs").iterdir() if path.is_dir())
    assert [folder.name for folder in folders if not (folder / "README.md").exists()] == []
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_commands_of_the_pages_name_inputs_that_exist():
    """`NAME` in a table of figures is NAME.toml of the same folder."""
    for path in (ROOT / "inputs").glob("*/README.md"):
        rows = re.findall(r"<img src=\"gallery/([\w.-]+)\.png\"", path.read_text(encoding="utf-8"))
        assert [row for row in rows if not (path.parent / f"{row}.toml").exists()] == []


def test_pictures_are_small():
    """A clone stays light: at most 60 kB a picture."""
    large = [path for path in ROOT.glob("inputs/*/gallery/*.png") if path.stat().st_size > 60_000]
    assert large == []
