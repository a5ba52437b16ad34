"""What stands around a number in a cell: a currency, a unit, a percent sign, brackets for minus."""

from __future__ import annotations

import re
from typing import NamedTuple

from training.cells.durations import MARKS as DURATIONS

_CODES = (
    "USD EUR GBP CHF JPY CNY RMB INR AUD CAD NZD SEK NOK DKK PLN CZK HUF RUB TRY BRL MXN ZAR KRW "
    "SGD HKD ILS THB US$ A$ C$ R$ HK$ zł Kč kr Fr Rs"
)
_SIGNS = "$€£¥₹₽₩₺₪฿₫₴₦₱"
_CURRENCY = "(?:" + "|".join([*map(re.escape, _CODES.split()), f"[{re.escape(_SIGNS)}]"]) + r"\.?)"
_SPACE = "[ \u00a0\u202f]*"
_AROUND = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-]?){_SPACE}(?P<before>{_CURRENCY})?{_SPACE}(?P<inner>[+-]?)"
    r"(?P<core>[\d.,][\d.,'’\u00a0\u202f ]*?)"
    rf"{_SPACE}(?P<scale>K|M|MM|B|bn|mn|m|k|T|million|billion)?"
    rf"{_SPACE}(?P<after>{_CURRENCY}|%)?{_SPACE}(?P<close>\))?"
)
_SCALES = {
    **dict.fromkeys(("K", "k"), 1e3),
    **dict.fromkeys(("M", "MM", "m", "mn", "million"), 1e6),
    **dict.fromkeys(("B", "bn", "billion"), 1e9),
    "T": 1e12,
}
PERCENT = "%"
# Believed even without a space before them; of other words, one is asked for.
_UNIT_WORDS = (
    "g kg mg µg μg t lb lbs oz m km cm mm µm nm mi ft yd in l ml cl dl L mL s sec secs ms min mins "
    "h hr hrs d W kW MW V mV mA Hz kHz MHz GHz Pa hPa kPa bar mbar J kJ kWh MWh Wh cal kcal mAh kB "
    "KB MB GB TB px dpi rpm hp PS bhp cc CC kmpl mpg mph kmh km/h m/s ha m² m2 km² km2 cm² cm2 m³ "
    "m3 cm³ cm3 sqft sqm °C °F ° ppm ppb mol mmol/l mg/dl mmHg dB kn Nm"
)
_OTHER_WORDS = (
    "am pm bc ad b bn mn million billion jan feb mar apr may jun jul aug sep sept oct nov dec "
    "january february march april june july august september october november december"
)
_UNITS, _NO_UNITS = frozenset(_UNIT_WORDS.split()), frozenset(_OTHER_WORDS.split())
_WITH_UNIT = re.compile(
    rf"(?P<sign>[+-]?){_SPACE}(?P<core>\d[\d.,'’\u00a0\u202f]*?(?: \d[\d.,]*?)*)(?P<gap>{_SPACE})"
    r"(?P<unit>[^\W\d_][^\W\d_.]{0,14}[²³23]?(?:/[^\W\d_]{1,4}[²³23]?)?|°[CF]?)\.?"
)
# The most frequent forms, in a fraction of the time.
# 42.2k and 0.08M: the letters that multiply where nothing is counted.
_SCALED = re.compile(r"([+-]?)(?:(\d[\d.,]*)(K|k|M|bn|mn)|(\d+[.,]\d+)(B))")
# As Swiss amounts are written: 42'208.- for no rappen.
_NO_CENTS = re.compile(r"(.*\d)\.[-–—]{1,2}")
_SIMPLE = re.compile(
    rf"([+-]?)(?:([{_SIGNS}]) ?(\d[\d.,]*)|(\d[\d.,]*) ?([{_SIGNS}%]|[ck]?m|k?g|km/h|k?W|min))"
)
_MINUS = "\u2212"
# As some accounts are printed: 1.50- is less than nothing, while 2- may be a mark at school.
_MINUS_BEHIND = re.compile(r"(\d[\d.,]*[.,]\d+)-")
_PLAIN = re.compile(r"[+-]?[.\d].*\d$|[^\d]+$")
_LONGEST = 40


class Amount(NamedTuple):
    """A cell taken apart: the digits, what they count, and what they are multiplied by."""

    core: str
    mark: str
    scale: float


def amount(cell: str) -> Amount | None:
    """Return the parts of a stripped cell such as $1.5M, 12 %, 5 kg or (300); None: no such."""
    if not cell or len(cell) > _LONGEST or (_PLAIN.match(cell) and cell[0] != _MINUS):
        return None
    if cell[0] == _MINUS:
        return amount(f"-{cell[1:]}") or Amount(cell[1:], "", -1.0)
    if behind := _MINUS_BEHIND.fullmatch(cell):
        return Amount(behind[1], "", -1.0)
    if whole := _NO_CENTS.fullmatch(cell):
        return amount(whole[1]) or Amount(whole[1], "", 1.0)
    if scaled := _SCALED.fullmatch(cell):
        sign, core, scale, long, billion = scaled.groups()
        factor = _SCALES[scale or billion]
        return Amount(core or long, "", -factor if sign == "-" else factor)
    if simple := _SIMPLE.fullmatch(cell):
        sign, before, core, other, after = simple.groups()
        return Amount(core or other, before or after, -1.0 if sign == "-" else 1.0)
    return _money(cell) or _measure(cell)


def is_unit(mark: str) -> bool:
    """Tell a unit such as kg from a currency or a percent sign."""
    return (
        bool(mark)
        and mark != PERCENT
        and mark not in DURATIONS
        and not re.fullmatch(_CURRENCY, mark)
    )


def is_certain(mark: str) -> bool:
    """Return whether a mark is a currency or a known unit, and not any word behind a number."""
    return mark in _UNITS or re.fullmatch(_CURRENCY, mark) is not None


def _money(cell: str) -> Amount | None:
    found = _AROUND.fullmatch(cell)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    signs = found["sign"] + found["inner"]
    marks = [mark.rstrip(".") for mark in (found["before"], found["after"]) if mark]
    if len(marks) > 1 or len(signs) > 1 or (found["open"] and signs):
        return None
    if not marks and (not found["open"] or found["scale"]):
        return None
    if found["scale"] and PERCENT in marks:
        return None
    negative = found["open"] or signs == "-"
    scale = _SCALES.get(found["scale"] or "", 1.0)
    return Amount(found["core"].strip(), "".join(marks), -scale if negative else scale)


def _measure(cell: str) -> Amount | None:
    """Return the parts of 5 kg, 12km or 3 rooms; a word that is no known unit needs the space."""
    found = _WITH_UNIT.fullmatch(cell)
    if found is None:
        return None
    unit = found["unit"]
    if unit not in _UNITS and (
        not found["gap"] or len(unit) < 2 or unit.lower() in _NO_UNITS or "/" in unit
    ):
        return None
    return Amount(found["core"].strip(), _one(unit), -1.0 if found["sign"] == "-" else 1.0)


def _one(unit: str) -> str:
    """Return what 1 year and 2 Years have in common."""
    return unit if unit in _UNITS or len(unit) < 4 else unit.lower().removesuffix("s")
