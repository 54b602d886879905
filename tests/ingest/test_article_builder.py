from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from searchkit import ingest
from searchkit.errors import ConfigError, SourceError
from searchkit.ingest import article_from_dict
from searchkit.ingest.article_builder import ALIASES, ParsedArticle, check_fields, has_id, make_article

ENGLISH = "The ministry said on Tuesday that the systems had been delivered to the country, and more would follow."


@pytest.mark.parametrize("name", ALIASES)
def test_every_alias_means_its_field(name: str):
    for alias in ALIASES[name]:
        value = "2024-03-05" if name in {"published", "updated"} else "en" if name == "language" else "x"
        base: dict[str, Any] = {"id": "1", "title": "T"}
        base = {} if name == "id" else {"id": "1"} if name == "title" else base
        article = article_from_dict({**base, **({"title": "T"} if name == "id" else {}), alias.upper(): value})
        assert getattr(article, name) not in (None, "", ()), alias
        assert not article.fields, alias


def test_keys_are_known_in_all_spellings():
    article = article_from_dict(
        {"Doc ID": 7, "HeadLine": "H", "full-text": "t", "published_at": "2024", "lastMod": "2025"}
    )
    assert (article.id, article.title, article.text) == ("7", "H", "t")
    assert article.published == datetime(2024, 1, 1, tzinfo=UTC)
    assert article.updated == datetime(2025, 1, 1, tzinfo=UTC)


def test_the_likelier_key_wins_and_the_other_stays_a_field():
    article = article_from_dict({"id": "1", "text": "a", "body": "b", "keywords": ["x"], "topics": ["y", "z"]})
    assert article.text == "a"
    assert article.tags == ("x",)
    assert article.fields == {"body": "b", "topics": ("y", "z")}


def test_other_keys_become_fields_of_plain_values():
    values = {
        "id": "1",
        "text": "a",
        "n": 3,
        "f": 1.5,
        "b": False,
        "s": " x\x07 ",
        "none": None,
        "empty": "",
        "l": ["a", 1, True, None],
        "mixed": [{"a": 1}],
        "nested": {"a": {"b": 2}, "e": {}},
        "big": 2**70,
        "nan": float("nan"),
        "day": date(2024, 3, 5),
        "dec": Decimal("1.5"),
        "set": {"b", "a"},
    }
    assert article_from_dict(values).fields == {
        "n": 3,
        "f": 1.5,
        "b": False,
        "s": "x",
        "l": ("a", "1", "true"),
        "mixed": '[{"a":1}]',
        "nested.a.b": 2,
        "big": str(2**70),
        "day": "2024-03-05",
        "dec": "1.5",
        "set": ("a", "b"),
    }


def test_what_is_nested_deeply_is_kept_as_json():
    value: object = 1
    for _ in range(20):
        value = {"a": value}
    (kept,) = article_from_dict({"id": "1", "text": "t", "x": value}).fields.values()
    assert isinstance(kept, str)
    assert kept.startswith('{"a":')


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("Jane Doe", ("Jane Doe",)),
        ("By Jane Doe and John Smith", ("Jane Doe", "John Smith")),
        ("Jane Doe, John Smith", ("Jane Doe", "John Smith")),
        ("Doe, Jane; Smith, John", ("Doe, Jane", "Smith, John")),
        ("brenckman,m.", ("brenckman,m.",)),
        (["Jane Doe", {"name": "John Smith"}, "Jane Doe"], ("Jane Doe", "John Smith")),
        ({"name": "Jane Doe"}, ("Jane Doe",)),
    ],
)
def test_authors_come_in_many_forms(given: object, names: tuple[str, ...]):
    assert article_from_dict({"id": "1", "text": "t", "author": given}).authors == names


def test_tags_are_split_at_semicolons_else_at_commas():
    assert article_from_dict({"id": "1", "text": "t", "tags": "a, b;c"}).tags == ("a, b", "c")
    assert article_from_dict({"id": "1", "text": "t", "tags": "a, b,a,"}).tags == ("a", "b")


def test_a_list_of_paragraphs_is_a_text():
    assert article_from_dict({"id": "1", "text": ["one", None, "two"]}).text == "one\n\ntwo"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"text": "a"}, "no id"),
        ({"id": "1"}, "neither text nor title"),
        ({"id": "1", "text": "  \n", "title": ""}, "neither text nor title"),
        ({"id": "a\nb", "text": "t"}, "control character"),
        ({"id": "1", "text": {"a": 1}}, "no text in its field 'text', but an object"),
        ({"id": "1", "text": object()}, "of type object"),
    ],
)
def test_what_cannot_be_an_article_is_an_error(values: dict[str, object], message: str):
    with pytest.raises(SourceError, match=message):
        article_from_dict(values)


