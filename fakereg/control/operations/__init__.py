"""The operations of the admin API, a file for each resource: each calls what a Python test calls."""
