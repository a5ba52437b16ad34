"""What stands around a number in a cell: a currency, a percent sign, brackets for a minus."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODES = (
    "USD EUR GBP CHF JPY CNY RMB INR AUD CAD NZD SEK NOK DKK PLN CZK HUF RUB TRY BRL MXN ZAR KRW "
    "SGD HKD ILS THB US$ A$ C$ R$ HK$ zł Kč kr Fr Rs"
)
_SIGNS = "$€£¥₹₽₩₺₪฿₫₴₦₱"
_CURRENCY = "(?:" + "|".join([*map(re.escape, _CODES.split()), f"[{re.escape(_SIGNS)}]"]) + r"\.?)"
_SPACE = "[ \u00a0\u202f]*"
_AROUND = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-]?){_SPACE}(?P<before>{_CURRENCY})?{_SPACE}(?P<inner>[+-]?)"
    r"(?P<core>[\d.,][\d.,'\u00a0\u202f ]*?)"
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
_PLAIN = re.compile(r"[+-]?[.\d].*\d$|[A-Za-z]+$")
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Amount:
    """A cell taken apart: the digits, what they count, and what they are multiplied by."""

    core: str
    mark: str
    scale: float


def amount(cell: str) -> Amount | None:
    """Return the parts of a stripped cell such as $1.5M, 12 % or (300); None: it is no such."""
    if not cell or len(cell) > _LONGEST or _PLAIN.match(cell):
        return None
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
