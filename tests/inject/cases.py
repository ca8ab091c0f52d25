"""Factories that the tests of `router.inject` share."""

from collections.abc import Callable, Iterator


class Counter:
    """A factory that counts its calls."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> int:
        self.made += 1
        return self.made


Trace = list[str]


def opened(name: str, trace: Trace) -> Callable[[], Iterator[str]]:
    def factory() -> Iterator[str]:
        trace.append(f"open {name}")
        try:
            yield name
        except Exception as error:
            trace.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            trace.append(f"close {name}")

    return factory


def get_bus() -> str:
    return "real"
