"""Random histories of customers who owe, an oracle that says what must happen, and an auditor beside it.

Written from what is promised alone; nothing here knows how the engine decides. `history` is the plain data, `generator`
makes it, `book` is what is known at a moment, `owing` and `oracle` say what follows, `auditor` knows a few laws by
heart, `moment` shows a moment to the engine, and `life` lives through a history with it.
"""
