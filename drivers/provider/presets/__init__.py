"""Presets: tables of a line's keys, as data."""
