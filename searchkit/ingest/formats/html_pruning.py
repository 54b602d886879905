"""HTML pruning: takes what isn't shown, and what isn't the article, out of a page's tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from searchkit.ingest.formats.html_boilerplate import LONGEST_LABEL, is_boilerplate, is_label
from searchkit.ingest.formats.html_cards import calls_to_act, captions, cards, closing_lists, pop_ups
from searchkit.ingest.text_cleanup import one_line

_NEVER_SHOWN = (
    "script style template svg select textarea datalist iframe object canvas audio video map button figcaption"
)
_HIDDEN = "//*[@hidden or @aria-hidden='true' or @style]"
_HIDING_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)

_BLOCKS = (
    "address article aside blockquote center dd details div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table tbody td th thead tr ul"
)
_BLOCK_TAGS = frozenset(_BLOCKS.split())

_INLINE = frozenset(["a", "span", "small", "time", "cite", "strong", "b", "em", "i"])
_UNKEPT_INLINE = frozenset(["time", "label", "output", "data", "button", "meter"])
"""Tags that an extractor drops with their words, or that are controls where no sentence is around them."""

_PLAIN = "span"
_PROSE_BLOCKS = frozenset(["p", "li", "td", "th", "dd", "dt", "blockquote", "h2", "h3", "h4", "h5", "h6"])
_HEADINGS = frozenset(["h2", "h3", "h4", "h5", "h6"])

_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_HIDDEN_NAME = re.compile(
    r" (?:sr only|visually ?hidden|screen ?reader(?: text| only)?|off ?screen|u hidden|is hidden|print only|"
    r"only print) "
)
_BOILERPLATE_NAME = re.compile(
    r" (?:"
    # boxes beside the text
    r"fact ?(?:box|sheet|file)|fakta ?(?:boks|box|ruta)|info ?box|ai ?(?:article)? ?summary|toast|pop ?up|"
    r"tool ?box|banner|"
    r"kicker|eyebrow|overline|topline|dachzeile|"
    # newsletters and subscriptions
    r"news ?letters?|sign ?up|subscri(?:be|ption|ptions|bers?)|mailing|opt ?in|"
    # other articles
    r"related|recommend(?:ed|s|ation|ations)?|recirc(?:ulation)?|read (?:more|also|next|on)|more (?:on|from|"
    r"topic|stories|news|"
    r"articles|links)|also read|see also|you may|(?:most|more) (?:read|popular|viewed|shared)|popular|trending|"
    r"(?:latest|recent) (?:news|posts?|articles|stories)|suggested|suggestions|up next|next (?:article|post|"
    r"up|story)|"
    r"prev(?:ious)? (?:article|post)|post navigation|teasers?|(?:article|story|news|post) cards?|"
    # sharing
    r"shar(?:e|es|ing)|shar(?:e|ing) (?:bar|tools|buttons?|links)|social|socials|sns|addtoany|addthis|follow us|"
    # readers
    r"comments?|disqus|respond|feedback|report error|reporter+box|ratings?|survey|"
    # advertising
    r"promo|promos|promotion|promoted|adverts?|advertisements?|advertorial|ads?|ad (?:slot|unit|label|container|box)|"
    r"(?:access|reg|registration|subscription) ?wall|"
    r"sponsor(?:ed)?|affiliates?|outbrain|taboola|cookies?|consent|gdpr|donat(?:e|ion)|membership|call to action|cta|"
    # writers
    r"authors? (?:bio|box|info|card|about|description|details|"
    r"profile|short|line|list|listing|affiliation)|authors? ?short|about (?:the )?authors?|bio|biography|"
    r"byline|bylines|writer|contributors?|attribution|"
    # pictures
    r"captions?|credits?|photo credit|media ?info|image (?:description|caption|credit|copyright|source|info)|"
    r"copyright|"
    r"video (?:heading|title|caption|headline)|"
    # boxes that open above a word
    r"tool ?tips?|pop ?over|hover ?cards?|fly ?out|drop ?down|"
    # apparatus
    r"bread ?crumbs?|tags?|tag list|keywords|timestamp|dateline|(?:publish|published|publication|display|post|"
    r"update|updated"
    r"|modified) (?:date|time|at|on)|date ?time|read(?:ing)? time|estimated read time|meta|meta ?data|toc|"
    r"pagination|pager|toolbar|cite ?wrapper|citation box|audio player|listen|text to speech"
    r") "
)

_HIDING_NAMES = frozenset(["hidden", "hide", "d-none", "is-hidden", "u-hidden", "u-hide", "invisible"])
_RESPONSIVE = re.compile(r"(?:[a-z0-9-]+:|d-(?:xs|sm|md|lg|xl)-)")
"""Names that show on some screens what others hide."""

_CONTENT_PART = re.compile(r"(?:article|story|post|entry|body|content|text)", re.IGNORECASE)

_LABELLED = frozenset(["section", "div", "aside", "form", "ul", "nav"])
"""Tags whose ``aria-label`` tells what they are for; that of a link or picture says what it shows."""

_ROLES = frozenset(
    ["complementary", "navigation", "search", "dialog", "alertdialog", "banner", "contentinfo", "toolbar"]
)
"""Of elements that hold no article, by https://www.w3.org/TR/wai-aria-1.2/#landmark_roles."""

