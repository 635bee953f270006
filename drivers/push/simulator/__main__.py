"""`python -m drivers.push.simulator`."""

import sys

from drivers.push.simulator import main

sys.exit(main())
