"""The faults of a soak: which one befalls which change is a function of the seed, not of the run."""

from __future__ import annotations

import os
import signal
import time
import zlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from tests.soak.database import Database

__all__ = ["Deeds", "Faults", "RealDeeds", "drawn"]

T = TypeVar("T")

RATES = {
    "raised before the effect": 0.003,
    "raised after the effect": 0.003,
    "killed before the effect": 0.0003,
    "killed after the effect": 0.0003,
    "hung before the effect": 0.00004,
    "hung after the effect": 0.00004,
    "slow": 0.002,
    "raised at every try": 0.0002,
}
"""The share of the calls of handlers that each fault befalls, at intensity 1."""

_OUTAGES = 4  # in a soak
_OUTAGE = 12  # requests
_SLOW_SECONDS = 0.02
_SPAN = 2**32


class Deeds(Protocol):
    """How faults are carried out."""

    def die(self) -> None:
        """End the container, as ``kill -9`` does."""
        ...

    def hang(self) -> None:
        """Wait for longer than the function's time-out."""
        ...

    def wait(self, seconds: float) -> None:
        """Be slow."""
        ...


class RealDeeds:
    """Faults of a process of its own."""

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)  # until the signal comes

    def hang(self) -> None:
        time.sleep(3600)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


class Faults:
    """Injects the faults.

    Args:
        database: Counts them, so that one that befalls the first try only does not befall the next process.
        deeds: How they are carried out.
        seed: Of the schedule.
        intensity: A factor of all rates; 0 for no faults.
        changes: How many changes the soak has; more changes have longer pauses between the outages.
    """

    def __init__(self, database: Database, deeds: Deeds, seed: int, intensity: float, changes: int) -> None:
        self._database = database
        self._deeds = deeds
        self._seed = seed
        self._intensity = intensity
        self._changes = changes

    def before(self, route: str, item: str, number: int) -> None:
        """Inject the fault before the effect of a handler, if there is one."""
        self._inject(self._of(route, item, number), "before", f"{route} {item} {number}")

    def after(self, route: str, item: str, number: int) -> None:
        """Inject the fault after the effect of a handler, if there is one."""
        self._inject(self._of(route, item, number), "after", f"{route} {item} {number}")

    def request(self, service: str, make: Callable[[], T]) -> T:
        """Make a request, and inject the fault before or after it, if there is one.

        Args:
            service: To which the request is made.
            make: Makes it.
        """
        number = self._database.count(f"requests: {service}")
        self.before(service, "request", number)
        try:
            return make()
        finally:  # after an error too: else the faults of a soak depend on the run
            self.after(service, "request", number)

    def outage(self, name: str, share: float) -> None:
        """Raise if a service is down, which it is for some requests in a row, a few times in a soak.

        Args:
            name: The service.
            share: About how many requests a change makes.

        Raises:
            ConnectionError: It is down.
        """
        every = max(int(self._changes * share / _OUTAGES), 2 * _OUTAGE)
        number = self._database.count(f"requests: {name}") + int(drawn(self._seed, name) * every)
        if self._intensity and number % every < _OUTAGE:
            self._database.count(f"fault: {name} down")
            raise ConnectionError(name)

    def _of(self, route: str, item: str, number: int) -> str | None:
        left = drawn(self._seed, f"{route} {item} {number}")
        for fault, rate in RATES.items():
            left -= rate * self._intensity
            if left < 0:
                return fault
        return None

    def _inject(self, fault: str | None, moment: str, call: str) -> None:
        if fault is None or ("after" in fault) != (moment == "after"):
            return
        tries = self._database.count(f"tries: {call}")
        if tries > 1 and fault != "raised at every try":
            return
        self._database.count(f"fault: {fault}")
        if fault.startswith("raised"):
            raise TimeoutError(fault)
        if fault == "slow":
            self._deeds.wait(_SLOW_SECONDS)
        elif fault.startswith("killed"):
            self._deeds.die()
        else:
            self._deeds.hang()


def drawn(seed: int, name: str) -> float:
    """A number from 0 up to 1 that depends on the seed and a name only."""
    return zlib.crc32(f"{seed} {name}".encode()) / _SPAN
