"""``router.local.simulate.scenario_file``: a scenario in TOML, merged with a template and options."""

from pathlib import Path
from typing import Any

import pytest

from router.local.cloudformation.code import FunctionCode
from router.local.cloudformation.template import LocalFunction
from router.local.event_source_mapping import MappingSettings
from router.local.simulate import PRICES, Burst, Level, SimulationError
from router.local.simulate.scenario_file import ScenarioFile, build_scenario, read_scenario, template_values

ALL_KEYS = """
template = "stack.yaml"
template_function = "Router"
poll = "500ms"
seed = 8
sample = 5

[load]
writes = 7
duration = "24h"
profile = [{at = "0:00", factor = 0.5}, {at = 08:30:00, factor = 2}]
bursts = [{at = "1:00", duration = "5m", factor = 4}]
arrivals = "regular"
shards = 3
keys = 99
zipf = 1.2
poison = 0.25
record_bytes = 500

[function]
invocation_time = 0.5
record_time = "250ms"
spread = 0.1
timeout = 9
cold_start = 2
keep_warm = "1m"
memory = 512

[mapping]
batch_size = 11
maximum_batching_window_in_seconds = 2
parallelization_factor = 4
maximum_retry_attempts = 6
maximum_record_age_in_seconds = 70
bisect_batch_on_function_error = true
function_response_types = []

[prices]
architecture = "arm64"
million_requests = 1
"""


def read(tmp_path: Path, text: str) -> ScenarioFile:
    path = tmp_path / "load.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(SimulationError) as raised:
        read(tmp_path, text)
    return str(raised.value).removeprefix(f"{tmp_path / 'load.toml'}: ")


def test_each_key_reaches_the_scenario(tmp_path: Path) -> None:
    """A key is named as the field of the scenario."""
    scenario = build_scenario({}, read(tmp_path, ALL_KEYS).values, {})
    load, function, mapping = scenario.load, scenario.function, scenario.mapping
    assert (load.writes, load.duration, list(load.profile)) == (7, 86_400, [Level(0, 0.5), Level(30_600, 2)])
    assert (list(load.bursts), load.arrivals, load.shards) == ([Burst(3600, 300, 4)], "regular", 3)
    assert (load.zipf, load.keys, load.poison, load.record_bytes) == (1.2, 99, 0.25, 500)
    assert (function.invocation_time, function.record_time, function.spread, function.timeout) == (0.5, 0.25, 0.1, 9)
    assert (function.cold_start, function.keep_warm, function.memory) == (2, 60, 512)
    assert (mapping.batch_size, mapping.maximum_batching_window_in_seconds) == (11, 2)
    assert (mapping.parallelization_factor, mapping.maximum_retry_attempts) == (4, 6)
    assert (mapping.maximum_record_age_in_seconds, mapping.bisect_batch_on_function_error) == (70, True)
    assert mapping.function_response_types == []
    assert (scenario.prices.million_requests, scenario.prices.gb_second) == (1, PRICES["arm64"].gb_second)
    assert (scenario.sample, scenario.poll, scenario.seed) == (5, 0.5, 8)


def test_a_template_is_found_from_the_folder_of_the_file(tmp_path: Path) -> None:
    """The command may run in another folder."""
    file = read(tmp_path, ALL_KEYS)
    assert (file.template, file.template_function) == (str(tmp_path / "stack.yaml"), "Router")


def test_an_empty_template_is_no_template(tmp_path: Path) -> None:
    """It differs from a missing key, which means the default."""
    assert read(tmp_path, 'template = ""').template == ""
    assert read(tmp_path, "").template is None


def test_options_override_the_file_and_the_file_the_template(tmp_path: Path) -> None:
    """Each value comes from the last that gives it."""
    function = LocalFunction(
        "Router", FunctionCode((), None), 17, {}, "Orders", MappingSettings(batch_size=1), 1024, "arm64"
    )
    file = read(tmp_path, "[mapping]\nbatch_size = 2\nparallelization_factor = 2\n[function]\nmemory = 512")
    options = {"mapping": {"batch_size": 3}, "load": {"writes": 9}}
    scenario = build_scenario(template_values(function), file.values, options)
    assert (scenario.mapping.batch_size, scenario.mapping.parallelization_factor) == (3, 2)
    assert (scenario.function.timeout, scenario.function.memory, scenario.load.writes) == (17, 512, 9)


def test_memory_and_architecture_come_from_the_template() -> None:
    """They decide the cost."""
    function = LocalFunction("Router", FunctionCode((), None), 17, {}, "Orders", MappingSettings(), 1024, "arm64")
    scenario = build_scenario(template_values(function), {}, {})
    assert (scenario.function.memory, scenario.prices) == (1024, PRICES["arm64"])


