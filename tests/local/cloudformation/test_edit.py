"""``router.local.cloudformation.edit``: FilterCriteria change, and no other byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from router.local.cloudformation.edit import SpliceError, spliced
from router.local.cloudformation.template import read_template

SHOP = (Path(__file__).parents[3] / "template.yaml").read_bytes().decode()
EVENT = ("Resources", "Router", "Properties", "Events", "Changes", "Properties")
SHORT = {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
LONG = {"Filters": [{"Pattern": json.dumps({"a": [f'it\'s {n}, "x"' for n in range(40)]}, separators=(",", ":"))}]}

BLOCK = """\
# a template
A: {x:   1}   # spaces   stay
P:   &anchor
    Stream: !GetAtt   T.StreamArn
    Long: >-
        folded text

    # a comment below

B: "quoted"
"""


def around(before: str, after: str) -> tuple[str, str]:
    """The removed and the inserted text at the one place where two texts differ."""
    start = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]


class TestInsertingAndRemoving:
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    @pytest.mark.parametrize("criteria", [SHORT, LONG], ids=["short", "long"])
    def test_the_examples_template(self, criteria: dict[str, Any], newline: str, tmp_path: Path) -> None:
        """The property is inserted in one place, is read as written, and is removed completely."""
        text = SHOP.replace("\n", newline)
        written = spliced(text, EVENT, criteria)
        out, put = around(text, written)
        assert out == ""
        assert len(written) == len(text) + len(put)
        assert ("\r\n" in written) == (newline == "\r\n")
        assert written.count("\n") == written.count(newline)
        (tmp_path / "t.yaml").write_bytes(written.encode())
        (filters,) = read_template(tmp_path / "t.yaml").function().settings.filter_criteria["Filters"]
        assert json.loads(filters["Pattern"]) == json.loads(criteria["Filters"][0]["Pattern"])
        assert spliced(written, EVENT, None) == text

    def test_the_property_is_inserted_after_a_block_of_text(self) -> None:
        """Indentation, anchors, spaces and comments stay."""
        written = spliced(BLOCK, ["P"], SHORT)
        put = '    FilterCriteria:\n        Filters:\n            - Pattern: \'{"eventName":["INSERT"]}\'\n'
        assert written == BLOCK.replace("        folded text\n", "        folded text\n" + put)
        assert spliced(written, ["P"], None) == BLOCK

    def test_a_text_without_a_final_newline_gets_none(self) -> None:
        """The inserted text has none either."""
        assert spliced("P:\n  S: 1", ["P"], SHORT).endswith("INSERT\"]}'")

    def test_removing_a_missing_property_changes_nothing(self) -> None:
        """The result is the same text."""
        assert spliced(BLOCK, ["P"], None) == BLOCK

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("P: {S: !Ref A} # c\n", 'P: {S: !Ref A, "FilterCriteria": %} # c\n'),
            ("P: {S: 1,}\n", 'P: {S: 1, "FilterCriteria": %,}\n'),
            ('{"P": {\n  "S": "a"\n}}', '{"P": {\n  "S": "a",\n  "FilterCriteria": %\n}}'),
        ],
        ids=["one line", "trailing comma", "json"],
    )
    def test_the_property_is_inserted_into_braces(self, text: str, written: str) -> None:
        """JSON stays JSON, and flow style stays flow style."""
        assert spliced(text, ["P"], SHORT) == written.replace("%", json.dumps(SHORT))
        assert spliced(written.replace("%", json.dumps(SHORT)), ["P"], None) == text

    def test_the_first_property_is_removed_from_braces(self) -> None:
        """The next property becomes the first."""
        assert spliced('P: {FilterCriteria: {}, S: "a"}', ["P"], None) == 'P: {S: "a"}'


class TestReplacing:
    def test_a_block_is_replaced(self) -> None:
        """A comment after the key stays, and the keys that follow."""
        before = 'P:\n  FilterCriteria: # why\n    Filters:\n    - Pattern: >-\n        {"a":\n        ["#b"]}\n\n  # c\n  S: 1\n'
        after = spliced(before, ["P"], SHORT)
        assert after == (
            'P:\n  FilterCriteria: # why\n    Filters:\n      - Pattern: \'{"eventName":["INSERT"]}\'\n\n  # c\n  S: 1\n'
        )

    def test_braces_in_a_block_become_lines(self) -> None:
        """Patterns are long."""
        after = spliced("P:\n  FilterCriteria: {Filters: []}\n  S: 1\n", ["P"], SHORT)
        assert after == 'P:\n  FilterCriteria:\n    Filters:\n      - Pattern: \'{"eventName":["INSERT"]}\'\n  S: 1\n'

    def test_a_value_in_braces_is_replaced(self) -> None:
        """Only the value changes."""
        assert (
            spliced("P: {FilterCriteria:  [], S: 1}", ["P"], SHORT)
            == f"P: {{FilterCriteria:  {json.dumps(SHORT)}, S: 1}}"
        )


class TestRefusing:
    @pytest.mark.parametrize(
        ("text", "line", "found"),
        [
            (
                "P:\n  FilterCriteria: !If [A, {}, {}]\n",
                2,
                "!If in FilterCriteria, which writing filters would destroy",
            ),
            ("P:\n  FilterCriteria:\n    Filters:\n      Fn::If: []\n", 4, "Fn::If in FilterCriteria"),
            ("P:\n  FilterCriteria: {Filters: [{Pattern: !Sub '{}'}]}\n", 2, "!Sub in FilterCriteria"),
            ("P:\n  FilterCriteria: &x {Filters: []}\n", 2, "an anchor or alias of YAML in FilterCriteria"),
            ("A: &x {Filters: []}\nP:\n  FilterCriteria: *x\n", 1, "an anchor or alias"),
            ("A: &x\n  S: 1\nP: *x\n", 3, "an alias of YAML as P"),
            ("P: &x\n  S: 1\nQ: *x\n", 1, "cannot be changed without changing other text"),
            ("P:\n  FilterCriteria:\n    Filters:\n    # c\n    - Pattern: 'x'\n", 4, "a comment in FilterCriteria"),
            (
                "P:\n  FilterCriteria:\n    Filters:\n    - Pattern: >- # c\n        x\n",
                4,
                "a comment in FilterCriteria",
            ),
            ("P: {FilterCriteria: {Filters: [ # c\n ]}}\n", 1, "a comment in FilterCriteria"),
            ("P:\n  ? FilterCriteria\n  : {}\n", 2, "FilterCriteria not at the beginning of its line"),
            ("P:\n  S: |+\n    x\n\n", 2, "cannot be changed without changing other text"),
            ("Q:\n  S: 1\n", 1, "no P that is written in full"),
            ("P: text\n", 1, "no P that is written in full"),
        ],
    )
    def test_a_change_that_would_affect_other_text_is_refused(self, text: str, line: int, found: str) -> None:
        """The error has the line and the construct."""
        with pytest.raises(SpliceError, match=found) as caught:
            spliced(text, ["P"], SHORT)
        assert caught.value.line == line
