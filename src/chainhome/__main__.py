"""`python -m chainhome` is the `chainhome` command."""

import sys

from chainhome.cli import main

sys.exit(main())
