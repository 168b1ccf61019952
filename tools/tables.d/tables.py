"""Fill what stands between `<!-- hpcneq describe SYSTEM --markdown -->` and `<!-- end -->` in
inputs/*/README.md.
"""

from __future__ import annotations

import re
from pathlib import Path

import hpcneq
from hpcneq.config import description_text

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(<!-- hpcneq describe ([\w-]+) --markdown -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The text with every block as the package describes the system now."""

    def block(match: re.Match) -> str:
        tables = description_text.as_markdown(hpcneq.describe(match[2]))
        return f"{match[1]}\n{tables}\n{match[3]}"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    for path in sorted((ROOT / "inputs").glob("*/README.md")):
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
