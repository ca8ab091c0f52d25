from router import Depends


async def get_session() -> list[str]:
    return []


Depends(get_session, scope="cold_start", snapshot="keep")
