"""Read a whole file into a checked DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from training.reading.column_check import Checked, check
from training.reading.conversion import joined
from training.reading.leading_zeros import codes_in
from training.reading.numeric_column import describe_numbers
from training.reading.pandas_source import PandasSource
from training.tables.schema import Column, Dialect, ReadingError

# Text is looked at by Python itself: two threads at once would only need twice the memory.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory with what is now known of its columns over all rows."""

    frame: pd.DataFrame
    columns: tuple[Column, ...]
    warnings: tuple[str, ...]


def read(
    path: Path,
    dialect: Dialect,
    columns: Sequence[Column],
    threads: int = 1,
    on_rows: Callable[[int], None] | None = None,
) -> Table:
    """Read the whole file. The kinds found in its head are checked again over all rows."""
    source = PandasSource(path, dialect, columns, threads)
    series = _read_columns(source, on_rows or (lambda rows: None))
    source.refuse_short_rows(series[columns[-1].name])
    if dialect.total:
        series = {name: _without_last(values) for name, values in series.items()}
    with ThreadPoolExecutor(threads) as pool:
        # Each is let go as soon as its final form is there.
        checking = pool.map(lambda c: _checked(c, series.pop(c.name), dialect), columns)
        found = list(checking)
    warnings = [source.left_out] if source.left_out else []
    warnings += [warning for one in found for warning in one.warnings]
    frame = pd.DataFrame({one.column.name: one.values for one in found}, copy=False)
    return Table(frame, tuple(one.column for one in found), tuple(warnings))


def _read_columns(source: PandasSource, on_rows: Callable[[int], None]) -> dict[str, pd.Series]:
    """Return the columns as pandas reads them: as text where it would see too much in them."""
    parts, suspects = source.first_pass(on_rows)
    whole = source.whole(parts)
    if not parts or not len(parts[0]):
        raise ReadingError("The file has no rows.")
    sure = [name for name in parts[0].columns if name not in suspects]
    series = {name: joined([part[name] for part in parts]) for name in sure}
    parts.clear()
    texts = [values for name, values in series.items() if name not in whole]
    if whole and source.codes() != sum(map(codes_in, texts)):
        # Somewhere a cell starts like 007. pandas reads seven; only text can tell.
        suspects += whole
    if suspects:
        series |= source.second_pass(suspects)
    return series


def _checked(column: Column, values: pd.Series, dialect: Dialect) -> Checked:
    """Give a column its final kind and values."""
    if is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype):
        return describe_numbers(column, values, dialect)
    with _ONE_AT_A_TIME:
        return check(column, values, dialect)


def _without_last(values: pd.Series) -> pd.Series:
    rest = values.iloc[:-1]
    # A cell of the last row alone must not count as a value of the column.
    return (
        rest.cat.remove_unused_categories() if isinstance(rest.dtype, pd.CategoricalDtype) else rest
    )
