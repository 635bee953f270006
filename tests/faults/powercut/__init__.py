"""Power cuts: every write and sync of a daemon is recorded, and replayed with what was not synced dropped.

`scene` plays a campaign under `strace`; `trace` reads what it did; `disk` knows at each moment what is durable, and
what a cut may leave of the rest; `examine` starts a gateway on that and asks whether its promise still holds.
"""
