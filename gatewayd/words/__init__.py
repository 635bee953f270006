"""What codes mean to people: one code, one sentence in each language."""
