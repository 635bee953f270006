"""Sheets of customers: what their columns are, and what each row says. Pure; `engine` reads and writes."""
