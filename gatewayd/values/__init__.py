"""Values and pure rules of one module each: they know each other, and nothing that waits or writes."""
