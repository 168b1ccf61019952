"""Whether there is room on a disk, asked before HDF5 writes."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import tempfile
from pathlib import Path

from ..errors import HpcneqError

UNABLE = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)  # what a disk says that cannot reserve


def check_room(path: str | Path, size: int) -> None:
    """On one rank: HpcneqError with the system's reason unless ``size`` more bytes fit there.

    Asked before HDF5 writes, because after a refused write ranks hang inside MPI-IO and HDF5
    crashes on closing. An unnamed file that is really allocated also meets quotas, which the free
    space of the disk does not show; where the file system cannot allocate, the free space decides.
    """
    try:
        largest = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        there = os.path.getsize(path) if os.path.exists(path) else 0
        if largest != resource.RLIM_INFINITY and size + there > largest:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        folder = os.path.dirname(os.path.realpath(path))
        with tempfile.TemporaryFile(dir=folder) as probe:
            _reserve(probe.fileno(), max(int(size), 1))
    except OSError as error:
        raise HpcneqError(
            f"{path}: cannot write {size / 1e6:.3g} MB more ({error.strerror})"
        ) from None


def _reserve(handle, size):
    """Allocate the file's bytes if the file system has that; posix_fallocate else writes them all.

    Raises OSError.
    """
    if _allocates(handle):
        os.posix_fallocate(handle, 0, size)
    else:
        _refuse_full(handle, size)


def _allocates(handle):
    """Whether the file system can allocate without writing, tried with one byte."""
    try:
        fallocate = ctypes.CDLL(None, use_errno=True).fallocate
    except (OSError, AttributeError):  # not Linux
        return False
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return fallocate(handle, 0, 0, 1) == 0 or ctypes.get_errno() not in UNABLE


def _refuse_full(handle, size):
    """OSError if the disk says that it has less room."""
    disk = os.fstatvfs(handle)
    if disk.f_bavail * disk.f_frsize < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
