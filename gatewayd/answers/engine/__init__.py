"""Answers what comes in, tells of what is new, and carries tickets out."""
