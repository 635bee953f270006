"""Processes that do heavy work for the daemon: a request in, documents out, bounded memory, dead with their parent.

They have no rights of their own: they read the store by a read-only connection, and only the daemon writes it.
"""
