"""How test files are dealt out to workers: those of `tests/quiet` come last, each with nothing else running.

They hold the gateway to a time of the clock, and a clock tells nothing where four other files use the processor.
"""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

FOLDER: Final = "tests/quiet/"


def quiet(scope: str) -> bool:
    """Returns whether a file is one of those that nothing may run beside."""
    return scope.startswith(FOLDER)


class QuietLast(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Deals out file by file. Once those are left that want quiet, it sends all workers home but one, waits until they
    are gone, and gives it the rest."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        loud = next((scope for scope in self.workqueue if not quiet(scope)), None)
        if loud is not None:
            self.workqueue.move_to_end(loud, last=False)
        elif len(self.nodes) > 1:
            return
        super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        if self.workqueue and all(map(quiet, self.workqueue)) and len(self.nodes) > 1:
            stay = [each for each in self.nodes if not each.shutting_down]
            if len(stay) > 1 and node in stay:
                node.shutdown()
            return
        super()._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed: str | None = super().remove_node(node)
        if self.collection is not None:
            for each in self.nodes:
                self._reschedule(each)
        return crashed
