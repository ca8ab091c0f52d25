"""``router.local.lint.rules.responses``: how Lambda reads the response."""

import pytest

from tests.local.lint.deployments import ATTEMPTS, BISECT, REPORTS, Check, ids, line_of


@pytest.mark.parametrize(
    ("old", "new", "rule", "line"),
    [
        (REPORTS, "", "no-partial-failures", "Changes:"),
        ("[ReportBatchItemFailures]", "[]", "no-partial-failures", "FunctionResponseTypes: []"),
        (BISECT, "", "no-bisect", "Changes:"),
        (
            ATTEMPTS,
            f"{ATTEMPTS}            TumblingWindowInSeconds: 60\n",
            "tumbling-window",
            "TumblingWindowInSeconds: 60",
        ),
    ],
)
def test_a_wrong_setting_is_the_only_finding(check: Check, old: str, new: str, rule: str, line: str) -> None:
    """At the line of the setting, or of the mapping, function or table that lacks it."""
    findings = check((old, new))
    assert ids(findings) == [rule]
    assert line_of(findings[0]).startswith(line)
