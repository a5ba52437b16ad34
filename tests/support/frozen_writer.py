"""A program that stops itself in the middle of a transaction."""

WRITER = """
import os, signal, sqlite3, sys
mine = sqlite3.connect(sys.argv[1], isolation_level=None)
mine.execute(sys.argv[2])
os.kill(os.getpid(), signal.SIGSTOP)
mine.execute("COMMIT")
"""
