"""Mojibake: texts that were encoded in UTF-8 twice ("cafÃ©"), and what they were."""

from __future__ import annotations

import re

_HINTS = ("Ã", "Â", "â€", "Ð", "Ñ", "å", "ã")
"""What nearly all such texts hold: the first byte of a letter in the way of a single-byte encoding."""

_CP1252 = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)}
_BYTE_OF = {character: byte for byte, character in _CP1252.items()} | {chr(byte): byte for byte in range(0x80, 0x100)}


def _among(first: int, last: int) -> str:
    """Return a character class of what the bytes of a range look like."""
    characters = {character for character, byte in _BYTE_OF.items() if first <= byte <= last}
    return "[" + "".join(sorted(map(re.escape, characters))) + "]"


_GOES_ON = _among(0x80, 0xBF)
_SEQUENCE = re.compile(
    rf"(?:{_among(0xC2, 0xDF)}{_GOES_ON}|{_among(0xE0, 0xEF)}{_GOES_ON}{{2}}|{_among(0xF0, 0xF4)}{_GOES_ON}{{3}})+"
)
_SURE = 0.8
"""The share of what is outside ASCII that such sequences are in a text that was encoded twice."""


def repaired(text: str) -> str:
    """Return a text as it was before it was encoded a second time, where that is sure; else the text itself.

    Sure is it where nearly all characters outside ASCII make valid UTF-8 in this way, which they don't by accident.
    """
    if text.isascii() or not any(hint in text for hint in _HINTS):
        return text
    sequences = _SEQUENCE.findall(text)
    high = len(text) - len(text.encode("ascii", "ignore"))
    if not sequences or sum(map(len, sequences)) < _SURE * high:
        return text
    return _SEQUENCE.sub(lambda match: _decoded(match[0]), text)


def _decoded(sequence: str) -> str:
    try:
        return bytes(_BYTE_OF[character] for character in sequence).decode("utf-8")
    except UnicodeDecodeError:
        return sequence
