"""HTML cards: boxes and lists that lead to other articles, and captions, told by how they are built, not by names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from searchkit.ingest.text_cleanup import one_line, words

_CARD_TAGS = ("div", "section", "article", "li", "aside")
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_PROSE = words("p ul ol dl table blockquote pre h1 h2 h3 h4 h5 h6")
_PICTURES = words("img picture")

_LONGEST_CARD = 500
"""Characters that a card shows of another article: its headline, its summary, its author."""
_MOST_LINKS = 12
_LONGEST_TOPIC = 40
"""Characters of a card's other links: its section, its author."""
_LEAST_OF_THE_PATH = 12
"""Characters of an article's address on its site; sections and home pages have shorter ones."""

_FEWEST_ITEMS = 3
_LONGEST_ITEM = 160
_SHORTEST_PROSE = 80
_LINKED = 0.3
"""Share of a line that is a link, at least, in a list of other articles: some link a few words of each headline."""
_LONGEST_CAPTION = 300
_DEEPEST_PICTURE = 5
"""Elements that wrap a picture alone, up to the box that has its caption as well."""
_LONGEST_CALL = 1200
_DEEPEST_BUTTON = 5
"""Elements around a button up to the box that asks for what it does."""
_MOST_BUTTONS, _MOST_BEHIND = 500, 20
_BUTTON_NAME = re.compile(r"(?:^|[\s_-])(?:btn|button|cta)(?:[\s_-]|$)")

_END_OF_SENTENCE = re.compile(r"[.!?…。！？؟।][\"'”’»)\]」]*$")


_Links = list[tuple[str, int]] | None


def cards(body: Any, address: str) -> Iterator[Any]:
    """Yield the boxes on a page that lead to another article of its site: a picture or headline linked, little text."""
    own = urlsplit(address)
    taken: set[Any] = set()
    links_in: dict[Any, _Links] = {}
    for link in body.iter("a"):
        target = _target(link, own.netloc) if _leads(link) else ""
        if not target or target == own.path.rstrip("/"):
            continue
        card = _card_around(link, target, own.netloc, links_in)
        if card is not None and card not in taken:
            taken.add(card)
            yield card


def _target(link: Any, host: str) -> str:
    return _path_on_site((link.get("href") or "").strip(), host)


@lru_cache(maxsize=8192)
def _path_on_site(address: str, host: str) -> str:
    """Return the path of another page of the site; "" where an address leads elsewhere."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    is_here = parts.scheme in ("", "http", "https") and (not parts.netloc or _site(parts.netloc) == _site(host))
    return parts.path.rstrip("/") if is_here and len(parts.path) >= _LEAST_OF_THE_PATH else ""


def _site(host: str) -> str:
    return ".".join(host.lower().split(".")[-2:])


def _leads(link: Any) -> bool:
    """Say whether a link is, or holds, a card's headline or picture."""
    holds = next(link.iter(*_HEADINGS, *_PICTURES), None) is not None
    return holds or any(above.tag in _HEADINGS for above in link.iterancestors(*_HEADINGS))


def _card_around(link: Any, target: str, host: str, links_in: dict[Any, _Links]) -> Any:
    """Return the largest box around a link that is a card to its target; None where there is none."""
    card = None
    for box in link.iterancestors():
        if box.tag in ("p", "td", "body", "main"):
            break
        if box not in links_in:
            links_in[box] = _few_links(box, host)
        links = links_in[box]
        if links is None or any(path != target and length > _LONGEST_TOPIC for path, length in links):
            break
        if box.tag in _CARD_TAGS and _is_card(box, sum(path == target for path, _ in links)):
            card = box
    return card


def _few_links(box: Any, host: str) -> _Links:
    """Return where a box's links lead and how long their texts are; None where it holds too much to be a card."""
    links = list(islice(box.iter("a"), _MOST_LINKS + 1))
    if len(links) > _MOST_LINKS or _text_up_to(box, _LONGEST_CARD) is None:
        return None
    return [(_target(each, host), len(one_line(each.text_content()))) for each in links]


def _is_card(box: Any, times: int) -> bool:
    """Say whether a box that leads to one article, so many times, shows it: by picture and headline, or twice."""
    has_heading = next(box.iter(*_HEADINGS), None) is not None
    return times > 1 or (has_heading and next(box.iter(*_PICTURES), None) is not None)


