from __future__ import annotations

from searchkit.ingest.article_builder import make_article
from searchkit.ingest.formats.markdown import parse_markdown

SOURCE = """---
title: Air defence
author: [Jane Doe, Max Muster]
date: 2024-03-05
tags: [defence, caracas]
layout: {kind: long}
---
# Air defence

Some *emphasis*, `code`, a [link](https://example.org "t") and
a soft break &amp; ![an image](a.png).

## Part **two**

- one
- two
  - inner

7. seven
8. eight

```python
# not a heading
```

## Part three
### Reactions

> quoted

| a | b |
|---|---|
| 1 | *2* |

<div>a <b>block</b><!-- no --><script>x()</script></div>

## Nothing follows
"""


def test_text_is_what_a_reader_sees():
    text = str(parse_markdown(SOURCE).values["text"])
    assert text.startswith("Some emphasis, code, a link and a soft break & an image.")
    for expected in (
        "- one\n- two\n  - inner",
        "7. seven\n8. eight",
        "# not a heading",
        "quoted",
        "a | b\n1 | 2",
        "a block",
    ):
        assert expected in text
    for gone in ("**", "](", "```", "<div>", "x()", "<!--"):
        assert gone not in text


def test_headings_are_sections_and_a_heading_without_text_joins_the_one_below():
    draft = parse_markdown(SOURCE)
    text = str(draft.values["text"])
    found = [(each.heading, text[each.start : each.end].split("\n", maxsplit=1)[0]) for each in draft.sections or ()]
    assert found == [
        ("", "Some emphasis, code, a link and a soft break & an image."),
        ("Part two", "- one"),
        ("Part three › Reactions", "quoted"),
        ("", "Nothing follows"),
    ]


def test_front_matter_gives_the_metadata():
    article = make_article(parse_markdown(SOURCE), fallback_id="a").article
    assert article.title == "Air defence"
    assert article.authors == ("Jane Doe", "Max Muster")
    assert article.published is not None
    assert article.published.isoformat() == "2024-03-05T00:00:00+00:00"
    assert article.tags == ("defence", "caracas")
    assert article.fields == {"layout.kind": "long"}


def test_the_first_heading_is_the_title_where_the_front_matter_has_none():
    draft = parse_markdown("# The title\n\nText.\n\n# Another\n\nMore.")
    assert draft.values["title"] == "The title"
    assert draft.values["text"] == "Text.\n\nAnother\n\nMore."


def test_a_first_heading_that_differs_from_the_title_stays():
    draft = parse_markdown("---\ntitle: One\n---\n# Two\n\nText.")
    assert draft.values["text"] == "Two\n\nText."
    assert [each.heading for each in draft.sections or ()] == ["Two"]


def test_the_body_is_the_text_whatever_the_front_matter_says():
    article = make_article(parse_markdown("---\ntext: no\nbody: neither\nid: x\n---\nyes"), fallback_id="a").article
    assert (article.id, article.text) == ("x", "yes")
    assert article.fields == {"front text": "no", "body": "neither"}


def test_bad_front_matter_is_left_out_and_said():
    draft = parse_markdown("---\ntitle: [open\n---\n# T\n\ntext")
    assert draft.values == {"title": "T", "text": "text"}
    assert "front matter isn't valid YAML" in draft.notes[0]
    assert "line 3" in draft.notes[0]


def test_aliases_which_could_stand_for_gigabytes_are_refused():
    laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    draft = parse_markdown(f"---\n{laughs}---\n# T\n\ntext")
    assert "aliases" in draft.notes[0]


def test_no_is_norwegian_and_true_is_true():
    article = make_article(parse_markdown("---\nlang: no\ndraft: True\n---\nen tekst"), fallback_id="a").article
    assert (article.language, article.fields) == ("no", {"draft": True})


def test_yaml_runs_nothing():
    draft = parse_markdown("---\na: !!python/object/apply:os.getcwd []\n---\ntext")
    assert "front matter isn't valid YAML" in draft.notes[0]


def test_a_text_between_two_rules_is_no_front_matter():
    draft = parse_markdown("---\nJust a sentence\n---\n\nmore")
    assert "Just a sentence" in str(draft.values["text"])
    assert not draft.notes


def test_front_matter_too_long_or_of_null_is_left_out():
    assert parse_markdown("---\n---\ntext").values["text"] == "text"
    assert "longer than" in parse_markdown(f"---\na: {'x' * 2**20}\n---\ntext").notes[0]


def test_what_is_nested_too_deeply_for_the_parser_is_kept_as_it_stands():
    assert parse_markdown(">" * 5000 + " deep").values["text"]
