"""The entities of a small shop, all in one table: one file each."""
