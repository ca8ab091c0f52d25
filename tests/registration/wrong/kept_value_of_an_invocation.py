from router import Depends


def get_rates() -> dict[str, int]:
    return {}


Depends(get_rates, scope="invocation", snapshot="keep")
