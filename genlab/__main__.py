"""``python -m genlab``: see :mod:`genlab.commands`."""

import sys

from genlab.commands import main

if __name__ == "__main__":
    sys.exit(main())
