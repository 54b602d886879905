"""What on a page leads to other articles, or asks for something, by how it is built?"""

from __future__ import annotations

import pytest

from searchkit.ingest.formats.html import parse_page

TEXTS = tuple(
    f"The lock keepers of Weir {number} opened the upper gates on Friday, and the water fell by a metre before noon."
    for number in range(1, 7)
)
ADDRESS = "https://gazette.example.org/river/locks-opened-on-friday"
OTHER = "/river/the-dredgers-come-back-in-autumn"


def text_between(inserted: str, *, behind: int = 3) -> str:
    """Return the text read of a page with something between its paragraphs, without these."""
    before = "".join(f"<p>{text}</p>" for text in TEXTS[: len(TEXTS) - behind])
    after = "".join(f"<p>{text}</p>" for text in TEXTS[len(TEXTS) - behind :])
    source = (
        f'<html lang="en"><head><title>Locks opened</title><link rel="canonical" href="{ADDRESS}"></head><body>'
        f"<article><h1>Locks opened</h1>{before}{inserted}{after}</article></body></html>"
    )
    text = str(parse_page(source).values["text"])
    assert all(each in text for each in TEXTS)
    return "\n".join(line for line in text.split("\n") if line and line not in TEXTS)


@pytest.mark.parametrize(
    "card",
    [
        (
            f'<div><a href="{OTHER}"><img src="d.jpg"></a><div><a href="{OTHER}">The dredgers come back</a>'
            "<p>They will clear the lower basin, the ministry said on Thurs...</p></div></div>"
        ),
        (
            f'<section><img src="d.jpg"><h3><a href="https://www.example.org{OTHER}">The dredgers come back</a></h3>'
            "<p>They will clear the lower basin.</p><a href='/authors/ann-lee'>Ann Lee</a></section>"
        ),
        (
            f'<div><div><a href="/river">River</a></div><h4><a href="{OTHER}">The dredgers come back</a></h4>'
            f'<div><p>They will clear the lower basin.</p><a href="{OTHER}">More</a></div></div>'
        ),
    ],
)
def test_a_card_of_another_article_is_left_out(card: str) -> None:
    assert text_between(card) == ""


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        (
            (
                "<div><h3><a href='https://shop.example.com/kettles/steel-one-litre'>Steel kettle</a></h3>"
                "<img src='k.jpg'><p>It boils a litre in two minutes.</p></div>"
            ),
            "Steel kettle\nIt boils a litre in two minutes.",
        ),
        (
            f"<div><h3><a href='{ADDRESS}#noon'>Gates at noon</a></h3><img src='k.jpg'><p>Gates stood open.</p></div>",
            "Gates at noon\nGates stood open.",
        ),
        (
            (
                "<div><h3>Gates at noon</h3><img src='k.jpg'><p>The gates stood open, as <a href='/river/tables-of'>"
                "the tables</a> say.</p></div>"
            ),
            "Gates at noon\nThe gates stood open, as the tables say.",
        ),
    ],
    ids=["a shop's product", "a post of this page", "a link in a sentence"],
)
def test_what_leads_to_no_other_article_of_the_site_is_no_card(box: str, kept: str) -> None:
    assert text_between(box) == kept


def test_a_list_of_links_that_ends_an_article_is_left_out_with_what_announces_it() -> None:
    items = "".join(
        f"<li>The <a href='/river/{i}-years'>{i} years of the weir</a> by a keeper who lived on it</li>"
        for i in range(20, 24)
    )
    assert text_between(f"<h3>Great stories on rivers</h3><ul>{items}</ul>", behind=0) == ""
    assert text_between(f"<p>Four books tell of it:</p><ul>{items}</ul>").count("years") == 4


def test_words_in_small_letters_in_a_pictures_box_are_its_caption() -> None:
    assert (
        text_between("<div><div><img src='g.jpg'></div><br><span class='tiny'>The upper gates at noon</span></div>")
        == ""
    )
    assert text_between("<p><img src='g.jpg'><br><em>The upper gates at noon</em></p>") == ""
    assert text_between("<p><img src='g.jpg'>The gates were <em>wide</em> open.</p>") == "The gates were wide open."


def test_a_box_that_opens_above_a_link_takes_nothing_out_of_the_sentence() -> None:
    box = (
        "<span class='who'><a href='/p/quill'>Mara Quill</a><span><img src='q.jpg'><a href='/p/quill'>Mara J. Quill</a>"
        "<a href='/river/9'>Quill opens a lock</a></span></span>"
    )
    assert text_between(f"<p>The mayor, {box}, was there.</p>") == "The mayor, Mara Quill, was there."


@pytest.mark.parametrize(
    "button", ["<button>Order now</button>", "<a class='btn btn-red' href='/abo'>Order</a>", "<input type='submit'>"]
)
def test_a_box_that_ends_with_a_button_is_left_out(button: str) -> None:
    box = f"<div class='x1'><p>The Gazette is free of owners. We live by those who read us every day.</p>{button}</div>"
    assert text_between(box) == ""


def test_a_button_before_its_text_unfolds_it() -> None:
    answer = "The gates are opened when the water stands at four metres."
    assert answer in text_between(f"<div><button>When are gates opened?</button><p>{answer}</p></div>")


@pytest.mark.parametrize(
    "box",
    [
        "<section aria-label='Newsletter'><h3>The river in the morning</h3><p>What comes, before six.</p></section>",
        "<div role='complementary'><p>The river in the morning, before six.</p></div>",
        "<div class='tab-pane active'></div><div class='tab-pane' id='brief'><p>Gates opened, water fell.</p></div>",
    ],
)
def test_labels_roles_and_tabs_tell_what_is_beside_the_text(box: str) -> None:
    assert text_between(box) == ""
