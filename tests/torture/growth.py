"""Does reading a text take time in proportion to its length, whatever is repeated in it?

``python -m tests.torture.growth [READER...]`` gives every reader each of many fragments, repeated, and doubles the
length until it takes long enough to be measured. Four times the length may take nine times as long, not sixteen: what
is quadratic is printed, and the exit code is 1. Lengths stay below ``LONGEST``, so that all of it takes minutes.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain

MEASURED_S = 0.04
"""CPU time from which on the clock and what else the machine does don't matter."""

LONGEST = 1 << 17
SHORTEST = 1 << 12
ALLOWED = 9.0
"""Of four times the length: 4 is linear, 16 quadratic; caches and the collector of garbage make some 4 to 6."""

FRAGMENTS = (
    *("{{< ", "{% ", "{{ ", "[[a", "![[a", "%%", "==a ", "{: ", "> [!a] b\n", "[^1]: ", "<A b={", "import a\n"),
    *("``a", ":a:`b", ".. a::\n\n   ", "|a", "a_ ", "=a=", "#+begin_a\n", "[fn:", "link:a[", "<<a", "\\bin9 ", "\\'e4"),
    *("<", "<!--", "<!-- ", "-->", "<a", "<a ", "</", "<b>", "<p>", "<div>", "<script>", "<style ", "<br", "<![CDATA["),
    *(
        "<a href='",
        '<a href="',
        "<?",
        "<?xml ",
        "<!",
        "<!DOCTYPE ",
        "<table><tr>",
        "<li>",
        "</p>",
        "< ",
        "<meta charset=",
    ),
    *(
        "[",
        "]",
        "](",
        "![",
        "[a](",
        "[a](b",
        "[a][",
        "[^",
        "[]",
        "[a]: b\n",
        "(",
        ")",
        "{",
        "}",
        "()",
        "((",
        "\\",
        "\\[",
    ),
    *(
        "*",
        "**",
        "* ",
        "*a",
        "**a",
        "_",
        "__",
        "_a",
        "a*",
        "a_",
        "*_",
        "~",
        "~~",
        "~~a",
        "`",
        "``",
        "`a",
        "```\n",
        "~~~\n",
    ),
    *(
        "|",
        "| ",
        "a|",
        "|-",
        "|\n",
        "|a|\n|-|\n",
        "\n-",
        "\n- ",
        "\n1. ",
        "\n> ",
        ">",
        "> ",
        "\n#",
        "# ",
        "#",
        "\n# a #",
        "##",
    ),
    *(
        "\n    ",
        "\t",
        " ",
        "  ",
        "\n",
        "\n\n",
        " \n",
        "\r",
        "\r\n",
        "\x0b",
        "\u2028",
        "\u3000",
        "\xa0",
        "a ",
        " a",
        "\n a",
    ),
    *(
        ":",
        "a:",
        "a: ",
        "a: b\n",
        "- a: b\n",
        "---",
        "---\n",
        "\n---\n",
        "...\n",
        "===\n",
        "a\n===\n",
        "a\n---\n",
        "- - ",
        "=",
        "-",
    ),
    *('"', "'", '""', '"a', '"a",', "“", "”", "‘", "«", "»", ",", ";", "a,", "a;", '","', "\\n", "\\u0041", "\\\\"),
    *("http://", "http://a", "http://a.b/", "https://a.b/c?d=", "www.", "a@", "a@b.", "@", "#a", "mailto:"),
    *("1", "1.", "1.2.", "1,", "1 000 ", "1-", "1/", "2025-", "1:", ".1", "12 ", "1\u00a0", "1e", "0x", "99999"),
    *("&", "&amp;", "&#", "&#x", "&#1;", "&a", "&lt;", "%", "%20", "+", "$", "$$", "^", "/", "//", "a/", "."),
    *("a.", "a. ", "A.", "A.B.", "U.S. ", "! ", "?", "? ", "...", "…", "Mr. ", "a! ", ". . ", "。", "！", "।", "؟ "),
    *(
        "a",
        "ab ",
        "A",
        "aA",
        "é",
        "e\u0301",
        "\u0301",
        "ß",
        "İ",
        "中",
        "中文",
        "の",
        "カ",
        "ก",
        "ไ",
        "ខ",
        "။",
        "ས",
        "한",
        "ع",
        "א",
        'א"',
    ),
    *(
        "a-",
        "a-b ",
        "a'",
        "a’",
        "a_b",
        "a-b-",
        "-a",
        "a\u00ad",
        "\u200d",
        "\ufe0f",
        "👩\u200d",
        "🇩",
        "a\u200b",
        "\ufeff",
    ),
    *("By ", "by A", "and ", " & ", "A and ", "(photo ", "[AP", "photo: ", "(", "Image ", "von "),
    *("Published on ", "ago ", "last ", "1 day ago ", "q1 ", "monday ", "Jan 1 "),
)


