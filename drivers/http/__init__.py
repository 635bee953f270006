"""HTTP as lines need it, whatever the service.

`exchange` is one session with one service and knows whether anything of a request was written; `answer` is what came
back, in whatever `charset` and `packing`; `pattern` bounds what an operator's expressions may be asked about; `verdict`
says what an answer means where the service does not; `flight` is one message with its point of no return; `proof` the
signature of a call to us; `keeping` looks after a service while it is well and waits for it while it is not.
"""
