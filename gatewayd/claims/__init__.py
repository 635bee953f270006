"""What claims decide and write, over rules and store: for the engine, and for whoever tries a rule out."""
