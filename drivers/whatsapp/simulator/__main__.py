"""`python -m drivers.whatsapp.simulator`."""

import sys

from drivers.whatsapp.simulator import main

sys.exit(main())
