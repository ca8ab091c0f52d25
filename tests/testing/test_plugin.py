"""The pytest plugin's fixtures and markers, in real runs of pytest on small projects."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.docs.blocks import ROOT, blocks
from tests.testing.project import APP, INI, PLUGIN, passes, run

# ----------------------------------------------------------------------------------------------------------- the stream


def test_writes_run_through_the_app(project: pytest.Pytester) -> None:
    """The outcomes are the dispatcher's, over all invocations."""
    passes(
        project,
        """
def test(stream):
    stream.put(Order(order_id="1", total=5))
    stream.run()
    stream.update(Order(order_id="1", total=5), status="SHIPPED")
    stream.run()
    assert [(outcome.status, outcome.route.name) for outcome in stream.outcomes] == [
        ("done", "shop.place"), ("done", "shop.book"), ("done", "shop.ship")
    ]
    assert len(stream.invocations) == 2
    assert all(isinstance(outcome, router.Outcome) for outcome in stream.outcomes)
""",
    )


def test_deleted_and_expired_items_differ(project: pytest.Pytester) -> None:
    """The cause of a remove is DynamoDB's."""
    passes(
        project,
        """
def test(stream):
    for number in "12":
        stream.put(Order(order_id=number, total=5))
    stream.delete(Order(order_id="1", total=5))
    stream.expire(Order(order_id="2", total=5))
    stream.run()
    assert [str(outcome.record.event) for outcome in stream.outcomes[-2:]] == ["DELETE", "EXPIRE"]
""",
    )


def test_single_failures_are_reported(project: pytest.Pytester) -> None:
    """ReportBatchItemFailures is on: records before the bad one do not run again."""
    passes(
        project,
        """
@pytest.mark.stream(maximum_retry_attempts=0)
def test(stream):
    stream.put(Order(order_id="1", total=5))
    stream.put(Order(order_id="2", total=-1))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [2, 1]
    assert stream.responses[0]["batchItemFailures"]
    assert len(stream.discarded) == 1
""",
    )


def test_reporting_can_be_switched_off(project: pytest.Pytester) -> None:
    """Then the response is ignored."""
    passes(
        project,
        """
@pytest.mark.stream(function_response_types=[])
def test(stream):
    stream.put(Order(order_id="1", total=-1))
    stream.run()
    assert len(stream.invocations) == 1
    assert not stream.discarded
""",
    )


def test_the_marker_sets_the_mapping(project: pytest.Pytester) -> None:
    """The names are those of `router.testing.Stream`."""
    passes(
        project,
        """
@pytest.mark.stream(batch_size=2)
def test(stream):
    for number in range(3):
        stream.put(Order(order_id=str(number), total=5))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [2, 1]
""",
    )


def test_the_closest_marker_counts(project: pytest.Pytester) -> None:
    """A test's marker takes precedence over its module's, setting by setting."""
    passes(
        project,
        """
pytestmark = pytest.mark.stream(batch_size=1, table_name="Shop")

@pytest.mark.stream(batch_size=2)
def test(stream):
    for number in range(2):
        stream.put(Order(order_id=str(number), total=5))
    stream.run()
    assert len(stream.invocations) == 1
    assert ":table/Shop/" in stream.records[0]["eventSourceARN"]
""",
    )


TEMPLATE = """
Resources:
  Shop: {Type: AWS::DynamoDB::Table, Properties: {StreamSpecification: {StreamViewType: NEW_IMAGE}}}
  Router:
    Type: AWS::Serverless::Function
    Properties:
      Handler: shop.app
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Shop.StreamArn
            StartingPosition: TRIM_HORIZON
            MaximumRetryAttempts: 1
"""


def test_the_template_has_the_settings_of_all_streams(project: pytest.Pytester) -> None:
    """The mapping's settings and the table's view; stream_settings and the marker replace single ones."""
    project.makefile(".yaml", template=TEMPLATE + "            BatchSize: 2\n")
    project.makeconftest(
        """
import pytest

@pytest.fixture
def stream_settings():
    return {"maximum_retry_attempts": 0}
"""
    )
    passes(
        project,
        """
def puts(stream, count):
    for number in range(count):
        stream.put(Order(order_id=str(number), total=5))
    return [len(event["Records"]) for event in stream.run().invocations]

def test_template(stream):
    assert puts(stream, 3) == [2, 1]
    stream.update(Order(order_id="1", total=5), total=6)
    assert "OldImage" not in stream.records[-1]["dynamodb"]

@pytest.mark.stream(batch_size=1)
def test_marker(stream):
    assert puts(stream, 3) == [1, 1, 1]

def test_response_types(stream):  # the template has none, so Lambda ignores the response
    stream.put(Order(order_id="1", total=-1))
    stream.run()
    assert (len(stream.invocations), stream.discarded) == (1, [])
""",
        count=3,
    )


