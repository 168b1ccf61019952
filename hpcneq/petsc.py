"""PETSc in one place: started once, options by prefix, unused ones refused, reasons turned into errors."""
from __future__ import annotations

import ctypes

from .errors import InputError, NotConverged

_started = {}


def start(argv=()):
    """Initialise PETSc once and return the module; ``argv`` is what followed ``--`` on the command line."""
    if "PETSc" not in _started:
        try:
            import petsc4py
        except ImportError:
            raise InputError("petsc4py is missing: run tools/setup, or load a module with complex PETSc") from None
        petsc4py.init(["hpcneq", *argv])
        from petsc4py import PETSc
        if PETSc.ScalarType().dtype.kind != "c":
            raise InputError("this PETSc has real scalars: hpcneq needs one configured with complex scalars")
        PETSc.Sys.pushErrorHandler("python")
        _started.update(PETSc=PETSc, argv=_names(argv))
    elif argv:
        options = _started["PETSc"].Options()
        for name, value in _pairs(argv):
            options.setValue(name, value)
        _started["argv"] = [*_started["argv"], *_names(argv)]
    return _started["PETSc"]


def _pairs(argv):
    """(name, value) of ``-name value`` words; a name may stand alone, and a negative number is a value."""
    words = list(argv)
    for k, word in enumerate(words):
        if word.startswith("-") and not _number(word):
            following = words[k + 1] if k + 1 < len(words) else None
            value = following if following is not None and (not following.startswith("-") or _number(following)) else None
            yield word.lstrip("-"), value


def _names(argv):
    return [name for name, _ in _pairs(argv)]


def _number(word):
    try:
        float(word)
        return True
    except ValueError:
        return False


class Options:
    """The run's ``[petsc]`` options in PETSc's database while needed; **with** removes them again.

    ``table`` maps full names without the dash ("evolve_ts_type") to values; True is a bare flag.
    """

    def __init__(self, table):
        self.table = dict(table)
        self.base = start().Options()

    def __enter__(self):
        for name, value in self.table.items():
            self.base.setValue(name, None if value is True else str(value))
        return self

    def __exit__(self, *exc):
        for name in self.table:
            self.base.delValue(name)

    def get(self, name, default):
        """An option that hpcneq itself reads (marks it used)."""
        return self.base.getString(name, default)

    def refuse_unused(self):
        """InputError naming the first option nobody has asked for; call before the first step."""
        for name in [*self.table, *_started.get("argv", ())]:
            if self.base.hasName(name) and not used(name):
                where = "[petsc] " if name in self.table else "-- -"
                raise InputError(f"{where}{name}: no solver of this run uses this PETSc option "
                                 "(options start with the solver's prefix: evolve_, initial_)")


def used(name):
    """Whether PETSc has asked for an option. petsc4py 3.18 does not wrap this, so the C function is called."""
    from petsc4py import PETSc
    flag = ctypes.c_int(0)
    library = ctypes.CDLL(PETSc.__file__)
    library.PetscOptionsUsed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)]
    library.PetscOptionsUsed(None, name.encode(), ctypes.byref(flag))
    return bool(flag.value & 0xFF)


def reason(kind, code):
    """The name of a converged reason ("DIVERGED_LINE_SEARCH") from its number."""
    names = {value: name for name, value in vars(kind).items() if not name.startswith("_") and isinstance(value, int)}
    return names.get(code, str(code))


def check(kind, code, what, advice):
    """NotConverged if a PETSc solver's reason is negative."""
    if code < 0:
        raise NotConverged(f"{what} ({reason(kind, code)}); {advice}")
