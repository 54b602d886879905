"""Watcher: keeps an index in line with folders and feeds, until it is stopped.

It begins with a look at all, so that what was missed while it didn't run is taken up, however it ended. Then it waits
for what changes, and commits in batches. What can't be done now (another writer, a full disk, a host that doesn't
answer) is told and tried again. It can be stopped, or killed, at any time: a batch is in force or it isn't.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from searchkit.config import IndexConfig, ReadConfig
from searchkit.errors import (
    BackendError,
    EncoderMismatch,
    IndexLocked,
    IndexNotFound,
    SearchkitError,
    SourceError,
    StorageError,
)
from searchkit.index.build import build
from searchkit.index.bundled_encoder import encoder_of
from searchkit.index.declared_fields import refuse_other_fields
from searchkit.index.feed_states import load_feed_states, save_feed_states
from searchkit.index.file_states import differing_files
from searchkit.index.folder_changes import Changes, FolderPolls, SettlingFiles, files_at, folder_events
from searchkit.index.garbage import numbered
from searchkit.index.history import gc
from searchkit.index.manifest import manifest_in_force
from searchkit.index.paths import IndexPaths, is_index
from searchkit.index.update import PRUNE_LIMIT, add, update_files
from searchkit.ingest.article_reader import read_feed_body
from searchkit.ingest.discover import check_place, fixed_part, matches_nothing
from searchkit.ingest.feed_fetcher import (
    INTERVAL_S,
    FeedFetcher,
    FeedResponse,
    FeedState,
    check_address,
    shown_address,
)
from searchkit.ingest.language_detection import load_detector
from searchkit.types import Article, BuildReport, Encoder, Problem

SETTLE_S = 0.3
"""Seconds for which a file has to stay as it is. Programs that write a file at one go do so in far less."""

BATCH_S = 1.0
"""Seconds that a file which rests waits for those that don't yet: with .3 s to rest and a commit of .3 s to .5 s among
100,000 chunks, it can be searched within 2 s."""

LOOK_AGAIN_S = 600.0
"""Seconds from one look at all files to the next where the system tells of changes, for what it doesn't tell of:
folders behind links, network disks, a queue of events that ran over."""

RESTLESS_S = 60.0
"""A file that changes for longer than so many seconds is named: it may be one that never rests, such as a log."""

GENERATIONS = 10
"""Generations that stay at least. Each batch makes one, and each costs the next batch 3 ms: when there are twice as
many, the oldest are collected."""

_TICK_S = 0.05
_LOCK_S = 5.0
"""Seconds for which it waits for another writer before it says so."""

_FEW = 1_000
"""Paths up to which each is looked for by itself."""

_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvent:
    """What a watcher tells.

    Attributes:
        kind: "started", "committed" (a batch), "waiting" (for another writer, or a file that doesn't rest), "failed"
            (something is tried again), "moved" (a feed, for good), or "problem" (something couldn't be read, and
            nothing was committed).
        message: What happened, in a sentence.
        hint: What to do next, where there is something.
        report: What was done, of a batch.
        problems: What couldn't be taken as it was.
        paths: How many paths that may have changed a batch had, of folders.
        feeds: How many feeds a batch had.
        latency_s: Seconds from when the batch's first file was told of, or its first feed had come, to its commit; None
            where nothing was told of, as of the look at all.
        again_in_s: In how many seconds it is tried again.
    """

    kind: str
    message: str = ""
    hint: str = ""
    report: BuildReport | None = None
    problems: tuple[Problem, ...] = ()
    paths: int = 0
    feeds: int = 0
    latency_s: float | None = None
    again_in_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchConfig:
    """What is watched, and how.

    Attributes:
        index: The folder of the index. Where there is none, it is made of the first articles.
        places: Files, folders and globs.
        feeds: Addresses of feeds: ``http:``, ``https:`` or ``file:``. What leaves a feed stays in the index.
        read: How the places are read.
        poll_s: Every how many seconds the folders are looked at; None lets the system tell (watchdog).
        feed_interval_s: The least seconds between two requests for a feed.
        settle_s: How many seconds a file has to stay as it is.
        batch_s: How many seconds a file that rests waits for others.
        prune: Whether articles go whose files have gone.
        prune_limit: The share of the index that may go at once.
        cache: Whether the user's cache of vectors is used.
        jobs: How many processes cut articles into chunks.
        generations: How many generations stay at least, to go back to; 0 leaves all.
        once: Whether it ends after one look at all.
        encoder: The encoder that made the index's vectors, instead of loading it.
        settings: What is baked into the index where it is made; None for the defaults. An index of other fields is
            refused.
    """

    index: Path
    places: Sequence[str] = ()
    feeds: Sequence[str] = ()
    read: ReadConfig = field(default_factory=ReadConfig)
    poll_s: float | None = None
    feed_interval_s: float = INTERVAL_S
    settle_s: float = SETTLE_S
    batch_s: float = BATCH_S
    prune: bool = True
    prune_limit: float = PRUNE_LIMIT
    cache: bool = True
    jobs: int | None = None
    generations: int = GENERATIONS
    once: bool = False
    encoder: Encoder | None = None
    settings: IndexConfig | None = None


Tell = Callable[[WatchEvent], None]


def watch(config: WatchConfig, tell: Tell) -> None:
    """Keep an index in line with folders and feeds, until an exception stops it; with ``config.once`` a single time.

    Raises ``SourceError`` where a place doesn't exist at the beginning, ``ConfigError`` for what is no address,
    ``MissingExtra``, and what mends itself by no
    waiting: ``IndexCorrupt``, ``IndexNotFound`` where the index was removed, ``FormatTooOld``, ``FormatTooNew``.
    """
    with watching(config, tell) as watcher:
        watcher.load()
        places = [*config.places, *map(shown_address, config.feeds)]
        tell(WatchEvent(kind="started", message=f"Watching {', '.join(places)} for {config.index}."))
        watcher.look_at_all()
        watcher.take_feeds(wait=config.once)
        while not config.once:
            watcher.step()
            time.sleep(_TICK_S)


@contextmanager
def watching(config: WatchConfig, tell: Tell) -> Iterator[Watcher]:
    """Give the watcher of some places, which misses nothing from now on. Raises as ``watch`` does."""
    for place in config.places:
        check_place(place)
    for address in config.feeds:
        check_address(address)
    if config.settings is not None and config.settings.fields and is_index(config.index):
        refuse_other_fields(config.index, manifest_in_force(IndexPaths(config.index)).config, config.settings.fields)
    with _changes(config) as changes:
        yield Watcher(config, tell, changes)


@contextmanager
def _changes(config: WatchConfig) -> Iterator[Changes]:
    if config.once or not config.places:
        yield set
    elif config.poll_s is not None:
        yield FolderPolls(config.places, config.poll_s).changed
    else:
        with folder_events(config.places) as told:
            polls = FolderPolls(config.places, LOOK_AGAIN_S)
            yield lambda: told() | polls.changed()


class Watcher:
    """The state of a watch: what is on its way, what failed, and when it is tried again."""

    def __init__(self, config: WatchConfig, tell: Tell, changes: Changes) -> None:
        self._config, self._tell, self._changes = config, tell, changes
        self._paths = IndexPaths(config.index)
        self._files = SettlingFiles(settle_s=config.settle_s, batch_s=config.batch_s)
        self._fetcher = FeedFetcher(load_feed_states(self._paths, config.feeds), interval_s=config.feed_interval_s)
        self._responses: list[FeedResponse] = []
        self._came = 0.0
        self._encoder = config.encoder
        self._named: set[str] = set()
        self._failures, self._again = 0, 0.0
        self._whole = False
        self._message = ""
        self._is_made = False
        for state in self._fetcher.states.values():
            if state.is_gone:
                self._say_of_feed(state, "was gone for good (410) when it was last asked for; it isn't any more")

    def load(self) -> None:
        """Load what a batch needs, so that the first files don't wait for it. What fails is told when it is used."""
        with suppress(SearchkitError):
            if is_index(self._config.index):
                self._opened_encoder()
        with suppress(SearchkitError):
            load_detector()

    def step(self) -> None:
        """Do what is due."""
        changed = self._changes()
        self._files.note(changed)
        self._name_restless()
        if changed and not is_index(self._config.index):
            self._again = 0.0  # until there is something to make it of, every change may be the first article
        if time.monotonic() < self._again:
            return
        if not self._whole:
            self.look_at_all()
        elif batch := self._files.batch():
            self._commit_files(batch)
        self.take_feeds()

    def look_at_all(self) -> None:
        """Bring the index in line with all files of the places."""
        changed = self._differing()
        self._whole = changed == [] or not self._config.places or self._is_done(lambda: self._update(changed))

    def _differing(self) -> list[str] | None:
        """Return the paths that differ from what the index was made of; None where it takes a look at all to tell.

        Of 100,000 files a look at all takes 20 s, in which nothing else would be taken up; to compare their states 2 s.
        """
        if not self._config.places or not is_index(self._config.index):
            return None
        there = files_at(self._config.places)
        if there is None:
            return None
        try:
            differing = differing_files(self._paths, self._config.read, there)
        except (SearchkitError, OSError):  # which the update meets, and tells
            return None
        places = {str(fixed_part(place).absolute()) for place in self._config.places}
        below = tuple(os.path.join(place, "") for place in places)  # noqa: PTH118 - a path has no separator at its end
        # What came from elsewhere is left alone.
        ours = sorted(path for path in differing if path in places or path.startswith(below))
        return ours if len(ours) <= _FEW else None

    def _commit_files(self, batch: list[str]) -> None:
        first = self._files.first(batch)
        if self._is_done(lambda: self._update(batch), first=first, paths=len(batch)):
            self._files.drop(batch)
            self._named.difference_update(batch)

    def take_feeds(self, *, wait: bool = False) -> None:
        """Ask for the feeds that are due, and commit what has come; with ``wait`` all of it."""
        self._fetcher.start_due()
        while wait and self._fetcher.is_busy:
            self._take_responses()
            self._fetcher.start_due()
            time.sleep(_TICK_S)
        self._take_responses()
        bodies = [response for response in self._responses if response.body is not None]
        entries = [entry for response in bodies for entry in self._entries(response)]
        problems = tuple(entry for entry in entries if isinstance(entry, Problem))
        if len(entries) > len(problems):
            if not self._is_done(lambda: self._add(entries), first=self._came, feeds=len(bodies)):
                return
        elif problems:
            self._tell(WatchEvent(kind="problem", problems=problems, feeds=len(bodies)))
        if self._responses:
            self._fetcher.keep(self._responses)
            self._responses = []
            if is_index(self._paths.root):
                save_feed_states(self._paths, self._fetcher.states.values())

    def _take_responses(self) -> None:
        for response in self._fetcher.responses():
            if not self._responses:
                self._came = time.monotonic()
            self._responses.append(response)
            state = response.state
            if state.moved_to != self._fetcher.states[state.address].moved_to:
                message = f"{shown_address(state.address)} has moved for good to {shown_address(state.moved_to)}."
                self._tell(WatchEvent(kind="moved", message=message))
            if response.trouble:
                self._say_of_feed(state, response.trouble)

    def _say_of_feed(self, state: FeedState, trouble: str) -> None:
        again_in_s = None if state.is_gone else max(state.due - time.time(), 0.0)
        message = f"{shown_address(state.address)} {trouble}."
        self._tell(WatchEvent(kind="failed", message=message, again_in_s=again_in_s))

    def _entries(self, response: FeedResponse) -> list[Article | Problem]:
        address = shown_address(response.state.address)
        return list(read_feed_body(address, response.body or b"", self._config.read))

    def _is_to_be_made(self) -> bool:
        """Say whether there is no index yet. Raises ``IndexNotFound`` where there was one."""
        if is_index(self._config.index):
            self._is_made = True
        elif self._is_made:
            raise IndexNotFound(f"{self._config.index} was removed while it was watched for.")
        return not self._is_made

    def _update(self, changed: Sequence[str] | None) -> BuildReport:
        config = self._config
        if self._is_to_be_made():
            places = [place for place in config.places if not matches_nothing(place)]
            return build(
                config.index,
                places=places,
                read=config.read,
                cache=config.cache,
                jobs=config.jobs,
                encoder=config.encoder,
                config=config.settings,
                lock_timeout_s=_LOCK_S,
            )
        return update_files(
            config.index,
            config.places,
            changed=changed,
            read=config.read,
            prune=config.prune,
            prune_limit=config.prune_limit,
            encoder=self._opened_encoder(),
            cache=config.cache,
            jobs=config.jobs,
            lock_timeout_s=_LOCK_S,
        )

    def _add(self, entries: Sequence[Article | Problem]) -> BuildReport:
        config = self._config
        if self._is_to_be_made():
            return build(
                config.index,
                entries,
                cache=config.cache,
                encoder=config.encoder,
                config=config.settings,
                lock_timeout_s=_LOCK_S,
            )
        return add(config.index, entries, encoder=self._opened_encoder(), cache=config.cache, lock_timeout_s=_LOCK_S)

    def _opened_encoder(self) -> Encoder:
        """Return the index's encoder, which stays loaded; a rebuild may have given it another."""
        manifest = manifest_in_force(self._paths)
        if self._encoder is None or manifest.encoder.differs(self._encoder):
            self._encoder = encoder_of(self._paths, manifest) if self._config.encoder is None else self._config.encoder
            self._encoder.encode_query("")
        return self._encoder

    def _is_done(
        self, work: Callable[[], BuildReport], *, first: float | None = None, paths: int = 0, feeds: int = 0
    ) -> bool:
        """Do some work and tell of it; False where it failed and is to be tried again."""
        while True:
            try:
                report = work()
                break
            except IndexLocked as error:
                self._say_once(WatchEvent(kind="waiting", message=error.message, hint=error.hint))
                time.sleep(_TICK_S)  # where another host's lock can't be seen it is refused at once
            except (StorageError, SourceError, BackendError, EncoderMismatch) as error:
                if self._config.once:
                    raise
                self._fail(error)
                return False
        self._failures, self._message = 0, ""
        if report.articles or report.deleted or report.problems or report.notes:
            self._tell(
                WatchEvent(
                    kind="committed" if report.articles or report.deleted else "problem",
                    report=report,
                    problems=report.problems,
                    paths=paths,
                    feeds=feeds,
                    latency_s=None if first is None else time.monotonic() - first,
                )
            )
            self._collect()
        return True

    def _collect(self) -> None:
        """Remove the oldest generations, where there are many. What can't be done now is done after a later batch."""
        keep = self._config.generations
        if keep and len(numbered(self._paths.generations, ".json")) > 2 * keep:
            with suppress(IndexLocked, StorageError):
                gc(self._config.index, keep=keep)

    def _fail(self, error: SearchkitError) -> None:
        """Tell what went wrong, once while it is the same, and set the time of the next try."""
        again_in_s = min(_FIRST_RETRY_S * 2**self._failures, _LAST_RETRY_S)
        self._failures += self._failures < 10
        self._again = time.monotonic() + again_in_s
        self._say_once(WatchEvent(kind="failed", message=error.message, hint=error.hint, again_in_s=again_in_s))

    def _say_once(self, event: WatchEvent) -> None:
        if event.message != self._message:
            self._message = event.message
            self._tell(event)

    def _name_restless(self) -> None:
        for path in self._files.restless(RESTLESS_S):
            if path not in self._named:
                self._named.add(path)
                message = f"{path} has been changing for {RESTLESS_S:g} seconds; it is read when it rests."
                self._tell(WatchEvent(kind="waiting", message=message))
