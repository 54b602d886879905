"""Here is an English word as one side of an ocean spells it; which spelling do both sides share?

Snowball's English stemmer keeps "defence" (``defenc``) and "defense" (``defens``) apart, so too "colour", "organise",
"centre" and "travelled". Words are brought to the American spelling before they are stemmed, in articles and queries
alike. Endings that stand in ordinary words of both sides ("our", "re") are changed in listed words alone; "-ise" is
changed to "-ize" wherever a word is long enough, since both sides get the same ("surprise" becomes ``surprize``
everywhere).
"""

from __future__ import annotations

import re

_BEGINNINGS = {
    "aeroplane": "airplane", "ageing": "aging", "aluminium": "aluminum", "armour": "armor", "behaviour": "behavior",
    "calibre": "caliber", "centred": "centered", "candour": "candor", "catalogue": "catalog", "centre": "center",
    "centring": "centering", "clamour": "clamor", "colour": "color", "defence": "defense", "demeanour": "demeanor",
    "dialogue": "dialog", "endeavour": "endeavor", "favour": "favor", "fervour": "fervor", "fibre": "fiber", "flavour":
    "flavor", "grey": "gray", "harbour": "harbor", "honour": "honor", "humour": "humor", "jewellery": "jewelry",
    "kilometre": "kilometer", "labour": "labor", "licence": "license", "litre": "liter", "manoeuvre": "maneuver",
    "manoeuvring": "maneuvering",
    "metre": "meter", "mould": "mold", "moustache": "mustache", "neighbour": "neighbor", "odour": "odor",
    "offence": "offense", "parlour": "parlor", "plough": "plow", "pretence": "pretense", "programme": "program",
    "pyjama": "pajama", "rancour": "rancor", "rigour": "rigor", "rumour": "rumor", "sabre": "saber",
    "saviour": "savior", "sceptic": "skeptic", "sombre": "somber", "spectre": "specter", "splendour": "splendor",
    "sulphur": "sulfur", "theatre": "theater", "tumour": "tumor", "tyre": "tire", "valour": "valor",
    "vapour": "vapor", "vigour": "vigor", "anaemi": "anemi", "anaesthe": "anesthe", "diarrhoea": "diarrhea",
    "encyclopaedi": "encyclopedi", "foetus": "fetus", "foetal": "fetal", "gynaecolog": "gynecolog",
    "haemo": "hemo", "leukaemi": "leukemi", "oesophag": "esophag", "oestrogen": "estrogen", "orthopaedi": "orthopedi",
    "paediatr": "pediatr",
}  # fmt: skip
"""What British words begin with, and what American ones do, whole or with any ending."""

_FIRST_LETTERS = frozenset(beginning[:3] for beginning in _BEGINNINGS)
_BEGINNING = re.compile("|".join(sorted(_BEGINNINGS, key=len, reverse=True)))
_ISE = re.compile(r"(?<=[a-z]{3})([iy])s(?=(?:e|es|ed|ing|er|ers|ation|ations|ational)$)")
_DOUBLE = re.compile(r"(?<=[a-z]{2}[aeiou])ll(?=(?:ed|ing|er|ers|or|ors)$)")


def american(word: str) -> str:
    """Return a folded English word in the spelling that both sides share; most words are that already."""
    if word[:3] in _FIRST_LETTERS and (found := _BEGINNING.match(word)):
        word = _BEGINNINGS[found[0]] + word[found.end() :]
    if "is" in word or "ys" in word:
        word = _ISE.sub(r"\1z", word)
    return _DOUBLE.sub("l", word) if "ll" in word else word
