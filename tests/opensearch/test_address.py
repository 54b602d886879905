"""Addresses: what names an index on a cluster, and what doesn't."""

from __future__ import annotations

from pathlib import Path

import pytest

import searchkit
from searchkit.errors import ConfigError, NotOnCluster
from searchkit.opensearch.address import address_of, is_address


@pytest.mark.parametrize(
    ("text", "hosts", "name", "secure"),
    [
        ("opensearch://search.example/news", (("search.example", 9200),), "news", False),
        ("opensearch://a:9201,b:9202/wire-2", (("a", 9201), ("b", 9202)), "wire-2", False),
        ("opensearch+https://search.example:443/n", (("search.example", 443),), "n", True),
        ("opensearch://[::1]:9200/news", (("[::1]", 9200),), "news", False),
    ],
)
def test_an_address_names_hosts_and_an_index(
    text: str, hosts: tuple[tuple[str, int], ...], name: str, secure: bool
) -> None:
    assert is_address(text)
    address = address_of(text)
    assert (address.hosts, address.name, address.secure) == (hosts, name, secure)
    assert address_of(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "opensearch://host",
            "opensearch://host/",
            "opensearch:///news",
            "opensearch://host/News",
            "opensearch://h/a/b",
        ),
        *("opensearch://host:0/news", "opensearch://host:99999/news", "opensearch://ho st/news", "opensearch://h/_all"),
        *("opensearch://h/news*", "opensearch://h/a,b", "http://host/news", f"opensearch://h/{'a' * 300}"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        address_of(text)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        address_of("opensearch://ada:secret@host:9200/news")
    assert "secret" not in str(caught.value)
    assert "SEARCHKIT_OPENSEARCH_PASSWORD" in caught.value.hint


@pytest.mark.parametrize(
    "call",
    [
        lambda index: searchkit.add(index, [{"id": "1", "text": "Radar."}]),
        lambda index: searchkit.delete(index, "1"),
        searchkit.update,
        searchkit.rebuild,
        searchkit.gc,
        searchkit.rollback,
        searchkit.verify,
        lambda index: searchkit.build(index, [{"id": "1", "text": "Radar."}]),
        lambda index: searchkit.open_many([index]),
    ],
)
def test_what_does_not_work_on_a_cluster_yet_says_so_and_makes_no_folder(
    call: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotOnCluster):
        call("opensearch://127.0.0.1:1/news")  # type: ignore[operator]
    assert not list(tmp_path.iterdir())
