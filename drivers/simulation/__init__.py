"""What simulators of HTTP services are made of.

`http` is the wire; `settings` what can be asked of a device by name, `faults` how it fails on order; `record` what it
has taken; `control_point` takes orders; `service` one device; `process` several of them, `launch` the same in a process of
its own, `command` as a program.
"""
