"""News in XML: where each kind keeps title, date and text; hostile files by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchkit.ingest import read
from searchkit.types import Article, Problem

NITF = """<?xml version="1.0"?>
<!DOCTYPE nitf SYSTEM "nitf.dtd">
<nitf><head><title>Wire title</title><docdata><date.issue norm="20240506T101500+0200"/>
<key-list><keyword key="bridges"/><keyword key="rivers"/></key-list></docdata><pubdata name="Northford Ledger"/></head>
<body><body.head><hedline><hl1>On the bridge</hl1><hl2>Nobody crosses</hl2></hedline>
<byline>By <person>Jane Doe</person>
</byline><dateline><location>Northford</location></dateline><abstract><p>It stays closed.</p></abstract></body.head>
<body.content><block><p>It was closed in&nbsp;March.</p><hl2>What now</hl2><p>It stays<br/>closed, says the mayor.</p>
<media><caption>A picture</caption></media><table><tr><td>a</td><td>b</td></tr></table></block></body.content></body>
</nitf>"""

G2 = """<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><itemSet>
<newsItem guid="urn:a"><itemMeta><provider literal="Wire"/><versionCreated>2024-05-06T11:00:00Z</versionCreated>
</itemMeta>
<contentMeta><contentCreated>2024-05-06T10:15:00+02:00</contentCreated><headline>On the bridge</headline>
<by>By Jane Doe</by>
<language tag="en"/><keyword>rivers</keyword></contentMeta><contentSet><inlineXML contenttype="application/xhtml+xml">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><p>It was closed.</p></body></html>
</inlineXML>
</contentSet></newsItem>
<newsItem guid="urn:b"><contentMeta><headline>The dam</headline></contentMeta><contentSet><inlineData>It holds.

It will hold.</inlineData></contentSet></newsItem></itemSet></newsMessage>"""

NEWSML1 = """<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>wire.example</ProviderId>
<DateId>20240506</DateId>
</NewsIdentifier></Identification><NewsManagement><FirstCreated>20240506T101500+0200</FirstCreated></NewsManagement>
<NewsComponent><NewsLines><HeadLine>On the bridge</HeadLine><ByLine>Jane Doe</ByLine><DateLine>Northford</DateLine>
</NewsLines>
<ContentItem><DataContent><p>It was closed.</p><p>It stays so.</p></DataContent></ContentItem></NewsComponent>
</NewsItem></NewsML>"""

RCV1 = """<?xml version="1.0" encoding="iso-8859-1"?>
<newsitem itemid="2286" id="root" date="1996-08-20" xml:lang="en"><title>SILL: On the bridge.</title>
<headline>On the bridge.</headline><dateline>NORTHFORD 1996-08-20</dateline><text><p>It was closed.</p>
<p>It stays so.</p></text>
<metadata><codes class="bip:countries:1.0"><code code="XX"/></codes><codes class="bip:topics:1.0"><code code="M14"/>
</codes>
<dc element="dc.source" value="Wire"/></metadata></newsitem>"""

JATS = """<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="research-article" xml:lang="en"><front>
<journal-meta><journal-title>Journal of Bridges</journal-title></journal-meta><article-meta>
<article-id pub-id-type="doi">10.1/x</article-id><title-group><article-title>On the <italic>bridge</italic>
</article-title>
</title-group><contrib-group><contrib contrib-type="author"><name><surname>Doe</surname>
<given-names>Jane</given-names></name>
</contrib></contrib-group><pub-date pub-type="epub"><day>6</day><month>5</month><year>2024</year></pub-date>
<abstract><p>It was closed.</p></abstract><kwd-group><kwd>rivers</kwd></kwd-group></article-meta></front>
<body><sec><title>Methods</title><p>We looked <xref>[1]</xref>.</p><sec><title>Tools</title><p>By eye.</p></sec>
</sec></body>
<back><ref-list><ref>Doe 2020</ref></ref-list></back></article>"""

TEI = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>On the bridge</title>
<author>Jane Doe</author></titleStmt><publicationStmt><publisher>Press</publisher><date when="1887-05-06">1887</date>
</publicationStmt></fileDesc></teiHeader><text><body><div><head>One</head><p>It was<lb/>closed.</p></div></body>
</text></TEI>"""

