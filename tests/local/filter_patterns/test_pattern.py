"""``router.local.filter_patterns``: patterns match as Event Ruler does, by its own answers and by recordings of AWS."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import RouterError
from router.local import FilterPattern, FilterPatternError


def leaf(choices: Any) -> str:
    """A pattern for the attribute ``a`` of the new image."""
    return json.dumps({"dynamodb": {"NewImage": {"a": choices}}})


def new(attribute: Any) -> dict[str, Any]:
    """A record whose new image has the attribute ``a``."""
    return {"eventName": "INSERT", "dynamodb": {"Keys": {"id": {"S": "1"}}, "NewImage": {"a": attribute}}}


REMOVE = {"eventName": "REMOVE", "dynamodb": {"Keys": {"id": {"S": "1"}}, "OldImage": {"a": {"S": "x"}}}}
NO_BODY = {"eventName": "INSERT"}

EXECUTED = [
    # numbers of items are strings on the wire
    ('{"N": [100]}', {"N": "100"}, False),
    ('{"N": [{"numeric": [">", 10]}]}', {"N": "100"}, False),
    ('{"N": ["100"]}', {"N": "100"}, True),
    ('{"N": ["100"]}', {"N": "100.0"}, False),
    ('{"N": [{"anything-but": 100}]}', {"N": "100"}, True),
    ('{"BOOL": [true]}', {"BOOL": True}, True),
    ('{"BOOL": ["true"]}', {"BOOL": True}, False),
    ('{"BOOL": [false]}', {"BOOL": True}, False),
    ('{"BOOL": [1]}', {"BOOL": True}, False),
    ('{"NULL": [true]}', {"NULL": True}, True),
    ('{"NULL": [null]}', {"NULL": True}, False),
    # exists works on leaves
    ('{"S": [{"exists": true}]}', {"S": "x"}, True),
    ('[{"exists": true}]', {"S": "x"}, False),
    ('[{"exists": false}]', {"S": "x"}, True),
    ('{"S": [{"exists": false}]}', {"S": "x"}, False),
    ('{"S": [{"exists": false}]}', {"N": "1"}, True),
    ('{"S": [{"exists": false}, "x"]}', {"S": "x"}, True),
    # anything-but needs a value
    ('{"S": [{"anything-but": "x"}]}', {"S": "y"}, True),
    ('{"S": [{"anything-but": "x"}]}', {"S": "x"}, False),
    ('{"S": [{"anything-but": "x"}]}', {"N": "1"}, False),
    ('{"S": [{"anything-but": "x"}, {"exists": false}]}', {"N": "1"}, True),
    ('{"S": [{"anything-but": ["x", "y"]}]}', {"S": "y"}, False),
    ('{"S": [{"anything-but": ["x", "y"]}]}', {"S": "z"}, True),
    ('{"BOOL": [{"anything-but": "x"}]}', {"BOOL": True}, True),
    ('{"S": [{"anything-but": {"prefix": "or"}}]}', {"S": "order"}, False),
    ('{"S": [{"anything-but": {"prefix": ["or", "cu"]}}]}', {"S": "customer"}, False),
    ('{"S": [{"anything-but": {"suffix": "er"}}]}', {"S": "orders"}, True),
    ('{"S": [{"anything-but": {"equals-ignore-case": ["ORDER"]}}]}', {"S": "Order"}, False),
    ('{"S": [{"anything-but": {"wildcard": "o*r"}}]}', {"S": "order"}, False),
    # null, empty string
    ('{"S": [null]}', {"N": "1"}, False),
    ('{"SS": [null]}', {"SS": []}, False),
    ('{"S": [""]}', {"S": ""}, True),
    # sets and lists
    ('{"SS": ["b"]}', {"SS": ["a", "b"]}, True),
    ('{"SS": ["c"]}', {"SS": ["a", "b"]}, False),
    ('{"SS": [{"anything-but": "a"}]}', {"SS": ["a", "b"]}, True),
    ('{"SS": [{"anything-but": "a"}]}', {"SS": ["a"]}, False),
    ('{"L": {"M": {"x": {"S": ["1"]}, "y": {"S": ["2"]}}}}', {"L": [{"M": {"x": {"S": "1"}, "y": {"S": "2"}}}]}, True),
    (
        '{"L": {"M": {"x": {"S": ["1"]}, "y": {"S": ["2"]}}}}',
        {"L": [{"M": {"x": {"S": "1"}}}, {"M": {"y": {"S": "2"}}}]},
        False,
    ),
    ('{"L": [{"exists": false}]}', {"L": []}, True),
    ('{"M": [{"exists": false}]}', {"M": {}}, True),
    ('{"L": {"S": [{"exists": true}]}}', {"L": []}, False),
    # affixes
    ('{"S": [{"prefix": ""}]}', {"S": "x"}, True),
    ('{"S": [{"suffix": ""}]}', {"S": "x"}, True),
    ('{"BOOL": [{"prefix": ""}]}', {"BOOL": True}, False),
    ('{"S": [{"prefix": "or"}]}', {"S": "order"}, True),
    ('{"S": [{"suffix": "er"}]}', {"S": "order"}, True),
    ('{"S": [{"prefix": {"equals-ignore-case": "OR"}}]}', {"S": "order"}, True),
    ('{"S": [{"suffix": {"equals-ignore-case": "ER"}}]}', {"S": "ord\\ner"}, True),
    ('{"S": [{"suffix": {"equals-ignore-case": "ER"}}]}', {"S": "orders"}, False),
    ('{"S": [{"equals-ignore-case": "OrDeR"}]}', {"S": "oRdEr"}, True),
    ('{"S": [{"equals-ignore-case": "order"}]}', {"S": "orders"}, False),
    ('{"S": [{"exactly": "x"}]}', {"S": "x"}, True),
    # wildcards
    ('{"S": [{"wildcard": ""}]}', {"S": ""}, True),
    ('{"S": [{"wildcard": ""}]}', {"S": "x"}, False),
    ('{"S": [{"wildcard": "*"}]}', {"S": ""}, True),
    ('{"BOOL": [{"wildcard": "*"}]}', {"BOOL": True}, False),
    ('{"S": [{"wildcard": "a*c"}]}', {"S": "ac"}, True),
    ('{"S": [{"wildcard": "a*a"}]}', {"S": "a"}, False),
    ('{"S": [{"wildcard": "a*b*c"}]}', {"S": "axxbyyc"}, True),
    ('{"S": [{"wildcard": "a*b*c"}]}', {"S": "axxyyc"}, False),
    ('{"S": [{"wildcard": "*bc*bc"}]}', {"S": "abc"}, False),
    (r'{"S": [{"wildcard": "a\\*c"}]}', {"S": "a*c"}, True),
    (r'{"S": [{"wildcard": "a\\*c"}]}', {"S": "abc"}, False),
    (r'{"S": [{"wildcard": "a\\\\c"}]}', {"S": "a\\c"}, True),
    # addresses
    ('{"S": [{"cidr": "10.0.0.7/24"}]}', {"S": "10.0.0.1"}, True),
    ('{"S": [{"cidr": "10.0.0.0/24"}]}', {"S": "10.0.1.0"}, False),
    ('{"S": [{"cidr": "10.0.0.0/24"}]}', {"S": "::1"}, False),
    ('{"S": [{"cidr": "10.0.0.0/24"}]}', {"S": "order"}, False),
    ('{"S": ["2001:db8::1"]}', {"S": "2001:DB8:0:0::1"}, True),
    ('{"S": ["12:30"]}', {"S": "12:30"}, True),
]


@pytest.mark.parametrize(("choices", "attribute", "passes"), EXECUTED)
def test_an_attribute_matches_as_in_event_ruler(choices: str, attribute: dict[str, Any], passes: bool) -> None:
    """Event Ruler's own answers for one attribute of a new image."""
    pattern = f'{{"dynamodb": {{"NewImage": {{"a": {choices}}}}}}}'
    assert FilterPattern(pattern).matches(new(attribute)) is passes


