"""Figures of the system, one module a task."""
