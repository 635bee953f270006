"""`python -m drivers.android.simulator`."""

import sys

from drivers.android.simulator.command import main

sys.exit(main())