@pytest.mark.parametrize("record", [REMOVE, NO_BODY, {"dynamodb": {"NewImage": {}}}])
def test_absent_holds_if_a_part_of_the_path_is_missing(record: dict[str, Any]) -> None:
    """``exists: false`` holds without the key, without the image, and without the section."""
    assert FilterPattern(leaf({"S": [{"exists": False}]})).matches(record)


@pytest.mark.parametrize("choice", ["x", {"exists": True}, {"anything-but": "q"}, {"prefix": ""}, {"wildcard": "*"}])
@pytest.mark.parametrize("record", [REMOVE, NO_BODY])
def test_other_matchers_need_a_value(record: dict[str, Any], choice: Any) -> None:
    """Every matcher except ``exists: false`` needs one, ``anything-but`` included."""
    assert not FilterPattern(leaf({"S": [choice]})).matches(record)


@pytest.mark.parametrize(
    ("numeric", "number", "passes"),
    [
        ([">", 0], 1764085660.0, True),
        (["=", 3.0e2], 300, True),
        (["=", 300], 300.0, True),
        ([">", 5], 5, False),
        ([">=", 5], 5, True),
        (["<", 5], 5, False),
        (["<=", 5], 5, True),
        ([">", 0, "<=", 5], 5, True),
        ([">", 0, "<=", 5], 0, False),
        ([">=", 0, "<", 5], 0, True),
        ([">=", 0, "<", 5], 5, False),
        ([">", 0], 10**400, True),
        ([">", 0], -(10**400), False),
        (["=", 1], True, False),
        (["=", 1], None, False),
    ],
)
def test_numbers_compare_as_doubles(numeric: list[Any], number: Any, passes: bool) -> None:
    """For example the creation time, which is a JSON number."""
    pattern = FilterPattern(json.dumps({"dynamodb": {"ApproximateCreationDateTime": [{"numeric": numeric}]}}))
    assert pattern.matches({"dynamodb": {"ApproximateCreationDateTime": number}}) is passes


