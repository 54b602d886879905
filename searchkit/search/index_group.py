"""Index group: several indexes by their names, opened together as one generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from searchkit.errors import ConfigError
from searchkit.index.generation import Generation, open_generation
from searchkit.index.joint_generation import SEPARATOR, JointGeneration
from searchkit.index.manifest import in_force

DIFFERING = ("refuse", "keyword")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexGroup:
    """The folders of some indexes by their names, and whether their vectors may be of different encoders."""

    paths: Mapping[str, Path]
    keyword_only: bool

    @property
    def first(self) -> Path:
        """The folder of the first."""
        return next(iter(self.paths.values()))

    def open(self) -> JointGeneration:
        """Open the generations in force as one. Raises as ``open_generation`` and ``JointGeneration`` do."""
        with ExitStack() as opened:
            parts = {name: opened.enter_context(open_generation(path)) for name, path in self.paths.items()}
            joint = JointGeneration(parts, keyword_only=self.keyword_only)
            opened.pop_all()
        return joint

    def is_newest(self, held: Generation) -> bool:
        """Say whether no index has a newer generation than is held. Raises as ``in_force`` does."""
        if not isinstance(held, JointGeneration):
            return False
        current = [in_force(part.paths) for part in held.parts]
        return [(each.generation, each.seal) for each in current] == [
            (part.manifest.generation, part.seal) for part in held.parts
        ]


def index_group(indexes: Mapping[str, str | Path] | Iterable[str | Path], differing: str) -> IndexGroup:
    """Return the group of some folders, by their names. Raises ``ConfigError`` for what can't be one."""
    if differing not in DIFFERING:
        raise ConfigError(f"differing can't be {differing!r}.", hint=f"Give one of: {', '.join(DIFFERING)}.")
    if isinstance(indexes, str | Path) or not isinstance(indexes, Iterable):
        raise ConfigError(f"indexes takes several folders, not {indexes!r}.", hint="Give a list, or names and folders.")
    pairs = list(indexes.items()) if isinstance(indexes, Mapping) else [(_own_name(path), path) for path in indexes]
    paths: dict[str, Path] = {}
    for name, path in pairs:
        if not isinstance(name, str) or not name or SEPARATOR in name:
            raise ConfigError(f"An index can't be called {name!r} here.", hint="Give it a name without a slash.")
        if name in paths:
            raise ConfigError(
                f"Two indexes are called '{name}'.", hint="Give them names: open_many({'news': PATH, …})."
            )
        if not isinstance(path, str | Path) or not str(path):
            raise ConfigError(f"An index can't lie at {path!r}.", hint="Give its folder, as text or a Path.")
        paths[name] = Path(path)
    if not paths:
        raise ConfigError("There is no index to open.", hint="Name at least one.")
    return IndexGroup(paths=paths, keyword_only=differing == "keyword")


def _own_name(path: object) -> str:
    return Path(path).resolve().name if isinstance(path, str | Path) else "index"


def names_apart(paths: Sequence[Path]) -> dict[str, Path]:
    """Name folders by their own names; those that have the same by the folders above them, too: ``a-news``, ``b-news``.

    Raises ``ConfigError`` where one is named twice.
    """
    folders = [path.resolve() for path in paths]
    for place, folder in enumerate(folders):
        if folder in folders[:place]:
            raise ConfigError(f"The index {paths[place]} is named twice.", hint="Name it once.")
    names = [folder.name for folder in folders]
    for depth in range(2, max((len(folder.parts) for folder in folders), default=0) + 1):
        same = {name for name in names if names.count(name) > 1}
        if not same:
            break
        for place, folder in enumerate(folders):
            if names[place] in same:
                names[place] = "-".join(part.strip("/") for part in folder.parts[-depth:])
    return dict(zip(names, paths, strict=True))
