"""Voltage-driven superconductor between two normal-metal leads, in a Zeeman field."""
