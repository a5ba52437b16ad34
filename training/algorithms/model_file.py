"""A fitted model as a file: skops, deflated, and never a pickle.

The list of types that may be made on loading stands here in the code. It is never taken from the
file, whose author would otherwise decide what runs on this machine.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

# A partial and check_array come with boosting on codes of categories. Trusting partial opens no
# other function: the one that it wraps has to be on this list as well.
TRUSTED = frozenset(
    {
        "collections.OrderedDict",
        "collections.defaultdict",
        "functools.partial",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
        "skrub._datetime_encoder.DatetimeEncoder",
        "skrub._string_encoder.StringEncoder",
        "sklearn.utils._bunch.Bunch",
        "skrub._to_str.ToStr",
    }
)


# A file that is being written, and a model that takes the place of another one at the end.
PART, AGAIN = ".part", ".again"


class ModelFileError(Exception):
    """The file is no model of ours. The message is a sentence for the user."""


def save(model: Any, path: Path) -> None:
    """Write a fitted model; one that is there already stays until the new one is whole."""
    draft = path.with_suffix(PART)
    skops.io.dump(model, draft, compression=ZIP_DEFLATED, compresslevel=6)
    draft.replace(path)


def finish_replacements(folder: Path) -> None:
    """Move refitted models to their places; remove those that were not completely written."""
    for again in folder.glob(f"*{AGAIN}"):
        again.replace(again.with_suffix(".skops"))
    for part in folder.glob(f"*{PART}"):
        part.unlink()


def hashes(folder: Path) -> dict[str, str]:
    """Return file name -> SHA-256 in hex, of the models in a folder."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.skops")
    }


def sizes(folder: Path) -> dict[str, int]:
    """Return file name -> bytes, of the models in a folder."""
    return {path.name: path.stat().st_size for path in folder.glob("*.skops")}


def load(path: Path, sha256: str = "") -> Any:
    """Read a model that `save` wrote; anything else is refused before it can do harm.

    `sha256` is what `hashes` returned of it, if that is known. Raises ModelFileError.
    """
    data = path.read_bytes()
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise ModelFileError(
            f"“{path.name}” is not the file that the training wrote: it was changed on disk. It "
            "was not opened. Train again, or put the file back from a backup."
        )
    try:
        return skops.io.loads(data, trusted=sorted(TRUSTED))
    except UntrustedTypesFoundException as error:
        strange = sorted(skops.io.get_untrusted_types(data=data))
        name = next(name for name in strange if name not in TRUSTED)
        raise ModelFileError(
            f"“{path.name}” holds {name}, which no model of this site contains. It was not opened."
        ) from error
    except (BadZipFile, KeyError, ValueError, TypeError, io.UnsupportedOperation) as error:
        raise ModelFileError(f"“{path.name}” is not a model file of this site.") from error