DOCBOOK = """<article xmlns="http://docbook.org/ns/docbook"><info><title>On the bridge</title><author><personname>
<firstname>Jane</firstname><surname>Doe</surname></personname></author><date>2024-05-06</date></info>
<para>It was closed.</para>
<section><title>What now</title><itemizedlist><listitem><para>wait</para></listitem></itemizedlist></section>
</article>"""

FICTION_BOOK = """<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info>
<author><first-name>Jane</first-name><last-name>Doe</last-name></author><book-title>On the bridge</book-title>
<lang>en</lang>
<date value="2024-05-06">May</date></title-info></description><body><section><title><p>One</p></title>
<p>It was closed.</p>
</section></body><binary id="a">aGVsbG8=</binary></FictionBook>"""

REUTERS = """<!DOCTYPE lewis SYSTEM "lewis.dtd">
<REUTERS TOPICS="YES" NEWID="1"><DATE>26-FEB-1987 15:01:01.79</DATE><TOPICS><D>cocoa</D></TOPICS><TEXT>&#2;
<TITLE>COCOA UP</TITLE><DATELINE> SALVADOR, Feb 26 - </DATELINE><BODY>Showers went on
in the week.
    Cocoa rose &lt;again>.
 Reuter
&#3;</BODY></TEXT></REUTERS>
<REUTERS TOPICS="NO" NEWID="2"><DATE>26-FEB-1987 15:02:20.00</DATE><TEXT TYPE="BRIEF"><TITLE>SUGAR DOWN</TITLE>
</TEXT></REUTERS>
"""


def articles(folder: Path, source: str, name: str = "a.xml") -> list[Article]:
    path = folder / name
    path.write_text(source, encoding="utf-8")
    entries = list(read([path]))
    assert not [entry for entry in entries if isinstance(entry, Problem)]
    return [entry for entry in entries if isinstance(entry, Article)]


def test_nitf(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, NITF)
    assert (article.title, article.authors, article.source) == ("On the bridge", ("Jane Doe",), "Northford Ledger")
    assert article.text == (
        "Nobody crosses\n\nIt stays closed.\n\nIt was closed in March.\n\nWhat now\n\n"
        "It stays closed, says the mayor.\na | b"
    )
    assert [each.heading for each in article.sections] == ["", "What now"]
    assert (article.published and article.published.isoformat()) == "2024-05-06T08:15:00+00:00"
    assert article.utc_offset_s == 7200
    assert article.tags == ("bridges", "rivers")
    assert article.fields == {"subtitle": "Nobody crosses", "dateline": "Northford"}


def test_a_text_that_a_file_has_twice_is_read_once(tmp_path: Path) -> None:
    lead = "<block class='lead_paragraph'><p>It was closed.</p></block>"
    source = f"<nitf><body><body.content>{lead}<block class='full_text'><p>It was closed.</p><p>More.</p></block>"
    (article,) = articles(tmp_path, f"{source}</body.content></body></nitf>")
    assert article.text == "It was closed.\n\nMore."


def test_newsml_g2_may_hold_several(tmp_path: Path) -> None:
    first, second = articles(tmp_path, G2)
    assert (first.id, first.title, first.text) == ("a:urn:a", "On the bridge", "It was closed.")
    assert (first.authors, first.source, first.language, first.tags) == (("Jane Doe",), "Wire", "en", ("rivers",))
    assert (first.published and first.published.isoformat()) == "2024-05-06T08:15:00+00:00"
    assert second.text == "It holds.\n\nIt will hold."