_SHOWN_TAB = frozenset(["active", "show", "in", "is-active", "selected", "current"])

_DROPPED = "x-dropped"
_HOLDERS = ("div", "section", "main", "article")
_LETTER = re.compile(r"\w")

_MOST_OF_THE_TEXT = 0.3
"""Of a page's paragraphs: what holds more is no boilerplate, whatever its name."""

_LONG_PARAGRAPH = 80
_LONGEST_LABEL = 60
_SHORTEST_TEASER = 18
_LONGEST_CRUMB = 30
_LINKED = 0.7
_LONGEST_LINK_LINE = 300
_LONGEST_LINKED = 800
"""Characters of a line that is a link from end to end."""
_ARROW = re.compile(r"\W{0,2}(?:>>|»|→|►|▶|➤|➔|⇒)\s*\w")
"""Before a line that leads elsewhere."""
_FEWEST_WORDS = 3
_END_OF_SENTENCE = re.compile(r"[.!?…。！？؟।][\"'”’»)\]」]*$")


def prune(tree: Any, address: str = "") -> None:
    """Take what isn't the article out of a page's tree, and give what is a form that an extractor keeps.

    ``address`` is the page's own: what leads to others of its site belongs to another article.
    """
    body = tree.find("body") if tree.tag == "html" else tree
    if body is None:
        body = tree
    calls = list(calls_to_act(body))
    _keep_sentences(body)
    _keep_captions(body)
    for element in tree.iter(*_NEVER_SHOWN.split()):
        _drop(element)
    _sweep(tree)
    mass = _Mass(body)
    if mass.is_small:  # else an extractor tells navigation from text
        for element in body.iter("nav"):
            _drop(element)
        _sweep(body)
    _unwrap_quotations(body)
    _drop_boxes(calls, mass)
    _drop_cards(body, mass, address)
    _sweep(body)
    for drop in (_drop_hidden, _drop_following_articles, _drop_announced, _drop_by_name, _drop_links, _drop_captions):
        drop(body, mass)
        _sweep(body)
    _unfold_layout(body)
    _join_parts(body, mass)
    _keep_asides(body, mass)
    _keep_code_and_sources(body)
    _keep_lines(body)
    _fold_lists_in_cells(body)
    _part_words(body)


