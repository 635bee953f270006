"""What simulators are made of, those of HTTP services above all.

`settings` is what can be asked of a device by name, `faults` how it fails on order, `record` what it has taken;
`control_point` takes orders, `waiting` keeps those who wait for counters, `launch` runs a simulator in a process of its
own, `command` as a program. For HTTP: `http` is the wire, `service` one device, `process` several of them.
"""
