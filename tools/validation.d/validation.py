"""Compute the validation tables of inputs/*/README.md, between `<!-- validation SYSTEM -->` and
`<!-- end -->`, from runs and independent routes (`tests/support/validation/`).
"""

from __future__ import annotations

import importlib
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(<!-- validation ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def rows_of(system: str) -> list:
    """The rows declared for a system."""
    if str(ROOT / "tests") not in sys.path:
        sys.path.insert(0, str(ROOT / "tests"))
    return importlib.import_module(f"support.validation.{system.replace('-', '_')}").ROWS


def computed(system: str, say=lambda text: None) -> list[str]:
    """Lines of a system's table; AssertionError where the two routes of a row disagree."""
    from support.validation import rows

    lines, wrong = [rows.HEAD, "|" + "---|" * 6], []
    for row in rows_of(system):
        begun = time.monotonic()
        values = row.compute()
        lines.append(row.line(values))
        say(f"{lines[-1]}  {values.excess:.2g} of the errors, {time.monotonic() - begun:.1f} s")
        if not values.excess <= 1:
            wrong.append(lines[-1])
    assert not wrong, "routes disagree:\n" + "\n".join(wrong)
    return lines


def stored(text: str) -> tuple[str, list[str]]:
    """(system, lines) of the table of a README."""
    match = BLOCK.search(text)
    assert match, "no <!-- validation SYSTEM --> in this README"
    return match[2], match[3].strip().splitlines()


def main(systems: list[str]) -> None:
    """Write the tables of the systems named, or of all."""
    readmes = sorted((ROOT / "inputs").glob("*/README.md"))
    if unknown := set(systems) - {path.parent.name for path in readmes}:
        sys.exit(f"tools/validation: no system is called {', '.join(sorted(unknown))}")
    for path in readmes:
        has_table = BLOCK.search(path.read_text(encoding="utf-8"))
        if not has_table or path.parent.name not in (systems or [path.parent.name]):
            continue
        rows_of(path.parent.name)
        table = "\n".join(computed(path.parent.name, lambda line: print(line, flush=True)))
        text = path.read_text(encoding="utf-8")  # after minutes, in which it may change
        text = BLOCK.sub(lambda match, table=table: f"{match[1]}\n{table}\n\n{match[4]}", text)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