def _keep_sentences(body: Any) -> None:
    """Make plain what stands in running text, and paragraphs of it: no name and no tag takes a word out of a sentence.

    A paragraph is running text where it ends as a sentence does and is no line of links.
    """
    blocks: dict[Any, Any] = {}
    has_words: dict[Any, bool] = {}
    for element in body.iter(*_INLINE, *_UNKEPT_INLINE):
        above = element.getparent()
        block = blocks[element] = blocks.get(above, above)
        is_named = element.get("class") or element.get("id")
        if block is None or block.tag not in _PROSE_BLOCKS or not (element.tag in _UNKEPT_INLINE or is_named):
            continue
        if block not in has_words:
            has_words[block] = _has_words(block)
        if has_words[block] and (element.tag != "button" or _is_between_words(element)):  # else it is a control
            _make_plain(element)
    for paragraph in body.iter("p"):
        if _names_of(paragraph).strip() and not _is_hiding(_names_of(paragraph)) and _is_prose(paragraph):
            _make_plain(paragraph)


def _keep_captions(body: Any) -> None:
    """Make paragraphs of long captions that hold more than the paragraphs do: of a gallery they are the article."""
    captions = [each for each in body.iter("figcaption") if len(each.text_content().strip()) >= _LONGEST_LABEL]
    held = sum(len(each.text_content()) for each in captions)
    if held <= sum(len(each.text_content()) for each in body.iter("p") if len(each) or each.text) + _loose_text(body):
        return
    for caption in captions:
        caption.tag = "p"
        for part in caption.iterdescendants():
            if isinstance(part.tag, str) and (_is_boilerplate(_names_of(part)) or is_boilerplate(part.text_content())):
                _drop(part)
        _open_holders(caption)
    _sweep(body)


def _loose_text(body: Any) -> int:
    """Return how many characters stand in no paragraph, in divisions: as text broken into lines does."""
    texts = (
        text for each in body.iter("div", "section", "article") for text in (each.text, *(part.tail for part in each))
    )
    return sum(length for text in texts if text and (length := len(text.strip())) >= _LONG_PARAGRAPH)


def _open_holders(element: Any) -> None:
    """Make divisions without a name of what holds an element, as far as the article."""
    for holder in element.iterancestors():
        if holder.tag in ("article", "main", "body") or (holder.tag == "div" and not holder.attrib):
            return
        if holder.tag in ("figure", "section", "ul", "ol", "li", "a", "aside"):
            holder.tag = "div"
        holder.attrib.clear()


def _has_words(block: Any) -> bool:
    texts = (block.text, *(child.tail for child in block if child.tag not in _BLOCK_TAGS))
    return any(_LETTER.search(text) for text in texts if text)


def _is_between_words(element: Any) -> bool:
    before = element.getprevious()
    beside = (element.getparent().text if before is None else before.tail) or ""
    return _LETTER.search(beside) is not None and _LETTER.search(element.tail or "") is not None


def _is_prose(paragraph: Any) -> bool:
    text = one_line(paragraph.text_content())
    fewest = _FEWEST_WORDS + 1 if _is_boilerplate(_names_of(paragraph)) else _FEWEST_WORDS
    return (
        _END_OF_SENTENCE.search(text) is not None
        and (len(text.split()) >= fewest or not text.isascii())
        and _linked_share(paragraph) <= 0.5
        and not is_boilerplate(text)
    )


def _make_plain(element: Any) -> None:
    """Take off an element the names by which it would be dropped; a tag that would be becomes ``span``."""
    if element.tag in _UNKEPT_INLINE:
        element.tag = _PLAIN
    element.attrib.pop("class", None)
    element.attrib.pop("id", None)


def _unwrap_quotations(body: Any) -> None:
    """Take their names off the wrappers of quotations: posts of social media are quoted, not a bar for sharing."""
    for quotation in body.iter("blockquote"):
        element = quotation
        while element is not None and element.tag in ("blockquote", "div", "figure", "section") and len(element) <= 4:
            if element is quotation or len(element.text_content()) < 1.2 * len(quotation.text_content()) + 50:
                element.attrib.pop("class", None)
                element.attrib.pop("id", None)
                if element.tag == "figure":
                    element.tag = "div"
                element = element.getparent()
            else:
                break


def _drop_boxes(calls: Sequence[Any], mass: _Mass) -> None:
    """Take out boxes that ask for something, where there is enough text to tell that they are no article."""
    for call in calls:
        if not mass.is_small and mass.share(call) < _MOST_OF_THE_TEXT:
            _drop(call)


