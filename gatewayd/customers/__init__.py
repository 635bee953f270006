"""Customers as values: what is known of a person, how one is found, and what a text may say of one. Pure."""
