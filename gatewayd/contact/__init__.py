"""What people who are contacted say about it."""
