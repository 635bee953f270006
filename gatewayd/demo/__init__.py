"""The main job with no hardware: a real daemon, real campaign files, and simulated devices at the wire.

A kind of line is one small module of this package with the two functions of `kind.Kind`: it starts its simulator and
says which `[[line]]` tables lead to it, and which jobs it brings beside the campaign that all lines of SMS share. It
enters the play by its place in `stage.KINDS`.
"""
