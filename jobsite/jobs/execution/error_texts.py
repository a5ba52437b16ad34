"""Sentences that explain why a job failed."""

import errno
import signal


def death_sentence(returncode: int, *, out_of_memory: bool = False) -> str:
    """Return a sentence about a child process that ended without an outcome.

    `returncode` is that of subprocess: negative for a signal. `out_of_memory`: the kernel killed
    a process for want of memory meanwhile.
    """
    if returncode == -signal.SIGKILL and out_of_memory:
        return (
            "The process that ran this job was killed because the machine ran out of memory. "
            "Try less data or fewer algorithms, or ask the operator for more memory."
        )
    if returncode == -signal.SIGXCPU:
        return (
            "The process that ran this job used up the processor time that its time limit allows. "
            "Try less data or fewer algorithms, or a longer limit."
        )
    if returncode in {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL}:
        name = signal.Signals(-returncode).name
        return (
            f"The process that ran this job crashed ({name}). This is a fault in the program or "
            "one of its libraries; the log has the details. Retry; report it if it happens again."
        )
    if returncode < 0:
        name = signal.Signals(-returncode).name
        return f"The process that ran this job was ended from outside ({name}). Retry the job."
    return (
        f"The process that ran this job ended without a result (exit status {returncode}); "
        "the log has the details. Retry the job."
    )


def plain_sentence(error: Exception) -> str:
    """Return the sentence that a person reads about an unforeseen exception."""
    if isinstance(error, MemoryError):
        return "The job needed more memory than there is. Try less data or fewer algorithms."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full. Free some space, then retry the job."
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "The job wrote a file that is larger than this site allows one to be."
    brief = f"{type(error).__name__}: {error}"[:300]
    return (
        f"Something happened that this program did not foresee ({brief}). The log has the details."
    )
