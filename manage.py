#!/usr/bin/env python
"""Django's command line for this project, which an installed package calls `jobsite`."""

from jobsite.__main__ import main

if __name__ == "__main__":
    main()
