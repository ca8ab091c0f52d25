from typing import Any

from router import Depends


def get_rates() -> dict[str, int]:
    return {}


wrong: Any = "renew"
Depends(get_rates, scope="cold_start", snapshot=wrong)
