"""Existing items through the routes: from a table or from its export, to an app or to a deployed function."""