def words(texts: list[str]) -> list[int]:
    return [len(text.split()) + len(text) // 16 for text in texts]


def readers() -> dict[str, Callable[[str], object]]:
    """Return what is tried, by name: each takes a text."""
    from searchkit.ingest.article_builder import ParsedArticle, find_sections, make_article
    from searchkit.ingest.charset import decode, lines
    from searchkit.ingest.chunker import split
    from searchkit.ingest.dates import parse_date
    from searchkit.ingest.format_detection import detect_format
    from searchkit.ingest.formats.asciidoc import parse_asciidoc
    from searchkit.ingest.formats.csv import read_table
    from searchkit.ingest.formats.html import decode_page, parse_page
    from searchkit.ingest.formats.jsonl import read_json, read_json_lines
    from searchkit.ingest.formats.markdown import parse_markdown, parse_mdx
    from searchkit.ingest.formats.org import parse_org
    from searchkit.ingest.formats.plain_text import parse_plain
    from searchkit.ingest.formats.restructured_text import parse_restructured_text
    from searchkit.ingest.formats.rtf import parse_rtf
    from searchkit.ingest.indexed_text import header
    from searchkit.ingest.language_detection import detect, normalise
    from searchkit.ingest.rows import Rows
    from searchkit.ingest.sentences import sentence_spans
    from searchkit.ingest.text_cleanup import clean, one_line
    from searchkit.keyword.analysis.analyzer import Analyzer
    from searchkit.keyword.postings.inverter import new_tokens, utf8
    from searchkit.types import Article, Origin

    analyzer = Analyzer()
    fields = ("id", "title", "url", "source", "authors", "published", "language", "tags", "other", "metadata")

    def rows() -> Rows:
        return Rows(place="x", origin=Origin(path="/x", name="x"), fields={})

    def field(name: str) -> Callable[[str], object]:
        def make(text: str) -> object:
            values = {"id": "1", "text": "Some text.", name: text}
            return make_article(ParsedArticle(values=values))

        return make

    def article(text: str) -> Article:
        return Article(id="a", text=text, title="A title", language="en", sections=find_sections(text, "A title"))

    def cut(text: str) -> object:
        return split(article(clean(text)), count_tokens=words, max_tokens=200)  # type: ignore[arg-type]

    def counted(text: str) -> object:
        tokens = new_tokens()
        tokens.add(utf8(text), 0)
        return tokens.fresh()

    def analysed(text: str) -> object:
        return [analyzer.expand(word, "en") for word in analyzer.words(text)]

    return {
        "plain": parse_plain,
        "plain, in lines": lambda text: parse_plain("A title\n\nA first paragraph.\n\n" + text[:-1] + "\nThe end.\n"),
        "plain, with a title": lambda text: parse_plain(
            "A title\n\n" + text + "\n\nA last paragraph, with its stop.\n"
        ),
        "markdown": parse_markdown,
        "markdown, a block": lambda text: parse_markdown("<div>\n" + text + "\n</div>\n\ntext\n"),
        "markdown, in a paragraph": lambda text: parse_markdown("# Title\n\nA paragraph with " + text + " in it.\n"),
        "markdown, with components": parse_mdx,
        "reStructuredText": parse_restructured_text,
        "Org": parse_org,
        "AsciiDoc": parse_asciidoc,
        "RTF": lambda text: parse_rtf(b"{\\rtf1 A text. " + text.encode("utf-8", "replace") + b"}"),
        "front matter": lambda text: parse_markdown("---\ntitle: x\nother: " + text + "\n---\nA text.\n"),
        "front matter, open": lambda text: parse_markdown("---\n" + text + "\n"),
        "html": lambda text: parse_page(f"<html><body><article><p>{text}</p></article></body></html>"),
        "html, bare": lambda text: parse_page(text + "<p>A paragraph of some length stands at the end.</p>"),
        "html, in the head": lambda text: parse_page(
            f"<html><head><title>{text}</title><meta name='author' content='{text}'></head><p>A.</p></html>"
        ),
        "html, JSON-LD": lambda text: parse_page(
            f"<html><head><script type='application/ld+json'>{{{text}</script></head><p>A.</p></html>"
        ),
        "html, on its face": lambda text: parse_page(
            f"<html><h1>{text}</h1><p class='byline date'>{text}</p><p class='lead'>{text}</p></html>"
        ),
        "html, bytes": lambda text: decode_page(text.encode("utf-8", "replace")),
        "format": lambda text: detect_format(text.encode("utf-8", "replace"), "unknown"),
        **{f"a row's {name}": field(name) for name in (*fields, "text")},
        "lines of JSON": lambda text: list(
            read_json_lines(io.BytesIO(json.dumps({"id": "1", "text": text}).encode() + b"\n"), rows())
        ),
        "lines of JSON, raw": lambda text: list(read_json_lines(io.BytesIO(text.encode("utf-8", "replace")), rows())),
        "JSON, raw": lambda text: list(read_json(b'{"text": "a", "b": ' + text.encode("utf-8", "replace"), rows())),
        "a table": lambda text: list(
            read_table(io.BytesIO(("title,text\n" + text).encode("utf-8", "replace")), rows())
        ),
        "a table's header": lambda text: list(
            read_table(io.BytesIO((text.replace("\n", "") + "\nb,c\n").encode("utf-8", "replace")), rows())
        ),
        "bytes": lambda text: decode(text.encode("utf-8", "replace")),
        "bytes, latin": lambda text: decode(b"\xe9t\xe9 " + text.encode("cp1252", "replace")),
        "bytes, cyrillic": lambda text: decode(("Это предложение. " * 8 + text).encode("cp1251", "replace")),
        "bytes, utf-16": lambda text: decode(text.encode("utf-16", "replace")),
        "lines": lambda text: list(lines(io.BytesIO(text.encode("utf-16", "replace")))),
        "clean": clean,
        "one line": one_line,
        "a date": parse_date,
        "a language": lambda text: detect("", text),
        "a language's name": normalise,
        "sections": lambda text: find_sections(text, "x"),
        "sentences": lambda text: sentence_spans(clean(text), "en"),
        "sentences, th": lambda text: sentence_spans(clean(text), "th"),
        "chunks": cut,
        "header": lambda text: header(text, text),
        "words": analyzer.words,
        "analysis": analysed,
        "tokens": counted,
    }


def took(work: Callable[[str], object], text: str) -> float:
    """Return the CPU time of some work, in seconds, whatever it raises but for running out of memory."""
    started = time.process_time()
    try:
        work(text)
    except MemoryError:
        raise
    except Exception:
        pass
    return time.process_time() - started


def growth(work: Callable[[str], object], fragment: str) -> tuple[int, float, float]:
    """Return the length that took long enough to be measured, the time it took, and how many times a quarter's."""
    length = SHORTEST
    times: dict[int, float] = {}
    while True:
        text = fragment * (length // len(fragment) + 1)
        times[length] = took(work, text)
        if times[length] >= MEASURED_S and length >= 4 * SHORTEST:
            quarter = fragment * (length // 4 // len(fragment) + 1)
            before = min(times[length // 4], took(work, quarter), took(work, quarter))
            ratio = times[length] / max(before, 1e-5)
            if ratio > ALLOWED:  # once more, for what the machine did meanwhile
                times[length] = min(times[length], took(work, text))
                ratio = times[length] / max(before, 1e-5)
            return length, times[length], ratio
        if length >= LONGEST:
            return length, times[length], 0.0
        length *= 2


def main(chosen: list[str]) -> int:
    logging.disable(logging.CRITICAL)
    superlinear = 0
    for name, work in readers().items():
        if chosen and not any(one in name for one in chosen):
            continue
        started = time.process_time()
        for fragment in dict.fromkeys(chain(FRAGMENTS, pairs())):
            length, seconds, ratio = growth(work, fragment)
            if ratio > ALLOWED:
                superlinear += 1
                print(
                    f"{name}: {fragment!r} takes {seconds:.2f} s for {length:,}, {ratio:.0f} times a quarter's",
                    flush=True,
                )
        print(f"{name}: {time.process_time() - started:.0f} s", file=sys.stderr, flush=True)
    print(f"{superlinear} of them take longer than in proportion.")
    return 1 if superlinear else 0


def pairs() -> Iterator[str]:
    """Yield fragments in which two things take turns."""
    yield from (
        "a b",
        "a\nb",
        "1 a",
        "<a>b",
        "*a ",
        "**a ** ",
        "`a ``",
        "[a] (",
        '"a" ',
        "(a",
        "A. b",
        "中 a",
        "a\u3000。",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
