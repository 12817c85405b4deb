"""What every store keeps: the conformance suite of `polyaxon.store.base.Store`.

An adapter's test subclasses `StoreContract` and gives the fixture `open_store`: a function that opens one more store on
the same database, empty at the beginning of each test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from polyaxon.engine.commands import Change, Created, Explained, Linked, Updated
from polyaxon.engine.events import Action, Admitted, Adopted, Event, Observed, Requested
from polyaxon.errors import ConflictError, NotFoundError
from polyaxon.model.ids import RunId
from polyaxon.model.observation import Observation, Phase
from polyaxon.model.run import Cloning, ManagedBy, Run, RunKind
from polyaxon.model.status import Pending, Status
from polyaxon.store.base import Artifact, Batch, Lease, Project, Store
from polyaxon.testing.store_builders import (
    EPOCH,
    ME,
    OTHER,
    SEARCHED,
    SEARCHES,
    SORTED,
    child,
    condition,
    move,
    run,
)

__all__ = ["StoreContract"]


class StoreContract:
    """The laws; each test is one."""

    @pytest.fixture
    def open_store(self) -> Iterator[Callable[[], Store]]:
        """Replace this by an adapter's own."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, open_store: Callable[[], Store]) -> Store:
        """Return a store on an empty database."""
        return open_store()

    # Migration

    def test_migrating_twice_changes_nothing(self, store: Store) -> None:
        store.create(run(), condition())
        store.migrate()
        assert store.get(run().uuid) == run()

    # Projects

    def test_a_project_is_created_once(self, store: Store) -> None:
        project = Project("a" * 32, "quick", EPOCH, EPOCH, tags=("x",))
        assert store.ensure_project(project) == project
        assert store.ensure_project(replace(project, uuid="b" * 32)) == project
        assert store.projects() == [project]

    def test_an_unknown_project_is_not_found_and_a_near_one_suggested(self, store: Store) -> None:
        store.ensure_project(Project("a" * 32, "quick", EPOCH, EPOCH))
        with pytest.raises(NotFoundError) as caught:
            store.project("quik")
        assert "quick" in (caught.value.hint or "")

    # Runs

    def test_a_run_comes_back_as_it_was_stored(self, store: Store) -> None:
        whole = run(
            7,
            status=Status.RUNNING,
            original=RunId("e" * 32),
            cloning_kind=Cloning.CACHE,
            index=3,
            attempt=2,
            description="dé\u2028sc",
            tags=("a", "b c"),
            pending=Pending.APPROVAL,
            managed_by=ManagedBy.AGENT,
            user="me",
            started_at=EPOCH + timedelta(microseconds=1),
            finished_at=EPOCH + timedelta(days=9),
            schedule_at=EPOCH,
            wait_time=0.25,
            duration=1e-3,
            inputs={"lr": 0.1, "layers": [1, {"x": None}], "ünï": "\x00"},
            outputs={"loss": float("inf"), "n": 2**70, "ok": True},
            meta={"engine": {"window": [1, 2]}},
            raw_content='{"version": 1.1}',
            content="{}",
            queue="gpu",
            namespace="ns",
            state="f" * 32,
            live_state=0,
        )
        store.create(whole, condition())
        assert store.get(whole.uuid) == whole

    def test_a_number_that_json_lacks_is_kept(self, store: Store) -> None:
        store.create(run(outputs={"loss": float("nan")}), condition())
        loss = store.get(run().uuid).outputs["loss"]
        assert loss != loss

    def test_creating_a_known_run_again_changes_nothing(self, store: Store) -> None:
        store.create(run(), condition())
        store.create(run(name="other"), condition(seconds=5))
        assert store.get(run().uuid).name == "run-1"
        assert store.conditions(run().uuid) == [condition()]

    def test_a_run_is_found_by_the_beginning_of_its_uuid(self, store: Store) -> None:
        store.create(run(uuid=RunId("abcd" + "0" * 28)), condition())
        store.create(run(uuid=RunId("abce" + "0" * 28)), condition())
        assert store.get("abcd").uuid == "abcd" + "0" * 28
        assert store.get("ABCD-0000").uuid == "abcd" + "0" * 28

    @pytest.mark.parametrize("uuid", ["abc", "abcf", "zzzz", "", "abc%"])
    def test_what_names_no_run_is_not_found(self, store: Store, uuid: str) -> None:
        store.create(run(uuid=RunId("abcd" + "0" * 28)), condition())
        with pytest.raises(NotFoundError):
            store.get(uuid)

    def test_an_ambiguous_beginning_is_refused(self, store: Store) -> None:
        store.create(run(uuid=RunId("abcd0" + "0" * 27)), condition())
        store.create(run(uuid=RunId("abcd1" + "0" * 27)), condition())
        with pytest.raises(NotFoundError, match="several"):
            store.get("abcd")

    def test_a_tree_has_parents_first_and_siblings_by_index(self, store: Store) -> None:
        root = run(kind=RunKind.DAG)
        lease = self.submit(store, root)
        nested = child(root, 0, kind=RunKind.DAG)
        late, early = child(nested, 9), child(nested, 2)
        self.commit(store, lease, [Created(nested), Created(child(root, 1)), Created(late), Created(early)])
        assert [each.index for each in store.tree(root.uuid)] == [0, 0, 1, 2, 9]
        assert [each.index for each in store.children(nested.uuid)] == [2, 9]

    def test_people_change_names_and_tags(self, store: Store) -> None:
        store.create(run(), condition())
        store.update(run().uuid, {"name": "better", "tags": ("x",)})
        assert store.get(run().uuid) == run(name="better", tags=("x",))

    def test_lineage_is_replaced_by_name_and_kind(self, store: Store) -> None:
        store.create(run(), condition())
        first = Artifact(run().uuid, "model", "model", "a/b", {"size": 1})
        store.add_artifacts([first, replace(first, kind="file", is_input=True)])
        store.add_artifacts([replace(first, path="a/c")])
        assert [(item.kind, item.path) for item in store.artifacts(run().uuid)] == [("file", "a/b"), ("model", "a/c")]

    def test_deleting_takes_descendants_and_refuses_unfinished_ones(self, store: Store) -> None:
        root = run(kind=RunKind.DAG)
        lease = self.submit(store, root)
        below = child(root, 0)
        self.commit(store, lease, [Created(below), Linked(root.uuid, below.uuid, "dag")])
        self.commit(store, lease, [move(root.uuid, Status.FAILED)])
        with pytest.raises(ConflictError, match=below.uuid):
            store.delete(root.uuid)
        self.commit(store, lease, [move(below.uuid, Status.STOPPED)])
        store.delete(root.uuid)
        for gone in (root, below):
            with pytest.raises(NotFoundError):
                store.get(gone.uuid)
        assert store.history(root.uuid) == []
        with pytest.raises(NotFoundError):
            store.delete(root.uuid)

    # Lists

    def test_a_list_is_filtered_sorted_and_paged(self, store: Store) -> None:
        for number, loss in enumerate([0.5, 0.1, None, 0.3, float("nan")]):
            outputs = {} if loss is None else {"loss": loss}
            store.create(run(number, outputs=outputs, tags=("odd",) if number % 2 else ()), condition())
        page = store.list("default", "", "metrics.loss", 2, 0, EPOCH)
        assert (page.count, [each.name for each in page.runs]) == (5, ["run-1", "run-3"])
        page = store.list("default", "metrics.loss:>0.2", "-metrics.loss", 10, 1, EPOCH)
        assert (page.count, [each.name for each in page.runs]) == (2, ["run-3"])
        page = store.list(None, "tags:odd", "name", 10, 0, EPOCH)
        assert [each.name for each in page.runs] == ["run-1", "run-3"]
        assert store.list("elsewhere", "", "", 10, 0, EPOCH).count == 0

    def test_archived_runs_are_listed_when_asked_for(self, store: Store) -> None:
        store.create(run(1, live_state=0), condition())
        store.create(run(2), condition())
        assert [each.name for each in store.list(None, "", "name", 9, 0, EPOCH).runs] == ["run-2"]
        assert [each.name for each in store.list(None, "live_state:0", "name", 9, 0, EPOCH).runs] == ["run-1"]

    @pytest.mark.parametrize(("query", "names"), SEARCHES)
    def test_the_search_language_means_the_same_everywhere(self, store: Store, query: str, names: str) -> None:
        for each in SEARCHED:
            store.create(each, condition())
        store.add_artifacts([Artifact(SEARCHED[0].uuid, "abc", "coderef", "p")])
        found = store.list("default", query, "name", 10, 0, EPOCH + timedelta(days=3)).runs
        assert "".join(each.name or "" for each in found) == names

    @pytest.mark.parametrize(("sort", "names"), SORTED)
    def test_sorting_puts_missing_values_last(self, store: Store, sort: str, names: str) -> None:
        for each in SEARCHED[:4]:
            store.create(each, condition())
        found = store.list("default", sort=sort, query="", limit=10, offset=0, now=EPOCH).runs
        assert "".join(each.name or "" for each in found) == names

    # Leases

    def test_an_unfinished_managed_root_is_claimed_once(self, store: Store) -> None:
        store.create(run(1), condition())
        store.create(run(2, managed_by=ManagedBy.USER), condition())
        store.create(run(3, status=Status.SUCCEEDED), condition())
        assert [lease.root for lease in store.claim(ME, EPOCH, 30)] == [run(1).uuid]
        assert store.claim(ME, EPOCH, 30) == []
        assert store.claim(OTHER, EPOCH, 30) == []

    def test_a_claim_can_be_limited_to_some_roots(self, store: Store) -> None:
        store.create(run(1), condition())
        store.create(run(2), condition())
        assert [lease.root for lease in store.claim(ME, EPOCH, 30, [run(2).uuid])] == [run(2).uuid]
        assert store.claim(ME, EPOCH, 30, []) == []

    def test_a_lease_that_expired_is_taken_over_with_a_new_token(self, store: Store) -> None:
        store.create(run(), condition())
        (mine,) = store.claim(ME, EPOCH, 30)
        assert store.claim(OTHER, EPOCH + timedelta(seconds=29), 30) == []
        (theirs,) = store.claim(OTHER, EPOCH + timedelta(seconds=31), 30)
        assert theirs.token > mine.token

    def test_renewing_keeps_a_lease_under_its_token(self, store: Store) -> None:
        store.create(run(), condition())
        (mine,) = store.claim(ME, EPOCH, 30)
        (renewed,) = store.renew(ME, EPOCH + timedelta(seconds=20), 30)
        assert (renewed.root, renewed.token) == (mine.root, mine.token)
        assert renewed.expires_at == EPOCH + timedelta(seconds=50)
        assert store.claim(OTHER, EPOCH + timedelta(seconds=40), 30) == []
        assert store.renew(OTHER, EPOCH, 30) == []

    def test_a_released_lease_is_free_and_only_its_holder_releases_it(self, store: Store) -> None:
        store.create(run(), condition())
        (mine,) = store.claim(ME, EPOCH, 30)
        store.release(mine)
        (theirs,) = store.claim(OTHER, EPOCH, 30)
        store.release(mine)
        assert store.claim(ME, EPOCH, 30) == []
        assert theirs.owner == OTHER

    def test_a_run_created_with_a_holder_is_never_free(self, store: Store) -> None:
        lease = store.create(run(), condition(), ME, 30)
        assert lease is not None
        assert (lease.root, lease.owner) == (run().uuid, ME)
        assert store.claim(OTHER, EPOCH, 30) == []
        assert store.create(run(), condition(), OTHER, 30) is None

    def test_the_holder_of_a_root_is_known_while_its_lease_counts(self, store: Store) -> None:
        assert store.holder(run().uuid, EPOCH) is None
        lease = self.submit(store, run())
        assert store.holder(run().uuid, EPOCH) == ME
        assert store.holder(run().uuid, EPOCH + timedelta(seconds=31)) is None
        store.release(lease)
        assert store.holder(run().uuid, EPOCH) is None

    # Applying

    def test_changes_are_written_with_their_events(self, store: Store) -> None:
        root = run(kind=RunKind.DAG)
        lease = self.submit(store, root)
        below = child(root, 0)
        events: list[tuple[Event, datetime]] = [(Adopted(), EPOCH), (Admitted(below.uuid), EPOCH)]
        changes: list[Change] = [
            move(root.uuid, Status.COMPILED, content="{}"),
            move(root.uuid, Status.RUNNING, 2, started_at=EPOCH),
            Created(below),
            Updated(below.uuid, {"inputs": {"a": 1}}),
            Linked(root.uuid, below.uuid, "dag", {"name": "b"}),
            Explained(below.uuid, "trigger", EPOCH, {"met": True}),
        ]
        assert store.apply([Batch(lease, events, changes)]) == []
        assert store.get(root.uuid) == replace(
            root, status=Status.RUNNING, content="{}", started_at=EPOCH, updated_at=EPOCH + timedelta(seconds=2)
        )
        assert [each.type for each in store.conditions(root.uuid)] == ["created", "compiled", "running"]
        assert store.get(below.uuid) == replace(below, inputs={"a": 1})
        assert [each.type for each in store.conditions(below.uuid)] == [Status.CREATED]
        assert [(edge.kind, edge.values) for edge in store.edges(below.uuid)] == [("dag", {"name": "b"})]
        assert [(each.topic, each.facts) for each in store.explanations(below.uuid)] == [("trigger", {"met": True})]
        assert [stored.event for stored in store.history(root.uuid)] == [event for event, _ in events]

    def test_what_is_explained_keeps_its_order(self, store: Store) -> None:
        lease = self.submit(store, run())
        told = [Explained(run().uuid, topic, EPOCH, {}) for topic in ("trigger", "cache", "queue", "condition")]
        self.commit(store, lease, [*told[:1]])
        self.commit(store, lease, [*told[1:3]])
        store.apply([Batch(lease, [(Adopted(), EPOCH)], told[3:])])
        assert [each.topic for each in store.explanations(run().uuid)] == ["trigger", "cache", "queue", "condition"]

    def test_lineage_is_committed_with_its_events(self, store: Store) -> None:
        lease = self.submit(store, run())
        model = Artifact(run().uuid, "model", "model", "u/model")
        store.apply([Batch(lease, [], [], artifacts=[model])])
        assert store.artifacts(run().uuid) == [model]

    def test_history_and_conditions_keep_their_order_over_batches(self, store: Store) -> None:
        lease = self.submit(store, run())
        for seconds, status in enumerate([Status.COMPILED, Status.QUEUED, Status.SCHEDULED]):
            seen = Observation(run().uuid, seconds, Phase.RUNNING, EPOCH)
            store.apply([Batch(lease, [(Observed(seen), EPOCH)], [move(run().uuid, status, seconds)])])
        attempts = [each.event.observation.attempt for each in store.history(run().uuid)]  # type: ignore[union-attr]
        assert attempts == [0, 1, 2]
        assert [each.type for each in store.conditions(run().uuid)][1:] == ["compiled", "queued", "scheduled"]

    def test_a_created_run_that_exists_is_left_as_it_is_while_its_moves_count(self, store: Store) -> None:
        lease = self.submit(store, run())
        self.commit(store, lease, [Created(child(run(), 0)), move(child(run(), 0).uuid, Status.COMPILED)])
        again = child(run(), 0, name="other")
        self.commit(store, lease, [Created(again), move(again.uuid, Status.QUEUED)])
        assert (store.get(again.uuid).name, store.get(again.uuid).status) == ("run-0", Status.QUEUED)
        assert [each.type for each in store.conditions(again.uuid)] == ["created", "compiled", "queued"]

    def test_nothing_is_written_under_a_lost_lease_and_the_others_are(self, store: Store) -> None:
        stale, good = self.submit(store, run(1)), self.submit(store, run(2))
        (taken,) = store.claim(OTHER, EPOCH + timedelta(seconds=60), 30, [stale.root])
        batches = [
            Batch(stale, [(Adopted(), EPOCH)], [move(run(1).uuid, Status.COMPILED)]),
            Batch(good, [(Adopted(), EPOCH)], [move(run(2).uuid, Status.COMPILED)]),
        ]
        assert store.apply(batches) == [stale.root]
        assert store.get(run(1).uuid) == run(1)
        assert store.history(run(1).uuid) == []
        assert store.get(run(2).uuid).status is Status.COMPILED
        assert store.apply([Batch(taken, [], [move(run(1).uuid, Status.FAILED)])]) == []

    def test_a_batch_is_written_whole_or_not_at_all(self, store: Store) -> None:
        lease = self.submit(store, run())
        with pytest.raises(TypeError):
            self.commit(store, lease, [move(run().uuid, Status.COMPILED), Updated(run().uuid, {"nonsense": 1})])
        assert store.get(run().uuid) == run()

    def test_a_hook_created_beside_a_root_can_be_claimed(self, store: Store) -> None:
        lease = self.submit(store, run(1))
        self.commit(store, lease, [Created(run(2)), Linked(run(1).uuid, run(2).uuid, "hook")])
        assert [found.root for found in store.claim(ME, EPOCH, 30)] == [run(2).uuid]

    def test_only_runs_of_users_get_statuses_from_outside(self, store: Store) -> None:
        store.create(run(1, managed_by=ManagedBy.USER), condition())
        store.record(run(1).uuid, condition(Status.RUNNING, 1), {"started_at": EPOCH})
        store.record(run(1).uuid, condition(Status.STOPPED, 2), {})
        assert store.get(run(1).uuid).status is Status.STOPPED
        assert [each.type for each in store.conditions(run(1).uuid)] == ["created", "running", "stopped"]
        store.create(run(2), condition())
        with pytest.raises(ConflictError):
            store.record(run(2).uuid, condition(Status.STOPPED), {})

    # Requests

    def test_a_request_reaches_the_holder_of_the_root_and_is_done_with_its_batch(self, store: Store) -> None:
        root = run(kind=RunKind.DAG)
        lease = self.submit(store, root)
        self.commit(store, lease, [Created(child(root, 0))])
        request = Requested(child(root, 0).uuid, Action.STOP, by="me", payload={"why": "late"})
        store.request(request, EPOCH)
        store.request(Requested(root.uuid, Action.STOP), EPOCH)
        assert store.take_requests(OTHER) == []
        (first, second) = store.take_requests(ME)
        assert first[1:] == (root.uuid, request)
        store.apply([Batch(lease, [(first[2], EPOCH)], [], [first[0]])])
        assert store.take_requests(ME) == [second]
        assert store.has_requests(root.uuid)
        store.done_requests([second[0]])
        assert store.take_requests(ME) == []
        assert not store.has_requests(root.uuid)

    def test_a_final_root_with_a_request_can_be_claimed(self, store: Store) -> None:
        store.create(run(status=Status.FAILED), condition())
        assert store.claim(ME, EPOCH, 30) == []
        store.request(Requested(run().uuid, Action.RESUME), EPOCH)
        assert [lease.root for lease in store.claim(ME, EPOCH, 30)] == [run().uuid]

    def test_a_final_root_is_claimed_when_a_run_of_it_is_to_be_cleaned(self, store: Store) -> None:
        lease = self.submit(store, run())
        due = EPOCH + timedelta(seconds=60)
        self.commit(store, lease, [move(run().uuid, Status.FAILED, 1, clean_at=due)])
        store.release(lease)
        assert store.next_cleaning() == due
        assert store.get(run().uuid).clean_at == due
        assert store.claim(OTHER, EPOCH + timedelta(seconds=59), 30) == []
        (theirs,) = store.claim(OTHER, due, 30, [])
        assert theirs.root == run().uuid
        assert store.claim(ME, due, 30) == []
        store.cleaned([run().uuid])
        store.release(theirs)
        assert store.next_cleaning() is None
        assert store.claim(ME, due, 30) == []

    def test_asking_of_an_unknown_run_is_refused(self, store: Store) -> None:
        with pytest.raises(NotFoundError):
            store.request(Requested(run().uuid, Action.STOP), EPOCH)

    # Lookups

    def test_facts_are_what_templates_may_see(self, store: Store) -> None:
        lease = self.submit(store, run(inputs={"a": 1}))
        self.commit(store, lease, [move(run().uuid, Status.COMPILED, 1), move(run().uuid, Status.SUCCEEDED, 2)])
        store.add_artifacts([Artifact(run().uuid, "model", "model", "u/model")])
        found = store.facts([run().uuid, "f" * 32])
        assert list(found) == [run().uuid]
        facts = found[run().uuid]
        assert (facts.status, facts.inputs, facts.artifacts) == (Status.SUCCEEDED, {"a": 1}, {"model": "u/model"})
        assert facts.compiled_at == EPOCH + timedelta(seconds=1)

    def test_the_latest_success_is_reused_before_what_goes_on(self, store: Store) -> None:
        for number, status in enumerate([Status.SUCCEEDED, Status.SUCCEEDED, Status.RUNNING, Status.FAILED], 1):
            store.create(run(number, status=status, state="k"), condition())
        store.create(run(9, state="k"), condition())
        found = store.cache_candidates("default", {run(9).uuid: "k"})
        assert {asker: original.uuid for asker, original in found.items()} == {run(9).uuid: run(2).uuid}
        assert store.cache_candidates("other", {run(9).uuid: "k"}) == {}

    def test_only_an_older_run_is_waited_for(self, store: Store) -> None:
        for number in (1, 2):
            store.create(run(number, status=Status.RUNNING, state="k"), condition())
        found = store.cache_candidates("default", {run(1).uuid: "k", run(2).uuid: "k"})
        assert {asker: original.uuid for asker, original in found.items()} == {run(2).uuid: run(1).uuid}

    def test_hits_and_archived_runs_are_not_reused(self, store: Store) -> None:
        store.create(run(1, status=Status.SUCCEEDED, state="k", cloning_kind=Cloning.CACHE), condition())
        store.create(run(2, status=Status.CREATED, state="k", pending=Pending.CACHE), condition())
        store.create(run(3, status=Status.SUCCEEDED, state="k", live_state=0), condition())
        assert store.cache_candidates("default", {run(9).uuid: "k"}) == {}

    def test_parts_of_a_key_are_kept_for_those_who_explain(self, store: Store) -> None:
        lease = self.submit(store, run(name="train"))
        self.commit(store, lease, [Updated(run().uuid, {"content": "{}", "cache_parts": '{"a":1}'})])
        assert store.cache_parts(run().uuid) == '{"a":1}'
        assert store.get(run().uuid).content == "{}"
        assert store.cache_parts(run(2).uuid) is None

    def test_earlier_runs_of_the_same_name_come_latest_first(self, store: Store) -> None:
        for number, name in ((1, "train"), (2, "train"), (3, "other"), (4, "train"), (5, "train")):
            lease = store.create(run(number, name=name), condition(), ME, 30)
            assert lease is not None
            if number != 2:
                self.commit(store, lease, [Updated(run(number).uuid, {"cache_parts": str(number)})])
        assert [(one.uuid, text) for one, text in store.earlier(run(5).uuid, 5)] == [
            (run(4).uuid, "4"),
            (run(1).uuid, "1"),
        ]
        assert len(store.earlier(run(5).uuid, 1)) == 1
        assert store.earlier(run(1).uuid, 5) == []

    def test_what_executes_under_other_owners_is_counted_by_queue(self, store: Store) -> None:
        for number, status, queue, owner in (
            (1, Status.RUNNING, "gpu", ME),
            (2, Status.RUNNING, "gpu", "other"),
            (3, Status.STOPPING, "gpu", None),
            (4, Status.QUEUED, "gpu", "other"),
            (5, Status.SUCCEEDED, "gpu", "other"),
            (6, Status.SCHEDULED, None, "other"),
        ):
            store.create(run(number, status=status, queue=queue), condition(), owner, 30)
        assert store.busy_elsewhere(ME, ["gpu", "cpu"]) == {"gpu": 2}
        assert store.busy_elsewhere("other", ["gpu"]) == {"gpu": 2}
        assert store.busy_elsewhere(ME, ["default"]) == {"default": 1}

    def test_a_batch_is_refused_when_others_have_taken_its_places(self, store: Store) -> None:
        store.create(run(1, status=Status.RUNNING, queue="gpu"), condition(), "other", 30)
        lease = store.create(run(2, queue="gpu"), condition(), ME, 30)
        assert lease is not None
        batch = Batch(lease, [(Admitted(run(2).uuid), EPOCH)], [move(run(2).uuid, Status.COMPILED)])
        assert store.apply([replace(batch, places={"cpu": 0, "gpu": 0})]) == [run(2).uuid]
        assert store.get(run(2).uuid).status is Status.CREATED
        assert store.history(run(2).uuid) == []
        assert store.apply([replace(batch, places={"cpu": 0, "gpu": 1})]) == []
        assert store.get(run(2).uuid).status is Status.COMPILED

    # Several processes

    def test_what_one_store_commits_another_sees(self, store: Store, open_store: Callable[[], Store]) -> None:
        lease = self.submit(store, run())
        other = open_store()
        self.commit(store, lease, [move(run().uuid, Status.COMPILED)])
        assert other.get(run().uuid).status is Status.COMPILED

    def test_closing_twice_is_fine(self, store: Store) -> None:
        store.close()
        store.close()

    # Shorthands

    def submit(self, store: Store, root: Run) -> Lease:
        """Create a root held by `ME`."""
        lease = store.create(root, condition(), ME, 30)
        assert lease is not None
        return lease

    def commit(self, store: Store, lease: Lease, changes: list[Change]) -> None:
        """Apply changes without an event."""
        assert store.apply([Batch(lease, [], changes)]) == []