def _drop_cards(body: Any, mass: _Mass, address: str) -> None:
    """Take out the cards of other articles; a page that is mostly cards is a list of articles, which is all it has."""
    boxes = list(cards(body, address))
    if sum(map(mass.share, boxes)) < 2 * _MOST_OF_THE_TEXT:
        for card in boxes:
            _drop_with_label(card)
    for box in pop_ups(body):
        _drop(box)


def _drop_captions(body: Any, mass: _Mass) -> None:
    """Take out captions that aren't marked as such; where they hold more than the paragraphs, they are the article."""
    boxes = list(captions(body))
    if sum(map(mass.share, boxes)) < _MOST_OF_THE_TEXT:
        for caption in boxes:
            _drop(caption)


def _drop_following_articles(body: Any, mass: _Mass) -> None:
    """Take out the whole articles that a page appends to its own: each with a headline, after one with a headline."""
    articles = [
        each
        for each in body.iter("article")
        if next(each.iterancestors("article"), None) is None and next(each.iter("h1"), None) is not None
    ]
    if len(articles) > 1 and mass.share(articles[0]) > 0.5 * max(map(mass.share, articles[1:])) / 4:
        for article in articles[1:]:
            _drop(article)


def _drop_announced(body: Any, mass: _Mass) -> None:
    """Take out what follows a line that announces other articles, as far as it is cards and lists."""
    for element in list(body.iter("h2", "h3", "h4", "h5", "h6", "p", "div", "strong")):
        if len(element) > 3 or (element.tag == "div" and len(element) > 0):
            continue
        text = element.text_content()
        if len(text) > 4 * LONGEST_LABEL or not is_label(one_line(text)):
            continue
        following = element.getnext()
        while following is not None and (
            following.tag in ("article", "ul", "ol")
            or (following.tag in ("div", "section", "p") and _linked_share(following) > 0.5)
        ):
            following, card = following.getnext(), following
            if mass.share(card) < _MOST_OF_THE_TEXT:
                _drop(card)


def _linked_share(element: Any) -> float:
    text = len(one_line(element.text_content()))
    return sum(len(one_line(each.text_content())) for each in element.iter("a")) / text if text else 0.0


def _unfold_layout(body: Any) -> None:
    """Make divisions of the tables that lay out a page: those whose cells hold paragraphs or most of their text."""
    for table in list(body.iter("table")):
        cells = list(table.iter("td"))
        longest = max((len(cell.text_content()) for cell in cells), default=0)
        if longest > 600 or any(len(cell.findall(".//p")) > 2 for cell in cells):
            for element in [table, *table.iterdescendants("tbody", "thead", "tr", "td", "th")]:
                element.tag = "div"


def _join_parts(body: Any, mass: _Mass) -> None:
    """Mark what holds all parts of a body that comes in several, since an extractor takes the first alone."""
    parts: dict[str, list[Any]] = {}
    for element in body.iter("div", "section"):
        name = element.get("class") or ""
        if name and _CONTENT_PART.search(name) and len(element.findall(".//p")) > 1:
            parts.setdefault(name, []).append(element)
    for alike in parts.values():
        if len(alike) < 2 or any(alike[0] in each.iterancestors() for each in alike[1:]):
            continue
        last = set(alike[-1].iterancestors())
        holder = next((each for each in alike[0].iterancestors(*_HOLDERS) if each in last), None)
        held = sum(map(mass.share, alike))
        if holder is None or held < 0.5:
            continue
        above = holder.getparent()
        while (
            holder.tag not in ("article", "main")
            and above is not None
            and above.tag in _HOLDERS
            and mass.share(above) <= 1.3 * held
        ):
            holder, above = above, above.getparent()
        holder.set("itemprop", "articleBody")
        return


