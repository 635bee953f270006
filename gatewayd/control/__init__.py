"""The control sockets: how commands and the web process reach the running daemon.

`control.sock`, mode 0660, is the operator's: who may open it administers the gateway. `web.sock` is the web process's:
every request bears a session or a token, and acts as that person. On both, one JSON document a line: a request
`{"op": …, "args": {…}}` is answered by `{"ok": …}` or `{"error": {"kind", "message"}}`, in order. The request `watch`
is answered by a line every half second until the connection is closed, or, with `"args": {"kinds": true}`, as things
change by the kinds of what has changed. A connection carries any number of requests, and
those with an `id` are answered as they are done (`control.conversation`).
"""

from gatewayd.control.client import ANSWER_S, ControlClient
from gatewayd.control.server import CONNECTIONS_MAX, MODE, ControlServer, WebDoor, listening_socket
from gatewayd.control.wire import REQUEST_MAX, error_document

__all__ = [
    "ANSWER_S",
    "CONNECTIONS_MAX",
    "MODE",
    "REQUEST_MAX",
    "ControlClient",
    "ControlServer",
    "WebDoor",
    "error_document",
    "listening_socket",
]
