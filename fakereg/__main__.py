"""`python -m fakereg` is the command `fakereg`."""

import sys

from fakereg.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