def test_a_conftest_takes_awss_defaults_in_place_of_the_templates(project: pytest.Pytester) -> None:
    """By a fixture of its own."""
    project.makefile(".yaml", template=TEMPLATE + "            BatchSize: 2\n")
    project.makeconftest(
        """
import pytest

@pytest.fixture(scope="session")
def template_settings():
    return {}
"""
    )
    passes(
        project,
        """
def test(stream):
    for number in range(3):
        stream.put(Order(order_id=str(number), total=5))
    assert [len(event["Records"]) for event in stream.run().invocations] == [3]
""",
    )


@pytest.mark.parametrize(
    ("setting", "warning"),
    [
        (
            "BatchSize: !ImportValue size",
            "template.yaml:14: found !ImportValue as BatchSize of Router.Changes, which is",
        ),
        ("BatchSize: 0", "found settings of Router.Changes that Lambda refuses: Parameter validation failed"),
    ],
)
def test_a_setting_that_cannot_be_used_is_a_warning(project: pytest.Pytester, setting: str, warning: str) -> None:
    """The mapping has AWS's default, and the tests run."""
    project.makefile(".yaml", template=TEMPLATE + f"            {setting}\n")
    tests = "def test(stream):\n    stream.put(Order(order_id='1', total=5))\n    stream.run()\n"
    result = run(project, tests, "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([f"*TemplateSettingsWarning: *{glob_escape(warning)}*"])


def glob_escape(text: str) -> str:
    """The text as a pattern of fnmatch."""
    return text.replace("[", "[[]")


def test_a_fixture_has_the_settings_of_all_streams(project: pytest.Pytester) -> None:
    """A conftest.py overrides it, and the marker takes precedence."""
    project.makeconftest(
        """
import pytest

@pytest.fixture
def stream_settings():
    return {"batch_size": 1, "maximum_retry_attempts": 2}
"""
    )
    passes(
        project,
        """
@pytest.mark.stream(maximum_retry_attempts=1)
def test(stream):
    stream.put(Order(order_id="1", total=-1))
    stream.put(Order(order_id="2", total=5))
    stream.run()
    assert [len(event["Records"]) for event in stream.invocations] == [1, 1, 1]
""",
    )


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("batchsize=2", "found the unknown mapping parameter 'batchsize'; did you mean 'batch_size'?"),
        ("batch_size=0", "Invalid value for parameter BatchSize, value: 0, valid min value: 1"),
        ("2", "found a positional argument of @pytest.mark.stream, expected batch_size=2 and such"),
    ],
)
def test_a_wrong_setting_is_refused(project: pytest.Pytester, marker: str, message: str) -> None:
    """The failure is one line without the plugin's traceback."""
    result = run(project, f"@pytest.mark.stream({marker})\ndef test(stream): ...\n")
    result.assert_outcomes(errors=1)
    assert message in result.stdout.str()
    assert "plugin.py" not in result.stdout.str()


def test_the_stream_invents_no_entity(project: pytest.Pytester) -> None:
    """A model whose items do not name their entity reaches no route in a test, as in production."""
    project.makeini(INI.replace("shop:app", "shop:kinds"))
    passes(
        project,
        """
class Ticket(shop.BaseModel):
    kind_id: str

def test(stream):
    assert stream.put(Ticket(kind_id="1"))["dynamodb"]["NewImage"] == {"kind_id": {"S": "1"}}
    stream.put(Order(order_id="1", total=1))
    stream.put(Order(order_id="2", total=1), kind="Order")
    stream.run()
    assert [outcome.status for outcome in stream.outcomes] == ["unrouted", "unrouted", "done", "done"]
""",
    )


# ------------------------------------------------------------------------------------------------ one test and the next


