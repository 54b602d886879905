"""reStructuredText, Org and AsciiDoc: titles, dates, authors and sections; the marks gone, the text kept."""

from __future__ import annotations

import pytest

from searchkit.ingest.article_builder import ParsedArticle, make_article
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.asciidoc import parse_asciidoc
from searchkit.ingest.formats.org import parse_org
from searchkit.ingest.formats.restructured_text import parse_restructured_text
from searchkit.types import Article

RST = """
The bridge
==========

:date: 2024-05-06 10:20
:author: Jane Doe
:tags: river,
   bridges

It was *closed* in **March**, says the ``may*or``. See `the plan <https://example.org/x>`_ and
:ref:`what now <now>` [1]_. Lines are one para-
graph, and |so| on.

.. image:: a.png
   :alt: The bridge at night
   :width: 200

.. note:: Mind the gap
   and the flood.

.. code-block:: python
   :linenos:

   def a():
       return *1*

What now
--------

* one item
  that goes on

  and a second paragraph
* two

  - inner

#. first

Literal follows::

    x = 1
      y = 2

Term
    Its definition.

+------+-----+
| a    | b   |
+======+=====+
| 1    | 2   |
+------+-----+

==== =====
Name Value
==== =====
x    1 km
==== =====

.. [1] A footnote.
.. _now: https://example.org
.. a comment
   that goes on
.. |so| replace:: so very

| line one
| line two

----

Reactions
~~~~~~~~~

None\\ s.
"""

ORG = """#+TITLE: On the *bridge*
#+AUTHOR: Jane Doe
#+DATE: <2024-05-06 Mon>
#+FILETAGS: :river:bridges:
#+OPTIONS: toc:nil

It was /closed/ in =March=. See [[https://example.org][the plan]][[file:a.png]].[fn:1]
It goes on.

* TODO [#A] What now                                                :tag:
SCHEDULED: <2024-05-07 Tue>
:PROPERTIES:
:ID: x
:END:
- one
  goes on
- [X] two
  1. inner

#+BEGIN_SRC python
def a():
    return *1*
#+END_SRC

#+begin_quote
She said so.
#+end_quote

| a | b |
|---+---|
| 1 | 2 |

** Deeper
# a comment
Text a/b/c and 2*3*4.

[fn:1] A note.
"""

ASCIIDOC = """= On the bridge
Jane Doe <jane@example.org>; Max Muster
v1.2, 2024-05-06: Second
:keywords: river, bridges
:city: Northford
:toc:

It was *closed* in _March_ by {city}. See https://example.org/x[the plan^] and <<now,what now>>.footnote:[A note.]
It goes on. +
After a break.

[#now]
== What now

.A title
[source,python]
----
def a():
    return *1*
----

* one
** inner
* two
+
attached

. first

NOTE: Mind the gap.

image::a.png[The bridge at night, 200]

====
Inside an example.
====

|===
|a |b

|1 |2
|===

Term:: Its definition.

// a comment
////
gone
////

[quote, Somebody]
____
She said so.
____

Setext
------

More.
"""


def built(draft: ParsedArticle) -> Article:
    return make_article(draft, fallback_id="a").article


def day(article: Article) -> str:
    return article.published_day.isoformat() if article.published_day else ""


def test_restructured_text_is_what_a_reader_sees() -> None:
    assert built(parse_restructured_text(RST)).text.split("\n\n") == [
        "It was closed in March, says the may*or. See the plan and what now. Lines are one paragraph, and so very on.",
        "The bridge at night",
        "Mind the gap and the flood.",
        "def a():\n    return *1*",
        "What now",
        "- one item that goes on\n  and a second paragraph",
        "- two\n  - inner",
        "- first",
        "Literal follows:",
        "x = 1\n  y = 2",
        "Term",
        "Its definition.",
        "a | b\n1 | 2",
        "Name Value\nx | 1 km",
        "A footnote.",
        "line one\nline two",
        "Reactions",
        "Nones.",
    ]


