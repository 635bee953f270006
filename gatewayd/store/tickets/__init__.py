"""Tickets, and what was answered without a person."""
