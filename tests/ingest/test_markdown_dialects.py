"""Front matter in all its forms, and what site generators and note programs add to Markdown."""

from __future__ import annotations

import pytest

from searchkit.ingest.article_builder import make_article
from searchkit.ingest.charset import NotText
from searchkit.ingest.formats.front_matter import split_header
from searchkit.ingest.formats.markdown import parse_markdown, parse_mdx
from searchkit.types import Article


def built(source: str) -> Article:
    return make_article(parse_markdown(source), fallback_id="a").article


def text_of(source: str) -> str:
    return str(parse_markdown(source).values["text"])


@pytest.mark.parametrize(
    "front",
    [
        "---\ntitle: On the bridge\ndate: 2024-05-06\ntags: [river]\n---\n",
        "\n\n---\ntitle: On the bridge\ndate: 2024-05-06 00:00:00 +0000\ntags: river\n---\n",
        '+++\ntitle = "On the bridge"\ndate = 2024-05-06\n[taxonomies]\ntags = ["river"]\n+++\n',
        '+++\ntitle = "On the bridge"\ndate = 2024-05-06T00:00:00Z\ntags = ["river"]\n+++\n',
        '{\n"title": "On the bridge",\n"date": "2024-05-06", "tags": ["river"]\n}\n\n',
        ';;;\n{"title": "On the bridge", "date": "2024-05-06", "tags": ["river"]}\n;;;\n',
        ';;;\n"title": "On the bridge", "date": "2024-05-06", "tags": ["river"]\n;;;\n',
        '---json\n{"title": "On the bridge", "date": "2024-05-06", "tags": ["river"]}\n---\n',
        "---toml\ntitle = 'On the bridge'\ndate = 2024-05-06\ntags = ['river']\n---\n",
        "Title: On the bridge\nDate: 2024-05-06\nTags: river\nBase Header Level: 2\n\n",
        "---\ntitle:\tOn the bridge\ndate:\t2024-05-06\ntags:\triver\n---\n",
    ],
)
def test_front_matter_is_read_in_every_form(front: str) -> None:
    article = built(f"{front}It was closed in March.\n")
    assert (article.title, article.tags, article.text) == ("On the bridge", ("river",), "It was closed in March.")
    assert article.published is not None
    assert article.published.isoformat() == "2024-05-06T00:00:00+00:00"


@pytest.mark.parametrize(
    "title",
    [
        "Bridge: what now?",
        "@council votes",
        "*Sill* rises",
        '"Closed" it is',
        "{{ x }} and more",
        "50% off: all",
        "!Viva!",
    ],
)
def test_a_value_that_should_be_quoted_is_read_as_it_is_meant(title: str) -> None:
    draft = parse_markdown(f"---\ntitle: {title}\ndate: 2024-05-06\n---\nIt was closed.\n")
    assert (draft.values["title"], draft.values["date"], draft.notes) == (title, "2024-05-06", ())


@pytest.mark.parametrize(
    "source",
    [
        "Note: mind the gap\n\nIt was closed.",
        "Question: who closed it?\nAnswer: nobody.\n\nIt was closed.",
        "{not json}\n\nIt was closed.",
        "{'a': 1} is a dictionary.",
        "+++ is no fence alone\n\nIt was closed.",
    ],
)
def test_a_text_that_begins_like_front_matter_is_text(source: str) -> None:
    assert text_of(source).split() == source.split()


def test_lines_of_keys_need_one_that_articles_have() -> None:
    assert split_header("Title: a\n  goes on\nX: b\n\ntext").values == {"Title": "a\ngoes on", "X": "b"}
    assert split_header("X: b\n\ntext").values == {}
    assert split_header("Title: a\nno key\n\ntext").values == {}


def test_a_summary_stands_for_the_text_where_there_is_none() -> None:
    assert text_of("---\ntitle: T\nsummary: Nobody crosses.\n---\n") == "Nobody crosses."


def test_front_matter_alone_is_no_article() -> None:
    with pytest.raises(NotText, match=r"has no text \(front matter alone\)"):
        parse_markdown("---\ntitle: T\ndate: 2024-05-06\n---\n\n")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{{< figure src="a.png" caption="The bridge" alt="x" >}}\n\nIt was closed.', "The bridge\n\nIt was closed."),
        ("It was closed. {{% notice %}}Mind the gap.{{% /notice %}}", "It was closed. Mind the gap."),
        ("{{< youtube abc >}}\n\nIt was closed.", "It was closed."),
        ('A [link]({{< ref "x" >}}) to it.', "A link to it."),
        ("{% include toc.html %}\nIt was closed.", "It was closed."),
        ("{% highlight py %}\nx = {{ 1 }}\n{% endhighlight %}", "x = {{ 1 }}"),
        ("{{< highlight go >}}\nx := 1\n{{< /highlight >}}", "x := 1"),
        ("{% comment %}no{% endcomment %}Yes, {% if a %}it is{% endif %}.", "Yes, it is."),
        ("It was closed.\n{: .lead #x}", "It was closed."),
        ("* TOC\n{:toc}\n\nIt was closed.", "It was closed."),
        (
            "See [[The bridge|that page]], [[Dam#Now]] and [[Sill]] ![[photo.png|300]].",
            "See that page, Dam › Now and Sill.",
        ),
        ("> [!NOTE]- Mind\n> It was closed.", "Mind\n\nIt was closed."),
        ("> [!tip]\n> It was closed.", "It was closed."),
        (
            "It was[^1] closed.[^b]\n\n[^1]: In March.\n[^b]: By the mayor.",
            "It was closed.\n\nIn March.\n\nBy the mayor.",
        ),
        ("Sill\n:   A river.", "Sill\n\nA river."),
        ("It was ==closed== %%or not%% in March. ^x1", "It was closed in March."),
        ('!!! note "Mind"\n    the gap', "Mind the gap"),
        ("::: warning\nMind the gap.\n:::", "Mind the gap."),
        ("`{{ x }}` and `[[y]]` stay.", "{{ x }} and [[y]] stay."),
        ("```\n{% x %} [[y]]\n```", "{% x %} [[y]]"),
        ("a {{ b", "a {{ b"),
        ("5 == 5 and 6 == 6", "5 == 5 and 6 == 6"),
    ],
)
def test_marks_go_and_their_text_stays(source: str, text: str) -> None:
    assert text_of(source) == text


def test_a_value_of_the_page_is_shown() -> None:
    assert text_of("---\ntitle: T\ncity: Northford\n---\nIn {{ page.city }} it rains.") == "In Northford it rains."


def test_a_headings_attributes_arent_in_it() -> None:
    draft = parse_markdown("A text.\n\n## What now {#now .x}\n\nIt stays.")
    assert [each.heading for each in draft.sections or ()] == ["", "What now"]


def test_mdx_is_read_without_its_code() -> None:
    source = (
        "---\ntitle: T\n---\nimport Map from '../Map'\nimport {\n  A,\n  B,\n} from \"b\";\n"
        "export const meta = {\n  a: 1\n}\n\n# A heading\n\nIt was closed. <Map lat={3} on={() => { go({a: 1}) }} />"
        "\n\n"
        '<Callout title="Mind" type="x">\n  The *gap* is `<Map />` wide.\n</Callout>\n\n{/* a comment */}\n\n'
        "<>Shown {`here`}{' '}too</>\n\n```jsx\n<Keep a={1} />\n```\n"
    )
    assert str(parse_mdx(source).values["text"]).split("\n\n") == [
        "A heading",
        "It was closed.",
        "Mind The gap is <Map /> wide.",
        "Shown here too",
        "<Keep a={1} />",
    ]