def test_a_title_alone_is_an_article():
    article = article_from_dict({"_id": " x ", "title": " A\n title ", "text": "\n"})
    assert (article.id, article.title, article.text) == ("x", "A title", "")


def test_texts_are_cleaned_but_not_normalised():
    article = article_from_dict({"id": "1", "text": "\ufeffa\r\nb\rc\x00d\ud800e\u0301\u00e9 "})
    assert article.text == "a\nb\ncd\ufffde\u0301\u00e9 "


def test_what_is_not_understood_stays_as_a_field():
    article = article_from_dict({"id": "1", "text": ENGLISH, "date": "someday", "modified": "n.d.", "lang": "elvish"})
    assert article.fields == {"published_raw": "someday", "updated_raw": "n.d.", "language_raw": "elvish"}
    assert (article.published, article.updated, article.language) == (None, None, "en")


def test_a_mapping_of_no_field_of_articles_suggests_the_nearest():
    check_fields({"title": "headline"})
    with pytest.raises(ConfigError) as caught:
        check_fields({"titel": "headline"})
    assert "Did you mean 'title'?" in caught.value.hint
    with pytest.raises(ConfigError, match="no field 'xyz'"):
        check_fields({"xyz": "a"})


def test_public_names_are_loaded_when_asked_for():
    assert sorted(ingest.__all__) == ["SourceWarning", "article_from_dict", "parse_when", "read", "read_articles"]
    assert all(callable(getattr(ingest, name)) for name in ingest.__all__)
    with pytest.raises(AttributeError, match="no attribute 'raed'"):
        _ = ingest.raed


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["Washington, D.C."], ("Washington, D.C.",)),
        (
            ["Department of Health and Human Services", "Joe Roe"],
            ("Department of Health and Human Services", "Joe Roe"),
        ),
        (("Doe, Jane", "By the way; a band"), ("Doe, Jane", "By the way; a band")),
        ({"b", "a"}, ("a", "b")),
        ("['Jane Doe', 'Joe Roe']", ("Jane Doe", "Joe Roe")),
        ('["Jane Doe","Joe Roe"]', ("Jane Doe", "Joe Roe")),
        ("['Jane Doe' 'Joe Roe']", ("Jane Doe", "Joe Roe")),
        ("('Jane Doe',)", ("Jane Doe",)),
        ('["Washington, D.C.", "Health and Care"]', ("Washington, D.C.", "Health and Care")),
        ("""['O\\'Brien', "D'Arcy"]""", ("O'Brien", "D'Arcy")),
        ('["Zo\\u00eb"]', ("Zoë",)),
        ('[{"name": "Jane Doe"}, {"name": "Joe Roe"}]', ("Jane Doe", "Joe Roe")),
        ('["a", null, ""]', ("a",)),
        ("[2024, 2025]", ("2024", "2025")),
        ("[]", ()),
        ("[sic]", ("[sic]",)),
    ],
)
def test_lists_are_taken_as_they_are(given: object, expected: tuple[str, ...]):
    article = article_from_dict({"id": "1", "text": "x", "tags": given, "authors": given, "acl": given})
    assert article.tags == expected
    assert article.authors == expected
    if not any("{" in str(part) for part in [given]):  # objects are kept as they were written
        kept = article.fields.get("acl", ())
        assert (kept if isinstance(kept, tuple) else (kept,)) == expected
    assert article_from_dict({"id": "1", "text": "x", "tags": list(article.tags)}).tags == article.tags


def test_one_text_of_names_is_split():
    article = article_from_dict({"id": "1", "text": "x", "tags": "a, b", "author": "By Jane Doe and Joe Roe"})
    assert (article.tags, article.authors) == (("a", "b"), ("Jane Doe", "Joe Roe"))


def test_a_source_in_a_written_list_is_its_name():
    for value in (["Reuters"], "['Reuters']", '["Reuters"]', {"name": "Reuters"}):
        assert article_from_dict({"id": "1", "text": "x", "source": value}).source == "Reuters"


@pytest.mark.parametrize("name", ["tags", "authors", "source", "url", "language", "published", "updated"])
def test_a_field_that_is_no_text_is_kept_as_a_field_of_its_own(name: str) -> None:
    read = make_article(ParsedArticle(values={"id": "1", "text": "The otter swims.", name: {"a": {"b": 1}}}))
    assert read.article.text == "The otter swims."
    assert read.article.fields == {f"{name}_raw": '{"a":{"b":1}}'}
    assert read.notes == (f"has no text in its field '{name}', but an object; it is kept as the field {name}_raw",)


def test_an_address_that_is_no_text_is_no_id() -> None:
    assert not has_id({"url": {"a": {"b": 1}}, "text": "The otter swims."})
