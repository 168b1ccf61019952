"""Validation tables of inputs/*/README.md are what runs and independent routes give today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from support.validation import rows

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    path
    for path in sorted((ROOT / "inputs").glob("*/README.md"))
    if path.parent.name != "tutorials"
]


def tool():
    """tools/validation as a module."""
    place = ROOT / "tools" / "validation.d" / "validation.py"
    spec = importlib.util.spec_from_file_location("validation_tool", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", PAGES, ids=[path.parent.name for path in PAGES])
def test_validation_tables_are_recomputed(path):
    """Both routes of every row agree within their errors, and the page has these numbers.

    Fails if a number of the page or of the package changes by more than two of its last digits.
    """
    system, lines = tool().stored(path.read_text(encoding="utf-8"))
    assert system == path.parent.name
    today = tool().computed(system)
    assert len(today) == len(lines)
    assert [old for old, new in zip(lines[2:], today[2:]) if not rows.same(old, new)] == []


@pytest.mark.parametrize("path", PAGES, ids=[path.parent.name for path in PAGES])
def test_validation_tables_have_the_declared_rows(path):
    """Quantities, paper's values and routes of the page are those declared, in their order.

    Fails if a row is written by hand.
    """
    system, lines = tool().stored(path.read_text(encoding="utf-8"))
    assert lines[0] == rows.HEAD
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]
    declared = [(row.quantity, row.paper, row.route) for row in tool().rows_of(system)]
    assert [(line[0], line[1], line[4]) for line in cells] == declared
    assert len(declared) >= 4


def test_a_row_shows_the_digits_of_its_error_and_is_compared_by_them():
    """Fails if a change of the fourth digit of four passes, or one of the last alone does not."""
    row = rows.row("order", "sum", ".02")(None)
    line = row.line(rows.numbers([0.0192773217, -2.5e-5], [1e-6, 1e-7], [0.019277, -2.4e-5], 1e-5))
    assert line == "| order | .02 | 0.019277, -2.50e-05 | 1e-06, 1e-07 | sum | 0.01928, -2e-05 |"
    assert rows.same(line, line.replace("0.019277", "0.019278"))
    assert not rows.same(line, line.replace("0.019277", "0.019287"))
    assert rows.numbers(1.0, 0.1, 1.15, 0.1).excess < 1 < rows.numbers(1.0, 0.1, 1.3, 0.1).excess
