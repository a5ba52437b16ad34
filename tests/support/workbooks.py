"""Excel workbooks and Parquet files, written with no more than a test needs."""

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

from arro3.core import Array, DataType, Table, list_array
from arro3.io import write_parquet

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DATE = "date"  # (DATE, n): the n-th day since the end of 1899
FORMULA = "=A1+1"  # a cell whose result is not in the file


def _cell(value) -> str:
    if value in (None, ""):
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if value == FORMULA:
        return '<c r="B2"><f>A1+1</f></c>'
    if isinstance(value, tuple):
        return f'<c s="1"><v>{value[1]}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def _sheet(rows, merged: str = "") -> str:
    lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    cells = f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}</sheetData>{cells}</worksheet>'


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    found = "".join(
        f'<Relationship Id="{key}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{found}</Relationships>'


def workbook(sheets: dict[str, list], merged: str = "") -> bytes:
    """An .xlsx file: rows of cells by the name of their sheet; the same bytes at any time.

    `merged` is a range of merged cells, such as A2:A4.
    """
    names = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>'
        for n, name in enumerate(sheets, 1)
    )
    places = {f"r{n}": ("worksheet", f"worksheets/{n}.xml") for n in range(1, len(sheets) + 1)}
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": _relations({"r": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}">'
        f"<sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations({**places, "s": ("styles", "styles.xml")}),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    parts |= {
        f"xl/worksheets/{n}.xml": _sheet(rows, merged) for n, rows in enumerate(sheets.values(), 1)
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            undated = zipfile.ZipInfo(name)  # a name alone is written with the time of day
            data = f'<?xml version="1.0" encoding="UTF-8"?>{text}'
            archive.writestr(undated, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def parquet(rows: int = 40, nested: bool = False) -> bytes:
    """A Parquet file with one column of each plain type, or with one of lists."""
    numbers = Array(list(range(rows)), type=DataType.int64())
    days = Array(list(range(rows)), type=DataType.int32()).cast(DataType.date32())
    words = Array(["red", 'a "b", c', None, "007"] * (rows // 4), type=DataType.string())
    columns = {
        "n": numbers,
        "size": Array([n / 4 for n in range(rows)], type=DataType.float64()),
        "day": days,
        "word": words.cast(DataType.dictionary(DataType.int32(), DataType.string())),
        "good": Array([n % 2 == 0 for n in range(rows)], type=DataType.bool()),
    }
    if nested:
        offsets = Array(list(range(rows + 1)), type=DataType.int32())
        columns["tags"] = list_array(offsets, numbers)
    made = io.BytesIO()
    write_parquet(Table.from_pydict(columns), made)
    return made.getvalue()
