from __future__ import annotations

import pytest

from searchkit.ingest.article_builder import make_article
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.html import decode_page, parse_page

PAGE = """<!DOCTYPE html><html lang="de-AT"><head><meta charset="iso-8859-1"><title>Titel - Mein Blatt</title>
<meta name="author" content="Jane Doe; John Smith"><meta property="og:site_name" content="Mein Blatt">
<link rel="canonical" href="https://example.org/a/b"><meta name="keywords" content="alpha, beta">
<meta property="article:published_time" content="2024-03-05T10:20:30+02:00">
<meta property="article:modified_time" content="2024-03-06T10:20:30+02:00"></head>
<body><nav><a href="/">Home</a><a href="/x">Sport</a></nav><article><h1>Die große Überschrift</h1>
<p>Ein erster Absatz mit genügend Text, damit er auch wirklich als Absatz erkannt wird, denn sonst fällt er weg.</p>
<h2>Zwischentitel</h2>
<p>Zweiter Absatz mit <b>fett <i>kursiv</i> normal</b> und <a href="http://x.y/z">Verweis</a>,<br>und auch hier ist
genügend Text.</p>
<ul><li>eins ist das erste Ding</li><li>zwei ist das zweite Ding</li></ul>
<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
<h3>Noch einer</h3><blockquote><p>Ein Zitat, das lang genug ist, um auch drin zu bleiben, hofft man.</p></blockquote>
<pre><code>def f(x):
    return x
</code></pre></article><footer>Copyright 2019</footer></body></html>"""


def test_a_page_gives_its_metadata():
    article = make_article(parse_page(PAGE), fallback_id="a").article
    assert article.title == "Die große Überschrift"
    assert article.authors == ("Jane Doe", "John Smith")
    assert (article.url, article.source, article.language) == ("https://example.org/a/b", "Mein Blatt", "de")
    assert article.published is not None
    assert article.published.isoformat() == "2024-03-05T08:20:30+00:00"
    assert article.updated is not None
    assert article.updated.isoformat() == "2024-03-06T08:20:30+00:00"
    assert article.tags == ("alpha", "beta")


def test_a_page_gives_its_main_text_in_sections():
    draft = parse_page(PAGE)
    text = str(draft.values["text"])
    assert text.startswith("Ein erster Absatz")
    assert "fett kursiv normal und Verweis,\nund auch hier ist genügend Text." in text
    assert "- eins ist das erste Ding\n- zwei ist das zweite Ding" in text
    assert "A | B\n1 | 2" in text
    assert "def f(x):\n    return x" in text
    assert "Sport" not in text
    assert "Copyright" not in text
    assert [each.heading for each in draft.sections or ()] == ["", "Zwischentitel", "Noch einer"]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-16"])
def test_the_charset_is_honoured_but_valid_utf8_and_marks_come_first(encoding: str):
    text, note = decode_page(PAGE.encode(encoding))
    assert text == PAGE
    assert note is None


def test_an_encoding_declared_by_the_page_decides_where_statistics_would_guess():
    source = '<html><head><meta charset="windows-1251"></head><body>Привет</body></html>'
    assert decode_page(source.encode("cp1251"))[0] == source
    declared = '<?xml version="1.0" encoding="koi8-r"?><html><body>Привет</body></html>'
    assert decode_page(declared.encode("koi8-r"))[0] == declared
    assert "Hello" in str(parse_page(declared.replace("Привет", "Hello there")).values["text"])


def test_a_page_too_short_to_tell_its_parts_apart_is_read_by_lines():
    draft = parse_page("<html><body><h1>Head</h1><p>Hello world, this is a text.</p></body></html>")
    assert draft.values["title"] == "Head"
    assert draft.values["text"] == "Hello world, this is a text."


@pytest.mark.parametrize("source", ["", "<html></html>", "<script>x</script>", "<!-- nothing -->"])
def test_a_page_without_text_is_no_article(source: str):
    with pytest.raises(NotText, match="no readable text"):
        parse_page(source)
