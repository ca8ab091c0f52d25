"""``router.local.cloudformation.functions``: conditions, maps, lists and texts."""

from __future__ import annotations

from typing import Any

import pytest

from router.local.cloudformation.intrinsics import Unknown, holds, resolve

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Size": {"Type": "Number", "Default": "12"},
        "Topic": {"Type": "String", "Default": ""},
        "Needed": {"Type": "String"},
        "Subnets": {"Type": "CommaDelimitedList", "Default": "a, b"},
    },
    "Mappings": {
        "Sizes": {"dev": {"Batch": 7, "Names": ["x", "y"]}, "prod": {"Batch": 100}},
        "Accounts": {1: {"A": 5}},
    },
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
        "Notifies": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Topic"}, ""]}]},
        "Needs": {"Fn::Equals": [{"Ref": "Needed"}, "x"]},
        "Ours": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "111122223333"]},
        "Home": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
        "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Condition": "Needs"}]},
        "Neither": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "Needs"}]},
        "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "Needs"}]},
        "Circular": {"Fn::And": [{"Condition": "Circular"}, {"Condition": "Circular"}]},
        "Wrong": {"Fn::Equals": "no list"},
    },
    "Resources": {"Orders": {"Type": "AWS::DynamoDB::Table"}},
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IsProd", False),
        ("IsDev", True),
        ("Notifies", False),
        ("Needs", None),
        ("Ours", None),
        ("Home", True),
        ("Both", None),
        ("Neither", False),
        ("Either", True),
        ("Circular", None),
        ("Wrong", None),
        ("Undefined", None),
        (None, None),
    ],
)
def test_a_condition_holds_with_the_defaults_of_parameters(name: str, expected: bool | None) -> None:
    """It is unknown if it depends on a parameter without a default, or on the account."""
    assert holds(name, TEMPLATE) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::If": ["IsProd", 100, {"Ref": "Size"}]}, 12),
        ({"Fn::If": ["Needs", 1, 2]}, Unknown("!If")),
        ({"Fn::If": ["Needs", {"a": 1}, {"a": 1}]}, {"a": 1}),
        ({"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}}, {}),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Batch"]}, 7),
        ({"Fn::FindInMap": ["Sizes", "dev", "Names"]}, ["x", "y"]),
        ({"Fn::FindInMap": ["Accounts", "1", "A"]}, 5),
        ({"Fn::FindInMap": ["Accounts", {"Ref": "AWS::AccountId"}, "A"]}, Unknown("!FindInMap")),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Needed"}, "Batch"]}, Unknown("!FindInMap")),
        ({"Fn::FindInMap": ["Sizes", "test", "Batch"]}, Unknown("!FindInMap")),
        ({"Fn::FindInMap": ["Sizes", "test", "Batch", {"DefaultValue": 3}]}, 3),
        ({"Fn::Select": ["1", {"Ref": "Subnets"}]}, "b"),
        ({"Fn::Select": [5, ["a"]]}, Unknown("!Select")),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, Unknown("!Select")),
        ({"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::GetAtt": ["Orders", "Arn"]}]}]}, "Orders"),
        ({"Fn::Split": [",", {"Ref": "Needed"}]}, Unknown("!Split")),
        ({"Fn::Join": ["-", {"Ref": "Subnets"}]}, "a-b"),
        ({"Fn::Length": {"Ref": "Subnets"}}, 2),
        ({"Fn::ToJsonString": {"eventName": ["INSERT"]}}, '{"eventName": ["INSERT"]}'),
        ({"Fn::ToJsonString": [{"Ref": "Needed"}]}, Unknown("!ToJsonString")),
        ({"Fn::ImportValue": "x"}, Unknown("!ImportValue")),
        ({"Fn::Sub": "${Subnets}"}, Unknown("!Sub ${Subnets}")),
        ("{{resolve:ssm:/shop/size}}", Unknown("{{resolve:ssm:/shop/size}}")),
        ({"Fn::Sub": "{{resolve:ssm:/${Stage}/size}}"}, Unknown("{{resolve:ssm:/dev/size}}")),
    ],
)
def test_functions_have_the_values_that_the_template_determines(value: Any, expected: Any) -> None:
    """Any other value is unknown, also where CloudFormation refuses the argument."""
    assert resolve(value, TEMPLATE) == expected