class _Mass:
    """How much of a page's text an element holds, by its long paragraphs; by all of it where there are none."""

    def __init__(self, body: Any) -> None:
        self._lengths: dict[Any, int] = {}
        for element in body.iter("p"):
            length = len(element.text_content())
            if length >= _LONG_PARAGRAPH:
                self._lengths[element] = length
        self._total = sum(self._lengths.values())
        self._all = len(body.text_content())

    @property
    def is_small(self) -> bool:
        """Whether there are few long paragraphs, so that they tell little."""
        return self._total < 4 * _LONG_PARAGRAPH

    def share(self, element: Any) -> float:
        """Return the share of the page's text that an element holds, between 0 and 1."""
        if not self.is_small:
            return sum(self._lengths.get(each, 0) for each in element.iter("p")) / self._total
        return len(element.text_content()) / max(self._all, 1)


def _drop_hidden(body: Any, mass: _Mass) -> None:
    for element in body.xpath("." + _HIDDEN):
        hidden = (
            element.get("hidden") is not None
            or element.get("aria-hidden") == "true"
            or _HIDING_STYLE.search(element.get("style") or "")
        )
        if hidden and element is not body and mass.share(element) < _MOST_OF_THE_TEXT:
            _drop(element)


def _drop_by_name(body: Any, mass: _Mass) -> None:
    """Take out what its name calls boilerplate; where that is most of the text, only what holds no paragraphs."""
    named: dict[Any, float] = {}
    for element in body.iterdescendants():
        name = _names_of(element)
        if (
            element.get("role") in _ROLES or (bool(name.strip()) and _is_boilerplate(name)) or _is_other_tab(element)
        ) and not any(above in named or above.tag == "h1" for above in element.iterancestors()):
            share = mass.share(element)
            if share < _MOST_OF_THE_TEXT and not (element.tag in _INLINE and _is_in_a_sentence(element)):
                named[element] = share
    too_much = sum(named.values()) > 2 * _MOST_OF_THE_TEXT
    for element, share in named.items():
        if share == 0 or not too_much:
            _drop(element)


def _is_other_tab(element: Any) -> bool:
    """Say whether an element is the content of a tab that isn't opened."""
    names = (element.get("class") or "").split()
    return (
        (element.get("role") == "tabpanel" or "tab-pane" in names)
        and _SHOWN_TAB.isdisjoint(names)
        and (element.getprevious() is not None)
    )


def _names_of(element: Any) -> str:
    """Return what an element is called; of a heading no id, since that repeats its words to be linked to."""
    if not isinstance(element.tag, str):
        return ""
    anchor = "" if element.tag in _HEADINGS else element.get("id") or ""
    label = element.get("aria-label") or "" if element.tag in _LABELLED else ""
    return f"{element.get('class') or ''} {anchor} {label[:_LONGEST_LABEL]}"


def _is_in_a_sentence(element: Any) -> bool:
    """Say whether words stand beside an inline element, or beside the one that wraps it."""
    while (above := element.getparent()) is not None:
        before = element.getprevious()
        beside = (above.text if before is None else before.tail) or ""
        if beside.strip() or (element.tail or "").strip():
            return True
        if above.tag not in _INLINE:
            return False
        element = above
    return False


@lru_cache(maxsize=8192)
def _is_boilerplate(name: str) -> bool:
    parts = [f" {' '.join(_NAME_WORD.findall(part)).lower()} " for part in name.split()]
    return _is_hiding(name) or any(_BOILERPLATE_NAME.search(part) for part in parts)


@lru_cache(maxsize=8192)
def _is_hiding(name: str) -> bool:
    parts = name.split()
    if not _HIDING_NAMES.isdisjoint(parts) and not any(_RESPONSIVE.match(part) for part in parts):
        return True
    return any(_HIDDEN_NAME.search(f" {' '.join(_NAME_WORD.findall(part)).lower()} ") for part in parts)


