"""What can go wrong on a modem line: one class for each thing that the line does next."""

from __future__ import annotations

from drivers.base import LineError
from drivers.gsm.at import Final


class ModemError(LineError):
    """Root of the errors of one connection to a modem."""


class SilentError(ModemError):
    """The modem did not answer in time: bring it back by the ladder."""


class PortLostError(ModemError):
    """The port is gone (end of file, EIO, closed): open it again, when it is back."""


class UnavailableError(PortLostError):
    """The port cannot be opened now. `reason` is `missing`, `busy`, `denied` or `broken`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NoPromptError(SilentError):
    """AT+CMGS was answered by nothing: nothing left; the dialogue has backed out."""


class PromptRefusedError(ModemError):
    """AT+CMGS was answered by an error, or the modem closed its prompt: nothing left."""

    def __init__(self, final: Final) -> None:
        super().__init__(str(final))
        self.final = final


class PromptDoubtfulError(ModemError):
    """An error came while the prompt was open, and may have been an earlier submission's: nothing left; the dialogue
    has backed out, and the part may be tried again at once."""


class RestartedError(ModemError):
    """The modem has restarted unseen (its echo is on again): nothing left; initialise it again."""


class NotReadyError(ModemError):
    """A submission would begin while the modem may not send (it is being initialised again, say): nothing left."""


class CommandFailedError(ModemError):
    """The modem answered a command that must work with an error."""

    def __init__(self, command: str, final: Final) -> None:
        super().__init__(f"{command}: {final}")
        self.final = final


class RecoveryFailedError(ModemError):
    """The ladder of this connection did not help: open the port anew. `reason` is what it was climbed for."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class BlockedError(ModemError):
    """Only a person can help: wrong or missing PIN, PUK, another modem or SIM under this name.

    `reason` is one word for status and receipts.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