@pytest.mark.parametrize("number", ["9007199254740993", "1E309", "0.1234567890123456789", "-1E309"])
def test_a_literal_that_no_double_holds(number: str) -> None:
    """As a literal, a number that no double holds is valid, and equals the same text only."""
    pattern = FilterPattern(f'{{"n": [{number}]}}')
    assert pattern.matches({"n": 9007199254740993}) is (number == "9007199254740993")
    for other in (9007199254740992, float("inf"), 0.12345678901234568, number):
        assert not pattern.matches({"n": other})


@pytest.mark.parametrize("number", ["0.1", "1e23", "9007199254740992", "1.10", "5E-324", "-0", "123456789012"])
def test_a_number_that_is_a_double(number: str) -> None:
    """A number whose double has the same shortest decimal can be compared, however it is written."""
    assert FilterPattern(f'{{"n": [{{"numeric": ["=", {number}]}}]}}').matches({"n": float(number)})


@pytest.mark.parametrize(("number", "passes"), [(300, True), (300.0, True), ("300", False), (301, False)])
def test_a_number_matches_each_of_its_spellings(number: Any, passes: bool) -> None:
    """It never matches a string."""
    assert FilterPattern('{"n": [3.0e2]}').matches({"n": number}) is passes


@pytest.mark.parametrize(
    ("pattern", "event", "passes"),
    [
        ('{"a.b": ["x"]}', {"a": {"b": "x"}}, True),
        ('{"a": {"b": ["x"]}}', {"a.b": "x"}, True),
        ('{"a": {"b.c": ["x"]}}', {"a.b": {"c": "x"}}, True),
        ('{"a": ["x"], "b": ["y"]}', {"a": "x", "b": "y"}, True),
        ('{"a": ["x"], "b": ["y"]}', {"a": "x", "b": "z"}, False),
        ('{"$or": [{"a": ["x"]}, {"b": ["y"]}]}', {"b": "y"}, True),
        ('{"$or": [{"a": ["x"]}, {"b": ["y"]}]}', {"b": "z"}, False),
        ('{"c": ["z"], "$or": [{"a": ["x"]}, {"b": ["y"]}]}', {"b": "y"}, False),
        ('{"c": ["z"], "$or": [{"a": ["x"]}, {"b": ["y"]}]}', {"b": "y", "c": "z"}, True),
        ('{"d": {"$or": [{"a": ["x"]}, {"b": {"$or": [{"e": [1]}, {"f": [2]}]}}]}}', {"d": {"b": {"f": 2}}}, True),
        ('{"a": {"b": [1]}, "a": {"c": [2]}}', {"a": {"b": 1, "c": 2}}, True),
        ('{"a": {"b": [1]}, "a": {"c": [2]}}', {"a": {"b": 9, "c": 2}}, False),
        ('{"a": [1], "a": [2]}', {"a": 2}, True),
        ('{"a": [1], "a": [2]}', {"a": 1}, False),
        ('{"a": {"x": [1], "y": [{"exists": false}]}}', {"a": [{"x": 1}, {"y": 2}]}, True),
        ('{"a": {"x": [1], "b": [{"exists": false}]}}', {"a": [{"x": 1}, {"b": 2}]}, False),
        ('{"a": {"x": [1], "y": [2]}}', {"a": [[{"x": 1}], [{"y": 2}]]}, False),
        ('{"a": {"x": [1], "y": [2]}}', {"a": [[{"x": 1, "y": 2}]]}, True),
        ('{"a": {"x": [1]}, "b": {"y": [2]}}', {"a": [{"x": 1}], "b": [{"y": 3}, {"y": 2}]}, True),
        ('{"a": [1]}', {"a": [[3, 1]]}, True),
    ],
)
def test_structures_match_as_in_event_ruler(pattern: str, event: dict[str, Any], passes: bool) -> None:
    """Paths, alternatives, duplicate keys and elements of arrays."""
    assert FilterPattern(pattern).matches(event) is passes


