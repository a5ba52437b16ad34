"""Run by path, with nothing of this project on it: sets limits and becomes the program.

What `subprocess` would do between fork and exec is not safe in a process that has threads.
"""

import ctypes
import os
import resource
import signal
import sys

MEBI = 2**20
LIMITS = {
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 1024 * MEBI,
    resource.RLIMIT_AS: 2048 * MEBI,
}
PR_SET_PDEATHSIG = 1  # from linux/prctl.h
NOT_FOUND = 127

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for kind, most in LIMITS.items():
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))
    try:
        os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 (no shell is what is wanted)
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]} could not be started: {error.strerror}.\n")
        sys.exit(NOT_FOUND)
