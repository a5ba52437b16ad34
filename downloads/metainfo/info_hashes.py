"""Text -> info hash, v1 or v2, in lower-case hex, or a sentence saying why it is none."""

import base64
import binascii
import re
from typing import Any

_HEX40 = re.compile(r"[0-9a-fA-F]{40}\Z")
_HEX64 = re.compile(r"[0-9a-fA-F]{64}\Z")
_BASE32 = re.compile(r"[a-zA-Z2-7]{32}\Z")
_MULTIHASH = re.compile(r"1220([0-9a-fA-F]{64})\Z")

EXPECTED = "An info hash has 40 hex digits, 32 base32 characters, or 64 hex digits (v2)."


class BadLink(ValueError):
    """A line is no usable link; the text is the reason, as a sentence."""


def info_hash_of_topic(topic: str) -> dict[str, Any]:
    """Return the info hash of a `urn:btih:` or `urn:btmh:` topic (BEP 9, BEP 52), by version."""
    kind, _, value = topic[4:].partition(":")
    value = value.strip()
    if kind.lower() == "btih":
        if _HEX64.match(value):
            return _not_zero("v2", value.lower())
        return bare_info_hash(value)
    if kind.lower() == "btmh":
        found = _MULTIHASH.match(value)
        if not found:
            raise BadLink("The v2 hash is not whole: after urn:btmh: come 1220 and 64 hex digits.")
        return _not_zero("v2", found[1].lower())
    raise BadLink(f"“{topic[:40]}” is not of BitTorrent. Use urn:btih: or urn:btmh:.")


def bare_info_hash(text: str) -> dict[str, Any]:
    """Return the info hash of a text that holds nothing else, by version. Raises BadLink."""
    if _HEX40.match(text):
        return _not_zero("v1", text.lower())
    if _HEX64.match(text):
        return _not_zero("v2", text.lower())
    if found := _MULTIHASH.match(text):
        return _not_zero("v2", found[1].lower())
    if _BASE32.match(text):
        try:
            return _not_zero("v1", base64.b32decode(text.upper()).hex())
        except binascii.Error:  # pragma: no cover (32 characters of the alphabet always decode)
            raise BadLink(EXPECTED) from None
    raise BadLink(_wrong_hash(text))


def _wrong_hash(text: str) -> str:
    if not text:
        return f"The info hash is missing. {EXPECTED} Copy the link again, whole."
    if len(text) in {32, 40, 64}:
        return f"“{text[:64]}” has characters that no info hash of its length has. {EXPECTED}"
    if len(text) < 20:
        return f"“{text}” is no info hash and no magnet link. {EXPECTED}"
    return f"This hash has {len(text)} characters. {EXPECTED} Copy it again, whole."


def _not_zero(version: str, info_hash: str) -> dict[str, Any]:
    if not info_hash.strip("0"):
        raise BadLink("An info hash of zeros only names no torrent. Copy it again.")
    return {version: info_hash}