def test_nothing_is_left_for_the_next_test(project: pytest.Pytester) -> None:
    """Neither items nor completed routes remain, even for equal items."""
    passes(
        project,
        """
@pytest.mark.parametrize("number", range(2))
@pytest.mark.stream(label="the same", maximum_retry_attempts=1)
def test(stream, number):
    stream.put(Order(order_id="1", total=-1))
    stream.run()
    assert [outcome.status for outcome in stream.outcomes] == ["done", "failed", "skipped", "failed"]
""",
        count=2,
    )


def test_each_test_has_event_ids_of_its_own(project: pytest.Pytester) -> None:
    """With equal event IDs, a handler's own store would take the second test for a second delivery."""
    passes(
        project,
        """
seen = set()

@pytest.mark.parametrize("number", range(5))
def test(stream, number):
    seen.add(stream.put(Order(order_id="1", total=5))["eventID"])
    assert len(seen) == number + 1
""",
        count=5,
    )


def test_overrides_are_reset(project: pytest.Pytester) -> None:
    """After the test they are as before."""
    passes(
        project,
        """
def get_before(): ...

shop.app.overrides[get_before] = get_before

def test_one(app):
    assert app is shop.app
    app.overrides[shop.get_ledger] = lambda: None
    del app.overrides[get_before]

def test_two(app):
    assert app.overrides == {get_before: get_before}
""",
        count=2,
    )


def test_an_override_reaches_the_handlers(project: pytest.Pytester) -> None:
    """It applies to the stream of the same test."""
    passes(
        project,
        """
class Fake:
    booked = []

    def book(self, total):
        self.booked.append(total)

def test(app, stream):
    app.overrides[shop.get_ledger] = Fake
    stream.put(Order(order_id="1", total=-7))
    stream.run()
    assert Fake.booked == [-7]
""",
    )


def test_a_cold_start_belongs_to_one_test(project: pytest.Pytester) -> None:
    """The next test makes values of that scope anew."""
    passes(
        project,
        """
@pytest.mark.parametrize("number", range(2))
def test(stream, number):
    for order_id in "12":
        stream.put(Order(order_id=order_id, total=5))
        stream.run()
    assert shop.Ledger.made == number + 1
""",
        count=2,
    )


def test_parked_records_are_kept_in_a_list(project: pytest.Pytester) -> None:
    """The app's own parking place gets none."""
    project.makeini(INI.replace("shop:app", "shop:parking"))
    passes(
        project,
        """
def test(stream):
    stream.put({"EntityType": "Order", "order_id": "1", "total": "twelve"})
    stream.run()
    assert [parked.stage for parked in stream.parked] == ["validate", "validate"]
    assert not stream.discarded
""",
    )


def test_without_a_place_nothing_is_parked(project: pytest.Pytester) -> None:
    """As in Lambda, the record fails."""
    passes(
        project,
        """
@pytest.mark.stream(maximum_retry_attempts=0)
def test(stream):
    stream.put({"EntityType": "Order", "order_id": "1", "total": "twelve"})
    stream.run()
    assert not stream.parked
    assert [discarded.condition for discarded in stream.discarded] == ["RetryAttemptsExhausted"]
""",
    )


# -------------------------------------------------------------------------------------------------------------- the app


def test_the_default_app_is_that_of_the_handlers(project: pytest.Pytester) -> None:
    """handlers:app is found from the root folder without a setting."""
    project.makeini("[pytest]\n")
    project.makepyfile(**{"handlers/__init__": APP})
    project.makepyfile(test_default="def test(app):\n    import handlers\n    assert app is handlers.app\n")
    project.runpytest_subprocess(*PLUGIN, timeout=60).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("variable", "settings", "template"),
    [
        ("mine:app", "[tool.router]\napp = 'missing:app'\n", ""),
        ("", "[tool.router]\napp = 'mine:app'\n", "Handler: missing.app"),
        ("", "", "Handler: mine.app"),
    ],
    ids=["ROUTER_APP", "pyproject.toml", "template.yaml"],
)
def test_the_app_has_the_name_that_commands_use(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variable: str, settings: str, template: str
) -> None:
    """The environment variable comes before the project's settings, and these before the template."""
    if variable:
        monkeypatch.setenv("ROUTER_APP", variable)
    project.makeini("[pytest]\n")
    project.makepyprojecttoml(settings)
    project.makefile(".yaml", template=FUNCTION.replace("Handler: mine.app", template or "Handler: missing.app"))
    project.makepyfile(mine=APP)
    project.makepyfile(test_named="def test(app):\n    import mine\n    assert app is mine.app\n")
    project.runpytest_subprocess(*PLUGIN, timeout=60).assert_outcomes(passed=1)


