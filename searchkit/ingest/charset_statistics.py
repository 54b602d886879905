"""Charset statistics: which of several encodings makes of bytes a text that somebody wrote."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

from searchkit.ingest.language_detection import detect as detect_language

SAMPLE = 2**18
"""Bytes that are looked at. More tell nothing new, and each encoding is tried on them."""

_WESTERN = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœðþ"
_MIDDLE = "áâăäąćčďđéęëěíîłĺľńňóôőöŕřśšşșťţțúůüűýźžż"
_ALPHABETS: Mapping[str, str] = {
    **dict.fromkeys(("en", "es", "fr", "de", "pt", "it", "nl", "sv", "da", "no", "nb", "fi", "is"), _WESTERN),
    **dict.fromkeys(("ca", "gl", "eu", "ga"), _WESTERN),
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "pl": "ąćęłńóśźż",
    "hu": "áéíóöőúüű",
    **dict.fromkeys(("sl", "hr", "bs"), "čćđšž"),
    "ro": "ăâîşșţț",
    "sq": "çë",
    **dict.fromkeys(("tr", "az"), "âçğıîöşüûəİ"),
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "et": "äõöüšž",
}
"""The letters outside ASCII of languages in Latin script, in small; the capitals count with them."""

_WESTERN_LANGUAGES = frozenset(language for language, letters in _ALPHABETS.items() if letters is _WESTERN)
_MIDDLE_LANGUAGES = frozenset({"pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq", "de"})
_LATIN: Mapping[str, frozenset[str]] = {
    "cp1252": _WESTERN_LANGUAGES,
    "iso8859_15": _WESTERN_LANGUAGES,
    "cp1250": _MIDDLE_LANGUAGES,
    "iso8859_2": _MIDDLE_LANGUAGES,
    "cp1254": frozenset({"tr", "az"}),
    "cp1257": frozenset({"lt", "lv", "et"}),
    "mac_roman": _WESTERN_LANGUAGES,
    "mac_latin2": _MIDDLE_LANGUAGES,
    "cp850": _WESTERN_LANGUAGES,
    "cp852": _MIDDLE_LANGUAGES,
}
"""The encodings of Latin scripts, each with the languages that were written in it; of equals the first is taken."""

_SIGNS = "‘’‚“”„‹›«»–—…•·°§©®™£€¡¿ºª\xa0№†½¼¾²³´×"
"""What is written beside letters, and not within words."""

_CYRILLIC = ("cp1251", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic")
_COMMON_CYRILLIC = frozenset("оеаинтсрвлкмдпі")

_HEBREW = ("cp1255", "iso8859_8", "cp862")
_HEBREW_WORD = re.compile("[\u05d0-\u05ea\u05f0-\u05f2][\u05b0-\u05ea\u05f0-\u05f4]+")
_FINALS_WITHIN = re.compile("[ךםןףץ](?=[\u05d0-\u05ea])")
"""Letters that Hebrew has at a word's end alone; of other scripts misread they stand anywhere."""

_HIRAGANA = frozenset(map(chr, range(0x3041, 0x3097)))
_EAST_ASIAN: Mapping[str, frozenset[str]] = {
    "cp932": _HIRAGANA,
    "euc_jp": _HIRAGANA,
    "cp949": frozenset("이다는을의에가고하은지로한를사도서기리어인시대나일자있그정아해라전들부수상장제보스과주구것"),
    "gb18030": frozenset("的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年"),
    "big5": frozenset("的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年"),
}
"""The commonest characters: of a text in this language they are a third to a half, of one misread next to none."""

_SURE_EAST_ASIAN = 0.12
_SURE_CYRILLIC = 0.5
_SURE_HEBREW = 0.8
_SURE_LATIN = 0.9
_LIKELY_LATIN = 0.6
_FEWEST = 4
"""Characters outside ASCII from which statistics tell anything."""

_WORD = re.compile(r"[^\W\d_]+")


def east_asian(data: bytes) -> str | None:
    """Return the Chinese, Japanese or Korean encoding that bytes are surely in."""
    scores = {encoding: _share(_decoded(data, encoding), common) for encoding, common in _EAST_ASIAN.items()}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= _SURE_EAST_ASIAN else None


