from __future__ import annotations

import json
from pathlib import Path

import pytest

from searchkit.ingest import article_from_dict, read
from searchkit.ingest.formats.html_fragment import field_text, line_text
from searchkit.types import Article, Problem


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            (
                "<p>Barnes &amp; Noble opened a caf&eacute;&nbsp;today.</p><script>var tracker=1;</script>"
                '<a href="https://x.org/deal">Read</a>'
            ),
            "Barnes & Noble opened a café today.\n\nRead",
        ),
        ("<ul><li>One</li><li>Two</li></ul>", "- One\n- Two"),
        ("<p>One<ul><li>a<li>b</ul><o:p></o:p><p>Two", "One\n\n- a\n- b\n\nTwo"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d"),
        ("<p>See:</p><pre>x = 1\n  y  = 2\n</pre><p>After</p>", "See:\n\nx = 1\n  y  = 2\n\nAfter"),
        ("Line one<br>Line two<br/>Line three<br><br>New", "Line one\nLine two\nLine three\n\nNew"),
        ("Blog <b>post</b> with <a href='https://x'>link</a>.\n\nSecond", "Blog post with link.\n\nSecond"),
        ("<!-- c --><p>Open paragraph<p>Second", "Open paragraph\n\nSecond"),
        ("first</p><p>second</p>", "first\n\nsecond"),
        ("<![CDATA[<p>Text &amp; more</p>]]>", "Text & more"),
        ("<jats:p>Abstract <jats:italic>in vivo</jats:italic></jats:p>", "Abstract in vivo"),
        (
            (
                "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body>"
                '<nav><a href="/a">A</a><a href="/b">B</a></nav><p>Body</p></body></html>'
            ),
            "A B\n\nBody",
        ),
        ("<p>a</p><script>if (a<b && c>d) {'</p>'}</script><p>b</p>", "a\n\nb"),
        ("<p onclick='if (a>b) {}' CLASS=x>q</P>", "q"),
        ("<p>un<b>believ</b>able caf&#233;</p>", "unbelievable café"),
        (
            "<div>Mail <jane@example.org> and List<String> if x < 3 and y > 4 <3</div>",
            "Mail <jane@example.org> and List<String> if x < 3 and y > 4 <3",
        ),
        ("<p>Use the &lt;div&gt; tag and <code>&amp;nbsp;</code></p>", "Use the <div> tag and &nbsp;"),
        ("<p>infor-\nmation on a\nwell-\nknown story</p>", "information on a well-known story"),
        ("<pre>infor-\nmation</pre>", "infor-\nmation"),
        ("<p>infor&shy;mation</p>", "information"),
        ("&lt;p&gt;Barnes &amp;amp; Noble&lt;/p&gt;", "Barnes & Noble"),
        ("&amp;lt;p&amp;gt;Hi there&amp;lt;/p&amp;gt;", "Hi there"),
        ("<p>AT&amp;amp;T</p>", "AT&T"),
    ],
)
def test_html_becomes_the_text_that_it_shows(source: str, text: str) -> None:
    shown = field_text(source)
    assert (shown.text, shown.is_html) == (text, True)


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "x > 3",
        "AT&T and R&D; S&P",
        "I <3 you",
        "if (a<b && c>d)",
        "x <a and b> y",
        "Jane Doe <jane@example.org>",
        "see <https://x.org>",
        "List<String>, Map<String, Integer>, Set<Object>, Vector<p>",
        "use the <div> tag",
        "The <p> and </p> tags",
        "Write <b>bold</b> in HTML",
        "wrap it in <b>bold</b> tags",
        '"<br>" breaks lines',
        "<div> is an element. Close it with </div>.",
        "`<b>x</b>` is bold",
        "```html\n<p>Hi</p>\n```\nThat was it",
        "Tags such as <title>, <h1> and <h2> matter",
        "use &nbsp; in HTML",
        'the entity "&amp;" stands',
        "á: &#225; &aacute;",
        "https://x.org/?a=1&copy=2&lt=3",
        "<IfModule mod_expires.c>\nfoo\n</IfModule>",
    ],
)
def test_what_merely_holds_signs_of_html_stays(text: str) -> None:
    shown = field_text(text)
    assert (shown.text, shown.is_html) == (text, False)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Barnes &amp; Noble&#8217;s plan", "Barnes & Noble’s plan"),
        ("AT&amp;amp;T earns", "AT&T earns"),
        ("Tom&aacute;s said &quot;no&quot;", 'Tomás said "no"'),
        ("&#26085;&#26412;", "日本"),
        ("I &lt;3 you", "I <3 you"),
        ("<i>Nature</i> study", "Nature study"),
    ],
)
def test_titles_lose_their_escapes(source: str, text: str) -> None:
    assert line_text(source) == text


def test_names_and_tags_lose_their_escapes() -> None:
    article = article_from_dict(
        {
            "id": "1",
            "text": "a",
            "authors": "Jos&eacute; P&eacute;rez &amp; Jane Doe",
            "tags": ["R&amp;D"],
            "source": "Barnes &amp; Noble",
        }
    )
    assert (article.authors, article.tags, article.source) == (("José Pérez", "Jane Doe"), ("R&D",), "Barnes & Noble")


def test_headings_in_html_make_sections_but_not_the_title() -> None:
    values = {"id": "1", "title": "Plan", "text": "<h1>Plan</h1><p>Lead</p><h2>Cost</h2><p>Much</p>"}
    article = article_from_dict(values)
    shown = [(each.heading, article.text[each.start : each.end]) for each in article.sections]
    assert (article.text, shown) == ("Plan\n\nLead\n\nCost\n\nMuch", [("", "Lead"), ("Cost", "Much")])


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_the_report_says_once_how_many_rows_were_html(tmp_path: Path, name: str) -> None:
    rows = [{"id": "1", "text": "<p>One</p>"}, {"id": "2", "text": "<p>Two</p>"}, {"id": "3", "text": "a < b"}]
    lines = {
        "a.jsonl": "\n".join(map(json.dumps, rows)),
        "a.json": json.dumps(rows),
        "a.csv": "id,text\n" + "\n".join(f"{row['id']},{row['text']}" for row in rows),
    }
    (tmp_path / name).write_text(lines[name])
    entries = list(read([tmp_path / name]))
    assert [entry.text for entry in entries if isinstance(entry, Article)] == ["One", "Two", "a < b"]
    notes = [(entry.reason, entry.lost) for entry in entries if isinstance(entry, Problem)]
    assert notes == [("the text was HTML in 2 of 3 rows; what it shows was taken", False)]


def test_deep_nesting_costs_no_stack() -> None:
    assert field_text("<div>" * 20_000 + "deep" + "</div>" * 20_000).text == "deep"
