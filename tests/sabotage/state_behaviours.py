"""What must be noticed when it breaks in the keeping of a whole registry: copies, snapshots, clock, ids."""

from __future__ import annotations

from saboteur import Sabotage

COPIES = "state/test_store_copies.py"
SNAPSHOTS = "state/test_snapshots.py"
CLOCK = "state/test_clock.py"
CHANGES = "state/test_changes.py"
SAVING = "images/test_saving_again.py"
WHOLE = "images/test_saving_whole.py"

STATE = [
    Sabotage(
        "a copy is of one moment",
        "store/store.py",
        "locks.enter_context(self._repositories[name].locked())",
        "pass",
        f"{COPIES}::TestOneMoment::test_everything_holds_still_while_it_is_copied",
    ),
    Sabotage(
        "no repository is added to a copy in the making",
        "store/store.py",
        "            locks.enter_context(self._lock)\n",
        "",
        f"{COPIES}::TestOneMoment::test_everything_holds_still_while_it_is_copied",
    ),
    Sabotage(
        "what is shared is copied before it is changed",
        "store/repository.py",
        "        if self._is_shared:\n",
        "        if False:\n",
        f"{COPIES}::TestContent::test_what_changes_in_the_original_does_not_show_in_the_copy",
    ),
    Sabotage(
        "a copy knows that it shares",
        "store/repository.py",
        "        other._is_shared = True\n",
        "",
        f"{COPIES}::TestContent::test_what_changes_in_the_copy_does_not_show_in_the_original",
    ),
    Sabotage(
        "a copy keeps its own sets of tags",
        "store/repository.py",
        "{digest: tags.copy() for digest, tags in self.tags_of.items() if tags}",
        "self.tags_of.copy()",
        f"{COPIES}::TestContent::test_what_changes_in_the_original_does_not_show_in_the_copy",
    ),
    Sabotage(
        "a copy keeps its own lists of referrers",
        "store/repository.py",
        "{subject: digests.copy() for subject, digests in self.referrers.items()}",
        "self.referrers.copy()",
        f"{COPIES}::TestContent::test_what_changes_in_the_original_does_not_show_in_the_copy",
    ),
    Sabotage(
        "a copied upload knows that a short chunk ended it",
        "store/uploads.py",
        "        other.short_chunk = self.short_chunk\n",
        "",
        f"{COPIES}::TestUploads::test_after_a_short_chunk_the_copy_takes_none_either",
    ),
    Sabotage(
        "a copied upload waits for the copy's lock",
        "store/repository.py",
        "session.copy(other._lock, usage)",
        "session.copy(self._lock, usage)",
        f"{COPIES}::TestContent::test_a_lock_of_its_own",
    ),
    Sabotage(
        "what deletes nothing copies nothing",
        "store/repository.py",
        "            if tag not in self._held.tags:\n",
        "            if tag not in self._own().tags:\n",
        f"{COPIES}::TestContent::test_a_request_that_deletes_nothing_copies_nothing[manifests/none]",
    ),
    Sabotage(
        "a clock that is put back goes on from this moment",
        "clock.py",
        "(reading, None if self.is_frozen else self._source())",
        "(reading, None if self.is_frozen else self._known[1])",
        f"{CLOCK}::TestClock::test_it_can_be_put_back",
    ),
    Sabotage(
        "an archive ends with two blocks of zeros",
        "images/tar_writer.py",
        "bytes(2 * _BLOCK)",
        "bytes(_BLOCK)",
        f"{SAVING}::TestWhatLoadRefusesUnlessTold::test_two_end_blocks",
    ),
    Sabotage(
        "a save is of one moment",
        "images/save.py",
        "_repositories(store.copy(), repository)",
        "_repositories(store, repository)",
        f"{WHOLE}::TestAtOnce::test_one_moment",
    ),
    Sabotage(
        "a damaged blob is written anew",
        "images/layout.py",
        " and _digest_of(path, digest) == digest)",
        ")",
        f"{WHOLE}::TestBlobs::test_damaged",
    ),
    Sabotage(
        "a name that exists is not written to",
        "images/whole_files.py",
        '.open("xb")',
        '.open("wb")',
        f"{WHOLE}::TestWriteWhole::test_link_in_the_way",
    ),
    Sabotage(
        "an interrupted save leaves nothing",
        "images/whole_files.py",
        "    except BaseException:\n",
        "    except Exception:\n",
        f"{WHOLE}::TestWriteWhole::test_failure",
    ),
    Sabotage(
        "threads do not lose each other's entries",
        "images/layout.py",
        "        with _ONE_AT_A_TIME:\n",
        "        if True:\n",
        f"{WHOLE}::TestAtOnce::test_two_threads_and_one_index",
    ),
    Sabotage(
        "open uploads count in a copy",
        "store/store.py",
        "        other.usage.reserve(",
        "        (",
        f"{COPIES}::TestContent::test_a_copy_holds_the_same",
    ),
    Sabotage(
        "what nobody can resume is not copied",
        "store/repository.py",
        "for session in self._uploads.values() if session.resumable]",
        "for session in self._uploads.values()]",
        f"{COPIES}::TestUploads::test_a_body_that_nobody_could_resume_is_left_out",
    ),
    Sabotage(
        "an upload keeps its age in a copy",
        "store/uploads.py",
        "UploadSession(self.id, self.algorithm, lock, usage, self.touched)",
        'UploadSession(self.id, self.algorithm, lock, usage, float("inf"))',
        f"{COPIES}::TestUploads::test_an_upload_keeps_its_age",
    ),
    Sabotage(
        "restoring puts the clock back",
        "server/state.py",
        "            pipeline.registry.clock.put(snapshot.reading)\n",
        "",
        f"{SNAPSHOTS}::TestRestore::test_an_upload_keeps_its_age",
    ),
    Sabotage(
        "a snapshot can be restored again",
        "server/state.py",
        '_checked(snapshot, "restore").store.copy()',
        '_checked(snapshot, "restore").store',
        f"{SNAPSHOTS}::TestRestore::test_again_and_again",
    ),
    Sabotage(
        "ids do not come again elsewhere",
        "server/state.py",
        "self._new_ids(after=snapshot.generation)",
        "self._new_ids()",
        f"{SNAPSHOTS}::TestRestore::test_upload_ids_of_elsewhere_do_not_come_again",
    ),
    Sabotage(
        "one repository does not shift another's ids",
        "clock.py",
        "            number = self._drawn[kind, place]\n            self._drawn[kind, place] += 1\n",
        "            number = self._drawn[kind, '']\n            self._drawn[kind, ''] += 1\n",
        f"{CLOCK}::TestIds::test_one_repository_shifts_nothing_in_another",
    ),
    Sabotage(
        "an inner block does not thaw the clock",
        "clock.py",
        "_Freeze(self, thaws=not was_frozen)",
        "_Freeze(self, thaws=True)",
        f"{CLOCK}::TestClock::test_a_block_within_a_frozen_clock_does_not_thaw_it",
    ),
    Sabotage(
        "a manifest that went with its tag is told once",
        "double/changes.py",
        "self.manifests_before.keys() - self.manifests.keys() - told",
        "self.manifests_before.keys() - self.manifests.keys()",
        f"{CHANGES}::TestTags::test_deleted",
    ),
]
