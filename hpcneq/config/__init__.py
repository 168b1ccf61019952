"""Input files: tables declared as dataclasses, TOML in, checked input out."""
