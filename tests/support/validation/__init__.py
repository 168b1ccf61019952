"""Validation tables: rows of numbers from runs, each beside an independent route to it.

A module a system; its `ROWS` are computed by `tools/validation` and at night by
`tests/package/test_validation.py`.
"""
