"""The package as others install it: a wheel, put away from the checkout, with all that it needs
inside."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.programs import alone

ROOT = Path(__file__).resolve().parents[2]
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
ALONE = ("--no-deps", "--no-build-isolation", "--no-index")
INPUT = """\
system = "exciton-bec"
task = "steady"
[parameters]
inv_kfas = 1.0
ratio = 0.01
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """(wheel, folder with the package installed), made from a copy so that the checkout stays
    clean."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "hpcneq", "pyproject.toml", "README.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    _python(*PIP, "wheel", *ALONE, "--wheel-dir", folder, source, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    _python(*PIP, "install", *ALONE, "--target", folder / "site", wheel, cwd=folder)
    return wheel, folder / "site"


def _python(*words, cwd, path=None):
    """Run this Python; its output. The test fails with the program's own words."""
    env = alone() | ({"PYTHONPATH": str(path)} if path else {})
    env.pop("HPCNEQ_RANKS", None)
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_wheel_holds_license_types_and_architecture(installed):
    """What is not Python is named in pyproject.toml; the license stands in the metadata too."""
    names = zipfile.ZipFile(installed[0]).namelist()
    for name in ("hpcneq/py.typed", "hpcneq/LICENSE", "hpcneq/README.md"):
        assert name in names
    assert any(name.endswith("LICENSE") and ".dist-info/" in name for name in names)
    assert not [name for name in names if name.startswith(("tests", "tools", "inputs"))]


def test_an_installed_wheel_describes_and_computes_away_from_the_checkout(installed, tmp_path):
    """The systems are found in the installed package, and one computes its smallest input."""
    where = _python("-c", "import hpcneq; print(hpcneq.__file__)", cwd=tmp_path, path=installed[1])
    assert where.startswith(str(installed[1]))
    listed = _python("-m", "hpcneq", "describe", cwd=tmp_path, path=installed[1])
    assert "nsn-junction" in listed and "exciton-bec" in listed
    (tmp_path / "mine.toml").write_text(INPUT)
    _python("-m", "hpcneq", "run", "mine.toml", "--quiet", cwd=tmp_path, path=installed[1])
    assert "delta" in _python("-m", "hpcneq", "show", "mine.h5", cwd=tmp_path, path=installed[1])
