"""What the operating system says of a file, in words that can be told in the screen language."""

from __future__ import annotations

import errno
from typing import Final

from content.language import N_

REASONS: Final = {
    errno.ENOENT: N_("there is no such file or folder"),
    errno.EACCES: N_("this account has no right to it"),
    errno.EPERM: N_("this account has no right to it"),
    errno.EEXIST: N_("it is there already"),
    errno.ENOTDIR: N_("part of the path is a file, not a folder"),
    errno.EISDIR: N_("it is a folder, not a file"),
    errno.ENOSPC: N_("the disk is full"),
    errno.EROFS: N_("the disk cannot be written to"),
    errno.EIO: N_("the disk or stick does not read or write properly"),
    errno.ENAMETOOLONG: N_("the name is too long"),
    errno.ELOOP: N_("its links lead in a circle"),
    errno.ECONNREFUSED: N_("nobody answers there"),
    errno.EADDRINUSE: N_("another program uses it already"),
    errno.EADDRNOTAVAIL: N_("this machine has no such address"),
    errno.ETIMEDOUT: N_("there was no answer in time"),
    errno.ENETUNREACH: N_("there is no network"),
    errno.EHOSTUNREACH: N_("that machine cannot be reached"),
}


def why(error: BaseException) -> str:
    """The reason of an OSError as a message for the catalogues; the system's own words where they are no common ones."""
    if isinstance(error, OSError):
        if (told := REASONS.get(error.errno or 0)) is not None:
            return told
        if error.strerror:
            return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0] or type(error).__name__
