"""Bylines: the names in what a page says of its authors, without roles, places, addresses and outlets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from searchkit.ingest.text_cleanup import one_line

_LONGEST = 600
"""Characters of a byline. Longer ones are a text about the author."""

_LONGEST_NAME = 80
_MOST_WORDS = 7
"""Of a name: "Maria Eduarda de Castro Vaz dos Santos" has seven."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S++|[^\s@]*+@\S++", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()]*+\)|\[[^\[\]]*+\]|（[^（）]*+）")
_BY_WORDS = (
    r"by|written by|story by|words by|von|vom|text|texte?|por|par|di|door|af|av|fra|oleh|autor(?:in|es?|as?)?|auteurs?|authors?|"
    r"autore|autori|skrevet af|skrevet av|écrit par|publié par|escrito por|geschrieben von|tekst|texto|testo|yazan|"
    r"автор|текст|od|przez|από|του|της|мнение|מאת|بقلم|كتب|โดย|लेखक|작성자|글|作者|文|撰文|取材・文"
)
_BY = re.compile(
    rf"^(?:[-–—|•·:]\s*)?(?:(?:{_BY_WORDS})\s*[:：]\s*|(?:{_BY_WORDS})\s+(?=\S)|(?:[a-z]{{1,15}} ){{1,2}}by:?\s+)",
    re.IGNORECASE,
)
_ABOVE = re.compile(r"\s*(?:[;|•·\n、，；／｜]| / | – | — | - |\s\+\s)\s*")
_AND = re.compile(
    r"\s+(?:and|AND|und|UND|et|ET|y|Y|e|E|og|OG|och|OCH|en|EN|i|I|ja|и|И|і|та|ve|VE|dan|và|és|ir|un|și|ca|kaj|&|및|与|和|及)\s+"
)
"""In small letters or capitals: a name, as Dan is one, has one of each."""
_AND_ALONE = re.compile(r"^(?:and|AND|und|UND|et|ET|y|og|och|en|i|ja|и|і|та|ve|dan|và|és|&)\s+")

_ROLE_WORDS = (
    r"(?:staff|senior|chief|special|guest|contributing|freelance|political|foreign|business|sports?|science|health|tech\w*|"
    r"managing|deputy|assistant|associate|digital|video|news|online|investigative|data|features?|opinions?)"
)
_ROLES = (
    r"writers?|reporters?|correspondents?|editors?|editor[- ]in[- ]chief|columnists?|contributors?|journalists?|photographers?|"
    r"producers?|authors?|analysts?|professor|lecturer|researcher|fellow|director|critics?|bureau chief|head of [\w ]+|"
    r"\w*redakt(?:eur|eurin|or|orin|ör|ør|ion|ionen)|\w*korrespondent(?:in)?|\w*reporter(?:in)?|\w*journalist(?:in)?|"
    r"volontär(?:in)?|autor(?:in)?|chefredakt\w+|ressortleit\w+|kolumnist(?:in)?|freie[r]? \w+|"
    r"rédact(?:eur|rice)s?(?: en chef)?|journalistes?|correspondant(?:e)?s?|envoyée? spéciale?|grand reporter|"
    r"redactor(?:a|es)?|periodistas?|corresponsal(?:es)?|enviad[oa] especial|colaborador(?:a)?|repórter|jornalistas?|"
    r"correspondente|editor[ae]s?|giornalist[ae]|inviat[oa]|corrispondente|redattore|redattrice|caporedattore|"
    r"redacteur|verslaggever|correspondent|journaliste|skribent|kommentator|toimittaja|dziennikar(?:z|ka)|redaktorka|"
    r"muhabir|muhabiri|editör|editörü|журналіст(?:ка)?|журналист(?:ка)?|корреспондент|кореспондент|редактор|обозреватель|"
    r"wartawan|jurnalis|reportér(?:ka)?|novinář(?:ka)?|újságíró|szerkesztő|δημοσιογράφος|συντάκτης|"
    r"記者|编辑|編集委員|編集部|論説委員|通讯员|기자|특파원|선임기자|논설위원|पत्रकार|संवाददाता|مراسل|محرر|כתב|כתבת"
)
_ROLE = re.compile(rf"(?:^|.*?[\s/-])(?:{_ROLES})(?:\b|$).*", re.IGNORECASE)
_ROLE_BEHIND = re.compile(
    rf"\s+(?:{_ROLE_WORDS}\s+)*(?:writer|reporter|correspondent|editor|columnist|contributor|journalist|기자|특파원|선임기자|記者)$",
    re.IGNORECASE,
)
_PLACE_BEHIND = re.compile(
    r"\s+(?:in|aus|from|reporting from|à|en)\s+[A-ZÀ-ÞА-Я][\w.’'-]+(?:[ ,-][A-ZÀ-ÞА-Я][\w.’'-]+){0,3}$"
)
_NUMBER = re.compile(r"\d")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+")
_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
_DEGREE = re.compile(r"^(?:ph\.?\s?d|m\.?d|m\.?a|b\.?a|r\.?n|msc|esq|dphil)\.?$", re.IGNORECASE)
_NAMELESS = re.compile(
    r"^(?:admin|administrator|editor|guest|staff|anonymous|null|none|undefined|unknown|n/?a|user|author|autor|redaktion|wp-?admin|"
    r"true|false|follow|more|see all|share|website|twitter|facebook|instagram|linkedin|email|mail)$",
    re.IGNORECASE,
)
_MOST_WORDS_SHOWN = 5
_LONGEST_SHOWN = 50
_ARTICLES = frozenset({"the", "a", "an", "this", "all"})
_PARTICLES = frozenset(
    "de da do dos das di del della der den van von vom zu zur le la les el al bin ibn ben af av y e i ter ten te".split()  # noqa: SIM905
)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def names_in(byline: str) -> list[str]:
    """Return the names in a byline, none twice; a byline that names nobody has none.

    "By Jane Doe, Staff Writer, and Joe Roe in Paris" has Jane Doe and Joe Roe. Case and spelling stay.
    """
    if len(byline) > _LONGEST:
        return []
    text = _IN_BRACKETS.sub(" ", byline) if _IN_BRACKETS.sub("", byline).strip(" ,;") else byline.strip("()[]（） ")
    if "@" in text and not _ADDRESS.sub("", text).strip(" <>,;"):
        text = _ADDRESS.sub("", byline).strip("()[] <>")  # "jane@example.org (Jane Doe)"
    text = _ADDRESS.sub(" ", text)
    names: list[str] = []
    for part in _ABOVE.split(_without_by(text)):
        names += _names_between_commas(_without_by(part))
    return list(dict.fromkeys(name for each in names if (name := _trimmed(each)) and _is_name(name)))


