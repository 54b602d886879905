"""Bylines: the names in what a page says of its authors, without roles, places, addresses and outlets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set

from searchkit.ingest.text_cleanup import one_line, words

_LONGEST = 5_000
"""Characters of a byline. A hundred authors have no longer one."""

_LONGEST_NAME = 80
_MOST_WORDS = 7
"""Of a name: "Maria Eduarda de Castro Vaz dos Santos" has seven."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S++|[^\s@]*+@\S++", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()]*+\)|\[[^\[\]]*+\]|（[^（）]*+）")
_BY_WORDS = (
    r"by|written by|story by|words by|von|vom|text|texte?|por|par|di|door|af|av|fra|oleh|autor(?:in|es?|as?)?|auteurs?|"
    r"authors?|autore|autori|skrevet af|skrevet av|écrit par|publié par|escrito por|geschrieben von|tekst|texto|testo|"
    r"yazan|автор|текст|od|przez|από|του|της|мнение|מאת|بقلم|كتب|โดย|लेखक|작성자|글|作者|文|撰文|取材・文"
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
_SURE_AND = words("and und & AND UND")
_AND_ALONE = re.compile(r"^(?:and|AND|und|UND|et|ET|y|og|och|en|i|ja|и|і|та|ve|dan|và|és|&)\s+")

_KINDS = (
    r"staff|senior|junior|chief|lead|special|guest|contributing|freelance|political|foreign|international|national|local|"
    r"business|economics?|financial?|finance|sports?|science|health|tech\w*|education|environment|climate|politics|world|"
    r"culture|arts|city|crime|legal|managing|executive|deputy|assistant|associate|digital|video|photo|news|online|"
    r"investigative|data|features?|opinions?|uk|us|eu|europe|asia|africa"
)
"""What goes before a role in English."""
_ROLES = (
    r"writers?|reporters?|correspondents?|editors?|editor[- ]in[- ]chief|columnists?|contributors?|journalists?|"
    r"photographers?|producers?|authors?|analysts?|professor|lecturer|researcher|fellow|director|critics?|bureau chief|"
    r"head of [\w ]+|"
    r"\w*redakt(?:eur|eurin|or|orin|ör|ør|ion|ionen)|\w*korrespondent(?:in)?|\w*reporter(?:in)?|\w*journalist(?:in)?|"
    r"volontär(?:in)?|autor(?:in)?|chefredakt\w+|ressortleit\w+|kolumnist(?:in)?|freier? \w+|"
    r"rédact(?:eur|rice)s?(?: en chef)?|journalistes?|correspondant(?:e)?s?|envoyée? spéciale?|grand reporter|"
    r"redactor(?:a|es)?|periodistas?|corresponsal(?:es)?|enviad[oa] especial|colaborador(?:a)?|repórter|jornalistas?|"
    r"correspondente|editor[ae]s?|giornalist[ae]|inviat[oa]|corrispondente|redattore|redattrice|caporedattore|"
    r"redacteur|verslaggever|skribent|kommentator|toimittaja|dziennikar(?:z|ka)|redaktorka|muhabiri?|editörü?|"
    r"журн?аліст(?:ка)?|журналист(?:ка)?|корреспондент|кореспондент|редактор|обозреватель|wartawan|jurnalis|"
    r"reportér(?:ka)?|novinář(?:ka)?|újságíró|szerkesztő|δημοσιογράφος|συντάκτης|記者|编辑|編集委員|編集部|論説委員|"
    r"通讯员|기자|특파원|선임기자|논설위원|पत्रकार|संवाददाता|مراسل|محرر|כתב|כתבת"
)
_HAS_ROLE = re.compile(rf"(?:.*?[\s/-])?(?:{_ROLES})\b.*", re.IGNORECASE)
_ROLE = re.compile(rf"(?:(?:{_KINDS})[\s-]+)*(?:{_ROLES})(?:$|\s.*)", re.IGNORECASE)
_ROLE_BEHIND = re.compile(
    rf"\s+(?:(?:{_KINDS})\s+)*(?:writer|reporter|correspondent|editor|columnist|contributor|journalist|"
    r"기자|특파원|선임기자|記者)$",
    re.IGNORECASE,
)
_PLACE_BEHIND = re.compile(
    r"\s+(?:in|aus|from|reporting from|à|en|for(?: the)?|special to(?: the)?)\s+"
    r"[A-ZÀ-ÞА-Я][\w.’'-]+(?:[ ,-][A-ZÀ-ÞА-Я][\w.’'-]+){0,3}$"
)
_REPORTS_FROM = re.compile(r"\s+(?:reports|reporting|writes|writing)(?: (?:from|in|for)\b[^;]*|\s*)$", re.IGNORECASE)
_FOR_AN_OUTLET = re.compile(r",?\s?\b(?:special|exclusive) (?:to|for)\b[^,;|]*", re.IGNORECASE)
_DATED = re.compile(r"\s+(?:first |last )?(?:published|updated|posted|modified)\b.*", re.IGNORECASE | re.DOTALL)
_OF_PICTURES = re.compile(
    r"(?:fotos?|photos?|photograph\w*|bild(?:er)?|videos?|images?|illustration\w*|grafik\w*|graphics|übersetz\w+|"
    r"translat\w+|fotografie)\b(?:\s*:| by | von | de )",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d")
_DATE = re.compile(r"\d{1,4}[./:-]\d|\b(?:19|20)\d\d\b|^\d+ ?(?:min\w*|hours?|days?|std|h)\b", re.IGNORECASE)
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+")
_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv)\.?$", re.IGNORECASE)
_DEGREE = re.compile(r"^(?:ph\.?\s?d|m\.?d|m\.?a|b\.?a|r\.?n|msc|esq|dphil)\.?$", re.IGNORECASE)
_NAMELESS = re.compile(
    r"^(?:admin|administrator|editor|guest|staff|anonymous|null|none|undefined|unknown|n/?a|user|author|autor|redaktion|wp-?admin|"
    r"true|false|by|von|follow|more|see all|share|website|twitter|facebook|instagram|linkedin|email|mail)$",
    re.IGNORECASE,
)
_MOST_WORDS_SHOWN = 5
_LONGEST_SHOWN = 50
_ARTICLES = words("the a an this all")
_PARTICLES = words(
    "de da do dos das di del della der den van von vom zu zur le la les el al bin ibn ben af av y e i ter te"
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
    text = _FOR_AN_OUTLET.sub("", _DATED.sub("", _ADDRESS.sub(" ", text)))
    name, bar, place = text.rpartition(" | ")
    if bar and is_whole(name) and " " not in place.strip() and "|" not in name:
        text = name  # "Jane Doe | Madrid"
    names: list[str] = []
    parts = (part for each in _ABOVE.split(_without_by(text)) for part in _around_slash(each))
    for part in parts:
        names += _names_between_commas(_REPORTS_FROM.sub("", _without_by(part)))
    persons = (_trimmed(each) for each in names if not is_role(each))
    return list(dict.fromkeys(name for name in persons if name and _is_name(name)))


def _around_slash(text: str) -> list[str]:
    """Split a name from the agency behind a slash; signs such as "abc/xyz" are one."""
    parts = text.split("/")
    return parts if any(is_whole(part) for part in parts) else [text]


def _without_by(text: str) -> str:
    text = one_line(text) if "\n" not in text else text.strip()
    shorter = _BY.sub("", text)
    return _BY.sub("", shorter) if shorter != text else text


def _names_between_commas(text: str) -> list[str]:
    """Return the names that commas and conjunctions part; what follows a whole name and is none says who or where."""
    conjoined = (name for part in re.split(r"\s*,\s*", text) for name in _conjoined(_AND_ALONE.sub("", part)))
    parts = [_without_role(name) for name in conjoined if name]
    if len(parts) == 1:
        return parts
    has_whole = any(is_whole(part) and not _HAS_ROLE.fullmatch(part) for part in parts)
    names: list[str] = []
    for part in parts:
        if names and _SUFFIX.match(part):
            names[-1] += f", {part}"
        elif _DEGREE.match(part) or (names and _HAS_ROLE.fullmatch(part)):
            continue
        elif is_whole(part) or not has_whole:
            names.append(part)
    # "Doe, Jane": neither is a name by itself. "Reuters, AFP" are two.
    is_reversed = not has_whole and len(names) == 2 and names[0].isupper() == names[1].isupper()
    return [text] if is_reversed else names


def _conjoined(text: str) -> list[str]:
    """Split at a conjunction between two whole names or two single words: "Ortega y Gasset" is one name's end.

    English and German conjunctions also part a whole name from an agency's.
    """
    names: list[str] = []
    start, border = 0, ""
    for match in (*_AND.finditer(text), None):
        part = text[start : match.start() if match else len(text)]
        differ = bool(names) and is_whole(names[-1]) != is_whole(part)
        if differ and not (is_whole(names[-1]) and border in _SURE_AND):
            return [text]
        names.append(part)
        start, border = (match.end(), match[0].strip()) if match else (start, border)
    return names


def is_whole(name: str) -> bool:
    """Say whether a name has more than one word, or is of a script that parts none."""
    return " " in name.strip() or (_CJK.search(name) is not None and len(name) > 1)


def _trimmed(name: str) -> str:
    name = name.strip(' \t\n-–—,:;|•·/<>"„“”»«*')
    name = _without_role(name)
    return one_line(_PLACE_BEHIND.sub("", name) if is_whole(name) else name)


def _without_role(name: str) -> str:
    """Return a name without the role right behind it, if a name is left."""
    shorter = _ROLE_BEHIND.sub("", name)
    return shorter if is_whole(shorter) else name


def _is_name(name: str) -> bool:
    if len(name) > _LONGEST_NAME or not any(character.isalpha() for character in name):
        return False
    if _NAMELESS.match(name) or _SLUG.fullmatch(name) or _OF_PICTURES.match(name) or _DATE.search(name):
        return False
    return len(name.split()) <= _MOST_WORDS and name[-1] not in "?!…"


def looks_like_person(name: str) -> bool:
    """Say whether a text that stands where an author may has a name's form: few words, each with a capital or small."""
    parts = name.split()
    is_text = (name[-1] == "." and len(parts[-1]) > len("Jr.")) or _NUMBER.search(name) is not None
    if parts[0].lower() in _ARTICLES or is_text or len(parts) > _MOST_WORDS_SHOWN or len(name) > _LONGEST_SHOWN:
        return False
    return all(word in _PARTICLES or word[:1].lower() != word[:1] or word[:1].upper() == word[:1] for word in parts)


def is_role(text: str) -> bool:
    """Say whether a text is what somebody does, and not who: "Staff writer", "Korrespondentin in Paris"."""
    return _ROLE.fullmatch(text) is not None


def without_outlets(names: Sequence[str], outlets: Sequence[str]) -> list[str]:
    """Return the names that aren't an outlet's, nor begin with one as a desk's does; none where every name is."""
    keys = {_key(outlet) for outlet in outlets} - {""}
    ends = sorted({outlet for outlet in outlets if is_whole(outlet)}, key=lambda outlet: (-len(outlet), outlet))
    return [_without_end(name, ends) for name in names if not _is_outlet(name, keys)]


def _is_outlet(name: str, keys: Set[str]) -> bool:
    first = _key(name.partition(" ")[0])
    return _key(name) in keys or (first in keys and len(first) > 1)


def _without_end(name: str, outlets: Iterable[str]) -> str:
    """Return a name without the outlet behind it: "Jane Doe Northford Ledger"."""
    for outlet in outlets:
        shorter = name[: -len(outlet)].rstrip(" .,-–|/")
        if name.casefold().endswith(f" {outlet.casefold()}") and is_whole(shorter):
            return shorter
    return name


def _key(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum()).removeprefix("the")