def test_a_price_of_the_file_replaces_one_of_the_templates_architecture() -> None:
    """The other price is that of the architecture."""
    function = LocalFunction("Router", FunctionCode((), None), 17, {}, "Orders", MappingSettings(), 1024, "arm64")
    prices = build_scenario(template_values(function), {"prices": {"million_requests": 9}}, {}).prices
    assert (prices.million_requests, prices.gb_second) == (9, PRICES["arm64"].gb_second)


def test_without_a_template_partial_responses_are_on() -> None:
    """As for router replay."""
    assert build_scenario(template_values(None), {}, {}).mapping.reports


def test_own_prices_do_not_claim_a_region() -> None:
    """The list's region and month belong to the list's prices only."""
    prices = build_scenario({}, {"prices": {"gb_second": 0.5}}, {}).prices
    assert (prices.gb_second, prices.region, prices.as_of) == (0.5, "your region", "the scenario")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("laod = 5", "found the unknown key 'laod', expected one of load, "),
        ("[load]\nwirtes = 5", "[load]: found the unknown key 'wirtes', expected one of writes, "),
        ("[prices]\nfree = 1", "[prices]: found the unknown key 'free', expected one of architecture, "),
        ("[mapping]\nbatchsize = 2", "[mapping]: found the unknown mapping parameter 'batchsize'; did you mean"),
        ("load = 5", "[load]: found 5, expected a table"),
        ("mapping = 5", "[mapping]: found 5, expected a table"),
        ("function = []", "[function]: found a list, expected a table"),
        ("[load]\nbursts = 5", "[load] bursts: found 5, expected a list"),
        ("[load]\nwrites = 'many'", "[load] writes: found 'many', expected a valid number"),
        ("[load]\nwrites = {}", "[load] writes: found a table, expected a valid number"),
        ("[load]\nwrites = -1", "[load]: found writes -1, expected 0 to 100,000,000"),
        ("[load]\narrivals = 'often'", "[load] arrivals: found 'often', expected 'poisson' or 'regular'"),
        ("[load]\nduration = 'soon'", "[load] duration: found 'soon', expected a duration such as 24h"),
        ("[load]\nduration = '8d'", "[load]: found duration 691,200, expected 1 to 604,800"),
        ("[load]\nprofile = [{at = '8:75', factor = 1}]", "[load] profile[0].at: found '8:75', expected a time"),
        ("[load]\nbursts = [{at = '1:00', duration = '5m'}]", "[load] bursts[0]: found no factor, expected one"),
        (
            "[load]\nbursts = [{at = 0, duration = 1, factr = 1}]",
            "[load] bursts[0]: found the unknown key 'factr', expected one of at, duration, factor; did you mean 'fact",
        ),
        ("[function]\nmemory = 1.5", "[function] memory: found 1.5, expected a valid integer"),
        ("[mapping]\nbatch_size = 20000", "[mapping]: 1 validation error detected: Value '20000' at 'batchSize'"),
        ("[prices]\narchitecture = 'arm'", "[prices]: found architecture 'arm', expected 'x86_64' or 'arm64'"),
        ("[prices]\ngb_second = -1", "[prices]: found gb_second -1, expected 0 to 1,000"),
        ("seed = 'x'", "seed: found 'x', expected a valid integer"),
        ("template = 3", "template: found 3, expected a valid string"),
        ("poll = 0", "found poll 0, expected 0.001 to 60"),
    ],
)
def test_an_invalid_value_is_named_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    """Table and key, what was found, what is expected."""
    assert refused(tmp_path, text).startswith(message)


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    """Beside all that are known."""
    assert refused(tmp_path, "[function]\ntimeot = 3").endswith("; did you mean 'timeout'?")


@pytest.mark.parametrize("text", ["writes =", "[load", "[load]\n[load]"])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    """The parser's message has the line."""
    assert refused(tmp_path, text).startswith(f"found no TOML in {tmp_path / 'load.toml'} (")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """TOML is UTF-8."""
    path = tmp_path / "load.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(SimulationError, match=r"found no TOML in .* expected a scenario"):
        read_scenario(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(SimulationError, match=r"found no scenario nowhere\.toml, expected a TOML file"):
        read_scenario(Path("nowhere.toml"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """It cannot be read."""
    with pytest.raises(SimulationError, match=r"cannot read the scenario .*: Is a directory"):
        read_scenario(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"load": {"duration": "soon"}}, "--duration: found 'soon', expected a duration such as 24h, 90m, 30s or 20ms"),
        ({"function": {"record_time": "x"}}, "--record-time: found 'x', expected a duration"),
        ({"load": {"writes": -1}}, "found writes -1, expected 0 to 100,000,000"),
        ({"mapping": {"batch_size": 20_000}}, "1 validation error detected: Value '20000' at 'batchSize'"),
    ],
)
def test_an_invalid_option_is_named(options: dict[str, Any], message: str) -> None:
    """By its name on the command line, or by the name of its value."""
    with pytest.raises(SimulationError) as raised:
        build_scenario({}, {}, options)
    assert str(raised.value).startswith(message)
