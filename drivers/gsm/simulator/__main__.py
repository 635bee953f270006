"""`python -m drivers.gsm.simulator`."""

import sys

from drivers.gsm.simulator.command import main

sys.exit(main())