def _drop_links(body: Any, mass: _Mass) -> None:
    """Take out what leads to other articles: cards, lists of links, lines that are a link or a label and a link."""
    for element in list(body.iter("a")):
        holds_blocks = next(element.iterdescendants(*_BLOCK_TAGS), None) is not None
        if (holds_blocks or _is_linked_paragraph(element)) and mass.share(element) < _MOST_OF_THE_TEXT:
            _drop_with_label(element)
    closing = set(closing_lists(body))
    for element in list(body.iter("ul", "ol")):
        if element in closing or _is_link_list(element) or _is_trail(element):
            _drop_with_label(element)
    for element in list(body.iter("p", "div", "center", "h2", "h3", "h4", "h5", "h6")):
        if _is_link_line(element):
            _drop(element)


def _is_linked_paragraph(link: Any) -> bool:
    """Say whether a link is a paragraph of its own, as long as one and in none."""
    return (
        link.getparent().tag in _HOLDERS
        and len(one_line(link.text_content())) >= _LONG_PARAGRAPH
        and not _is_in_a_sentence(link)
    )


def _is_link_list(element: Any) -> bool:
    text = one_line(element.text_content())
    links = [one_line(each.text_content()) for each in element.iter("a")]
    items = len(element.findall("li")) or 1
    return bool(links) and sum(map(len, links)) >= _LINKED * len(text) - 2 * items and len(text) < 200 * items


def _is_trail(element: Any) -> bool:
    """Say whether a list is a trail of breadcrumbs: short links that lead down to the page, which is none."""
    items = element.findall("li")
    return len(items) > 2 and all(
        len(text := one_line(item.text_content())) <= _LONGEST_CRUMB
        and text == " ".join(one_line(each.text_content()) for each in item.iter("a"))
        for item in items[:-1]
    )


def _is_link_line(element: Any) -> bool:
    links = list(element.iter("a"))
    if not links or next(element.iterdescendants(*_BLOCK_TAGS), None) is not None:
        return False
    text = one_line(element.text_content())
    linked = sum(len(one_line(each.text_content())) for each in links)
    if len(text) > _LONGEST_LINKED or linked < _SHORTEST_TEASER / 2:
        return False
    if len(text) - linked <= 3 * len(links):
        return len(text) >= _SHORTEST_TEASER
    if _ARROW.match(text) and len(text) <= _LONGEST_LINK_LINE:
        return linked >= 0.3 * len(text)
    first = one_line(links[0].text_content())
    before = text.partition(first)[0] if first else text
    if is_label(before) and linked >= _LINKED * len(text):
        return True
    letters = len(_LETTER.findall(text)) - sum(len(_LETTER.findall(each.text_content())) for each in links)
    return (
        len(text) <= _LONGEST_LINK_LINE
        and len(before) <= _LONGEST_LABEL
        and letters <= len(_LETTER.findall(before))
        and ((before.rstrip()[-1:] in ":|»>→：" and linked >= _SHORTEST_TEASER) or is_label(before))
    )


def _drop_with_label(element: Any) -> None:
    """Take an element out, and before it the line that announced it."""
    before = element.getprevious()
    if before is not None and isinstance(before.tag, str) and not (before.tail or "").strip():
        text = one_line(before.text_content())
        heads = before.tag in ("h2", "h3", "h4", "h5", "h6") and len(text) <= _LONGEST_LABEL
        if len(text) <= _LONGEST_LABEL and (is_label(text) or text.endswith((":", "：")) or heads):
            _drop(before)
    _drop(element)


def _keep_asides(body: Any, mass: _Mass) -> None:
    """Keep a box beside the text, which an extractor drops, where it is the text."""
    for element in body.iter("aside"):
        if mass.share(element) >= _MOST_OF_THE_TEXT:
            element.tag = "div"


def _keep_code_and_sources(body: Any) -> None:
    """Keep code in a figure, and who is quoted in a quotation's footer; an extractor drops figures and footers."""
    for figure in body.iter("figure"):
        if next(figure.iterdescendants("pre"), None) is not None:
            figure.tag = "div"
            figure.attrib.clear()
    for quotation in body.iter("blockquote"):
        for footer in quotation.iterchildren("footer"):
            footer.tag = "p"


