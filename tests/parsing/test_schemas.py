"""A generated parser gives what pydantic gives for the decoded image, for every schema."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel

from router.parsing.codegen import generate_parser
from router.parsing.parser import readable_attributes
from router.wire.decode import decode_image
from tests.examples import examples
from tests.parsing.comparing import outcome, portrait
from tests.parsing.schemas import CALLS, schemas_and_images


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(schemas_and_images())
def test_any_schema(case: tuple[type[BaseModel], list[Any]]) -> None:
    """An image that the generated parser handles gives the exact instance, by the same calls of validators."""
    model, images = case
    generated = generate_parser(model, lambda _wire, _image=None: None)
    for image in images if generated else []:
        read = {name: image[name] for name in readable_attributes(model) or image if name in image}
        CALLS.clear()
        expected, called = outcome(partial(_exactly, model, read)), list(CALLS)
        CALLS.clear()
        found = generated(image) if generated else None
        assert found is None or portrait(found) == expected
        assert found is None or called == CALLS


def _exactly(model: type[BaseModel], image: Any) -> Any:
    return model.model_validate(decode_image(image))
