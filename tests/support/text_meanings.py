"""Cells as people and programs write them, each with what it means."""

from datetime import datetime


def column(cells: list[str], head: str = "x", separator: str = ",") -> str:
    """A table of these cells beside the number of their row."""
    lines = [f"{cell}{separator}{number}" for number, cell in enumerate(cells)]
    return "\n".join([f"{head}{separator}n", *lines]) + "\n"


# The cells of a column, what each is read as, and a word of the warnings.
MEANINGS = {
    "German whole numbers": (["1.601", "394", "2.419", "15"], [1601, 394, 2419, 15], "", ";"),
    "amounts with a scale": (["42.2k", "0.08M", "37K"], [42_200, 80_000, 37_000], "", ";"),
    "Swiss francs": (["CHF 42’208.-", "CHF 900.-"], [42_208, 900], "CHF", ";"),
    "durations": (["1:23:45", "0:59:30"], [5025, 3570], "h:mm:ss", ";"),
    "results of a race": (["59:30", "1:02:10"], [3570, 3730], "mm:ss", ";"),
    "times of day": (["20:20", "6:05"], [73_200, 21_900], "h:mm", ";"),
    "durations with units": (["2h 51m", "45 min", "1 h 3 s"], [10_260, 2700, 3603], "2h 5m", ";"),
    "French hours": (["1h30", "0h45"], [5400, 2700], "2h 5m", ";"),
    "durations of ISO 8601": (["PT3H22M", "P1DT1H"], [12_120, 90_000], "2h 5m", ";"),
    "significance": (["5.98**", "3.09 [2]", "1.5"], [5.98, 3.09, 1.5], "marks of notes", ";"),
    "units of one dimension": (["406 kB", "3 MB"], [0.406, 3], "all is read in MB", ";"),
    "limits of detection": (["<0.20", "0.35", "<0.20"], [0.2, 0.35, 0.2], "limits", ";"),
    "long numbers": (["12345678901234567890", "2"], [12345678901234567890.0, 2], "", ";"),
    "days without zeros": (["2023-3-2", "2023-11-12"], [datetime(2023, 3, 2)], "", ";"),
    "days with full stops": (["02.03.2023", "05.03.2023"], [datetime(2023, 3, 2)], "", ";"),
    "what browsers print": (
        ["Thu Mar 02 2023 20:20:00 GMT+0100 (CET)"],
        [datetime(2023, 3, 2, 19, 20)],
        "",
        ";",
    ),
    "mail dates": (["Thu, 02 Mar 2023 20:20:00 +0100"], [datetime(2023, 3, 2, 19, 20)], "", ";"),
    "logs of web servers": (
        ["02/Mar/2023:20:20:00 +0100"],
        [datetime(2023, 3, 2, 19, 20)],
        "",
        ";",
    ),
    "compact days": (["20240115", "20231231"], [datetime(2024, 1, 15)], "", ";"),
    "compact times": (["20230302T202000"], [datetime(2023, 3, 2, 20, 20)], "", ";"),
    "German months": (["2. Januar 2023", "5. März 2023"], [datetime(2023, 1, 2)], "", ";"),
    "months": (["Mar 2023", "Apr 2023"], [datetime(2023, 3, 1)], "", ";"),
    "months of short years": (["Jan-14", "Feb-13"], [datetime(2014, 1, 1)], "its year", ";"),
    "months as numbers": (["03/2023", "04/2023"], [datetime(2023, 3, 1)], "", ";"),
    "quarters": (["2023Q1", "2023Q2"], [datetime(2023, 1, 1)], "", ";"),
    "weeks": (["2023-W09", "2023-W10"], [datetime(2023, 2, 27)], "", ";"),
    "month first, as one day proves": (
        ["03/04/2023", "03/14/2023"],
        [datetime(2023, 3, 4)],
        "",
        ";",
    ),
    "spellings": (
        ["Yes", "yes", "YES ", "no", "yes"],
        ["yes", "yes", "yes", "no"],
        "look alike",
        ";",
    ),
    "letters in two codes": (
        ["Zu\u0308rich", "Zürich", "Zürich"],
        ["Zürich"] * 3,
        "look alike",
        ";",
    ),
    "invisible characters": (
        ["red\u200b", "red", "blue", "red"],
        ["red", "red"],
        "look alike",
        ";",
    ),
    "a country": (
        ["NA", "DE", "FR", "CH", "AT", "IT", "ES", "PT", "NL", "BE", "DK"],
        ["NA"],
        "Namibia",
        ";",
    ),
    "a continent": (["NA", "EU", "AS"], ["NA"], "North America", ";"),
    "a code, or nothing": (["CA", "TX", "NA"], ["CA", "TX"], "Choose the kind category", ";"),
}  # fmt: skip

FIRST = "Street {n}, Bern;{n};{m}"
SEPARATORS = {
    "commas inside every cell": ("addr;x;y", FIRST, ";", ["addr", "x", "y"]),
    "two decimal commas in every row": ("a;b;c", "{n},5;x{n};1.{n},87", ";", ["a", "b", "c"]),
    "milliseconds after a comma": ("t\ty", "10:00:{n},093\t{m}", "\t", ["t", "y"]),
    "names with a comma": ("who|x|y", "Doe, Jo {n}|{n}|{m}", "|", ["who", "x", "y"]),
    "semicolons inside quoted cells": ("a,b", '"x; y; {n}",{m}', ",", ["a", "b"]),
}


def separated(case: str) -> str:
    """The table of one of SEPARATORS."""
    head, row, *_ = SEPARATORS[case]
    lines = [head, *(row.format(n=n, m=n % 7) for n in range(10, 60))]
    return "\n".join(lines) + "\n"
