"""Claims as the store keeps them: rules, decisions, steps, promises, pauses, novelties."""
