"""`python -m drivers.provider.simulator`."""

import sys

from drivers.provider.simulator.command import main

sys.exit(main())
