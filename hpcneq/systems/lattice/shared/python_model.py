"""The model that a user's Python function builds: the one place that runs a user's code."""

from __future__ import annotations

import hashlib
import re
import sys
import traceback
import types
from collections.abc import Mapping
from pathlib import Path

from ....errors import InputError
from ..physics.model import Model

LARGEST_FILE = 2**20
NAME = re.compile(r"([^:]+\.py):([A-Za-z_]\w*)")


def source_of(python: str, folder: str | Path) -> tuple[str, str]:
    """(text of the file, name of the function) of "file.py:function". Raises InputError."""
    match = NAME.fullmatch(python)
    if not match:
        raise InputError(f'[model] python = "{python}": must be "file.py:function"')
    path = Path(folder, match[1])
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f'[model] python = "{python}": {path} is larger than 1 MiB')
        return path.read_text("utf-8"), match[2]
    except OSError as error:
        words = f"cannot read {path} ({error.strerror})"
        raise InputError(f'[model] python = "{python}": {words}') from None
    except UnicodeDecodeError:
        raise InputError(f'[model] python = "{python}": {path} is not UTF-8 text') from None


def digest(source: str) -> str:
    """SHA-256 of a source."""
    return hashlib.sha256(source.encode()).hexdigest()


def build(
    python: str, arguments: Mapping[str, object], folder: str | Path, source: str, function: str
) -> Model:
    """``function(**arguments)`` of the source. Raises InputError in one line for any error."""
    label = f'[model] python = "{python}"'
    module = types.ModuleType("hpcneq_user_model")
    module.__file__ = str(Path(folder, python.partition(":")[0]))
    try:
        exec(compile(source, module.__file__, "exec"), module.__dict__)
        call = module.__dict__.get(function)
        if not callable(call):
            raise InputError(f'{label}: has no function "{function}"')
        model = call(**arguments)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{label}: {_words(error, module.__file__)}") from None
    except SystemExit:
        raise InputError(f"{label}: ends the program") from None
    if isinstance(model, Mapping):
        try:
            model = Model(**model)
        except (TypeError, ValueError) as error:
            raise InputError(f"{label}: {error}") from None
    if not isinstance(model, Model):
        kind = type(model).__name__
        raise InputError(f"{label}: must return a hpcneq.lattice.Model, got {kind}")
    return model


def _words(error: Exception, name: str) -> str:
    """An error of the user's code in one line, with its place in the file."""
    lines = [f.lineno for f in traceback.extract_tb(sys.exc_info()[2]) if f.filename == name]
    where = f" (line {lines[-1]})" if lines else ""
    text = " ".join(str(error).split())[:300]
    if isinstance(error, ValueError):
        return f"{text}{where}"
    return f"{type(error).__name__}: {text}{where}"
