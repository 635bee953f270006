"""HTTP as lines need it, whatever the service.

`exchange` is one session with one service and knows whether anything of a request was written; `answer` is what came
back; `flight` one message with its point of no return; `proof` the signature of a call to us; `keeping` looks after a
service while it is well and waits for it while it is not.
"""
