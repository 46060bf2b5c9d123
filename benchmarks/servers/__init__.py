"""Servers of ours that are measured, each a process: `python -m benchmarks.servers.NAME`."""
