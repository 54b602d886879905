from __future__ import annotations

from searchkit.keyword.bounded_cache import BoundedCache


def test_a_full_cache_forgets_all_it_has_before_it_takes_more() -> None:
    cache = BoundedCache[str, int](2)
    cache["a"], cache["b"] = 1, 2
    assert cache == {"a": 1, "b": 2}
    cache["c"] = 3
    assert cache == {"c": 3}
    assert cache.get("a") is None
