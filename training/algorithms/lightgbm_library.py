"""LightGBM, if it can be loaded: it needs libgomp, which a slim system may not have.

Without it the site works as well, but for the fits of this one algorithm.
"""

import contextlib
import importlib
from typing import Any

with contextlib.suppress(ImportError, OSError):
    importlib.import_module("lightgbm")  # here, so that children find it loaded


def lightgbm() -> Any:
    """Return the module. Raises RuntimeError with a sentence if it cannot be loaded."""
    try:
        return importlib.import_module("lightgbm")
    except (ImportError, OSError) as error:
        raise RuntimeError(
            f"LightGBM cannot be loaded ({error}). Install libgomp1 (Debian, Ubuntu) or libgomp."
        ) from error
