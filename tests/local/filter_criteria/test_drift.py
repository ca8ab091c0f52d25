"""``router.local.filter_criteria`` in a template: FilterCriteria change, and not one byte beside them."""

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
    """What was taken out, and what was put in, at the one place where two texts differ."""
    start = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(before))
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]


class TestInsertingAndRemoving:
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    @pytest.mark.parametrize("criteria", [SHORT, LONG], ids=["short", "long"])
    def test_the_shop(self, criteria: dict[str, Any], newline: str, tmp_path: Path) -> None:
        """It is inserted in one place, read as meant, and taken away without a trace."""
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

    def test_after_a_block_of_text_and_before_comments(self) -> None:
        """Odd indents, anchors, spaces and comments stay as they are."""
        written = spliced(BLOCK, ["P"], SHORT)
        put = '    FilterCriteria:\n        Filters:\n            - Pattern: \'{"eventName":["INSERT"]}\'\n'
        assert written == BLOCK.replace("        folded text\n", "        folded text\n" + put)
        assert spliced(written, ["P"], None) == BLOCK

    def test_the_last_line_may_lack_its_end(self) -> None:
        """Then the text ends so afterwards too."""
        assert spliced("P:\n  S: 1", ["P"], SHORT).endswith("INSERT\"]}'")

    def test_nothing_to_take_away(self) -> None:
        """The text stays."""
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
    def test_braces(self, text: str, written: str) -> None:
        """JSON stays JSON, and a template in braces stays one."""
        assert spliced(text, ["P"], SHORT) == written.replace("%", json.dumps(SHORT))
        assert spliced(written.replace("%", json.dumps(SHORT)), ["P"], None) == text

    def test_braces_that_begin_with_it(self) -> None:
        """What follows moves up."""
        assert spliced('P: {FilterCriteria: {}, S: "a"}', ["P"], None) == 'P: {S: "a"}'


class TestReplacing:
    def test_in_a_block(self) -> None:
        """A comment behind the key stays, the keys after it too."""
        before = 'P:\n  FilterCriteria: # why\n    Filters:\n    - Pattern: >-\n        {"a":\n        ["#b"]}\n\n  # c\n  S: 1\n'
        after = spliced(before, ["P"], SHORT)
        assert after == (
            'P:\n  FilterCriteria: # why\n    Filters:\n      - Pattern: \'{"eventName":["INSERT"]}\'\n\n  # c\n  S: 1\n'
        )

    def test_braces_in_a_block(self) -> None:
        """They become lines, since patterns are long."""
        after = spliced("P:\n  FilterCriteria: {Filters: []}\n  S: 1\n", ["P"], SHORT)
        assert after == 'P:\n  FilterCriteria:\n    Filters:\n      - Pattern: \'{"eventName":["INSERT"]}\'\n  S: 1\n'

    def test_in_braces(self) -> None:
        """The value alone."""
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
            ("P: &x\n  S: 1\nQ: *x\n", 1, "cannot be changed without changing more"),
            ("P:\n  FilterCriteria:\n    Filters:\n    # c\n    - Pattern: 'x'\n", 4, "a comment in FilterCriteria"),
            (
                "P:\n  FilterCriteria:\n    Filters:\n    - Pattern: >- # c\n        x\n",
                4,
                "a comment in FilterCriteria",
            ),
            ("P: {FilterCriteria: {Filters: [ # c\n ]}}\n", 1, "a comment in FilterCriteria"),
            ("P:\n  ? FilterCriteria\n  : {}\n", 2, "that does not begin its line"),
            ("P:\n  S: |+\n    x\n\n", 2, "cannot be changed without changing more"),
            ("Q:\n  S: 1\n", 1, "no P that is written out here"),
            ("P: text\n", 1, "no P that is written out here"),
        ],
    )
    def test_what_would_change_more(self, text: str, line: int, found: str) -> None:
        """It tells the line, and what is there."""
        with pytest.raises(SpliceError, match=found) as caught:
            spliced(text, ["P"], SHORT)
        assert caught.value.line == line