def test_a_duplicate_key_counts_twice() -> None:
    """AWS's own example has ``dynamodb`` twice, and both must match."""
    pattern = FilterPattern(
        '{"dynamodb": {"NewImage": {"s": {"S": ["b"]}}}, "dynamodb": {"OldImage": {"s": {"S": ["a"]}}}}'
    )
    images = {"NewImage": {"s": {"S": "b"}}, "OldImage": {"s": {"S": "a"}}}
    assert pattern.matches({"dynamodb": images})
    assert not pattern.matches({"dynamodb": {**images, "OldImage": {"s": {"S": "z"}}}})


PRESENT = {"S": "presentValue"}
RECORDED = [
    ("insert", {"eventName": ["INSERT"]}, [("INSERT", {}), ("MODIFY", {})], [True, False]),
    ("or", {"eventName": ["INSERT", "MODIFY"]}, [("INSERT", {}), ("MODIFY", {})], [True, True]),
    ("content", {"S": ["presentValue"]}, [("INSERT", {"k": PRESENT}), ("INSERT", {})], [True, False]),
    ("exists", {"S": [{"exists": True}]}, [("INSERT", {"k": PRESENT}), ("INSERT", {})], [True, False]),
    ("exists_false", [{"exists": False}], [("INSERT", {}), ("INSERT", {"k": PRESENT})], [True, True]),
    (
        "numeric",
        {"N": [{"numeric": [">", 100]}, {"anything-but": "101"}]},
        [("INSERT", {"k": {"N": "42"}}), ("INSERT", {"k": {"N": "101"}})],
        [True, False],
    ),
    (
        "prefix",
        {"S": [{"prefix": "us-1"}]},
        [("INSERT", {"k": {"S": "us-1-other-suffix"}}), ("MODIFY", {"k": {"S": "other-suffix"}})],
        [True, False],
    ),
    ("two_filters", {"eventName": ["INSERT"], "eventSource": ["aws:dynamodb"]}, [("INSERT", {})], [True]),
]


