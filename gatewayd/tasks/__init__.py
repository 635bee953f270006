"""Long work that people ask for and wait for: one engine, a module a kind of work."""
