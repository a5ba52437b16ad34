"""The version of this program; the package, the pages and the API read it here."""

VERSION = "1.0.0"
