"""Names of a package whose modules are imported when a name is first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import router
from router.late_names import late_names


@pytest.mark.parametrize("package", ["router", "router.parking", "router.completed"])
def test_every_public_name_is_found(package: str) -> None:
    """`from package import *` gives each name of `__all__`, and `dir()` lists it."""
    module = __import__(package, fromlist=["*"])
    assert set(module.__all__) <= set(dir(module))
    assert [name for name in module.__all__ if getattr(module, name, None) is None] == []


def test_a_late_name_is_imported_when_it_is_used() -> None:
    """A module is not imported before its name is used, and the name is then the module's own."""
    code = (
        "import sys, router; assert 'router.parking.s3' not in sys.modules; place = router.S3Parking; "
        "assert place is router.parking.S3Parking is sys.modules['router.parking.s3'].S3Parking; "
        "assert 'S3Parking' in vars(router)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that the package does not have is refused as Python itself does it."""
    get, _ = late_names("router", {})
    with pytest.raises(AttributeError, match=r"^module 'router' has no attribute 'Dispatchr'$"):
        get("Dispatchr")
    assert not hasattr(router, "Dispatchr")
