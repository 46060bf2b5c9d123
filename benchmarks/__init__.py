"""fakereg beside other registries, measured on one machine in one run: `python -m benchmarks`."""
