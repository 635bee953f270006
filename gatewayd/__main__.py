"""`python -m gatewayd`: the same as the command `gatewayd`."""

from gatewayd.cli import main

main()
