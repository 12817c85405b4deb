"""Answering what is asked of the store: joins, other runs, whether the work was done before, what became of a run.

Questions of one batch are answered together. A question that cannot be answered is answered with its error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta

from polyaxon.engine.commands import Fetch
from polyaxon.engine.events import CacheHit, Fetched
from polyaxon.errors import UserError
from polyaxon.model.ids import RunId
from polyaxon.model.run import Condition, RunFacts
from polyaxon.store.base import Store

__all__ = ["answer", "facts_and_histories"]


def answer(store: Store, questions: Sequence[Fetch], now: datetime) -> Sequence[Fetched]:
    """Return one answer per question, in their order."""
    hits = _cache_hits(store, questions, now)
    return [_answer(store, question, hits, now) for question in questions]


def facts_and_histories(
    store: Store, runs: Sequence[RunId], heard: Container[RunId]
) -> tuple[Mapping[str, RunFacts], Mapping[RunId, Sequence[Condition]]]:
    """Return what is known of the runs that there are, and of those in `heard` how they came there."""
    facts = store.facts(runs)
    return facts, {run: store.conditions(run) for run in runs if run in facts and run in heard}


def _answer(store: Store, question: Fetch, hits: Mapping[RunId, RunFacts], now: datetime) -> Fetched:
    try:
        joins = tuple(_join(store, question, number, now) for number in range(len(question.joins)))
    except UserError as error:
        return Fetched(question.run, error=error.message)
    runs = store.facts(question.runs) if question.runs else {}
    missing = [uuid for uuid in question.runs if uuid not in runs]
    if missing:
        return Fetched(question.run, joins, runs, error=f"there is no run `{missing[0]}`")
    cache = CacheHit(hits.get(question.run)) if question.cache_key is not None else None
    return Fetched(question.run, joins, runs, cache)


def _join(store: Store, question: Fetch, number: int, now: datetime) -> tuple[RunFacts, ...]:
    join = question.joins[number]
    page = store.list(question.project, join.query, join.sort or "", join.limit, join.offset, now)
    facts = store.facts([run.uuid for run in page.runs])
    return tuple(facts[run.uuid] for run in page.runs if run.uuid in facts)


def _cache_hits(store: Store, questions: Sequence[Fetch], now: datetime) -> Mapping[RunId, RunFacts]:
    """Return what may be reused, by asking run; a result older than the question's `cache_ttl` is stale."""
    asks: dict[str, dict[RunId, str]] = defaultdict(dict)
    ages: dict[RunId, float | None] = {}
    for question in questions:
        if question.cache_key is not None:
            asks[question.project][question.run] = question.cache_key
            ages[question.run] = question.cache_ttl
    hits = {
        asker: original
        for project, keys in asks.items()
        for asker, original in store.cache_candidates(project, keys).items()
        if not _is_stale(original, ages[asker], now)
    }
    return {**hits, **_shared_misses(store, asks, hits)}


def _shared_misses(
    store: Store, asks: Mapping[str, Mapping[RunId, str]], hits: Mapping[RunId, RunFacts]
) -> Mapping[RunId, RunFacts]:
    """Where several ask at once for what is not there: the first of them does the work, the others wait for it."""
    first: dict[tuple[str, str], RunId] = {}
    others: dict[RunId, RunId] = {}
    for project, keys in asks.items():
        for asker, key in keys.items():
            if asker not in hits and (worker := first.setdefault((project, key), asker)) != asker:
                others[asker] = worker
    facts = store.facts(sorted(set(others.values()))) if others else {}
    return {asker: facts[worker] for asker, worker in others.items() if worker in facts}


def _is_stale(facts: RunFacts, ttl_seconds: float | None, now: datetime) -> bool:
    if ttl_seconds is None or facts.finished_at is None:
        return False
    return facts.finished_at + timedelta(seconds=ttl_seconds) < now
