"""`python -m drivers.smtp.simulator`."""

import sys

from drivers.smtp.simulator.command import main

sys.exit(main())
