"""Install an extra of pyproject.toml into .venv, unless all of it is there; numpy stays as it is.

usage: extras.py NAME
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lacking(name: str) -> list[str]:
    """The requirements of an extra whose packages are not installed."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["optional-dependencies"][name]
    return [requirement for requirement in wanted if not _installed(requirement)]


def _installed(requirement: str) -> bool:
    try:
        metadata.version(re.split(r"[<>=!~ \[]", requirement)[0])
    except metadata.PackageNotFoundError:
        return False
    return True


def main(name: str) -> int:
    """pip's exit code; 0 if there was nothing to do."""
    packages = lacking(name)
    if not packages:
        return 0
    print(f"pip install {' '.join(packages)}", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pinned = f"numpy=={metadata.version('numpy')}"  # PETSc and h5py were built with it
    return subprocess.run([*pip, pinned, *packages], stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
