"""Build the site: pages from the tree (`pages.py`), Sphinx, then every link of every page."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import links
import pages

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "results" / "docs"


def build(place: Path = PLACE) -> list[str]:
    """Write ``place``/html; what is wrong with it, a line each. RuntimeError if Sphinx fails."""
    source, html = place / "source", place / "html"
    for folder in (source, html):
        shutil.rmtree(folder, ignore_errors=True)
    pages.write(source)
    for name in ("conf.py", "mathml.py", "site/site.css"):
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(Path(__file__).parent / name, source / name)
    program = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", place / "doctrees"]
    ended = subprocess.run(
        [*map(str, program), str(source), str(html)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if ended.returncode:
        raise RuntimeError(f"sphinx: {ended.stderr or ended.stdout}")
    return links.broken(html)


def main() -> int:
    """Build, and say what is wrong; the exit code."""
    try:
        wrong = build()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(*(wrong or [f"wrote {PLACE.relative_to(ROOT)}/html/index.html"]), sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
