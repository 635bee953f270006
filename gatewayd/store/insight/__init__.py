"""The roof of the store: questions across all wings, and the lists that people keep of what they ask."""
