"""Numerics that know a protocol and never a system's name."""