def _without_by(text: str) -> str:
    text = one_line(text) if "\n" not in text else text.strip()
    shorter = _BY.sub("", text)
    return _BY.sub("", shorter) if shorter != text else text


def _names_between_commas(text: str) -> list[str]:
    """Return the names that commas and conjunctions part; what follows a whole name and is none says who or where."""
    parts = [name for part in re.split(r"\s*,\s*", text) for name in _conjoined(_AND_ALONE.sub("", part)) if name]
    if len(parts) == 1:
        return parts
    has_whole = any(_is_whole(part) and not _ROLE.fullmatch(part) for part in parts)
    names: list[str] = []
    for part in parts:
        if names and _SUFFIX.match(part):
            names[-1] += f", {part}"
        elif _DEGREE.match(part) or (names and _ROLE.fullmatch(part)):
            continue
        elif _is_whole(part) or not has_whole:
            names.append(part)
    # "Doe, Jane": neither is a name by itself.
    return names if has_whole or len(names) != 2 else [text]


def _conjoined(text: str) -> list[str]:
    """Split at a conjunction between two whole names or two single words: "Ortega y Gasset" is one name's end."""
    names: list[str] = []
    for part in _AND.split(text):
        if names and _is_whole(names[-1]) != _is_whole(part):
            return [text]
        names.append(part)
    return names


def _is_whole(name: str) -> bool:
    return " " in name.strip() or (_CJK.search(name) is not None and len(name) > 1)


def _trimmed(name: str) -> str:
    name = name.strip(' \t\n-–—,:;|•·/<>"„“”»«*')
    if _is_whole(name):
        name = _PLACE_BEHIND.sub("", _ROLE_BEHIND.sub("", name)) or name
    return one_line(name)


def _is_name(name: str) -> bool:
    if (
        not any(character.isalpha() for character in name)
        or len(name) > _LONGEST_NAME
        or _NAMELESS.match(name)
        or _SLUG.fullmatch(name)
    ):
        return False
    return len(name.split()) <= _MOST_WORDS and not _NUMBER.search(name) and name[-1] not in "?!…"


def looks_like_person(name: str) -> bool:
    """Say whether a text that stands where an author may has a name's form: few words, each with a capital or small."""
    words = name.split()
    if words[0].lower() in _ARTICLES:
        return False
    if len(words) > _MOST_WORDS_SHOWN or len(name) > _LONGEST_SHOWN or (name[-1] == "." and len(words[-1]) > 3):
        return False
    return all(word in _PARTICLES or word[:1].lower() != word[:1] or word[:1].upper() == word[:1] for word in words)


def is_role(text: str) -> bool:
    """Say whether a text is what somebody does, and not who: "Staff writer", "Korrespondentin in Paris"."""
    return _ROLE.fullmatch(text) is not None


def without_outlets(names: Sequence[str], outlets: Sequence[str]) -> list[str]:
    """Return the names that aren't an outlet's, nor begin with one as a desk's does; all where every name is."""
    keys = sorted((each for each in outlets if _is_whole(each)), key=len, reverse=True)
    persons = [_without_end(name, keys) for name in names if not is_outlet(name, outlets)]
    return persons or list(names)


def _without_end(name: str, outlets: Iterable[str]) -> str:
    """Return a name without the outlet behind it: "Jane Doe Northford Ledger"."""
    for outlet in outlets:
        shorter = name[: -len(outlet)].rstrip(" .,-–|/")
        if name.casefold().endswith(f" {outlet.casefold()}") and _is_whole(shorter):
            return shorter
    return name


def is_outlet(name: str, outlets: Iterable[str]) -> bool:
    """Say whether a name is an outlet's, or begins with it: "Northford Ledger Sport"."""
    key, first = _key(name), _key(name.split()[0]) if name else ""
    keys = {_key(outlet) for outlet in outlets} - {""}
    return key in keys or (first in keys and len(first) > 1)


def _key(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum()).removeprefix("the")