@pytest.mark.parametrize(("name", "pattern", "puts", "passes"), RECORDED)
def test_filters_pass_the_records_that_they_passed_on_aws(
    name: str, pattern: Any, puts: list[tuple[str, Any]], passes: list[bool]
) -> None:
    """The records and the answers are recordings."""
    text = (
        pattern if isinstance(pattern, dict) and "eventName" in pattern else {"dynamodb": {"NewImage": {"k": pattern}}}
    )
    records = [
        {"eventName": event, "eventSource": "aws:dynamodb", "dynamodb": {"NewImage": {"id": {"S": "1"}, **image}}}
        for event, image in puts
    ]
    assert [FilterPattern(json.dumps(text)).matches(record) for record in records] == passes


def test_the_documented_filter_of_ttl_deletes_matches() -> None:
    """It tests ``userIdentity``."""
    pattern = FilterPattern('{"userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]}}')
    assert pattern.matches({"userIdentity": {"principalId": "dynamodb.amazonaws.com", "type": "Service"}})
    assert not pattern.matches(REMOVE)


REFUSED = [
    ("", "Expecting value"),
    ("order", "Expecting value"),
    ('{"a": ["x"]', "Expecting"),
    ('"text"', "Filter is not an object"),
    ("[1]", "Filter is not an object"),
    ("{}", "Empty objects are not allowed"),
    ('{"a": {}}', "Empty objects are not allowed"),
    ('{"a": []}', "Empty arrays are not allowed"),
    ('{"a": "x"}', '"a" must be an object or an array'),
    ('{"a": [["x"]]}', "Match value must be String, number, true, false, or null"),
    ('{"a": [NaN]}', "Non-standard token 'NaN'"),
    ('{"$or": {"a": [1]}}', "It must be an Array followed with $or."),
    ('{"$or": [{"a": [1]}]}', "There must have at least 2 Objects in $or relationship."),
    ('{"$or": []}', "There must have at least 2 Objects in $or relationship."),
    ('{"$or": [1, 2]}', "Only JSON object is allowed in array of $or relationship."),
    (
        '{"$or": [{"a": [1]}, {"b": {"prefix": ["x"]}}]}',
        "prefix is Ruler reserved fieldName which cannot be used inside $or.",
    ),
    ('{"a": [{}]}', "Match expression name not found"),
    ('{"a": [{"foo": 1}]}', "Unrecognized match type foo"),
    ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed in match expression"),
    ('{"a": [{"exists": true, "prefix": "y"}]}', "Only one key allowed in match expression"),
    ('{"a": [{"exists": "true"}]}', "exists match pattern must be either true or false."),
    ('{"a": [{"exactly": 1}]}', "exact match pattern must be a string"),
    ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
    ('{"a": [{"prefix": {"foo": "x"}}]}', "Unsupported prefix pattern: foo"),
    ('{"a": [{"prefix": {}}]}', "Prefix expression name not found"),
    ('{"a": [{"prefix": {"equals-ignore-case": "x", "b": 1}}]}', "Only one key allowed in match expression"),
    ('{"a": [{"suffix": []}]}', "suffix match pattern must be a string"),
    ('{"a": [{"suffix": {"equals-ignore-case": 1}}]}', "equals-ignore-case match pattern must be a string"),
    ('{"a": [{"equals-ignore-case": 1}]}', "equals-ignore-case match pattern must be a string"),
    ('{"a": [{"wildcard": 1}]}', "wildcard match pattern must be a string"),
    ('{"a": [{"wildcard": "é**"}]}', "Consecutive wildcard characters at pos 3"),
    (r'{"a": [{"wildcard": "a\\b"}]}', "Invalid escape character at pos 2"),
    (r'{"a": [{"wildcard": "a\\"}]}', "Invalid escape character at pos 2"),
    ('{"a": [{"numeric": 1}]}', "Value of numeric must be an array."),
    ('{"a": [{"numeric": []}]}', "Invalid member in numeric match: ]"),
    ('{"a": [{"numeric": [1.5]}]}', "Invalid member in numeric match: 1.5"),
    ('{"a": [{"numeric": [">"]}]}', "Value of > must be numeric"),
    ('{"a": [{"numeric": ["=", "1"]}]}', "Value of equals must be numeric"),
    ('{"a": [{"numeric": ["!", 1]}]}', "Unrecognized numeric range operator: !"),
    ('{"a": [{"numeric": ["=", 9007199254740993]}]}', "Cannot compare number : 9007199254740993"),
    ('{"a": [{"numeric": [">", 1E309]}]}', "Cannot compare number : 1E309"),
    ('{"a": [{"numeric": [">", -1E309, "<", 1]}]}', "Cannot compare number : -1E309"),
    ('{"a": [{"numeric": [">", 0, "<=", 0.1234567890123456789]}]}', "Cannot compare number : 0.1234567890123456789"),
    ('{"a": [{"numeric": [">", 1E-999999999999999999999]}]}', "Cannot compare number : 1E-999999999999999999999"),
    ('{"a": [{"anything-but": 9007199254740993}]}', "Cannot compare number : 9007199254740993"),
    ('{"a": [{"anything-but": [1, 9007199254740993]}]}', "Cannot compare number : 9007199254740993"),
    ('{"a": [{"numeric": ["=", 1, 2]}]}', "Too many elements in numeric expression"),
    ('{"a": [{"numeric": ["<", 1, ">", 0]}]}', "Too many elements in numeric expression"),
    ('{"a": [{"numeric": [">", 1, ">", 2]}]}', "Bad numeric range operator: >"),
    ('{"a": [{"numeric": [">", 1, 1]}]}', "Bad value in numeric range: 1"),
    ('{"a": [{"numeric": [">", 1, null]}]}', "Bad value in numeric range: null"),
    ('{"a": [{"numeric": [">", 1, "<"]}]}', "Value of < must be numeric"),
    ('{"a": [{"numeric": [">", 1, "<", 2, 3]}]}', "Too many terms in numeric range expression"),
    ('{"a": [{"numeric": [">", 2, "<", 2]}]}', "Bottom must be less than top"),
    ('{"a": [{"numeric": [">", 2], "b": 1}]}', "Too many elements in numeric expression"),
    (
        '{"a": [{"anything-but": ["x", 1]}]}',
        "Inside anything but list, either all values are number or string, mixed type is not supported",
    ),
    (
        '{"a": [{"anything-but": []}]}',
        "Inside anything but list, either all values are number or string, mixed type is not supported",
    ),
    ('{"a": [{"anything-but": [true]}]}', "Inside anything but list, start|null|boolean is not supported."),
    ('{"a": [{"anything-but": null}]}', "Value of anything-but must be an array or single string/number value."),
    ('{"a": [{"anything-but": {"exists": true}}]}', "Unsupported anything-but pattern: exists"),
    ('{"a": [{"anything-but": {}}]}', "Anything-But expression name not found"),
    ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
    ('{"a": [{"anything-but": {"prefix": [1]}}]}', "prefix/suffix match pattern must be a string"),
    ('{"a": [{"anything-but": {"prefix": []}}]}', "Empty arrays are not allowed"),
    ('{"a": [{"anything-but": {"prefix": "x", "b": 1}}]}', "Too many elements in numeric expression"),
    (
        '{"a": [{"anything-but": {"wildcard": null}}]}',
        "Value of anything-but must be an array or single string/number value.",
    ),
    ('{"a": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required"),
    ('{"a": [{"cidr": "10.0.0.0/x"}]}', "Malformed CIDR, mask bits must be an integer"),
    ('{"a": [{"cidr": "10.0.0.0/-1"}]}', "Malformed CIDR, mask bits must not be negative"),
    ('{"a": [{"cidr": "10.0.0.0/32"}]}', "IPv4 mask bits must be < 32"),
    ('{"a": [{"cidr": "::1/128"}]}', "IPv6 mask bits must be < 128"),
    ('{"a": [{"cidr": "order/8"}]}', "Nonstandard IP address: order"),
]


def test_the_explanation_has_the_pattern_and_the_reason() -> None:
    """Of a long pattern its beginning; the text of the error stays Lambda's."""
    with pytest.raises(FilterPatternError) as caught:
        FilterPattern(f'{{"{"a" * 300}": 1}}')
    shown = f'{{"{"a" * 198}...'
    assert caught.value.explanation == (
        f"Invalid filter pattern definition. Found the pattern {shown!r}: {caught.value.reason}"
    )


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_refused_pattern_has_event_rulers_reason(text: str, reason: str) -> None:
    """The text is the one message that AWS gives."""
    with pytest.raises(FilterPatternError) as caught:
        FilterPattern(text)
    assert str(caught.value) == "Invalid filter pattern definition."
    assert caught.value.reason.startswith(reason)


def test_the_error_is_a_router_error() -> None:
    """It can be caught with the framework's other errors."""
    assert issubclass(FilterPatternError, RouterError)


def test_more_than_a_thousand_combinations_are_refused() -> None:
    """Alternatives multiply."""
    alternatives = [f'"$or": [{{"a{n}": [1]}}, {{"b{n}": [2]}}]' for n in range(60)]
    FilterPattern("{" + ", ".join(alternatives[:9]) + "}")
    with pytest.raises(FilterPatternError) as caught:
        FilterPattern("{" + ", ".join(alternatives) + "}")
    assert caught.value.reason == "More than 1000 combinations of $or"


def test_a_pattern_must_be_a_text() -> None:
    """A template has it as a text."""
    with pytest.raises(FilterPatternError) as caught:
        FilterPattern({"a": ["x"]})  # type: ignore[arg-type]  # what a caller without a type checker may do
    assert caught.value.reason == "found a pattern of type dict, expected JSON text"


def test_a_pattern_has_the_names_of_its_fields() -> None:
    """Lambda does not filter on every field, and other code reports that."""
    assert FilterPattern('{"eventName": ["A"], "dynamodb": {"Keys": {"id": {"S": ["1"]}}}}').names == {
        "eventName",
        "dynamodb",
    }


def test_a_pattern_is_a_value() -> None:
    """Patterns with the same text are equal, and their repr has the text."""
    text = '{"a": [1]}'
    assert FilterPattern(text) == FilterPattern(text)
    assert len({FilterPattern(text), FilterPattern(text)}) == 1
    assert repr(FilterPattern(text)) == f"FilterPattern({text!r})"


def json_values() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", "", "10.0.0.1"])
    names = st.sampled_from(["a", "b", "prefix", "numeric", "$or", "exists", "anything-but"])
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))


@given(json_values(), st.dictionaries(st.sampled_from(["a", "b"]), json_values(), max_size=2))
def test_any_json_is_a_pattern_or_refused(pattern: Any, event: dict[str, Any]) -> None:
    """Any JSON as pattern and event gives a refusal, true or false, and no other error."""
    try:
        compiled = FilterPattern(json.dumps(pattern))
    except FilterPatternError:
        return
    assert compiled.matches(event) in (True, False)


@given(st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["x", "y", 1, True, None]), min_size=1))
def test_an_event_matches_the_pattern_made_of_it(event: dict[str, Any]) -> None:
    """A pattern with each leaf as its only choice matches the event, and not the event without a leaf."""
    pattern = FilterPattern(json.dumps({name: [value] for name, value in event.items()}))
    assert pattern.matches(event)
    event.pop(next(iter(event)))
    assert not pattern.matches(event)


def test_a_pattern_nested_too_deeply_is_refused() -> None:
    """Python's reason differs between versions; no other error may occur."""
    with pytest.raises(FilterPatternError, match="Invalid filter pattern definition"):
        FilterPattern("[" * 4000)
