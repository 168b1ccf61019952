"""Limits and words that several tables share."""

from __future__ import annotations

LARGEST = 1e6  # energies and times beyond this are mistakes
MOST = 10**6  # cells along one direction
UNIT = "energy"
Value = float | list[float | list[float | list[float]]]  # a number, [re, im], or a matrix of these
DRIVE = "a number, {from, to, kind = step|ramp|pulse|sine, at, duration, ...} or a two-column file"
