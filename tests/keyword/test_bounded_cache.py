from __future__ import annotations

from searchkit.keyword.bounded_cache import BoundedCache


def test_a_full_cache_forgets_all_it_has_before_it_takes_more() -> None:
    cache = BoundedCache[str, int](2)
    cache["a"], cache["b"] = 1, 2
    assert cache == {"a": 1, "b": 2}
    cache["c"] = 3
    assert cache == {"c": 3}
    assert cache.get("a") is None


def test_a_cache_that_weighs_its_items_holds_as_much_as_it_is_told_to() -> None:
    cache = BoundedCache[str, str](10, len)
    cache["a"], cache["b"] = "four", "sixsix"
    assert len(cache) == 2
    cache["c"] = "x"
    assert cache == {"c": "x"}
    cache["d"] = "nine more"
    assert cache == {"c": "x", "d": "nine more"}
    cache["e"] = "more than all that it may hold"
    assert cache == {"e": "more than all that it may hold"}
    cache["f"] = "x"
    assert cache == {"f": "x"}
