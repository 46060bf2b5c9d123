"""docs/failures.md shows what failing assertions say."""

from __future__ import annotations

import pytest
from gallery import PAGE, PICTURES, Picture, page, said, shown


def test_the_page_is_current() -> None:
    """Otherwise `PYTHONPATH=tests python tests/journal/gallery.py` writes it anew: look at what changed."""
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("function", PICTURES, ids=lambda function: function.__name__)
class TestPictures:
    def test_it_is_the_same_each_time(self, function: Picture) -> None:
        """Nothing in it depends on the moment or on the machine."""
        assert said(function) == said(function)

    def test_it_can_be_read(self, function: Picture) -> None:
        """Title, a sentence, code and text, none of it too wide for a page, and no password."""
        text = shown(function)

        assert text.startswith("## ")
        assert max(map(len, text.splitlines())) <= 180
        assert "s3cret" not in text
