"""``router.local.cloudformation.intrinsics``: the values of intrinsic functions."""

from __future__ import annotations

from typing import Any

import pytest

from router.local.cloudformation.intrinsics import Unknown, resolve


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::Join": ["-", ["a", {"Ref": "P"}]]}, "a-p"),
        ({"Fn::Sub": ["${X}-${P}-${!Y}", {"X": "x"}]}, "x-p-${Y}"),
        ({"Fn::Sub": "${Unknown}"}, Unknown("!Sub ${Unknown}")),
        ({"Fn::Join": ["-", [{"Ref": "Unknown"}]]}, Unknown("!Join")),
        ({"Fn::If": ["A", 1, 2]}, Unknown("!If")),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ([{"Ref": "AWS::NoValue"}, {"Ref": "List"}], [["a", "b"]]),
        ({"Ref": "Topic"}, "arn:aws:sns:us-east-1:123456789012:news"),
        ({"Fn::GetAtt": "Topic.Other"}, Unknown("!GetAtt Topic.Other")),
        ({"Fn::GetAtt": ["Rule", "Arn"]}, Unknown("!GetAtt Rule.Arn")),
    ],
)
def test_intrinsic_functions_are_resolved_as_far_as_possible(value: Any, expected: Any) -> None:
    """A value that is unknown before deployment keeps its function."""
    template = {
        "Parameters": {
            "P": {"Type": "String", "Default": "p"},
            "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
        },
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
            "Rule": {"Type": "AWS::Events::Rule"},
        },
    }
    assert resolve(value, template) == expected