FUNCTION = """
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: mine.app
      Runtime: python3.13
      CodeUri: .
      Events:
        Changes: {Type: DynamoDB, Properties: {Stream: !ImportValue stream, StartingPosition: LATEST}}
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop:ap", "found no 'ap' in shop for router_app = 'shop:ap', expected a Dispatcher; did you mean shop:app?"),
        ("shop:routes", "found a Routes for router_app = 'shop:routes', expected a Dispatcher; did you mean shop:app?"),
        ("shop.app", "found router_app = 'shop.app', expected module:name such as handlers:app"),
        ("shops:app", "found no module 'shops' from * expected one for router_app = 'shops:app'"),
    ],
)
def test_a_missing_app_is_one_line(project: pytest.Pytester, name: str, message: str) -> None:
    """The failure has no traceback of the plugin."""
    project.makeini(INI.replace("shop:app", name))
    result = run(project, "def test(app): ...\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{message.replace('[', '[[]')}*"])
    assert "plugin.py" not in result.stdout.str()


def test_an_app_that_fails_to_import_shows_where(project: pytest.Pytester) -> None:
    """The traceback is the user's, without the plugin's lines."""
    project.makeini(INI.replace("shop:app", "broken:app"))
    project.makepyfile(broken="import nothing_of_this_name\n")
    result = run(project, "def test(app): ...\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*No module named 'nothing_of_this_name'*", "broken.py:1*"])
    assert "app_fixture.py" not in result.stdout.str()
    assert "app_import.py" not in result.stdout.str()


def test_an_app_may_be_a_fixture(project: pytest.Pytester) -> None:
    """A fixture that overrides `app` gives the app of the stream."""
    passes(
        project,
        """
@pytest.fixture
def app():
    return router.Dispatcher(router.Routes())

def test(stream):
    stream.put(Order(order_id="1", total=5))
    assert [outcome.status for outcome in stream.run().outcomes] == ["unrouted"]
""",
    )


def test_starting_pytest_does_not_import_the_app() -> None:
    """Nor does it import boto3, hypothesis or the command line."""
    code = (
        "import sys, router.testing.plugin; "
        "print({'handlers', 'boto3', 'hypothesis', 'typer', 'moto', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


# ---------------------------------------------------------------------------------------------------------- the context


def test_the_remaining_time_can_be_set(project: pytest.Pytester) -> None:
    """With less than the reserve no record starts."""
    passes(
        project,
        """
from router.testing import event, inserted

def test(app, lambda_context):
    assert lambda_context.get_remaining_time_in_millis() == 60_000
    lambda_context.remaining = 0.2
    report = app.dispatch(event(inserted(Order(order_id="1", total=5))), lambda_context)
    assert [outcome.status for outcome in report] == ["deferred"]
""",
    )


# ----------------------------------------------------------------------------------------------------------- the manual


@pytest.mark.parametrize("name", ["README.md", "docs/testing.md"])
def test_the_tests_of_the_manual_pass(project: pytest.Pytester, name: str) -> None:
    """The tests on a page pass on the app of the same page."""
    code = [block.text for block in blocks(ROOT / name) if block.is_code]
    project.makeini("[pytest]\nrouter_app = test_page:app\naddopts = --strict-markers\n")
    project.makepyfile(test_page="\n".join(code))
    result = project.runpytest_inprocess(*PLUGIN, "--record-mode=once")
    result.assert_outcomes(passed="\n".join(code).count("\ndef test_"))


def test_a_file_of_the_users_that_has_the_name_of_the_package_is_named(project: pytest.Pytester) -> None:
    """A test that means the user's own router.py gets this package, and the report says why."""
    project.makepyfile(router="def helper(): ...")
    result = run(project, "from router import helper\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["found */router.py, which has the name of entity-router's package `router`; rename it"]
    )


def test_a_package_that_settings_need_and_that_is_missing(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure names the extra, without a traceback of the plugin."""
    monkeypatch.setitem(sys.modules, "ruamel", None)
    for name in [name for name in sys.modules if name.startswith("ruamel.")]:
        monkeypatch.setitem(sys.modules, name, None)
    project.makeini("[pytest]\npythonpath = .")
    project.makefile(".yaml", template="Resources: {}")
    result = run(project, "def test(app): ...")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*found no ruamel in *; pip install 'entity-router?cli?'*"])
