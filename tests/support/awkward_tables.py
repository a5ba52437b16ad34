"""Some fifty awkward or broken files as people really send them, made here."""

import gzip
import sqlite3
import zlib
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

ROWS = [(f"{n}", f"{n * 7 % 13 - 3.5:.2f}", ("red", "green", "blue")[n * n % 3]) for n in range(40)]


def table(separator: str = ",", end: str = "\n", header: str = "n,size,colour", rows=ROWS) -> str:
    """A plain table of 40 rows in another dress."""
    lines = [header.replace(",", separator), *(separator.join(row) for row in rows)]
    return end.join(lines) + end


def column(cells: list[str], name: str = "x", separator: str = ",") -> bytes:
    """Forty rows whose first column repeats these cells; the second is an ordinary number."""
    lines = [f"{name}{separator}y"]
    lines += [f"{cells[n % len(cells)]}{separator}{n % 7 + 1}" for n in range(40)]
    return ("\n".join(lines) + "\n").encode()


def deep(good: str, bad: bytes, rows: int = 60_000) -> bytes:
    """A table that is bad far behind what the upload looks at."""
    return b"n,size,colour\n" + f"{good}\n".encode() * rows + bad + f"{good}\n".encode() * 3


def database() -> bytes:
    """An SQLite file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        with sqlite3.connect(path) as connection:
            connection.execute("create table t (a, b)")
        connection.close()
        return path.read_bytes()


PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(3000))
PLAIN = table().encode()
TITLED = "Quarterly report\nprinted 2024-05-01\n\n" + table()
PADDED = "Quarterly report,,\n,,\n" + table()
TOTAL = table() + "Total,12.5,\n"
LONG_CELL = "n,size,colour\n1,2.5," + "x" * 10_000_000 + "\n2,3.5,red\n"

# name -> (file, what the owner says, what the refusal or a warning holds)
REFUSED: dict[str, tuple[bytes, dict, str]] = {
    "an empty file": (b"", {}, "file is empty"),
    "only line ends": (b"\r\n\r\n", {}, "file is empty"),
    "a header alone": (b"n,size,colour\n", {}, "no rows"),
    "one column": (b"x\n" + b"1\n" * 40, {}, "Only one column"),
    "5,000 columns": (
        (",".join(f"c{n}" for n in range(5000)) + "\n" + ",".join(["1"] * 5000) + "\n").encode(),
        {},
        "5,000 columns",
    ),
    "a picture": (PNG, {}, "PNG picture"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", {}, "PDF"),
    "a zip": (b"PK\x03\x04" + bytes(60), {}, "another kind of archive"),
    "a database": (database(), {}, "SQLite"),
    "a web page": (b"\n<html><table><tr><td>1</td></tr></table></html>", {}, "web page"),
    "JSON": (b'[{"a": 1, "b": 2}]', {}, "JSON"),
    "JSON lines": (b'{"a": 1}\n{"a": 2}\n', {}, "JSON"),
    "NUL bytes": (PLAIN.replace(b"red", b"r\x00d", 1), {}, "line 2"),
    "NUL bytes far down": (deep("1,2.5,red", b"2,3.5,r\x00d\n"), {}, "line 60002"),
    "a bad byte far down": (deep("1,2.5,größe", b"2,3.5,gr\xf6n\n"), {}, "Line 60002"),
    "a quote that stays open": (PLAIN + b'41,"2.5,red\n42,3.5,red\n', {}, "line 42 is never"),
    "a quote that stays open early": (
        PLAIN[:20] + b'41,"2.5,red\n' + PLAIN[14:] * 600,
        {},
        "quotation mark",
    ),
    "a cell of 10 MB": (LONG_CELL.encode(), {}, "line 2 is longer than"),
    "short rows": (PLAIN + b"41,2.5\n42\n", {}, "Lines 42, 43: the table has 3 columns"),
    "a long row": (PLAIN + b"41,2.5,red,9\n", {}, "Line 42: the table has 3 columns"),
    "another separator midway": (PLAIN + b"41;2.5;red\n" * 9, {}, "Lines 42, 43, 44, 45, 46 …"),
    "a short row far down": (deep("1,2.5,red", b"2,3.5\n"), {}, "Line 60002"),
    "a long row far down": (deep("1,2.5,red", b"2,3.5,red,4\n"), {}, "line 60002|Line 60002"),
    "a quote that stays open far down": (deep("1,2.5,red", b'2,"3.5,red\n'), {}, "quotation mark"),
    "single quotation marks": (b"'n','t','v'\n" + b"'1','a,b',2\n" * 40, {}, "Line 1.*single quot"),
    "backslashes before quotation marks": (
        b"n,t,v\n" + b'1,"plain",2\n' * 9 + b'1,"he said \\"hi, you\\" there",2\n',
        {},
        "Line 11: a quotation mark inside",
    ),
    "ARFF": (b"@relation x\n@attribute a numeric\n@data\n1,2\n", {}, "ARFF"),
    "SQL": (b"INSERT INTO t VALUES (1,2);\nINSERT INTO t VALUES (1,3);\n", {}, "SQL"),
    "columns of a fixed width with holes": (
        b"a   b   c\n" + b"1   2   3\n" * 40 + b"1       3\n" * 9,
        {"separator": " "},
        "Lines 42, 43, 44, 45, 46 …: the table has 3 columns",
    ),
    "a DOS end of file": (PLAIN + b"\x1a", {}, "Line 42"),
    "zeros at the end": (PLAIN + bytes(512), {}, "NUL bytes, first in line 42"),
    "gzip that is cut off": (gzip.compress(PLAIN * 50)[:-40], {}, "gzip file is broken"),
    "gzip with something behind": (gzip.compress(PLAIN) + b"garbage", {}, "gzip file is broken"),
    "a comment in the middle": (PLAIN + b"# a note\n1,2.5,red\n", {}, "Line 42"),
    "another encoding than told": ("a,b\né,1\n".encode("cp1252"), {"encoding": "utf-8"}, "Line 2"),
}

# name -> (file, what the owner says, names, kinds, a cell (row, column, value), said)
READ: dict[str, tuple[bytes, dict, str, str, tuple, str]] = {
    "plain": (PLAIN, {}, "n size colour", "nnc", (0, "size", -3.5), ""),
    "UTF-16 with mark": (
        table().encode("utf-16"), {}, "n size colour", "nnc", (0, "size", -3.5), "",
    ),
    "UTF-16 without mark": (
        table().encode("utf-16-le"), {}, "n size colour", "nnc", (39, "n", 39), "",
    ),
    "UTF-8 with mark": (table().encode("utf-8-sig"), {}, "n size colour", "nnc", (0, "n", 0), ""),
    "Latin-1": (
        table().replace("red", "röt").encode("latin-1"), {}, "n size colour", "nnc",
        (0, "colour", "röt"), "is a guess",
    ),
    "Windows-1252 only far down": (
        deep("1,2.5,red", "2,3.5,“röt”\n".encode("cp1252")), {}, "n size colour", "nnc",
        (60_000, "colour", "“röt”"), "cp1252 is a guess",
    ),
    "a bad byte, replaced as told": (
        deep("1,2.5,größe", b"2,3.5,gr\xf6n\n"), {"encoding": "utf-8 repaired"}, "n size colour",
        "nnc", (60_000, "colour", "gr�n"), "",
    ),
    "semicolons and decimal commas": (
        table(";").replace(".", ",").encode(), {}, "n size colour", "nnc", (0, "size", -3.5), "",
    ),
    "carriage returns": (table(end="\r").encode(), {}, "n size colour", "nnc", (39, "n", 39), ""),
    "carriage returns, long": (
        ("n,size,colour\r" + "1,2.5,red\r" * 60_000).encode(), {}, "n size colour", "nnc",
        (59_999, "size", 2.5), "",
    ),
    "quoted line ends": (
        (table() + '41,2.5,"dark\nred"\n').encode(), {}, "n size colour", "nnc",
        (40, "colour", "dark\nred"), "",
    ),
    "a name of two lines": (
        table(header='n,"size\nin m",colour').encode(), {}, "n|size in m|colour", "nnc",
        (0, "n", 0), "",
    ),
    "blank lines first": (b"\n\n" + PLAIN, {}, "n size colour", "nnc", (0, "n", 0), ""),
    "a title": (TITLED.encode(), {}, "n size colour", "nnc", (0, "n", 0), "taken as a title"),
    "a padded title": (
        PADDED.encode(), {}, "n size colour", "nnc", (0, "n", 0), "taken as a title",
    ),
    "comments": (
        b"# made by x, on y, with z\n# second\n" + PLAIN, {}, "n size colour", "nnc", (0, "n", 0),
        "2 lines were taken as a title or a comment",
    ),
    "names behind a hash": (b"#" + PLAIN, {}, "#n size colour", "nnc", (0, "#n", 0), ""),
    "lines before the table as told": (
        b"a,b,c\nd,e,f\n" + PLAIN, {"skip": 2, "header": True}, "n size colour", "nnc",
        (0, "n", 0), "",
    ),
    "a total": (TOTAL.encode(), {}, "n size colour", "nnc", (39, "n", 39), "is a total"),
    "a total that is a row": (
        TOTAL.encode(), {"total": False}, "n size colour", "cnc", (40, "n", "Total"), "other text",
    ),
    "short rows left out": (
        PLAIN + b"41,2.5\n42\n43,1.5,red\n", {"ragged": "drop"}, "n size colour", "nnc",
        (40, "n", 43), "Lines 42, 43",
    ),
    "ragged rows far down left out": (
        deep("1,2.5,red", b"2,3.5\n2,3.5,red,4\n9,3.5,red\n"), {"ragged": "drop"},
        "n size colour", "nnc", (60_000, "n", 9), "Lines 60002, 60003",
    ),
    "separators at the ends": (
        table(end=",\n").encode(), {}, "n|size|colour|column 4", "nnct", (0, "n", 0), "no name",
    ),
    "an index without a name": (
        table()[1:].encode(), {},
        "row size colour", "nnc", (0, "size", -3.5), "Left out: “row” .only counts the rows",
    ),
    "Unnamed: 0": (
        table(header="Unnamed: 0,size,colour").encode(), {}, "Unnamed: 0|size|colour", "nnc",
        (0, "size", -3.5), "Left out: “Unnamed: 0”",
    ),
    "duplicate names": (
        table(header="n,n,n").encode(), {}, "n|n (2)|n (3)", "nnc", (0, "n", 0), "more than once",
    ),
    "the header once more": (
        (table() + table()).encode(), {}, "n size colour", "ccc", (0, "size", "-3.50"),
        "stand again in the middle of the table .line 42",
    ),
    "a header of numbers": (
        b"2019,2020\n" + b"".join(b"%d.5,%d\n" % (n, n) for n in range(30)), {"header": True},
        "2019 2020", "nn", (0, "2019", 0.5), "",
    ),
    "one row": (b"a,b\n1,x\n", {}, "a b", "nc", (0, "a", 1), ""),
    "dollars": (column(['"$1,234.50"', "$9", "-$3.25", "($7)"]), {}, "x y", "nn",
                (0, "x", 1234.5), "amounts in \\$"),
    "euros": (column(["€ 3,50", "1.234,00 €", "-2 €"], separator=";"), {}, "x y", "nn",
              (1, "x", 1234), "amounts in €"),
    "millions": (column(["$56.7M", "$537K", "-"]), {}, "x y", "nn", (1, "x", 537_000),
                 "“-” .13 cells. is taken as a missing"),
    "per cent": (column(["12 %", "7.5%"]), {}, "x y", "nn", (1, "x", 7.5), "12 % is read as 12"),
    "two currencies": (column(["$5", "€7"]), {}, "x y", "cn", (0, "x", "$5"), "different units"),
    "a unit": (column(["5 kg", "1.5 kg", "0.25kg"]), {}, "x y", "nn", (1, "x", 1.5),
               "with the unit kg; 5 kg is read as 5"),
    "years": (column(["1 year", "2 years"]), {}, "x y", "nn", (1, "x", 2), "unit year"),
    "two units": (column(["5 kg", "12 m"]), {}, "x y", "cn", (0, "x", "5 kg"),
                  "different units .kg and m"),
    "two units of a length": (column(["5 km", "12 m"]), {}, "x y", "nn", (0, "x", 5000),
                              "all is read in m"),
    "a number without the unit": (column(["5 kg", "12"]), {}, "x y", "cn", (1, "x", "12"),
                                  "different units .kg and plain numbers"),
    "codes in quotation marks": (column(['"0,5"', '"1,023"'], separator=";"), {}, "x y", "nn",
                                 (1, "x", 1.023), ""),
    "thousands with zeros": (deep('1,"$1,023.50",red', b'2,"$3,004,005",red\n'), {},
                             "n size colour", "nnc", (60_000, "size", 3_004_005), ""),
    "thousands": (column(['"1,234"', '"12,345,678"']), {}, "x y", "nn", (1, "x", 12_345_678), ""),
    "thousands or decimals": (column(["1,234", "5,678"], separator=";"), {"decimal": "."}, "x y",
                              "nn", (0, "x", 1234), ""),
    "thousands or decimals, not told": (column(["1,234", "5,678"], separator=";"), {}, "x y", "nn",
                                        (0, "x", 1.234), "can be read in two ways"),
    "European thousands": (column(["1.234,5", "12"], separator=";"), {}, "x y", "nn",
                           (0, "x", 1234.5), ""),
    "spaces between thousands": (column(["1 234", "12 345,5"], separator=";"), {}, "x y", "nn",
                                 (1, "x", 12_345.5), ""),
    "thin spaces": (column(["1\u202f234", "12"]), {}, "x y", "nn", (0, "x", 1234), ""),
    "apostrophes": (column(["1'234", "12'345.5"]), {}, "x y", "nn", (1, "x", 12_345.5), ""),
    "postcodes": (column(["01067", "80331"]), {}, "x y", "cn", (0, "x", "01067"), ""),
    "long numbers": (column(["4006381333931123456", "12"]), {}, "x y", "nn", (1, "x", 12), ""),
    "mixed dates": (column(["2024-01-31", "31/01/2024", "5 Jan 2024"]), {}, "x y", "dn",
                    (1, "x", datetime(2024, 1, 31)), ""),
    "words for no number": (column(["1.5", "n/a", "unknown", "#DIV/0!", "2"]), {}, "x y", "nn",
                            (4, "x", 2), "taken as a missing value"),
    "infinity": (column(["1.5", "inf", "-Infinity", "NaN"]), {}, "x y", "nn", (0, "x", 1.5), ""),
    "truth words": (column(["TRUE", "false"]), {}, "x y", "bn", (0, "x", "TRUE"), ""),
    "the word None": (column(["None", "Shingle", "Tile"]), {}, "x y", "cn", (0, "x", "None"), ""),
    "thousands as in India": (column(['"1,23,456"', '"45,678"']), {}, "x y", "nn",
                              (0, "x", 123_456), ""),
    "a minus sign of printers": (column(["\u22121.5", "2"]), {}, "x y", "nn", (0, "x", -1.5), ""),
    "a minus behind": (column(["1.50-", "2.25"]), {}, "x y", "nn", (0, "x", -1.5), ""),
    "marks at school": (column(["1-", "2+", "2"]), {}, "x y", "cn", (0, "x", "1-"), ""),
    "powers with a decimal comma": (column(["1,5E+03", "2,5E+02"], separator=";"), {}, "x y", "nn",
                                    (0, "x", 1500), ""),
    "a backslash at the end of a cell": (column(['"C:\\temp\\"', '"D:\\"']), {}, "x y", "cn",
                                         (1, "x", "D:\\"), ""),
    "digits of other scripts": (column(["\uff11\uff12", "\u0663"]), {}, "x y", "nn",
                                (0, "x", 12), ""),
    "columns set apart by blanks": (
        b"   n  size     colour\n" + b"   1   2.5        red  \n  12  13.5       blue\n" * 20,
        {}, "n size colour", "nnc", (0, "size", 2.5), "",
    ),
    "blanks, a tab before names, no header": (
        b'18.0   8   307.0    130.0\t"chevrolet malibu"\n25.    4   ?     88.00\t"vw"\n' * 20,
        {}, "column 1|column 2|column 3|column 4|column 5", "nnnnc", (1, "column 1", 25.0),
        "no header",
    ),
    "a tab between cells of several words": (
        b"7 May 10\tsomewhere else\n8 June 11\tnowhere at all\n" * 20,
        {"header": False}, "column 1|column 2", "dc", (0, "column 1", datetime(2010, 5, 7)), "",
    ),
    "blanks, as told, and odd rows left out": (
        b"a b\n" + b"1,5 2\n2,5 3\n" * 20 + b"1 2 3\n",
        {"separator": " ", "ragged": "drop"}, "a b", "nn", (0, "a", 1.5), "Left out",
    ),
    "no-break blanks": (column(["\u00a01.5\u00a0", "2"]), {}, "x y", "nn", (0, "x", 1.5), ""),
    "line ends of two kinds": (
        PLAIN.replace(b"red\n", b"red\r\n"), {}, "n size colour", "nnc", (39, "n", 39), "",
    ),
    "a row of units": (
        PLAIN.replace(b"\n", b"\n(pieces),(cm),-\n", 1), {}, "n (pieces)|size (cm)|colour", "nnc",
        (0, "size (cm)", -3.5), "stand in two rows",
    ),
    "times with a zone": (column(["2024-01-05T10:00:00+02:00", "2024-01-06T09:00:00Z"]), {}, "x y",
                          "dn", (0, "x", pd.Timestamp(2024, 1, 5, 8)), ""),
    "gzip": (gzip.compress(PLAIN), {}, "n size colour", "nnc", (0, "size", -3.5), ""),
}  # fmt: skip
