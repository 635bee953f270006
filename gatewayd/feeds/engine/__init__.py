"""When each feed is read, by which process, and what becomes of what it says."""
