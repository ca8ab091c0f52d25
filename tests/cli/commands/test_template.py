"""``router template``: the filters of a template, held against the routes and brought up to date."""

import json
from pathlib import Path

import pytest

from router.local.cloudformation.template import read_template
from tests.cli.commands.test_filters import APP, TEMPLATE
from tests.cli.conftest import Run

PATTERN = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"EntityType":{"S":["Order"]}}}}'
MAPPING = """\
  M: # a mapping
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref F
      EventSourceArn: !GetAtt T.StreamArn
      StartingPosition: LATEST
      # the end
"""


@pytest.fixture(autouse=True)
def path(folder: Path) -> Path:
    (folder / "filtered.py").write_text(APP, encoding="utf-8")
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    return folder / "template.yaml"


def test_check_finds_what_is_missing(run_bare: Run, path: Path) -> None:
    """The app is the template's handler; nothing is written."""
    ended = run_bare("template", "--check")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        "template.yaml:12: FilterCriteria of F.E are out of step with filtered:app",
        f"  + {PATTERN}",
        "  router template --write updates them",
    ]
    assert path.read_text() == TEMPLATE


def test_write_then_check(run_bare: Run, path: Path) -> None:
    """One change, which router dev reads, and which is enough."""
    path.chmod(0o640)
    assert run_bare("template", "--write").code == 0
    text = path.read_text()
    criteria = f', "FilterCriteria": {json.dumps({"Filters": [{"Pattern": PATTERN}]})}'
    assert text.replace(criteria, "") == TEMPLATE
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.text for each in read_template(path).function().settings.filters] == [PATTERN]
    assert run_bare("template", "--check").code == 0
    assert run_bare("template", "--write").code == 0
    assert path.read_text() == text


def test_every_mapping_of_the_function_is_written(run_bare: Run, path: Path) -> None:
    """Events of SAM's and resources of CloudFormation's alike."""
    path.write_text(TEMPLATE + MAPPING)
    assert run_bare("template", "--write").code == 0
    written = path.read_text()
    put = f"      FilterCriteria:\n        Filters:\n          - Pattern: '{PATTERN}'\n      # the end\n"
    assert written.endswith(MAPPING.replace("      # the end\n", put))
    assert written.count("FilterCriteria") == 2


def test_layout_and_order_do_not_matter(run_bare: Run, path: Path) -> None:
    """A pattern that means the same is in step."""
    other = '{ "dynamodb": {"NewImage": {"EntityType": {"S": [ "Order" ]}}},\n      "eventName": ["INSERT"] }'
    path.write_text(TEMPLATE.replace("LATEST", f"LATEST, FilterCriteria: {{Filters: [{{Pattern: '{other}'}}]}}"))
    assert run_bare("template", "--check").code == 0


def test_a_filter_that_would_drop_what_the_app_wants_goes(run_bare: Run, path: Path) -> None:
    """With unrouted='fail' every record has to come."""
    path.write_text(TEMPLATE.replace("LATEST", "LATEST, FilterCriteria: {Filters: [{Pattern: '{\"a\": [1]}'}]}"))
    checked = run_bare("template", "--check", "--app", "filtered:strict")
    assert checked.code == 1
    assert checked.out.splitlines()[1:3] == [
        '  - {"a": [1]}',
        "  there must be no filter: with unrouted='fail' records without a route must pass too",
    ]
    assert run_bare("template", "--write", "--app", "filtered:strict").code == 0
    assert path.read_text() == TEMPLATE


def test_no_filter_beside_a_tumbling_window(run_bare: Run, path: Path) -> None:
    """Lambda takes one of the two."""
    path.write_text(TEMPLATE.replace("LATEST", "LATEST, TumblingWindowInSeconds: 5"))
    ended = run_bare("template", "--check")
    assert ended.code == 0
    assert "there must be no filter: Lambda allows no filter with a tumbling window" in ended.out


def test_what_is_widened_is_told(run_bare: Run, path: Path) -> None:
    """A filter may let more through."""
    out = run_bare("template", "--check", "--app", "filtered:loose").out
    assert "  only the beginning of template('pk', '{entity}_{id}') is tested\n" in out


def test_json(run_bare: Run) -> None:
    """One document."""
    document = json.loads(run_bare("template", "--check", "--json").out)
    (mapping,) = document.pop("mappings")
    assert document == {
        "template": "template.yaml",
        "function": "F",
        "app": "filtered:app",
        "in_step": False,
        "written": False,
    }
    assert mapping == {"name": "F.E", "line": 12, "missing": [PATTERN], "surplus": [], "widened": [], "absent": None}
    assert json.loads(run_bare("template", "--write", "--json").out)["written"] is True


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("Resources", "Resources: [", "found no YAML"),
        ("!GetAtt T", "!Gett T", "found !Gett, expected a function of CloudFormation"),
        ("Type: DynamoDB,", "Type: SQS,", "found no function under a table's stream"),
        ("      Handler: filtered.app\n", "", "found no Handler of F"),
        ("LATEST", "LATEST, FilterCriteria: !If [A, {}, {}]", "found other FilterCriteria of F.E"),
        ("LATEST", "LATEST, FilterCriteria: {Filters: [{Pattern: !Sub '{}'}]}", "12: found !Sub in FilterCriteria"),
        ("LATEST", "LATEST, FilterCriteria: {Filters: [{}]}", "found other FilterCriteria of F.E"),
    ],
)
def test_bad_templates_are_one_line(run_bare: Run, path: Path, old: str, new: str, found: str) -> None:
    """And exit code 2, and not a byte written."""
    path.write_text(TEMPLATE.replace(old, new))
    ended = run_bare("template", "--write")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert found in ended.err
    assert path.read_text() == TEMPLATE.replace(old, new)


def test_several_functions_are_chosen_by_name(run_bare: Run, path: Path) -> None:
    """It says which there are."""
    path.write_text(TEMPLATE + TEMPLATE[TEMPLATE.index("  F:") :].replace("  F:", "  G:"))
    assert "found the functions F, G under a stream" in run_bare("template", "--write").err
    assert run_bare("template", "--write", "--function", "G").code == 0
    assert path.read_text().index("FilterCriteria") > path.read_text().index("  G:")


@pytest.mark.parametrize("flags", [[], ["--check", "--write"]])
def test_one_of_the_two_has_to_be_said(run_bare: Run, flags: list[str]) -> None:
    """Neither is harmless enough to be meant by silence."""
    found = "both --check and --write" if flags else "neither --check nor --write"
    assert run_bare("template", *flags) == (2, "", f"router: found {found}, expected one of them\n")


def test_a_folder_that_cannot_be_written(run_bare: Run, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The template is unchanged."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ended = run_bare("template", "--write")
    assert (ended.code, ended.err) == (2, "router: cannot write template.yaml: No space left on device\n")
    assert path.read_text() == TEMPLATE