def test_restructured_text_has_title_fields_and_sections() -> None:
    article = built(parse_restructured_text(RST))
    assert (article.title, article.authors, day(article)) == ("The bridge", ("Jane Doe",), "2024-05-06")
    assert article.tags == ("river", "bridges")
    assert [each.heading for each in article.sections] == ["", "What now", "Reactions"]


def test_nikola_keeps_its_fields_in_comments() -> None:
    article = built(
        parse_restructured_text(".. title: On the dam\n.. date: 2024-01-02 03:04:05 UTC+01:00\n.. slug: x\n\nIt holds.")
    )
    assert (article.title, day(article), article.text) == ("On the dam", "2024-01-02", "It holds.")


def test_headings_of_one_level_are_sections_and_none_is_the_title() -> None:
    article = built(parse_restructured_text("One\n===\n\nA text.\n\nTwo\n===\n\nA text.\n"))
    assert article.title == ""
    assert [each.heading for each in article.sections] == ["One", "Two"]


def test_an_overlined_title_is_one() -> None:
    article = built(parse_restructured_text("=======\n A dam\n=======\n\nIt holds.\n\nLater\n=====\n\nIt held.\n"))
    assert (article.title, [each.heading for each in article.sections]) == ("A dam", ["", "Later"])


def test_org_is_what_a_reader_sees() -> None:
    assert built(parse_org(ORG)).text.split("\n\n") == [
        "It was closed in March. See the plan. It goes on.",
        "What now",
        "- one goes on\n- two\n  1. inner",
        "def a():\n    return *1*",
        "She said so.",
        "a | b\n1 | 2",
        "Deeper",
        "Text a/b/c and 2*3*4.",
        "A note.",
    ]


def test_org_has_title_keys_and_sections() -> None:
    article = built(parse_org(ORG))
    assert (article.title, article.authors, day(article)) == ("On the bridge", ("Jane Doe",), "2024-05-06")
    assert article.tags == ("river", "bridges")
    assert [each.heading for each in article.sections] == ["", "What now", "Deeper"]


def test_asciidoc_is_what_a_reader_sees() -> None:
    assert built(parse_asciidoc(ASCIIDOC)).text.split("\n\n") == [
        "It was closed in March by Northford. See the plan and what now. (A note.) It goes on.\nAfter a break.",
        "What now",
        "A title",
        "def a():\n    return *1*",
        "- one\n  - inner\n- two",
        "attached",
        "- first",
        "NOTE: Mind the gap.",
        "The bridge at night",
        "Inside an example.",
        "a | b\n1 | 2",
        "Term: Its definition.",
        "She said so.",
        "Setext",
        "More.",
    ]


def test_asciidoc_has_title_authors_date_and_sections() -> None:
    article = built(parse_asciidoc(ASCIIDOC))
    assert (article.title, article.authors, day(article)) == ("On the bridge", ("Jane Doe", "Max Muster"), "2024-05-06")
    assert article.tags == ("river", "bridges")
    assert [each.heading for each in article.sections] == ["", "What now", "Setext"]


def test_a_date_may_follow_the_author() -> None:
    article = built(parse_asciidoc("= On the bridge\nJane Doe\n2024-05-06\n\nIt was closed.\n"))
    assert (article.authors, day(article), article.text) == (("Jane Doe",), "2024-05-06", "It was closed.")


def test_a_first_line_of_text_is_no_author() -> None:
    article = built(parse_asciidoc("= On the bridge\n\nJane Doe\n\nIt was closed.\n"))
    assert (article.authors, article.text) == ((), "Jane Doe\n\nIt was closed.")


@pytest.mark.parametrize("parse", [parse_restructured_text, parse_org, parse_asciidoc])
def test_yaml_may_stand_before_any_of_them(parse: object) -> None:
    assert callable(parse)
    article = built(parse("---\ntitle: On the bridge\ndate: 2024-05-06\n---\n\nIt was closed.\n"))
    assert (article.title, day(article), article.text) == ("On the bridge", "2024-05-06", "It was closed.")


def test_keys_alone_are_no_article() -> None:
    with pytest.raises(NotText, match=r"has no text \(front matter alone\)"):
        parse_org("#+TITLE: On the bridge\n#+DATE: 2024-05-06\n")
