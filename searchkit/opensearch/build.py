"""Build: articles become an index on a cluster.

They are cut, encoded and measured in a temporary folder of this machine, as those of any index are, and copied to the
cluster from there. So an index on a cluster is, to the last vector, what one in a folder is; the folder takes as much
of this machine's disk for as long as the build takes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from searchkit.config import IndexConfig, ReadConfig
from searchkit.errors import IndexExists, NotOnCluster, StorageError
from searchkit.index import build as index_build
from searchkit.index.article_source import ArticleInputs
from searchkit.index.generation import open_generation
from searchkit.opensearch.address import ClusterAddress, address_of
from searchkit.opensearch.client import Cluster
from searchkit.opensearch.cluster_writer import CopyReport, write
from searchkit.opensearch.names import holders
from searchkit.types import BuildReport, EncodeFunction, Encoder, Progress, Say


def build(
    index: str,
    articles: ArticleInputs | None = None,
    *,
    places: Sequence[str | Path] = (),
    config: IndexConfig | None = None,
    read: ReadConfig | None = None,
    encoder: Encoder | EncodeFunction | None = None,
    strict: bool = False,
    cache: bool = True,
    jobs: int | None = None,
    shards: int = 1,
    replicas: int | None = None,
    say: Say | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Build a new index on a cluster from articles, or from the articles at places.

    Whatever is raised, nothing is left on the cluster, unless it didn't say in time whether the index is in force.

    Args:
        index: The address: ``opensearch://HOST:9200/NAME``.
        articles: The articles, as for ``searchkit.build``, and so the arguments up to ``jobs``.
        places: Files, folders and globs to read articles from.
        config: What is baked into the index; None for the defaults.
        read: How the places are read; None for the defaults.
        encoder: An encoder to use instead of loading ``config.encoder``.
        strict: Whether the first article that can't be read stops the build.
        cache: Whether the user's cache of vectors is used.
        jobs: How many processes read pages and cut articles into chunks.
        shards: Into how many parts the cluster divides the index.
        replicas: How many copies of each part it keeps; None: one, where it has several nodes.
        say: Told a sentence for the user where there is something to say.
        progress: Told ``(stage, done, total)`` while it goes on.

    Returns:
        What was written, what was lost, and why.

    Raises:
        IndexExists: There is an index of that name on the cluster.
        IndexForeign: Something else bears its name.
        IndexLocked: Another writer is at work on it.
        ConfigError: The address or another argument can't be used.
        BackendError: The cluster can't be reached, lacks something, or refused a request.
        SourceError: As ``searchkit.build`` does, and so the other errors that it names.
    """
    started = time.monotonic()
    if config is not None and config.keep_encoder:
        raise NotOnCluster("An index on a cluster can't bring its encoder along yet.", hint="Leave keep_encoder out.")
    if config is not None and config.fields:
        raise NotOnCluster("Declared fields don't work over OpenSearch yet.", hint="Leave fields out.")
    cluster = Cluster(address_of(index))
    try:
        cluster.check(vectors=True)
        refuse_existing(cluster)
        with _folder() as folder:
            report = index_build.build(
                folder,
                articles,
                places=places,
                config=config,
                read=read,
                encoder=encoder,
                strict=strict,
                cache=cache,
                jobs=jobs,
                say=say,
                progress=progress,
            )
            copied = _copied(cluster, folder, shards, replicas, progress)
    finally:
        cluster.close()
    return replace(
        report,
        path=index,
        generation=copied.generation,
        notes=(*report.notes, *copied.notes),
        took_s=time.monotonic() - started,
    )


def copy(
    source: Path,
    target: ClusterAddress,
    *,
    shards: int = 1,
    replicas: int | None = None,
    progress: Progress | None = None,
) -> CopyReport:
    """Copy the generation in force of a folder to a cluster, as the next one there; nothing is encoded.

    Raises as ``open_generation`` and ``write`` do.
    """
    cluster = Cluster(target)
    try:
        return _copied(cluster, source, shards, replicas, progress)
    finally:
        cluster.close()


def refuse_existing(cluster: Cluster) -> None:
    """Raise ``IndexExists`` where there is an index of the name already, and as ``holders`` does."""
    if holders(cluster):
        raise IndexExists(
            f"There is an index at {cluster.address} already.",
            hint="Choose another name, or put another in its place with 'searchkit copy FOLDER ADDRESS'.",
        )


def _copied(cluster: Cluster, folder: Path, shards: int, replicas: int | None, progress: Progress | None) -> CopyReport:
    with open_generation(folder) as generation:
        if generation.declared:
            raise NotOnCluster(
                f"{folder} has declared fields, which don't work over OpenSearch yet.",
                hint="Rebuild it without fields, and copy that.",
            )
        return write(cluster, generation, shards=shards, replicas=replicas, progress=progress)


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield the path of a folder that goes at the end. Raises ``StorageError``."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="searchkit-")
    except OSError as error:
        raise StorageError(f"No temporary folder can be made: {error.strerror}.", hint="Name one by TMPDIR.") from error
    with folder as name:
        yield Path(name) / "index"
