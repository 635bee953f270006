"""Invoices, payments and customers read from the database of a billing system: the rules, and the engine."""
