"""Time, ids and chance: what a test can hold still, move and repeat."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid

import pytest
from api import Api

from fakereg.clock import Clock, Ids, draw


class Hand:
    """A source of time that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def clock(hand: Hand) -> Clock:
    return Clock(hand)


class TestClock:
    def test_it_starts_at_zero_and_passes_by_itself(self, clock: Clock, hand: Hand) -> None:
        """Advancing adds to what passes anyway."""
        assert clock.now() == 0
        hand.seconds += 5
        clock.advance(10)

        assert clock.now() == 15

    def test_frozen_it_moves_by_hand_alone(self, clock: Clock, hand: Hand) -> None:
        """What passes while it is frozen is never made up for."""
        hand.seconds += 5
        clock.freeze()
        hand.seconds += 1000
        clock.advance(10)

        assert clock.is_frozen
        assert clock.now() == 15
        clock.thaw()
        hand.seconds += 1
        assert not clock.is_frozen
        assert clock.now() == 16

    def test_freezing_and_thawing_twice(self, clock: Clock, hand: Hand) -> None:
        """The second time changes nothing."""
        clock.freeze()
        clock.freeze()
        hand.seconds += 5
        assert clock.now() == 0
        clock.thaw()
        hand.seconds += 5
        clock.thaw()

        assert clock.now() == 5

    def test_frozen_for_a_block(self, clock: Clock, hand: Hand) -> None:
        """It goes on at the end of the outermost block, also when that ends with an error."""

        def fail() -> None:
            with clock.freeze() as frozen:
                assert frozen is clock
                with clock.freeze():
                    hand.seconds += 5
                assert clock.is_frozen
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

        assert not clock.is_frozen
        assert clock.now() == 0

    def test_a_block_within_a_frozen_clock_does_not_thaw_it(self, clock: Clock) -> None:
        """Who froze it thaws it."""
        clock.freeze()

        with clock.freeze():
            pass

        assert clock.is_frozen

    def test_it_can_be_put_back(self, clock: Clock, hand: Hand) -> None:
        """For what is restored: it goes on from there, or stays there if it is frozen."""
        clock.advance(100)
        hand.seconds += 5
        clock.put(40)
        assert clock.now() == 40
        hand.seconds += 2
        assert clock.now() == 42
        clock.freeze()
        clock.put(7)
        hand.seconds += 2

        assert clock.now() == 7

    @pytest.mark.parametrize("seconds", [-1, float("nan")])
    def test_it_does_not_go_back_by_advancing(self, clock: Clock, seconds: float) -> None:
        """A negative step is a mistake in a test, and said to be one."""
        with pytest.raises(ValueError, match=r"only goes forward, and not for ever: cannot advance by (-1|nan|inf)"):
            clock.advance(seconds)

    def test_it_never_gets_to_infinity(self, clock: Clock) -> None:
        """A reading is a number that can be written: what would be more than a float can hold is refused."""
        clock.freeze()
        clock.advance(1e308)
        for seconds in (1e308, float("inf"), 10**400):
            with pytest.raises(ValueError, match="not for ever"):
                clock.advance(seconds)

        assert clock.now() == 1e308

    def test_threads_may_advance_it_at_once(self, clock: Clock) -> None:
        """No step is lost."""
        threads = [threading.Thread(target=lambda: [clock.advance(1) for _ in range(500)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        assert clock.now() == 4000

    def test_uploads_do_not_expire_while_it_stands_still(self, hand: Hand) -> None:
        """What the registry enforces reads this clock, and nothing else."""
        api = Api.of(upload_expiry=60)
        clock = api.clock
        clock._source = hand
        clock.put(0)
        upload = api.start_upload("team/app")
        with clock.freeze():
            hand.seconds += 1000
            assert upload.status().status == 204
            clock.advance(61)
            assert upload.status().codes == ["BLOB_UPLOAD_UNKNOWN"]


class TestIds:
    def test_they_are_version_4_uuids(self) -> None:
        """As every client expects of an upload id."""
        found = [Ids(seed).uuid("team/app") for seed in range(50)]

        assert all(str(uuid.UUID(one)) == one for one in found)
        assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in found} == {(4, uuid.RFC_4122)}

    def test_one_repository_shifts_nothing_in_another(self) -> None:
        """The third id of a repository is the same whatever was drawn elsewhere."""
        alone, among_others = Ids(), Ids()
        expected = [alone.uuid("team/app") for _ in range(3)]
        drawn = []
        for _ in range(3):
            among_others.uuid("other/app")
            among_others.boundary("team/app")
            drawn.append(among_others.uuid("team/app"))

        assert drawn == expected

    def test_none_comes_twice(self) -> None:
        """Whatever differs, be it seed, generation, repository or number, makes another id."""
        found = [
            draw_one(name)
            for seed in range(4)
            for generation in range(4)
            for draw_one in [Ids(seed, generation).uuid, Ids(seed, generation).boundary]
            for name in ("a", "b", "a/b")
            for _ in range(5)
        ]

        assert len(set(found)) == len(found)

    def test_threads_get_different_ones(self) -> None:
        """Who draws in the same repository at once shares the same ids out."""
        ids, found = Ids(), []
        threads = [threading.Thread(target=lambda: found.extend([ids.uuid("a") for _ in range(200)])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        again = Ids()
        assert set(found) == {again.uuid("a") for _ in range(1600)}


class TestDraw:
    def test_it_depends_on_all_of_its_parts(self) -> None:
        """And on where one ends and the next begins."""
        drawn = [draw(0), draw(1), draw(0, ""), draw(0, "ab"), draw(0, "a", "b"), draw(0, "b", "a"), draw(0, "a", 1)]

        assert len(set(drawn)) == len(drawn)
        assert draw(0, "a", 1) == draw(0, "a", "1")
        assert draw(1, 2) != draw(12)

    def test_it_is_spread_evenly_from_0_up_to_1(self) -> None:
        """A fault of probability 0.1 fires on about one request in ten."""
        drawn = [draw(7, "fault", number) for number in range(10_000)]

        assert all(0 <= one < 1 for one in drawn)
        assert all(900 < sum(tenth <= 10 * one < tenth + 1 for one in drawn) < 1100 for tenth in range(10))

    def test_it_is_the_same_in_every_process(self) -> None:
        """No hash seed and no other process shifts it."""
        script = "from fakereg.clock import draw; print(draw(3, 'team/app', 1, None))"
        found = {
            subprocess.run(
                [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
            ).stdout.strip()
            for seed in ("0", "1", "4711")
        }

        assert found == {str(draw(3, "team/app", 1, None))}

    def test_text_that_is_no_text(self) -> None:
        """A path may hold a lone surrogate."""
        assert draw(0, "\udc80") != draw(0, "\udc81")
