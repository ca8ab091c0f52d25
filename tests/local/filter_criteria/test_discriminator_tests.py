"""``router.local.filter_criteria.discriminator_tests``: a discriminator as tests of attributes."""

from __future__ import annotations

import json
import sys

from router import discriminators
from router.local import FilterPattern
from router.local.filter_criteria.discriminator_tests import readings_of


def test_the_spellings_cover_all_of_unicode() -> None:
    """Every character that Python folds into a letter of a name passes."""
    for character in map(chr, range(128, sys.maxunicode + 1)):
        folded = character.casefold()
        if folded.isascii():
            (reading,) = readings_of(discriminators.folded("t"))
            name_test = reading.name_test([f"a{folded}b"])
            assert name_test is not None
            pattern = FilterPattern(json.dumps({"t": list(name_test.choices)}))
            assert pattern.matches({"t": f"A{character}b"}), (character, name_test)
