"""A gateway on trial: simulated modems and a real daemon as subprocesses, and everything that can be asked of them."""

from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator
from tests.rig.verdict import Verdict, judge

__all__ = ["Gateway", "Simulator", "Verdict", "judge"]