def _fold_lists_in_cells(body: Any) -> None:
    """Make a paragraph of a list in a table's cell, semicolons between its items: an extractor drops it."""
    for cell in body.iter("td", "th"):
        for inner in list(cell.iterchildren("ul", "ol")):
            texts = (one_line(_own_text(item)) for item in inner.iterdescendants("li") if _is_item_of(item, inner))
            paragraph = inner.makeelement("p")
            paragraph.text, paragraph.tail = "; ".join(filter(None, texts)), inner.tail
            cell.replace(inner, paragraph)


def _is_item_of(item: Any, outer: Any) -> bool:
    """Say whether an item is a list's or that of a list right in one of its items; what else is in one is its text."""
    above = item.getparent()
    return above is outer or above.getparent().tag == "li"


def _own_text(item: Any) -> str:
    """Return an item's text without that of the lists in it."""
    pieces = [item.text or ""]
    for child in item:
        if child.tag not in ("ul", "ol"):
            pieces.append(child.text_content() if isinstance(child.tag, str) else "")
        pieces.append(child.tail or "")
    return "".join(pieces)


def _keep_lines(body: Any) -> None:
    """Make preformatted text one code element, whose line breaks an extractor keeps."""
    for element in list(body.iter("pre")):
        for line_break in element.iter("br"):
            line_break.tail = "\n" + (line_break.tail or "")
        text = element.text_content()
        for child in list(element):
            element.remove(child)
        element.text = None
        if next(element.iterancestors("li"), None) is not None:
            _break_lines(element, text.strip("\n"))
            continue
        code = element.makeelement("code")
        code.text = text
        element.append(code)


def _break_lines(element: Any, text: str) -> None:
    """Make a paragraph with line breaks of code in a list's item: there an extractor runs its lines together."""
    element.tag = "p"
    for line in text.split("\n"):
        line_break = element.makeelement("br")
        line_break.tail = line
        element.append(line_break)


def _part_words(body: Any) -> None:
    """Make paragraphs of texts beside blocks, whose borders an extractor forgets, and of divisions in items."""
    for element in list(body.iter("article", "main", "div", "section", "li", "td", "th", "dd", "dt", "blockquote")):
        if next(element.iterchildren(*_BLOCK_TAGS), None) is not None:
            _wrap_runs(element)
    for outer in body.iter("li", "td", "th", "dd", "dt", "blockquote"):
        for inner in outer.iterdescendants("div"):
            if next(inner.iterdescendants(*_BLOCK_TAGS), None) is None:
                inner.tag = "p"


def _wrap_runs(element: Any) -> None:
    """Put each run of text and inline elements that begins with text into a paragraph."""
    run = _paragraph(element, element.text)
    if run is not None:
        element.text = None
        element.insert(0, run)
    for child in list(element):
        if child is run:
            continue
        if child.tag not in _BLOCK_TAGS:
            if run is not None:
                run.append(child)
            continue
        run = _paragraph(element, child.tail)
        if run is not None:
            child.tail = None
            child.addnext(run)


def _paragraph(element: Any, text: str | None) -> Any:
    if not text or not text.strip():
        return None
    paragraph = element.makeelement("p")
    paragraph.text = text
    return paragraph


def _drop(element: Any) -> None:
    """Mark an element to be removed by ``_sweep``, so that what stands behind it is moved once."""
    element.tag = _DROPPED


def _sweep(tree: Any) -> None:
    """Remove the marked elements and keep what stands behind them."""
    for parent in dict.fromkeys(element.getparent() for element in tree.iter(_DROPPED)):
        before, tails = None, [parent.text or ""]
        for child in list(parent):
            if child.tag == _DROPPED:
                tails.append(child.tail or "")
                parent.remove(child)
            else:
                _set_text(parent, before, tails)
                before, tails = child, [child.tail or ""]
        _set_text(parent, before, tails)


def _set_text(parent: Any, before: Any, tails: list[str]) -> None:
    """Put texts that came together behind a child, or where there is none at the start of its parent."""
    if len(tails) < 2:
        return
    text = "".join(tails) or None
    if before is None:
        parent.text = text
    else:
        before.tail = text
