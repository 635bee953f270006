"""Carries out what rules decide, and reminders that people write."""