def test_newsml_1(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, NEWSML1)
    assert (article.title, article.authors, article.text) == (
        "On the bridge",
        ("Jane Doe",),
        "It was closed.\n\nIt stays so.",
    )
    assert (article.published and article.published.isoformat()) == "2024-05-06T08:15:00+00:00"


def test_reuters_corpus(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, RCV1)
    assert (article.title, article.tags, article.source) == ("On the bridge.", ("M14",), "Wire")
    assert article.published_day is not None
    assert article.published_day.isoformat() == "1996-08-20"


def test_reuters_collection_in_sgml(tmp_path: Path) -> None:
    first, second = articles(tmp_path, REUTERS, "reut2-000.sgm")
    assert (first.title, first.tags) == ("COCOA UP", ("cocoa",))
    assert first.text == "Showers went on in the week.\n\nCocoa rose <again>."
    assert (first.published and first.published.isoformat(timespec="seconds")) == "1987-02-26T15:01:01+00:00"
    assert (second.id, second.title, second.text) == ("reut2-000.sgm:2", "SUGAR DOWN", "")


def test_jats(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, JATS)
    assert (article.title, article.authors, article.source) == ("On the bridge", ("Jane Doe",), "Journal of Bridges")
    assert article.published_day is not None
    assert article.published_day.isoformat() == "2024-05-06"
    assert "Doe 2020" not in article.text
    assert [each.heading for each in article.sections] == ["", "Methods", "Tools"]


@pytest.mark.parametrize(
    ("source", "day"), [(TEI, "1887-05-06"), (DOCBOOK, "2024-05-06"), (FICTION_BOOK, "2024-05-06")]
)
def test_books_and_editions(tmp_path: Path, source: str, day: str) -> None:
    (article,) = articles(tmp_path, source)
    assert (article.title, article.authors) == ("On the bridge", ("Jane Doe",))
    assert "It was closed." in article.text
    assert article.published_day is not None
    assert article.published_day.isoformat() == day


def test_an_article_of_a_page_is_no_docbook(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, "<article><h1>On the bridge</h1><p>It was closed.</p></article>", "a.html")
    assert "It was closed." in article.text


def problem(folder: Path, source: str) -> str:
    path = folder / "a.xml"
    path.write_text(source, encoding="utf-8")
    (entry,) = read([path])
    assert isinstance(entry, Problem), entry
    return entry.reason


def test_entities_arent_expanded(tmp_path: Path) -> None:
    source = '<!DOCTYPE nitf [<!ENTITY a "ha ha">]><nitf><body><body.content><p>It was closed &a;.</p>'
    (article,) = articles(tmp_path, f"{source}</body.content></body></nitf>")
    assert article.text == "It was closed ."


def test_entities_that_stand_for_gigabytes_are_named(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    source = f'<!DOCTYPE nitf [<!ENTITY l0 "ha">{laughs}]><nitf><body><body.content><p>It was closed &l11;.</p>'
    assert "is no XML that can be read" in problem(tmp_path, f"{source}</body.content></body></nitf>")


def test_no_file_is_fetched_for_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    source = f'<!DOCTYPE nitf [<!ENTITY s SYSTEM "{secret.as_uri()}">]><nitf><body><body.content><p>It is &s;.</p>'
    (article,) = articles(tmp_path, f"{source}</body.content></body></nitf>")
    assert "secret" not in article.text


def test_what_is_nested_too_deeply_is_named(tmp_path: Path) -> None:
    assert "depth" in problem(tmp_path, f"<nitf><body><body.content>{'<block>' * 5000}")


def test_a_file_that_is_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, NITF[: NITF.index("says the mayor")])
    assert article.text.endswith("It stays closed,")


def test_a_damaged_name_costs_no_article(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, NITF.replace("<media>", "<med:ia:x>"))
    assert "It was closed in March." in article.text


def test_a_file_without_an_article_is_named(tmp_path: Path) -> None:
    assert problem(tmp_path, "<newsMessage><itemSet/></newsMessage>") == "holds no article"
