"""Rules for claims, what was decided by them, and reminders that people write."""
