"""The few ways a run can end that are not a bug, each with its documented exit code."""

import errno

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # what no other name would mend


class HpcneqError(Exception):
    """Base of the expected endings; ``exit_code`` is what the command line returns."""

    exit_code = 1


class InputError(HpcneqError, ValueError):
    """The user's input, files or options are wrong: one clear line, nothing computed or lost."""

    exit_code = 2


class NotConverged(HpcneqError, RuntimeError):
    """A solver gave up: what was found is saved and marked."""

    exit_code = 3


class NormalState(NotConverged):
    """There is no condensate where one is asked about: an answer, and no failure of the run."""

    exit_code = 0


class StoppedEarly(HpcneqError):
    """Asked to stop before the end (signal or wall limit); the state is saved."""

    exit_code = 75


def of_writing(error: BaseException) -> type[HpcneqError]:
    """Which error it is that a file cannot be written: a fault of the disk, or a wrong name."""
    full = isinstance(error, OSError) and error.errno in DISK
    return HpcneqError if full else InputError
