"""Which PETSc options may be given, and by whom: names by prefix and kinds of values.

PETSc takes options that start a debugger, load code, read other options from a file, or write to
files and sockets. What somebody else may have written (an input, a checkpoint, a result, the
environment) may therefore hold only options that set numbers and methods; the user's own command
line also those that print to the terminal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .config.words import LONGEST_NAME, key_text, nearest, shown
from .errors import InputError

Option = tuple[str, str | None]  # name without the dash, and value
VARIABLE = "PETSC_OPTIONS"
LEFT_OUT = ("PETSC_OPTIONS_YAML",)  # never read
INTEGRATOR = "evolve"  # the prefix of time integrations; every other is of equations
INNER = "relax_"  # inside a prefix: the plain iterations before Newton's

STEPPING = {
    "number": """ts_rtol ts_atol ts_adapt_safety ts_adapt_reject_safety ts_adapt_dt_min
        ts_adapt_dt_max ts_adapt_scale_solve_failed ts_adapt_max_ignore ts_theta_theta
        ts_alpha_radius ts_event_tol""",
    "integer": """ts_max_steps ts_max_reject ts_max_snes_failures ts_ssp_nstages ts_bdf_order
        ts_adapt_time_step_increase_delay""",
    "flag": """ts_adapt_always_accept ts_arkimex_fully_implicit
        ts_arkimex_initial_guess_extrapolate ts_theta_endpoint""",
    "word": """ts_type ts_rk_type ts_arkimex_type ts_ssp_type ts_rosw_type ts_adapt_type
        ts_adapt_wnormtype ts_adapt_dsp_filter""",
    "numbers": "ts_adapt_clip ts_adapt_dsp_pid",
}
SOLVING = {
    "number": """snes_rtol snes_atol snes_stol snes_divergence_tolerance snes_linesearch_alpha
        snes_linesearch_atol snes_linesearch_rtol snes_linesearch_ltol snes_linesearch_damping
        snes_linesearch_maxstep snes_linesearch_minlambda snes_anderson_beta snes_ngmres_gammaA
        snes_ngmres_gammaC snes_ngmres_epsilonB snes_ngmres_deltaB snes_qn_powell_gamma
        snes_qn_powell_descent snes_ksp_ew_alpha snes_ksp_ew_alpha2 snes_ksp_ew_gamma
        snes_ksp_ew_rtol0 snes_ksp_ew_rtolmax snes_ksp_ew_threshold snes_tr_mu snes_tr_eta
        snes_tr_sigma snes_tr_delta0 snes_tr_delta1 snes_tr_delta2 snes_tr_delta3 snes_trtol
        mat_mffd_err mat_mffd_umin ksp_rtol ksp_atol ksp_divtol ksp_gmres_haptol
        ksp_gmres_breakdown_tolerance ksp_richardson_scale ksp_bcgsl_xres pc_factor_shift_amount
        pc_factor_fill pc_factor_zeropivot pc_factor_nonzeros_along_diagonal pc_sor_omega""",
    "integer": """snes_max_it snes_max_funcs snes_max_fail snes_max_linear_solve_fail
        snes_lag_jacobian snes_lag_preconditioner snes_linesearch_max_it snes_linesearch_order
        snes_anderson_m snes_anderson_restart snes_anderson_restart_it snes_ngmres_m
        snes_ngmres_restart snes_ngmres_restart_it snes_qn_m snes_ksp_ew_version snes_mf_version
        ksp_max_it ksp_gmres_restart ksp_gcr_restart ksp_lgmres_augment ksp_bcgsl_ell
        ksp_check_norm_iteration pc_factor_levels pc_sor_its pc_sor_lits""",
    "flag": """snes_lag_jacobian_persists snes_lag_preconditioner_persists snes_force_iteration
        snes_mf snes_mf_operator snes_fd snes_ksp_ew snes_linesearch_keeplambda
        snes_linesearch_norms snes_linesearch_precheck_picard snes_ngmres_candidate
        snes_ngmres_approxfunc snes_ngmres_restart_fm_rise ksp_gmres_classicalgramschmidt
        ksp_gmres_modifiedgramschmidt ksp_gmres_preallocate ksp_lgmres_constant ksp_lag_norm
        ksp_initial_guess_nonzero ksp_knoll ksp_converged_maxits ksp_reuse_preconditioner
        ksp_converged_use_initial_residual_norm ksp_converged_use_min_initial_residual_norm
        ksp_diagonal_scale ksp_diagonal_scale_fix ksp_richardson_self_scale pc_jacobi_abs
        pc_jacobi_fixdiagonal pc_factor_reuse_ordering pc_factor_reuse_fill pc_sor_symmetric
        pc_sor_local_symmetric""",
    "word": """snes_type snes_linesearch_type snes_norm_schedule snes_convergence_test
        snes_anderson_restart_type snes_ngmres_restart_type snes_ngmres_select_type snes_qn_type
        snes_qn_scale_type snes_qn_restart_type snes_ncg_type snes_tr_fallback_type mat_mffd_type
        ksp_type ksp_norm_type ksp_pc_side ksp_convergence_test ksp_guess_type
        ksp_gmres_cgs_refinement_type pc_type pc_jacobi_type pc_factor_shift_type
        pc_factor_mat_ordering_type""",
    "numbers": "",
}
# They print to the terminal. Of the user's own command line only.
PRINTING = {
    INTEGRATOR: "ts_monitor ts_view ts_adapt_monitor",
    "": """snes_monitor snes_monitor_short snes_monitor_range snes_monitor_ratio snes_view
        snes_converged_reason snes_linesearch_monitor ksp_monitor ksp_monitor_short
        ksp_monitor_true_residual ksp_monitor_max ksp_monitor_singular_value ksp_view
        ksp_converged_reason ksp_converged_rate""",
}
AT_START = ("log_view",)  # PETSc looks for them while it starts, without a prefix
AT_END = ("options_left", "options_view", "memory_view", *AT_START)  # and while it ends
FLAGS = ("options_left",)  # of these the ones that may be true or false
DANGEROUS = re.compile(r"debugger|malloc|python|file|dll|prefix_p|yaml|socket|draw|petscrc|signal")
VALUES = {
    "number": ("a number", re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")),
    "integer": ("an integer", re.compile(r"[+-]?\d+")),
    "flag": ("true or false", re.compile(r"true|false|yes|no|on|off|1|0", re.IGNORECASE)),
    "word": ("a word", re.compile(r"(?!python$)[A-Za-z0-9][A-Za-z0-9_-]*", re.IGNORECASE)),
    "numbers": ("numbers, a comma between", re.compile(r"[+-]?[\d.]+([eE][+-]?\d+)?(,|$)")),
}


def kinds(prefix: str) -> dict[str, str]:
    """Name without the prefix -> kind of value, of all that anybody may give a solver."""
    tables = [SOLVING]
    if prefix == INTEGRATOR:
        tables.append(STEPPING)
    return {name: kind for table in tables for kind in table for name in table[kind].split()}


def allowed(prefixes: Sequence[str]) -> dict[str, str]:
    """Full name -> kind of value, for solvers of these prefixes."""
    names: dict[str, str] = {}
    for prefix in (prefix.rstrip("_") for prefix in prefixes):
        for base, kind in kinds(prefix).items():
            names[f"{prefix}_{base}"] = kind
            if not base.startswith("ts_"):
                names[f"{prefix}_{INNER}{base}"] = kind
    return names


def printing(prefixes: Sequence[str]) -> set[str]:
    """Full names of what only the command line may give: what prints to the terminal."""
    names = set(AT_END)
    for prefix in (prefix.rstrip("_") for prefix in prefixes):
        for base in f"{PRINTING['']} {PRINTING.get(prefix, '')}".split():
            names |= {f"{prefix}_{base}", f"{prefix}_{INNER}{base}"}
    return names


def is_printing(name: str) -> bool:
    """Whether an option that was accepted prints to the terminal, and changes no number."""
    bases = " ".join(PRINTING.values()).split()
    return name in AT_END or any(name.endswith(f"_{base}") for base in bases)


def vet(
    options: Iterable[tuple[str, object]],
    prefixes: Sequence[str],
    where: str,
    command_line: bool = False,
) -> None:
    """InputError for the first option that may not be given.

    prefixes : of the task's solvers. where : what stands before its name in the message.
    command_line : whether the user has typed it now.
    """
    known, prints = allowed(prefixes), printing(prefixes)
    for name, value in options:
        label = f"{where}{key_text(name)}"
        if name in known:
            _vet_value(label, known[name], value)
        elif name not in prints:
            _refuse(label, name, [*known, *(prints if command_line else ())], prefixes)
        elif not command_line:
            raise InputError(f"{label}: prints; only the command line may give it, after --")
        elif value not in (None, True) and name not in FLAGS:
            raise InputError(
                f"{label} {shown(value)}: takes no value: "
                "it prints to the terminal, never into a file, a window or a socket"
            )
        elif value not in (None, True):
            _vet_value(label, "flag", value)


def _refuse(label: str, name: str, known: list[str], prefixes: Sequence[str]) -> None:
    """InputError for a name that is not on the list."""
    if DANGEROUS.search(name):
        raise InputError(
            f"{label}: is never allowed: it could run programs, read or write other files"
        )
    starts = ", ".join(f"{prefix.rstrip('_')}_" for prefix in prefixes) or "none here"
    raise InputError(
        f"{label}: no solver of this run uses this PETSc option; {nearest(name, known)}"
        f"(options start with the solver's prefix: {starts})"
    )


def _vet_value(label: str, kind: str, value: object) -> None:
    """InputError for a value that is not of its kind."""
    words, pattern = VALUES[kind]
    text = "" if value is None else str(value)
    fits = pattern.fullmatch(text)
    if kind == "flag":
        fits = fits or value in (None, True, False)
    elif kind == "numbers":
        fits = all(map(pattern.fullmatch, text.split(",")))
    if isinstance(value, bool) and kind != "flag" or len(text) > LONGEST_NAME or not fits:
        got = "nothing" if value is None else shown(value)
        raise InputError(f"{label} = {got}: must be {words}")


def pairs(argv: Iterable[str]) -> Iterator[Option]:
    """(name, value) of ``-name value`` words; a name may stand alone, a number < 0 is a value."""
    words = list(argv)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or _number(word) or not word.strip("-"):
            what = "is neither a PETSc option (-name) nor the value of one"
            raise InputError(f"-- {word if word.isprintable() else shown(word)}: {what}")
        value = None
        if words and (not words[0].startswith("-") or _number(words[0])):
            value = words.pop(0)
        yield word.lstrip("-"), value


def _number(word: str) -> bool:
    try:
        float(word)
        return True
    except ValueError:
        return False


def words_of(options: Iterable[tuple[str, object]]) -> list[str]:
    """``-name value`` words of options; the opposite of `pairs`."""
    words = []
    for name, value in options:
        words.append(f"-{name}")
        if value not in (None, True):
            words.append(str(value))
    return words


def of_environment(text: str | None, prefixes: Sequence[str]) -> dict[str, str | None]:
    """The options of the variable PETSC_OPTIONS. Raises InputError."""
    try:
        given = dict(pairs(shlex.split(text or "")))
    except ValueError as error:  # also an InputError, of a word that is no option
        reason = str(error).removeprefix("-- ")
        raise InputError(f"{VARIABLE} (from the environment): {reason}") from None
    vet(given.items(), prefixes, f"{VARIABLE} (from the environment): -")
    return given


def of_command_line(words: Iterable[str], prefixes: Sequence[str]) -> dict[str, str | None]:
    """The options that followed ``--`` on the command line. Raises InputError."""
    given = dict(pairs(words))
    vet(given.items(), prefixes, "-- -", command_line=True)
    return given


def of_file(stored: object, prefixes: Sequence[str], name: str) -> dict[str, str | None]:
    """The options that a checkpoint, journal or result called ``name`` keeps. Raises InputError.

    stored : [(name, value)], whatever the file holds.
    """
    given: dict[str, str | None] = {}
    for item in stored if isinstance(stored, (list, tuple)) else [stored]:
        match item:
            case [str(option), str() | None as value]:
                given[option] = value
            case _:
                raise InputError(f"{name}: its PETSc options are not names with values")
    vet(given.items(), prefixes, f"{name}: its PETSc option -")
    return given


def effective(
    table: Mapping[str, object], options: Iterable[tuple[str, object]]
) -> dict[str, object]:
    """What is in force: the options of [petsc] below those given otherwise."""
    return {**table, **dict(options)}
