"""Units of one dimension, and how many of one are another: 500 g are 0.5 kg.

Factors are those of the SI brochure and of NIST SP 811; KB is left out, which means two things.
"""

from __future__ import annotations

from collections.abc import Set

# The unit with 1 is the one in which a column of several is read.
_DIMENSIONS = (
    {"µg": 1e-9, "μg": 1e-9, "mg": 1e-6, "g": 1e-3, "kg": 1.0, "t": 1e3}
    | {"oz": 0.028349523125, "lb": 0.45359237, "lbs": 0.45359237},
    {"nm": 1e-9, "µm": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3}
    | {"in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344},
    {"mm²": 1e-6, "cm²": 1e-4, "cm2": 1e-4, "m²": 1.0, "m2": 1.0, "km²": 1e6, "km2": 1e6}
    | {"ha": 1e4, "sqft": 0.09290304},
    {"ml": 1e-3, "mL": 1e-3, "cm³": 1e-3, "cm3": 1e-3, "cc": 1e-3, "CC": 1e-3}
    | {"cl": 1e-2, "dl": 0.1, "l": 1.0, "L": 1.0, "m³": 1e3, "m3": 1e3},
    {"kB": 1e-3, "MB": 1.0, "GB": 1e3, "TB": 1e6},
    {"ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0}
    | {"min": 60.0, "mins": 60.0, "minute": 60.0}
    | {"h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "d": 86_400.0, "day": 86_400.0},
    {
        "m/s": 1.0,
        "km/h": 1 / 3.6,
        "kmh": 1 / 3.6,
        "kmph": 1 / 3.6,
        "mph": 0.44704,
        "kn": 1852 / 3600,
    },
    {"W": 1e-3, "kW": 1.0, "MW": 1e3},
    {"mV": 1e-3, "V": 1.0},
    {"Hz": 1e-6, "kHz": 1e-3, "MHz": 1.0, "GHz": 1e3},
    {"Pa": 1e-2, "hPa": 1.0, "mbar": 1.0, "kPa": 10.0, "bar": 1e3},
    {"J": 1 / 3.6e6, "kJ": 1 / 3600, "Wh": 1e-3, "kWh": 1.0, "MWh": 1e3},
    {"ppb": 1e-3, "ppm": 1.0},
)


def factor(unit: str, other: str) -> float | None:
    """Return how many of `other` one `unit` is, or None if they do not measure the same."""
    for units in _DIMENSIONS:
        if unit in units and other in units:
            return units[unit] / units[other]
    return None


def common_unit(units: Set[str]) -> str:
    """Return the unit in which all of several can be given, or nothing."""
    for known in _DIMENSIONS:
        if units <= known.keys():
            return next(unit for unit, size in known.items() if size == 1.0)
    return ""