def calls_to_act(body: Any) -> Iterator[Any]:
    """Yield the boxes that end with a button: they ask a reader to subscribe, to pay, to write."""
    for button in islice(filter(_is_button, body.iter("button", "a", "input")), _MOST_BUTTONS):
        for box in islice(button.iterancestors(), _DEEPEST_BUTTON):
            if box.tag in ("article", "main", "body", "p", "pre", "td", "li", "figure"):
                break
            if box.tag in ("div", "section", "aside", "form") and next(box.iter("p"), None) is not None:
                if _ends_with(box, button) and _text_up_to(box, _LONGEST_CALL) is not None:
                    yield box
                break


def _is_button(element: Any) -> bool:
    if element.tag == "input":
        return bool(element.get("type") == "submit")
    wrapper = element.getparent()
    wraps = wrapper is not None and wrapper.tag in ("div", "span") and len(wrapper) == 1
    names = f"{element.get('class') or ''} {wrapper.get('class') or '' if wraps else ''}".lower()
    is_named = _BUTTON_NAME.search(names) is not None
    return is_named or element.tag == "button" or bool(element.get("role") == "button")


def _ends_with(box: Any, element: Any) -> bool:
    """Say whether no words stand in a box behind an element, and words before it."""
    inner = element
    while inner is not box:
        behind = list(islice(_elements(inner.itersiblings()), _MOST_BEHIND))
        if (inner.tail or "").strip() or len(behind) == _MOST_BEHIND or any(map(_has_text, behind)):
            return False
        inner = inner.getparent()
    return True


def _has_text(element: Any) -> bool:
    return _text_up_to(element, 0) != ""


def _elements(nodes: Iterator[Any]) -> Iterator[Any]:
    return (node for node in nodes if isinstance(node.tag, str) and node.tag not in ("script", "style"))


def pop_ups(body: Any) -> Iterator[Any]:
    """Yield the boxes in a sentence that open above the link before them: a picture and several links."""
    for link in body.iter("a"):
        box = link.getnext()
        if (
            box is not None
            and box.tag == "span"
            and next(box.iter("img"), None) is not None
            and next(islice(box.iter("a"), 1, None), None) is not None
        ):
            yield box


def _text_up_to(element: Any, longest: int) -> str | None:
    """Return an element's text on one line; None where it is longer, of which no more is read than that."""
    pieces, length = [], 0
    for piece in element.itertext():
        pieces.append(piece)
        length += len(piece.strip())
        if length > longest:
            return None
    return one_line("".join(pieces))


def closing_lists(body: Any) -> list[Any]:
    """Return the lists that end an article, of which every item links somewhere and is no sentence."""
    closing = []
    ended: set[Any] = set()
    for element in reversed(list(body.iter("p", "ul", "ol"))):
        whole = next(element.iterancestors("article", "main"), body)
        if whole in ended:
            continue
        if element.tag == "p":
            text = one_line(element.text_content())
            if len(text) >= _SHORTEST_PROSE and _END_OF_SENTENCE.search(text):
                ended.add(whole)
        elif len(items := element.findall("li")) >= _FEWEST_ITEMS and all(map(_is_reference, items)):
            closing.append(element)
    return closing


def _is_reference(item: Any) -> bool:
    text = one_line(item.text_content())
    linked = sum(len(one_line(each.text_content())) for each in item.iter("a"))
    return 0 < len(text) <= _LONGEST_ITEM and linked >= _LINKED * len(text) and not text.endswith(".")


def captions(body: Any) -> Iterator[Any]:
    """Yield what stands below a picture without being marked as its caption: small or slanted, in the picture's box."""
    texts: dict[Any, str | None] = {}
    for picture in body.iter("img"):
        box = picture
        for box in islice(picture.iterancestors(), _DEEPEST_PICTURE):
            if box not in texts:
                texts[box] = _text_up_to(box, _LONGEST_CAPTION)
            if texts[box] != "" or box.tag not in ("a", "picture", "span", "div"):
                break
        text = texts.pop(box, None)
        texts[box] = None  # looked at once
        if text and box.tag in ("div", "p", "center", "span", "td", "dd", "li") and _is_set_apart(box, text):
            yield box


def _is_set_apart(box: Any, text: str) -> bool:
    """Say whether all of a box's words are in elements that set them in small or slanted letters."""
    if next(box.iterdescendants(*_PROSE), None) is not None:
        return False
    small = [each for each in box.iterdescendants("em", "i", "small", "span", "font") if _is_outermost(each, box)]
    return one_line("".join(each.text_content() for each in small)) == text


def _is_outermost(element: Any, box: Any) -> bool:
    above = element.getparent()
    while above is not box:
        if above.tag in ("em", "i", "small", "span", "font"):
            return False
        above = above.getparent()
    return True