def cyrillic(data: bytes) -> str | None:
    """Return the Cyrillic encoding that bytes are surely in."""
    scores = {encoding: _cyrillic_score(_decoded(data, encoding)) for encoding in _CYRILLIC}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= _SURE_CYRILLIC else None


def hebrew(data: bytes) -> str | None:
    """Return the Hebrew encoding that bytes are surely in."""
    scores = {encoding: _hebrew_score(_decoded(data, encoding)) for encoding in _HEBREW}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= _SURE_HEBREW else None


def latin(data: bytes, *, sure: bool = False) -> str | None:
    """Return the encoding of a text in a Latin script, told by its language; None where that isn't clear.

    The encodings of Europe's west, middle, Turkey and the Baltic differ in a few letters alone, which statistics take
    for each other; what stands around them tells the language, and that its letters.
    """
    scores = {encoding: latin_score(data, encoding) for encoding in _LATIN}
    best = max(scores, key=lambda encoding: scores[encoding])
    if sure and detect_language("", _decoded(data, best) or "") == "en":
        return None  # it has no letters of its own: what stands outside ASCII are names in any language
    return best if scores[best] >= (_SURE_LATIN if sure else _LIKELY_LATIN) else None


def latin_score(data: bytes, encoding: str) -> float:
    """Return how much of what bytes hold outside ASCII are letters of the language that they are written in."""
    text = _decoded(data, encoding)
    if text is None:
        return 0.0
    language = detect_language("", text)
    if language is None or language not in _LATIN.get(encoding, ()):
        return 0.0
    letters = frozenset(_ALPHABETS[language])
    right = wrong = 0
    for word in _WORD.findall(text):
        if not word.isascii():
            fits = sum(character.lower() in letters for character in word if character > "\x7f")
            odd = len([each for each in word if each > "\x7f"]) - fits
            # A capital within a word of small letters comes from the wrong table.
            odd += sum(each > "\x7f" and each.isupper() for each in word[1:]) if not word.isupper() else 0
            right, wrong = right + fits, wrong + odd
    signs = [character for character in text if character > "\x7f" and not character.isalpha()]
    wrong += sum(character not in _SIGNS for character in signs)
    right += sum(character in _SIGNS for character in signs) // 2
    return float(right / (right + wrong)) if right + wrong else 0.0


def _decoded(data: bytes, encoding: str) -> str | None:
    """Return a sample in an encoding, None where it can't be in it; a character may be cut at the sample's end."""
    sample = data[:SAMPLE]
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(sample, final=len(sample) == len(data))
    except UnicodeDecodeError:
        return None


def _share(text: str | None, common: frozenset[str]) -> float:
    high = [character for character in text or "" if character > "\x7f"]
    return sum(character in common for character in high) / len(high) if len(high) >= _FEWEST else 0.0


def _cyrillic_score(text: str | None) -> float:
    """Return the share of common small letters, in words that no Latin letter stands in."""
    high = [character for character in text or "" if character > "\x7f"]
    if len(high) < _FEWEST or text is None:
        return 0.0
    words = [word for word in _WORD.findall(text) if all(character > "\x7f" for character in word)]
    if max(map(len, words), default=0) < 2:
        return 0.0  # these are words of Latin scripts: "à", "è", "é"
    common = sum(character in _COMMON_CYRILLIC for word in words for character in word)
    odd = sum(not character.isalpha() and character not in _SIGNS for character in high)
    # Encodings that share their small letters differ in capitals.
    odd += sum(character.isupper() for word in words if not word.isupper() for character in word[1:])
    return float(common - odd) / len(high)


def _hebrew_score(text: str | None) -> float:
    """Return the share of letters in Hebrew words, those aside that have an end's letter within them."""
    high = [character for character in text or "" if character > "\x7f" and character not in _SIGNS]
    words = [match[0] for match in _HEBREW_WORD.finditer(text or "")]
    if len(high) < _FEWEST or not words:
        return 0.0
    # In a word of Latin letters, each of those outside ASCII is one of Hebrew; a letter alone is French's "à".
    right = sum(len(word) for word in words if not _FINALS_WITHIN.search(word))
    return float(right / len(high))
