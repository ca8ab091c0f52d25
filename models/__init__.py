"""The entities of the shop's table, one file each."""
