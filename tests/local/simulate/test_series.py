"""``router.local.simulate.series``: buckets and quantiles."""

import pytest

from router.local.simulate.series import bucket_seconds, quantile


def test_quantiles_count_weights() -> None:
    """A value that stands for nine others is ten values."""
    assert quantile([(5.0, 1), (1.0, 10)], 0.9) == 1.0
    assert quantile([(5.0, 1), (1.0, 10)], 0.99) == 5.0
    assert quantile([], 0.5) is None


@pytest.mark.parametrize("seconds", [1, 59, 3600, 86_400, 604_800])
def test_a_table_has_at_most_24_rows(seconds: float) -> None:
    """Parts are as long as clocks have them."""
    assert seconds / bucket_seconds(seconds, 24) <= 24
